"""VAT of documents: rounded once per VAT identifier (rules.md 5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.sandbox.bookkeeping.amounts import cents, line_amounts, net_amounts
from bc_pipeline.sandbox.changes import apply_to
from bc_pipeline_tests.sandbox.business_central.rules.conftest import Acme
from bc_pipeline_tests.sandbox.consistency import faults

pytestmark = pytest.mark.covers("sandbox: VAT rounding")

DOCUMENTS = [("purchaseOrders", "directUnitCost"), ("purchaseInvoices", "unitCost")]
TOTALS = ("totalAmountExcludingTax", "totalTaxAmount", "totalAmountIncludingTax")


def document(acme: Acme, entity_set: str, *lines: dict[str, Any], **header: Any) -> dict[str, Any]:
    """A new document of V1 with its lines, and the totals of its header."""
    make = acme.order if entity_set == "purchaseOrders" else acme.invoice
    made = make(*lines, **header)
    shown = acme.json(f"{entity_set}({made['id']})")
    return made | {name: Decimal(str(shown[name])) for name in (*TOTALS, "discountAmount")}


def lines_of(made: dict[str, Any]) -> list[dict[str, Any]]:
    return next(value for name, value in made.items() if name.endswith("Lines"))


@pytest.mark.parametrize(("entity_set", "cost"), DOCUMENTS)
def test_given_four_lines_of_one_rate_then_the_header_rounds_once_and_the_lines_share_it(
    acme: Acme, entity_set: str, cost: str
):
    line = acme.account(taxCode="HOOG") | {cost: Decimal("0.12")}
    made = document(acme, entity_set, *[line] * 4)
    assert [made[name] for name in TOTALS] == [Decimal(a) for a in ("0.48", "0.10", "0.58")]
    lines = lines_of(made)
    assert {row["totalTaxAmount"] for row in lines} == {Decimal("0.03")}
    assert {row["amountIncludingTax"] for row in lines} == {Decimal("0.15")}
    assert [row["netTaxAmount"] for row in lines] == [
        Decimal(a) for a in ("0.03", "0.02", "0.03", "0.02")
    ]
    assert sum(row["netAmountIncludingTax"] for row in lines) == Decimal("0.58")


@pytest.mark.parametrize(("entity_set", "cost"), DOCUMENTS)
def test_given_prices_include_tax_then_the_amount_including_it_is_never_computed_anew(
    acme: Acme, entity_set: str, cost: str
):
    line = acme.account(taxCode="HOOG") | {cost: Decimal("2.50")}
    made = document(acme, entity_set, *[line] * 4, vendorNumber="GROSS")
    assert [made[name] for name in TOTALS] == [Decimal(a) for a in ("8.26", "1.74", "10.00")]
    lines = lines_of(made)
    assert {row["amountIncludingTax"] for row in lines} == {Decimal("2.50")}
    assert {row["netAmountIncludingTax"] for row in lines} == {Decimal("2.50")}
    assert {row["amountExcludingTax"] for row in lines} == {Decimal("2.07")}
    assert sum(row["netAmount"] for row in lines) == Decimal("8.26")


def test_given_two_rates_then_each_is_rounded_by_itself(acme: Acme):
    one = acme.account(taxCode="HOOG", directUnitCost=Decimal("0.12"))
    other = acme.account(taxCode="NUL", directUnitCost=Decimal("0.12"))
    made = document(acme, "purchaseOrders", one, other, one, other)
    assert made["totalTaxAmount"] == Decimal("0.05")
    assert [row["netTaxAmount"] for row in lines_of(made)] == [
        Decimal(a) for a in ("0.03", "0", "0.02", "0")
    ]


def test_given_a_line_is_changed_or_deleted_then_the_others_share_the_tax_anew(acme: Acme):
    line = acme.account(taxCode="HOOG", directUnitCost=Decimal("0.12"))
    made = document(acme, "purchaseOrders", *[line] * 4)
    path = f"purchaseOrders({made['id']})"
    first = lines_of(made)[0]["id"]
    acme.deleted(f"{path}/purchaseOrderLines({first})")
    header = acme.json(path)
    rows = acme.rows(f"{path}/purchaseOrderLines")
    assert (header["totalTaxAmount"], header["totalAmountIncludingTax"]) == (0.08, 0.44)
    assert [row["netTaxAmount"] for row in rows] == [0.03, 0.02, 0.03]
    changed = acme.patched(
        f"{path}/purchaseOrderLines({rows[1]['id']})", {"directUnitCost": Decimal("0.10")}
    )
    assert changed["netTaxAmount"] == Decimal("0.02")
    assert acme.json(path)["totalTaxAmount"] == 0.07


@pytest.mark.parametrize("vendor", ["V1", "GROSS"])
def test_given_a_discount_on_the_invoice_then_it_is_as_sent_and_lowers_the_tax(
    acme: Acme, vendor: str
):
    line = acme.account(taxCode="HOOG", directUnitCost=Decimal("2.50"))
    made = document(acme, "purchaseOrders", *[line] * 4, vendorNumber=vendor)
    path = f"purchaseOrders({made['id']})"
    acme.patched(path, {"discountAmount": Decimal("1.01")})
    header = acme.json(path)
    tax, including = (1.89, 10.88) if vendor == "V1" else (1.56, 8.99)
    assert header["discountAmount"] == 1.01
    assert (header["totalTaxAmount"], header["totalAmountIncludingTax"]) == (tax, including)
    assert faults(acme.company) == []


def test_given_an_order_is_posted_then_its_invoice_and_ledger_have_the_same_tax(acme: Acme):
    line = acme.account(taxCode="HOOG", directUnitCost=Decimal("0.12"))
    made = document(acme, "purchaseOrders", *[line] * 4)
    params = {"order": made["number"], "number": "F1"}
    apply_to(acme.company, "enter_vendor_invoice_number", params)
    acme.act(f"purchaseOrders({made['id']})/Microsoft.NAV.receiveAndInvoice")
    invoice = acme.rows("purchaseInvoices")[0]
    assert (invoice["totalTaxAmount"], invoice["totalAmountIncludingTax"]) == (0.10, 0.58)
    entries = {account: amount for account, amount, _ in acme.entries(invoice["number"])}
    assert entries["1520"] == Decimal("0.1")
    assert entries["1600"] == Decimal("-0.58")


# --- for any lines --------------------------------------------------------------------------------

money = st.decimals("-999.99", "999.99", places=2)


@given(
    worths=st.lists(st.tuples(money, st.sampled_from(["A", "B"])), min_size=1, max_size=9),
    percent=st.sampled_from([Decimal(0), Decimal(9), Decimal(21)]),
    discount=st.decimals(0, 50, places=1),
    includes_tax=st.booleans(),
)
def test_given_any_lines_then_they_sum_up_to_tax_rounded_once_per_identifier(
    worths: list[tuple[Decimal, str]], percent: Decimal, discount: Decimal, includes_tax: bool
):
    rates = {"A": percent, "B": Decimal(21)}
    lines = [
        {"taxCode": code}
        | line_amounts(
            worth,
            Decimal(0),
            invoice_discount_percent=discount,
            tax_percent=rates[code],
            includes_tax=includes_tax,
        )
        for worth, code in worths
    ]
    nets = net_amounts(lines, includes_tax=includes_tax)
    for code, rate in rates.items():
        own = [
            (line, net) for line, net in zip(lines, nets, strict=True) if line["taxCode"] == code
        ]
        net = sum((n["netAmount"] for _, n in own), Decimal(0))
        including = sum((n["netAmountIncludingTax"] for _, n in own), Decimal(0))
        worth = sum(
            (
                line["amountIncludingTax" if includes_tax else "amountExcludingTax"]
                - line["#invoiceDiscount"]
                for line, _ in own
            ),
            Decimal(0),
        )
        factor = 1 + rate / 100
        if includes_tax:
            assert (net, including) == (cents(worth / factor), worth)
        else:
            assert (net, including) == (worth, cents(worth * factor))
        assert all(n["netAmount"] + n["netTaxAmount"] == n["netAmountIncludingTax"] for _, n in own)
