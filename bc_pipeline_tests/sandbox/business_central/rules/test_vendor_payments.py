"""Payments in vendor payment journals (rules.md 7)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline_tests.sandbox.business_central.rules.conftest import (
    DIALOG,
    FIELD,
    NOWHERE,
    RELATION,
    ZERO,
    Acme,
)


@pytest.fixture
def payments(acme: Acme) -> str:
    return f"vendorPaymentJournals({acme.id('vendorPaymentJournals', 'PAY')})/vendorPayments"


@pytest.fixture
def bill(acme: Acme) -> dict[str, Any]:
    """A posted invoice of 100."""
    return acme.posted(acme.account(unitCost=100), vendorInvoiceNumber="F1")


def post(acme: Acme) -> str:
    return f"journals({acme.id('vendorPaymentJournals', 'PAY')})/Microsoft.NAV.post"


def test_given_a_vendor_then_a_payment_is_numbered_and_dated(acme: Acme, payments: str):
    made = acme.created(payments, {"vendorNumber": "V1", "amount": Decimal("12.345")})
    assert (made["vendorId"], made["description"]) == (acme.id("vendors", "V1"), "Vendor V1")
    assert (made["lineNumber"], made["journalDisplayName"]) == (10000, "PAY")
    assert (made["postingDate"], made["documentNumber"]) == ("2026-03-02", "G00001")
    assert made["amount"] == Decimal("12.35")


def test_given_no_journal_or_another_in_the_body_then_it_is_refused(acme: Acme, payments: str):
    journal = acme.id("vendorPaymentJournals", "PAY")
    assert acme.created("vendorPayments", {"journalId": journal})["journalId"] == journal
    assert acme.refused("POST", "vendorPayments", {"amount": 1}) == DIALOG
    assert acme.refused("POST", "vendorPayments", {"journalId": NOWHERE}) == DIALOG
    assert acme.refused("POST", payments, {"journalId": NOWHERE}) == DIALOG
    assert acme.refused("POST", payments, {"journalDisplayName": "OTHER"}) == DIALOG
    assert acme.created(payments, {"journalDisplayName": "PAY"})


def test_given_vendor_values_then_they_must_exist_and_agree(acme: Acme, payments: str):
    first = acme.id("vendors", "V1")
    for body in (
        {"vendorId": NOWHERE},
        {"vendorNumber": "NOBODY"},
        {"vendorId": first, "vendorNumber": "V2"},
        {"vendorNumber": "V2", "vendorId": first},
    ):
        assert acme.refused("POST", payments, body) == DIALOG
    assert acme.created(payments, {"vendorId": first, "vendorNumber": "V1"})
    assert acme.created(payments, {"amount": 1})["vendorId"] == ZERO


def test_given_a_general_journal_then_it_takes_no_payments(acme: Acme):
    journal = acme.created("journals", {"code": "GENERAL"})
    body = {"journalId": journal["id"], "vendorNumber": "V1", "amount": 1}
    assert acme.refused("POST", "vendorPayments", body) == RELATION


@pytest.mark.parametrize("number", ["SHUT", "UNPAID"])
def test_given_a_blocked_vendor_then_it_is_refused(acme: Acme, payments: str, number: str):
    assert acme.refused("POST", payments, {"vendorNumber": number}) == DIALOG


def test_given_an_invoice_then_it_must_be_posted_when_named_by_id(
    acme: Acme, payments: str, bill: dict[str, Any]
):
    made = acme.created(payments, {"appliesToInvoiceId": bill["id"], "amount": 5})
    assert made["appliesToInvoiceNumber"] == bill["number"]
    assert (made["vendorNumber"], made["description"]) == ("V1", "Vendor V1")
    draft = acme.invoice()
    for id in (draft["id"], NOWHERE):
        assert acme.refused("POST", payments, {"appliesToInvoiceId": id}) == DIALOG
    wrong = {"appliesToInvoiceId": bill["id"], "appliesToInvoiceNumber": "X"}
    assert acme.refused("POST", payments, wrong) == DIALOG


def test_given_an_invoice_number_then_any_text_is_accepted(
    acme: Acme, payments: str, bill: dict[str, Any]
):
    known = acme.created(payments, {"appliesToInvoiceNumber": bill["number"]})
    assert known["appliesToInvoiceId"] == bill["id"]
    unknown = acme.created(payments, {"appliesToInvoiceNumber": "WHAT"})
    assert (unknown["appliesToInvoiceId"], unknown["appliesToInvoiceNumber"]) == (ZERO, "WHAT")


def test_given_a_vendor_and_an_invoice_of_another_then_the_vendor_stays_until_posting(
    acme: Acme, payments: str, bill: dict[str, Any]
):
    body = {"vendorNumber": "V2", "appliesToInvoiceId": bill["id"], "amount": 100}
    assert acme.created(payments, body)["vendorNumber"] == "V2"
    assert acme.refused("POST", post(acme)) == DIALOG


def test_given_a_payment_then_it_can_be_changed_and_deleted(
    acme: Acme, payments: str, bill: dict[str, Any]
):
    made = acme.created(payments, {"vendorNumber": "V2", "documentNumber": "P1"})
    own = f"{payments}({made['id']})"
    body = {"vendorNumber": "V1", "appliesToInvoiceId": bill["id"], "amount": 7}
    changed = acme.patched(own, body)
    assert (changed["vendorNumber"], changed["amount"]) == ("V1", 7)
    assert changed["documentNumber"] == "P1"
    assert acme.refused("PATCH", own, {"journalId": NOWHERE}) == DIALOG
    assert acme.patched(own, {"lineNumber": 3})["lineNumber"] == 3
    assert acme.patched(own, {"vendorId": ZERO})["vendorNumber"] == ""
    acme.deleted(own)
    assert acme.rows(payments) == []


def test_given_default_dimensions_of_the_vendor_then_the_payment_has_them(
    acme: Acme, payments: str
):
    made = acme.created(payments, {"vendorNumber": "DIM"})
    path = f"vendorPayments({made['id']})"
    assert acme.dimensions(path) == {"DEPARTMENT": "SALES"}
    body = {"code": "DEPARTMENT", "valueCode": "WEB"}
    assert acme.refused("POST", f"{path}/dimensionSetLines", body) == DIALOG
    own = f"{path}/dimensionSetLines({acme.id('dimensions', 'DEPARTMENT')})"
    assert acme.patched(own, {"valueCode": "WEB"})["valueCode"] == "WEB"


def test_given_the_journal_is_posted_then_the_invoice_is_paid(
    acme: Acme, payments: str, bill: dict[str, Any]
):
    def status() -> str:
        return str(acme.json(f"purchaseInvoices({bill['id']})")["status"])

    applied = {"appliesToInvoiceId": bill["id"], "documentNumber": "P1"}
    acme.created(payments, applied | {"amount": 40})
    acme.act(post(acme))
    assert status() == "Open"
    assert acme.entries("P1") == [("1600", 40, {}), ("1010", -40, {})]
    acme.created(payments, applied | {"amount": 61})
    assert acme.refused("POST", post(acme)) == DIALOG
    acme.patched(f"{payments}({acme.rows(payments)[0]['id']})", {"amount": 60})
    acme.act(post(acme))
    assert status() == "Paid"
    assert acme.rows(payments) == []
    assert acme.company.find("vendors", number="V1")[0]["balance"] == 0


def test_given_a_payment_of_less_than_nothing_then_it_is_refused_at_posting(
    acme: Acme, payments: str
):
    acme.created(payments, {"vendorNumber": "V1", "amount": -1})
    assert acme.refused("POST", post(acme)) == FIELD


def test_given_payments_then_they_are_no_lines_of_the_general_journal(acme: Acme, payments: str):
    acme.created(payments, {"vendorNumber": "V1"})
    journal = acme.id("vendorPaymentJournals", "PAY")
    assert acme.rows(f"journals({journal})/journalLines") == []
