"""What holds whatever is written (rules.md 0.2, 4.9, 5.10, 6.11)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import count
from typing import Any, Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bc_pipeline.sandbox.company.metadata import entities
from bc_pipeline_tests.sandbox.business_central.rules.conftest import DIALOG, Acme
from bc_pipeline_tests.sandbox.consistency import faults

small = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
numbers = count(1)

cents = st.decimals(min_value="0.01", max_value="999.99", places=2)
# What may be said of an item line, in any order, some of it twice removed from what it came to.
PROPERTIES: dict[str, st.SearchStrategy[Any]] = {
    "quantity": st.integers(1, 9),
    "directUnitCost": cents,
    "discountPercent": st.integers(0, 100),
    "unitOfMeasureCode": st.sampled_from(["STUK", "DOOS"]),
    "locationId": st.sampled_from(["AMS", "RTM"]),
    "expectedReceiptDate": st.just("2026-08-08"),
    "taxCode": st.sampled_from(["HOOG", "NUL"]),
}
SHOWN = (*PROPERTIES, "discountAmount", "netAmount", "netTaxAmount", "receiveQuantity")


@st.composite
def item_lines(draw: Callable[..., Any]) -> dict[str, Any]:
    names = draw(st.permutations(sorted(PROPERTIES)))
    chosen = names[: draw(st.integers(1, len(names)))]
    return {name: draw(PROPERTIES[name]) for name in chosen}


@small
@given(line=item_lines(), order=st.sampled_from(["page", "json"]))
def test_given_any_order_of_properties_then_as_if_sent_one_by_one(
    acme: Acme, line: dict[str, Any], order: Literal["page", "json"]
):
    acme.company.settings.property_order = order
    if "locationId" in line:
        line["locationId"] = acme.id("locations", line["locationId"])
    if order == "page":
        line = {
            name: line[name] for name in entities()["purchaseOrderLines"].fields if name in line
        }
    item = {"itemId": acme.id("items", "A")}
    at_once = acme.order(item | line)["purchaseOrderLines"][0]
    later = acme.order(item)["purchaseOrderLines"][0]
    for name, value in line.items():
        later = acme.patched(f"purchaseOrderLines({later['id']})", {name: value})
    assert {name: at_once[name] for name in SHOWN} == {name: later[name] for name in SHOWN}
    assert faults(acme.company) == []


@small
@given(
    costs=st.lists(st.tuples(st.sampled_from("AB4"), st.integers(1, 9), cents), min_size=1),
    vendor=st.sampled_from(["V1", "USA", "GROSS", "DIM"]),
)
def test_given_any_invoice_then_its_ledger_entries_sum_to_zero(
    acme: Acme, costs: list[tuple[str, int, Decimal]], vendor: str
):
    lines = [
        (acme.account("4000") if kind == "4" else acme.item(kind))
        | {"quantity": quantity, "unitCost": cost, "taxCode": "HOOG"}
        for kind, quantity, cost in costs
    ]
    number = f"F{next(numbers)}"
    invoice = acme.posted(*lines, vendorNumber=vendor, vendorInvoiceNumber=number)
    amounts = [amount for _, amount, _ in acme.entries(invoice["number"])]
    assert sum(amounts) == 0
    assert all(amount == round(amount, 2) for amount in amounts)
    assert faults(acme.company) == []


@small
@given(amounts=st.lists(st.decimals("-99.99", "99.99", places=2), min_size=1, max_size=5))
def test_given_any_lines_then_a_journal_is_posted_exactly_when_it_balances(
    acme: Acme, amounts: list[Decimal]
):
    code = f"J{next(numbers)}"
    body = {
        "code": code,
        "journalLines": [
            {"accountNumber": "4000", "amount": amount, "documentNumber": code}
            for amount in (*amounts, -sum(amounts[1:]))
        ],
    }
    journal = acme.created("journals", body)
    path = f"journals({journal['id']})/Microsoft.NAV.post"
    if amounts[0] or not any(body["amount"] for body in body["journalLines"]):
        assert acme.refused("POST", path) == DIALOG
        assert acme.entries(code) == []
    else:
        acme.act(path)
        booked = [amount for _, amount, _ in acme.entries(code)]
        assert booked == [a for a in (*amounts, -sum(amounts[1:])) if a]
