"""Accounts are checked as soon as a journal line names them (rules.md 6.12)."""

from __future__ import annotations

from typing import Any

import pytest

from bc_pipeline_tests.sandbox.business_central.rules.conftest import (
    DIALOG,
    FIELD,
    RELATION,
    Acme,
)

pytestmark = pytest.mark.covers("sandbox: journal accounts")

REFUSED = [("4900", RELATION), ("4999", RELATION), ("HEAD", RELATION), ("1600", FIELD)]


@pytest.fixture
def journal(acme: Acme) -> str:
    acme.company.insert("accounts", {"number": "HEAD", "accountType": "Heading"})
    return f"journals({acme.created('journals', {'code': 'J1'})['id']})"


@pytest.mark.parametrize(("number", "error"), REFUSED)
@pytest.mark.parametrize("side", ["account", "balancingAccount"])
@pytest.mark.parametrize("by", ["Id", "Number"])
def test_given_an_account_nobody_may_post_to_then_the_line_is_refused_and_nothing_is_stored(
    acme: Acme, journal: str, number: str, error: tuple[int, str], side: str, by: str
):
    key = acme.id("accounts", number) if by == "Id" else number
    body = {"accountNumber": "4000", "amount": 10} | {f"{side}{by}": key}
    if side == "account" and by == "Id":
        del body["accountNumber"]
    assert acme.refused("POST", f"{journal}/journalLines", body) == error
    assert acme.rows(f"{journal}/journalLines") == []


def test_given_a_deep_insert_with_one_such_line_then_no_journal_is_made(acme: Acme):
    lines = [{"accountNumber": "4000", "amount": 1}, {"accountNumber": "4900", "amount": -1}]
    body = {"code": "J2", "journalLines": lines}
    assert acme.refused("POST", "journals", body) == RELATION
    assert acme.company.find("journals", code="J2") == []


@pytest.mark.parametrize(("number", "error"), REFUSED)
def test_given_a_batch_with_such_a_balancing_account_then_its_lines_are_refused_whatever_they_name(
    acme: Acme, journal: str, number: str, error: tuple[int, str]
):
    acme.patched(journal, {"balancingAccountId": acme.id("accounts", number)})
    body = {"accountNumber": "4000", "amount": 10}
    for own in ({}, {"balancingAccountNumber": "1010"}):
        assert acme.refused("POST", f"{journal}/journalLines", body | own) == error
    assert acme.rows(f"{journal}/journalLines") == []


@pytest.mark.parametrize(("number", "error"), REFUSED)
def test_given_a_line_then_it_cannot_be_moved_to_such_an_account(
    acme: Acme, journal: str, number: str, error: tuple[int, str]
):
    line = acme.created(f"{journal}/journalLines", {"accountNumber": "4000", "amount": 10})
    path = f"journalLines({line['id']})"
    for name in ("accountNumber", "balancingAccountNumber"):
        assert acme.refused("PATCH", path, {name: number}) == error
    assert acme.json(path)["accountNumber"] == "4000"


@pytest.mark.parametrize(
    ("kind", "number", "entity_set", "blocked", "error"),
    [
        ("Bank Account", "BANK", "bankAccounts", True, FIELD),
        ("Vendor", "V1", "vendors", "All", DIALOG),
        ("Vendor", "V1", "vendors", "Payment", None),
    ],
)
def test_given_a_blocked_bank_account_or_vendor_then_the_line_is_refused(
    acme: Acme,
    journal: str,
    kind: str,
    number: str,
    entity_set: str,
    blocked: Any,
    error: tuple[int, str] | None,
):
    row = acme.company.find(entity_set, number=number)[0]
    acme.company.modify(entity_set, row["id"], blocked=blocked)
    body = {"accountType": kind, "accountNumber": number, "amount": 10}
    if error is None:
        assert acme.created(f"{journal}/journalLines", body)
    else:
        assert acme.refused("POST", f"{journal}/journalLines", body) == error


def test_given_a_payment_then_the_balancing_account_of_its_batch_is_checked_too(acme: Acme):
    batch = acme.company.find("vendorPaymentJournals", code="PAY")[0]
    payments = f"vendorPaymentJournals({batch['id']})/vendorPayments"
    body: dict[str, Any] = {"vendorNumber": "V1", "amount": 10}
    acme.change("accounts", "1010", directPosting=False)
    assert acme.refused("POST", payments, body) == FIELD
    acme.change("accounts", "1010", directPosting=True, blocked=True)
    assert acme.refused("POST", payments, body) == RELATION
    acme.change("accounts", "1010", blocked=False)
    assert acme.created(payments, body)["vendorNumber"] == "V1"
