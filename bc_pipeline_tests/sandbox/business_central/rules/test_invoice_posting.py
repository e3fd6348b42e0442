"""Posting purchase invoices (rules.md 5.3-5.10, 5.14)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.sandbox.companies.books import default_dimension
from bc_pipeline_tests.sandbox.business_central.rules.conftest import (
    DIALOG,
    FIELD,
    Acme,
    moment,
)


def post(draft: dict[str, Any]) -> str:
    return f"purchaseInvoices({draft['id']})/Microsoft.NAV.post"


def test_given_a_draft_is_posted_then_its_id_stays_and_its_number_changes(acme: Acme):
    draft = acme.invoice(acme.item(quantity=2, unitCost=10), vendorInvoiceNumber="F1")
    acme.act(post(draft))
    invoice = acme.json(f"purchaseInvoices({draft['id']})")
    assert (draft["number"], invoice["number"]) == ("PI00001", "108001")
    assert (invoice["status"], invoice["orderNumber"]) == ("Open", "")
    assert invoice["totalAmountIncludingTax"] == 24.2
    assert moment(invoice) > moment(draft)


def test_given_a_posted_invoice_then_the_ledger_holds_it_in_balance(acme: Acme):
    invoice = acme.posted(
        acme.item(quantity=2, unitCost=10),
        acme.account("4000", unitCost=7),
        acme.account("4000", unitCost=3),
        vendorInvoiceNumber="F1",
    )
    entries = acme.entries(invoice["number"])
    assert [(account, amount) for account, amount, _ in entries] == [
        ("7100", 20),
        ("4000", 10),
        ("1520", Decimal("4.2")),
        ("1600", Decimal("-34.2")),
    ]
    row = acme.rows("generalLedgerEntries")[0]
    assert (row["documentType"], row["postingDate"]) == ("Invoice", "2026-03-02")
    assert acme.company.find("vendors", number="V1")[0]["balance"] == Decimal("34.2")


def test_given_items_then_they_come_in_with_a_receipt_of_their_own(acme: Acme):
    acme.posted(
        acme.item(quantity=2, unitOfMeasureCode="DOOS", unitCost=10),
        acme.account(unitCost=1),
        vendorInvoiceNumber="F1",
    )
    receipt = acme.rows("purchaseReceipts?$expand=purchaseReceiptLines")[0]
    assert (receipt["vendorNumber"], receipt["orderNumber"]) == ("V1", "")
    assert [row["lineObjectNumber"] for row in receipt["purchaseReceiptLines"]] == ["A"]
    assert acme.company.inventory(acme.id("items", "A")) == 24
    entry = acme.rows("itemLedgerEntries")[0]
    assert (entry["quantity"], entry["documentType"]) == (24, "Purchase_x0020_Receipt")


def test_given_only_expenses_then_there_is_no_receipt(acme: Acme):
    acme.posted(acme.account(unitCost=1), vendorInvoiceNumber="F1")
    assert acme.rows("purchaseReceipts") == []


def test_given_a_foreign_invoice_then_the_ledger_is_in_local_currency(acme: Acme):
    invoice = acme.posted(acme.account(unitCost=100), vendorNumber="USA", vendorInvoiceNumber="F1")
    assert invoice["totalAmountIncludingTax"] == 100
    amounts = [amount for _, amount, _ in acme.entries(invoice["number"])]
    assert amounts == [80, -80]


def test_given_a_posted_invoice_then_nothing_of_it_can_change(acme: Acme):
    invoice = acme.posted(acme.item(), vendorInvoiceNumber="F1")
    path = f"purchaseInvoices({invoice['id']})"
    line = acme.rows(f"{path}/purchaseInvoiceLines")[0]
    own = f"{path}/purchaseInvoiceLines({line['id']})"
    assert acme.refused("PATCH", path, {"vendorInvoiceNumber": "F2"}) == DIALOG
    assert acme.refused("PATCH", own, {"quantity": 2}) == DIALOG
    assert acme.refused("POST", f"{path}/purchaseInvoiceLines", acme.item()) == DIALOG
    assert acme.refused("DELETE", own) == DIALOG
    assert acme.refused("DELETE", path) == DIALOG
    body = {"code": "CLASS", "valueCode": "X"}
    assert acme.refused("POST", f"{own}/dimensionSetLines", body) == DIALOG
    assert acme.refused("POST", f"{path}/Microsoft.NAV.post") == DIALOG


def test_given_nothing_to_post_then_it_stays_a_draft(acme: Acme):
    for lines in ([], [{"description": "Note"}], [acme.item(quantity=0)]):
        draft = acme.invoice(*lines, vendorInvoiceNumber="F1")
        assert acme.refused("POST", post(draft)) == DIALOG
        assert acme.json(f"purchaseInvoices({draft['id']})")["number"] == draft["number"]
    assert acme.rows("generalLedgerEntries") == []


def test_given_no_vendor_invoice_number_then_it_is_refused_where_it_is_mandatory(acme: Acme):
    draft = acme.invoice(acme.item())
    assert acme.refused("POST", post(draft)) == DIALOG
    acme.company.settings.vendor_invoice_number_mandatory = False
    acme.act(post(draft))


def test_given_the_vendors_number_is_posted_already_then_only_posting_is_refused(acme: Acme):
    acme.posted(acme.item(), vendorInvoiceNumber="f1")
    again = acme.invoice(acme.item(), vendorInvoiceNumber="F1")
    assert acme.refused("POST", post(again)) == DIALOG
    acme.posted(acme.item(), vendorNumber="V2", vendorInvoiceNumber="F1")
    first = acme.company.find("purchaseInvoices", number="108001")[0]
    acme.company.modify("purchaseInvoices", first["id"], status="Canceled")
    acme.act(post(again))


@pytest.mark.parametrize(
    ("entity_set", "key", "change", "error"),
    [
        ("vendors", "V1", {"blocked": "All"}, DIALOG),
        ("items", "A", {"blocked": True}, FIELD),
        ("items", "A", {"#purchasingBlocked": True}, FIELD),
        ("items", "A", {"#variantMandatory": True}, FIELD),
        ("accounts", "4000", {"blocked": True}, FIELD),
        ("accounts", "1600", {"#role": ""}, FIELD),
    ],
)
def test_given_something_was_blocked_meanwhile_then_posting_is_refused_and_rolled_back(
    acme: Acme, entity_set: str, key: str, change: dict[str, Any], error: tuple[int, str]
):
    draft = acme.invoice(acme.item(), acme.account(unitCost=5), vendorInvoiceNumber="F1")
    acme.change(entity_set, key, **change)
    assert acme.refused("POST", post(draft)) == error
    assert acme.json(f"purchaseInvoices({draft['id']})")["status"] == "Draft"
    for table in ("generalLedgerEntries", "purchaseReceipts", "itemLedgerEntries"):
        assert acme.rows(table) == []


def test_given_a_line_without_object_then_posting_is_refused(acme: Acme):
    draft = acme.invoice({"lineType": "Item", "quantity": 1}, vendorInvoiceNumber="F1")
    assert acme.refused("POST", post(draft)) == FIELD


def test_given_the_posting_date_is_not_allowed_then_posting_is_refused(acme: Acme):
    draft = acme.invoice(acme.item(), vendorInvoiceNumber="F1", postingDate="2026-02-28")
    settings = acme.company.settings
    settings.posting_allowed_from = date(2026, 3, 1)
    assert acme.refused("POST", post(draft)) == FIELD
    settings.posting_allowed_from, settings.posting_allowed_to = None, date(2026, 1, 31)
    assert acme.refused("POST", post(draft)) == FIELD
    settings.posting_allowed_to = date(2026, 2, 28)
    acme.act(post(draft))


def test_given_dimensions_then_entries_carry_those_of_their_line(acme: Acme):
    invoice = acme.posted(
        acme.item("D", unitCost=10),
        acme.account(unitCost=5),
        vendorNumber="DIM",
        vendorInvoiceNumber="F1",
    )
    entries = {account: dimensions for account, _, dimensions in acme.entries(invoice["number"])}
    assert entries == {
        "7100": {"DEPARTMENT": "SALES", "CLASS": "X"},
        "4000": {"DEPARTMENT": "SALES"},
        "1520": {"DEPARTMENT": "SALES"},
        "1600": {"DEPARTMENT": "SALES"},
    }


@pytest.mark.parametrize(
    ("rule", "value", "given", "allowed"),
    [
        ("Code_x0020_Mandatory", "", None, False),
        ("Code_x0020_Mandatory", "", "WEB", True),
        ("Same_x0020_Code", "SALES", None, False),
        ("Same_x0020_Code", "SALES", "WEB", False),
        ("Same_x0020_Code", "SALES", "SALES", True),
        ("Same_x0020_Code", "", "WEB", False),
        ("No_x0020_Code", "", "WEB", False),
        ("No_x0020_Code", "", None, True),
    ],
)
@pytest.mark.parametrize("kind", ["Vendor", "Item"])
def test_given_a_posting_rule_then_it_is_enforced_at_posting_only(
    acme: Acme, kind: str, rule: str, value: str, given: str | None, allowed: bool
):
    draft = acme.invoice(acme.item(), vendorInvoiceNumber="F1")
    path = f"purchaseInvoices({draft['id']})"
    master = acme.company.find("vendors" if kind == "Vendor" else "items")[0]
    default_dimension(acme.company, kind, master, "DEPARTMENT", value, rule)
    if kind == "Item":
        line = draft["purchaseInvoiceLines"][0]["id"]
        path = f"purchaseInvoiceLines({line})"
    if given:
        acme.created(f"{path}/dimensionSetLines", {"code": "DEPARTMENT", "valueCode": given})
    if allowed:
        acme.act(post(draft))
    else:
        assert acme.refused("POST", post(draft)) == DIALOG


def test_given_a_value_was_blocked_meanwhile_then_posting_is_refused(acme: Acme):
    draft = acme.invoice(acme.item(), vendorNumber="DIM", vendorInvoiceNumber="F1")
    sales = acme.value("DEPARTMENT", "SALES")
    acme.company.modify("dimensionValues", sales, **{"#blocked": True})
    assert acme.refused("POST", post(draft)) == DIALOG
    acme.company.modify("dimensionValues", sales, **{"#blocked": False})
    acme.change("dimensions", "DEPARTMENT", **{"#blocked": True})
    assert acme.refused("POST", post(draft)) == DIALOG


def test_given_an_invoice_worth_less_than_nothing_then_it_is_refused(acme: Acme):
    draft = acme.invoice(acme.account(unitCost=-5), vendorInvoiceNumber="F1")
    post = f"purchaseInvoices({draft['id']})/Microsoft.NAV.post"
    assert acme.refused("POST", post) == FIELD
    assert acme.json(f"purchaseInvoices({draft['id']})")["status"] == "Draft"
