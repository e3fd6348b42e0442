"""Drafts of purchase invoices and their lines (rules.md 5)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bc_pipeline_tests.sandbox.business_central.rules.conftest import (
    DIALOG,
    FIELD,
    NOWHERE,
    RELATION,
    ZERO,
    Acme,
)

TOO_LONG = (400, "Application_StringExceededLength")


def test_given_only_a_vendor_then_a_draft_is_filled_from_it(acme: Acme):
    draft = acme.created("purchaseInvoices", {"vendorId": acme.id("vendors", "V1")})
    assert (draft["number"], draft["status"]) == ("PI00001", "Draft")
    assert (draft["vendorNumber"], draft["payToVendorNumber"]) == ("V1", "V1")
    assert draft["invoiceDate"] == draft["postingDate"] == "2026-03-02"
    assert draft["dueDate"] == "2026-03-16"
    assert (draft["currencyCode"], draft["currencyId"]) == ("EUR", ZERO)
    assert (draft["orderId"], draft["orderNumber"], draft["vendorInvoiceNumber"]) == (ZERO, "", "")


def test_given_no_or_an_unknown_vendor_then_it_is_refused(acme: Acme):
    for body in ({}, {"vendorId": ZERO}, {"vendorId": NOWHERE}, {"vendorNumber": "NOBODY"}):
        assert acme.refused("POST", "purchaseInvoices", body) == DIALOG
    assert acme.refused("POST", "purchaseInvoices", {"vendorNumber": "SHUT"}) == DIALOG
    assert acme.refused("POST", "purchaseInvoices", {"vendorNumber": "BARE"}) == FIELD
    assert not acme.company.tables["purchaseInvoices"]


@pytest.mark.parametrize("number", ["V2", "NOBODY"])
def test_given_an_id_and_a_contradicting_number_then_the_id_wins_without_error(
    acme: Acme, number: str
):
    first = acme.id("vendors", "V1")
    for body in (
        {"vendorId": first, "vendorNumber": number},
        {"vendorNumber": number, "vendorId": first},
        {"vendorId": first, "payToVendorId": first, "payToVendorNumber": number},
    ):
        draft = acme.created("purchaseInvoices", body)
        assert (draft["vendorNumber"], draft["payToVendorNumber"]) == ("V1", "V1")


def test_given_dates_then_the_due_date_follows_the_terms_unless_it_is_sent(acme: Acme):
    assert acme.invoice(invoiceDate="2026-01-31")["dueDate"] == "2026-02-14"
    draft = acme.invoice(dueDate="2026-12-31", invoiceDate="2026-01-31")
    assert draft["dueDate"] == "2026-12-31"
    path = f"purchaseInvoices({draft['id']})"
    assert acme.patched(path, {"invoiceDate": "2026-02-01"})["dueDate"] == "2026-02-15"
    body = {"dueDate": "2026-06-06", "invoiceDate": "2026-02-02"}
    assert acme.patched(path, body)["dueDate"] == "2026-06-06"
    assert acme.invoice(vendorNumber="V2")["dueDate"] == "2026-03-02"


def test_given_an_invoice_date_then_it_is_the_work_date_of_the_new_draft(acme: Acme):
    draft = acme.invoice(acme.item(), invoiceDate="2026-01-31")
    assert draft["postingDate"] == "2026-01-31"
    assert draft["purchaseInvoiceLines"][0]["expectedReceiptDate"] == "2026-01-31"
    both = acme.invoice(postingDate="2026-02-05", invoiceDate="2026-01-31")
    assert (both["invoiceDate"], both["postingDate"]) == ("2026-01-31", "2026-02-05")
    path = f"purchaseInvoices({draft['id']})"
    assert acme.patched(path, {"invoiceDate": "2026-02-01"})["postingDate"] == "2026-01-31"


def test_given_a_due_date_beyond_the_calendar_then_it_is_refused(acme: Acme):
    body = {"vendorNumber": "V1", "invoiceDate": "9999-12-31"}
    assert acme.refused("POST", "purchaseInvoices", body) == DIALOG
    assert acme.rows("purchaseInvoices") == []


def test_given_a_vendor_invoice_number_then_35_characters_and_twice_on_drafts(acme: Acme):
    number = "F" * 35
    for _ in range(2):
        assert acme.invoice(vendorInvoiceNumber=number)["vendorInvoiceNumber"] == number
    body = {"vendorNumber": "V1", "vendorInvoiceNumber": number + "F"}
    assert acme.refused("POST", "purchaseInvoices", body) == TOO_LONG


def test_given_the_number_is_sent_then_it_is_read_only(acme: Acme):
    code = (400, "BadRequest_InvalidOperation")
    assert acme.refused("POST", "purchaseInvoices", {"vendorNumber": "V1", "number": "1"}) == code


def test_given_a_draft_then_it_can_be_deleted(acme: Acme):
    draft = acme.invoice(acme.item())
    acme.deleted(f"purchaseInvoices({draft['id']})")
    assert not acme.company.tables["purchaseInvoiceLines"]


def test_given_item_and_expense_lines_then_the_header_sums_them(acme: Acme):
    draft = acme.invoice(
        acme.item(quantity=3, unitCost=10, discountAmount=5),
        acme.account(unitCost=Decimal("99.99"), taxCode="HOOG"),
    )
    item, expense = draft["purchaseInvoiceLines"]
    assert (item["lineType"], item["unitCost"], item["netAmount"]) == ("Item", 10, 25)
    assert item["expectedReceiptDate"] == "2026-03-02"
    assert (expense["lineType"], expense["netTaxAmount"]) == ("Account", Decimal("21"))
    header = acme.json(f"purchaseInvoices({draft['id']})")
    assert (header["totalAmountExcludingTax"], header["totalTaxAmount"]) == (124.99, 26.25)


def test_given_a_location_after_the_cost_then_the_item_card_prices_the_line(acme: Acme):
    draft = acme.invoice(acme.item(unitCost=9, discountAmount=1))
    line = draft["purchaseInvoiceLines"][0]
    path = f"purchaseInvoices({draft['id']})/purchaseInvoiceLines({line['id']})"
    moved = acme.patched(path, {"locationId": acme.id("locations", "AMS")})
    assert (moved["unitCost"], moved["discountAmount"]) == (5, 0)
    restated = acme.patched(path, {"unitCost": 9, "discountAmount": 1})
    assert (restated["unitCost"], restated["discountAmount"]) == (9, 1)


def test_given_lines_then_the_rules_of_order_lines_hold(acme: Acme):
    draft = acme.invoice()
    lines = f"purchaseInvoices({draft['id']})/purchaseInvoiceLines"
    assert acme.created(lines, acme.item(sequence=5))["sequence"] == 5
    assert acme.refused("POST", lines, acme.item(sequence=5)) == DIALOG
    assert acme.refused("POST", "purchaseInvoiceLines", acme.item()) == DIALOG
    assert acme.refused("POST", lines, acme.item("BLOCKED")) == FIELD
    assert acme.refused("POST", lines, acme.item(taxCode="BTW21")) == RELATION
    assert acme.refused("POST", lines, acme.item(directUnitCost=1)) == (400, "BadRequest")
    assert acme.refused("POST", lines, acme.item(receiveQuantity=1)) == (400, "BadRequest")
    assert acme.created(lines, {"description": "Note"})["lineType"] == "Comment"


def test_given_an_invoice_waits_for_approval_then_it_cannot_be_changed(acme: Acme):
    draft = acme.invoice(acme.item())
    path = f"purchaseInvoices({draft['id']})"
    acme.company.modify("purchaseInvoices", draft["id"], status="In_x0020_Review")
    assert acme.refused("PATCH", path, {"dueDate": "2026-09-09"}) == FIELD
    assert acme.refused("POST", f"{path}/purchaseInvoiceLines", acme.item()) == FIELD
    assert acme.refused("POST", f"{path}/Microsoft.NAV.post") == DIALOG
