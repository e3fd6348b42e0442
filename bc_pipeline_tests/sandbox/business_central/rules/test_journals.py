"""Journals and their lines (rules.md 6)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.sandbox.companies.books import default_dimension
from bc_pipeline_tests.sandbox.business_central.rules.conftest import (
    DIALOG,
    NOWHERE,
    RELATION,
    SAME_KEY,
    ZERO,
    Acme,
)

REQUIRED = (400, "BadRequest_RequiredParamNotProvided")
TOO_LONG = (400, "Application_StringExceededLength")


@pytest.fixture
def journal(acme: Acme) -> str:
    """Path of an empty journal."""
    return f"journals({acme.created('journals', {'code': 'J1'})['id']})"


def line(acme: Acme, number: str = "4000", amount: object = 10, **more: Any) -> dict[str, Any]:
    return {"accountId": acme.id("accounts", number), "amount": amount} | more


# --- batches (6.1, 6.2) --------------------------------------------------------------------------


def test_given_a_code_then_a_batch_of_the_general_template(acme: Acme):
    made = acme.created("journals", {"code": "j1", "displayName": "JE-2026-1"})
    assert (made["code"], made["displayName"]) == ("J1", "JE-2026-1")
    assert made["templateDisplayName"] == "GENERAL"
    body = {"code": "J2", "templateDisplayName": "PAYMENT"}
    assert acme.created("journals", body)["templateDisplayName"] == "GENERAL"


def test_given_no_or_a_long_or_a_taken_code_then_it_is_refused(acme: Acme, journal: str):
    for body in ({}, {"code": ""}, {"displayName": "x"}):
        assert acme.refused("POST", "journals", body) == REQUIRED
    assert acme.refused("POST", "journals", {"code": "12345678901"}) == TOO_LONG
    assert acme.refused("POST", "journals", {"code": "J1"}) == SAME_KEY
    assert acme.refused("PATCH", journal, {"code": "DEFAULT"}) == SAME_KEY
    assert acme.patched(journal, {"code": "J9", "displayName": "New"})["code"] == "J9"


def test_given_a_balancing_account_then_its_number_is_shown(acme: Acme, journal: str):
    account = acme.id("accounts", "1010")
    changed = acme.patched(journal, {"balancingAccountId": account})
    assert changed["balancingAccountNumber"] == "1010"
    assert acme.refused("PATCH", journal, {"balancingAccountId": NOWHERE}) == DIALOG
    assert acme.patched(journal, {"balancingAccountId": ZERO})["balancingAccountNumber"] == ""


def test_given_no_filter_on_the_template_then_only_general_batches_are_listed(acme: Acme):
    payment = acme.id("vendorPaymentJournals", "PAY")
    assert [row["code"] for row in acme.rows("journals")] == ["DEFAULT"]
    found = acme.rows("journals?$filter=templateDisplayName eq 'PAYMENT'")
    assert [row["id"] for row in found] == [payment]
    assert acme.json(f"journals({payment})")["code"] == "PAY"


def test_given_a_deleted_journal_then_its_lines_are_gone(acme: Acme, journal: str):
    acme.created(f"{journal}/journalLines", line(acme))
    acme.deleted(journal)
    assert not acme.company.tables["journalLines"]
    payment = acme.id("vendorPaymentJournals", "PAY")
    acme.deleted(f"journals({payment})")
    assert acme.rows("vendorPaymentJournals") == []


# --- lines (6.3-6.9) -----------------------------------------------------------------------------


def test_given_an_account_then_the_line_is_filled(acme: Acme, journal: str):
    made = acme.created(f"{journal}/journalLines", line(acme, amount=Decimal("10.005")))
    assert made["accountType"] == "G_x002F_L_x0020_Account"
    assert (made["accountNumber"], made["description"]) == ("4000", "Costs")
    assert (made["journalDisplayName"], made["lineNumber"]) == ("J1", 10000)
    assert (made["postingDate"], made["documentNumber"]) == ("2026-03-02", "G00001")
    assert made["amount"] == Decimal("10.01")


def test_given_the_journal_in_the_body_then_it_is_taken(acme: Acme, journal: str):
    id = journal.partition("(")[2].strip(")")
    made = acme.created("journalLines", line(acme, journalId=id))
    assert made["journalId"] == id
    assert acme.refused("POST", "journalLines", line(acme)) == DIALOG
    assert acme.refused("POST", "journalLines", line(acme, journalId=NOWHERE)) == DIALOG
    assert acme.refused("POST", f"{journal}/journalLines", line(acme, journalId=NOWHERE)) == DIALOG


def test_given_the_journals_name_then_it_cannot_be_edited_even_if_equal(acme: Acme, journal: str):
    body = line(acme, journalDisplayName="J1")
    assert acme.refused("POST", f"{journal}/journalLines", body) == DIALOG
    made = acme.created(f"{journal}/journalLines", line(acme))
    own = f"journalLines({made['id']})"
    assert acme.refused("PATCH", own, {"journalDisplayName": "J1"}) == DIALOG
    other = acme.created("journals", {"code": "J2"})
    assert acme.refused("PATCH", own, {"journalId": other["id"]}) == DIALOG


def test_given_vendors_and_customers_then_only_their_numbers_name_them(acme: Acme, journal: str):
    lines = f"{journal}/journalLines"
    made = acme.created(lines, {"accountType": "Vendor", "accountNumber": "V1", "amount": -5})
    assert (made["accountNumber"], made["accountId"]) == ("V1", ZERO)
    body = {"accountType": "Vendor", "accountId": acme.id("vendors", "V1")}
    assert acme.refused("POST", lines, body) == DIALOG
    bank = acme.company.find("bankAccounts")[0]["id"]
    by_id = acme.created(lines, {"accountType": "Bank_x0020_Account", "accountId": bank})
    assert by_id["accountNumber"] == "BANK"


def test_given_an_unknown_account_or_two_different_ones_then_it_is_refused(
    acme: Acme, journal: str
):
    lines = f"{journal}/journalLines"
    assert acme.refused("POST", lines, {"accountId": NOWHERE}) == DIALOG
    assert acme.refused("POST", lines, {"accountNumber": "NONE"}) == RELATION
    assert acme.refused("POST", lines, line(acme, accountNumber="4100")) == DIALOG
    vendor = {"accountType": "Vendor", "accountNumber": "NONE"}
    assert acme.refused("POST", lines, vendor) == RELATION


def test_given_any_order_of_the_body_then_values_are_replayed_in_the_same(acme: Acme, journal: str):
    body = {
        "description": "Mine",
        "amount": 5,
        "documentNumber": "D1",
        "postingDate": "2026-01-05",
        "accountNumber": "4000",
    }
    for given in (body, dict(reversed(body.items()))):
        made = acme.created(f"{journal}/journalLines", given)
        assert {name: made[name] for name in body} == body


def test_given_further_lines_then_they_take_over_from_the_one_before(acme: Acme, journal: str):
    lines = f"{journal}/journalLines"
    acme.created(lines, line(acme, documentNumber="D1", postingDate="2026-01-05"))
    second = acme.created(lines, line(acme, amount=-10))
    assert (second["lineNumber"], second["documentNumber"]) == (20000, "D1")
    assert second["postingDate"] == "2026-01-05"
    third = acme.created(lines, line(acme))
    assert third["documentNumber"] == "G00001"  # what came before is in balance
    fourth = acme.created(lines, line(acme, externalDocumentNumber="E1"))
    assert fourth["documentNumber"] == "G00002"
    assert acme.created(lines, line(acme, lineNumber=5))["lineNumber"] == 5
    assert acme.refused("POST", lines, line(acme, lineNumber=5)) == SAME_KEY


def test_given_no_external_number_then_it_is_another_one_than_the_line_befores(
    acme: Acme, journal: str
):
    lines = f"{journal}/journalLines"
    acme.created(lines, line(acme, documentNumber="D1", externalDocumentNumber="E1"))
    second = acme.created(lines, line(acme, amount=-10))
    assert second["externalDocumentNumber"] == ""
    assert second["documentNumber"] != "D1"


def test_given_a_tax_code_that_is_none_then_it_is_refused(acme: Acme, journal: str):
    lines = f"{journal}/journalLines"
    assert acme.refused("POST", lines, line(acme, taxCode="NONE")) == RELATION
    assert acme.created(lines, line(acme, taxCode="HOOG"))["taxCode"] == "HOOG"


def test_given_blanks_on_a_new_line_then_they_leave_what_it_starts_with(acme: Acme, journal: str):
    acme.patched(journal, {"balancingAccountId": acme.id("accounts", "1010")})
    blank = {"postingDate": "0001-01-01", "description": "", "balancingAccountNumber": ""}
    made = acme.created(f"{journal}/journalLines", line(acme, **blank))
    assert (made["postingDate"], made["description"]) == ("2026-03-02", "Costs")
    assert made["balancingAccountNumber"] == "1010"


def test_given_another_line_number_then_the_line_is_renamed_unless_it_is_taken(
    acme: Acme, journal: str
):
    first, second = (acme.created(f"{journal}/journalLines", line(acme)) for _ in range(2))
    assert acme.patched(f"journalLines({first['id']})", {"lineNumber": 15})["lineNumber"] == 15
    taken = acme.refused("PATCH", f"journalLines({second['id']})", {"lineNumber": 15})
    assert taken == SAME_KEY


def test_given_a_balancing_account_of_the_batch_then_lines_take_it(acme: Acme, journal: str):
    acme.patched(journal, {"balancingAccountId": acme.id("accounts", "1010")})
    made = acme.created(f"{journal}/journalLines", line(acme))
    assert made["balancingAccountNumber"] == "1010"
    own = line(acme, balancingAccountNumber="4100")
    assert acme.created(f"{journal}/journalLines", own)["balancingAccountNumber"] == "4100"


def test_given_a_patch_then_the_row_is_written_as_is(acme: Acme, journal: str):
    made = acme.created(f"{journal}/journalLines", line(acme))
    own = f"journalLines({made['id']})"
    changed = acme.patched(own, {"amount": -3, "accountNumber": "4100", "comment": "c"})
    assert (changed["amount"], changed["accountNumber"]) == (-3, "4100")
    assert changed["accountId"] == acme.id("accounts", "4100")
    assert changed["description"] == "Costs"
    acme.deleted(own)
    assert acme.rows(f"{journal}/journalLines") == []


def test_given_an_account_with_default_dimensions_then_the_line_inherits_them(
    acme: Acme, journal: str
):
    vendor = {"accountType": "Vendor", "accountNumber": "DIM", "amount": 1}
    made = acme.created(f"{journal}/journalLines", vendor)
    path = f"journalLines({made['id']})"
    assert acme.dimensions(path) == {"DEPARTMENT": "SALES"}
    acme.created(f"{path}/dimensionSetLines", {"code": "CLASS", "valueCode": "X"})
    row = acme.rows(f"{path}/dimensionSetLines")[0]
    assert row["parentType"] == "Journal_x0020_Line"


def test_given_a_deep_insert_then_lines_and_dimensions_come_with_the_journal(acme: Acme):
    dimension = {"id": acme.id("dimensions", "CLASS"), "valueId": acme.value("CLASS", "X")}
    body = {
        "code": "DEEP",
        "displayName": "JE-1",
        "journalLines": [
            line(acme, amount=Decimal("0.1"), dimensionSetLines=[dimension]),
            line(acme, "1010", amount=Decimal("-0.1")),
        ],
    }
    made = acme.created("journals?$expand=journalLines($expand=dimensionSetLines)", body)
    first, second = made["journalLines"]
    assert (first["lineNumber"], second["lineNumber"]) == (10000, 20000)
    assert [row["valueCode"] for row in first["dimensionSetLines"]] == ["X"]
    body["code"] = "BAD"
    body["journalLines"].append({"accountNumber": "NONE"})
    assert acme.refused("POST", "journals", body) == RELATION
    assert acme.company.find("journals", code="BAD") == []
    assert len(acme.company.tables["journalLines"]) == 2


def test_given_a_master_of_no_interest_then_nothing_is_inherited(acme: Acme, journal: str):
    vendor = acme.company.find("vendors", number="V1")[0]
    default_dimension(acme.company, "Vendor", vendor, "CLASS")
    body = {"accountType": "Vendor", "accountNumber": "V1"}
    made = acme.created(f"{journal}/journalLines", body)
    assert acme.dimensions(f"journalLines({made['id']})") == {}
