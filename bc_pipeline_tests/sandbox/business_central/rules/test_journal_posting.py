"""Posting journals (rules.md 6.10-6.13)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.sandbox.companies.books import default_dimension
from bc_pipeline_tests.sandbox.business_central.rules.conftest import DIALOG, FIELD, Acme

Amounts = Sequence[tuple[str, object]]


def journal(acme: Acme, *lines: dict[str, Any]) -> str:
    """Path of a journal with lines of one document unless they say otherwise."""
    body = {
        "code": "J1",
        "journalLines": [
            {"postingDate": "2026-02-01", "documentNumber": "D1"} | line for line in lines
        ],
    }
    return f"journals({acme.created('journals', body)['id']})"


def line(number: str, amount: object, **more: Any) -> dict[str, Any]:
    return {"accountNumber": number, "amount": amount} | more


def post(path: str) -> str:
    return f"{path}/Microsoft.NAV.post"


def test_given_a_balanced_journal_then_its_entries_stand_in_the_ledger_and_it_is_empty(
    acme: Acme,
):
    path = journal(acme, line("4000", Decimal("10.1")), line("1010", Decimal("-10.1")))
    acme.act(post(path))
    assert acme.entries("D1") == [
        ("4000", Decimal("10.1"), {}),
        ("1010", Decimal("-10.1"), {}),
    ]
    entry = acme.rows("generalLedgerEntries")[0]
    assert (entry["entryNumber"], entry["postingDate"]) == (1, "2026-02-01")
    assert entry["accountId"] == acme.id("accounts", "4000")
    assert entry["description"] == "Costs"
    assert acme.rows(f"{path}/journalLines") == []
    assert acme.json(path)["code"] == "J1"


def test_given_an_empty_journal_or_only_zeros_then_there_is_nothing_to_post(acme: Acme):
    path = journal(acme)
    assert acme.refused("POST", post(path)) == DIALOG
    acme.created(f"{path}/journalLines", line("4000", 0))
    assert acme.refused("POST", post(path)) == DIALOG


def test_given_lines_of_zero_among_others_then_they_are_skipped(acme: Acme):
    path = journal(acme, line("4000", 1), line("4100", 0), line("1010", -1))
    acme.act(post(path))
    assert [account for account, _, _ in acme.entries("D1")] == ["4000", "1010"]
    assert acme.rows(f"{path}/journalLines") == []


@pytest.mark.parametrize(
    "lines",
    [
        [line("4000", 10), line("1010", -9)],
        [line("4000", 10, postingDate="2026-02-02"), line("1010", -10)],
        [line("4000", 10, documentNumber="D2"), line("1010", -10)],
        [line("4000", 10)],
    ],
)
def test_given_a_date_or_document_out_of_balance_then_nothing_is_posted(
    acme: Acme, lines: list[dict[str, Any]]
):
    path = journal(acme, *lines)
    assert acme.refused("POST", post(path)) == DIALOG
    assert acme.rows("generalLedgerEntries") == []
    assert len(acme.rows(f"{path}/journalLines")) == len(lines)


def test_given_a_balancing_account_then_a_line_balances_itself(acme: Acme):
    path = journal(acme, line("4000", 10, balancingAccountNumber="1010"))
    acme.act(post(path))
    assert [(a, n) for a, n, _ in acme.entries("D1")] == [("4000", 10), ("1010", -10)]


@pytest.mark.parametrize(
    "change", [{"blocked": True}, {"accountType": "Total"}, {"directPosting": False}]
)
def test_given_an_account_that_can_no_longer_be_posted_to_then_it_is_refused_at_posting(
    acme: Acme, change: dict[str, Any]
):
    path = journal(acme, line("4000", 10), line("1010", -10))
    acme.change("accounts", "4000", **change)
    assert acme.refused("POST", post(path)) == FIELD
    assert acme.rows("generalLedgerEntries") == []


def test_given_no_account_or_number_or_date_then_it_is_refused(acme: Acme):
    path = journal(acme, line("", 10), line("1010", -10))
    assert acme.refused("POST", post(path)) == FIELD
    rows = acme.rows(f"{path}/journalLines")
    acme.patched(f"journalLines({rows[0]['id']})", {"accountNumber": "4000"})
    for name, value in (("documentNumber", ""), ("postingDate", "0001-01-01")):
        kept = {row["id"]: row[name] for row in rows}
        for id in kept:
            acme.patched(f"journalLines({id})", {name: value})
        assert acme.refused("POST", post(path)) == FIELD
        for id, before in kept.items():
            acme.patched(f"journalLines({id})", {name: before})
    acme.act(post(path))


def test_given_a_closed_period_then_it_is_refused(acme: Acme):
    path = journal(acme, line("4000", 10), line("1010", -10))
    acme.company.settings.posting_allowed_from = date(2026, 2, 2)
    assert acme.refused("POST", post(path)) == FIELD
    acme.company.settings.posting_allowed_from = date(2026, 2, 1)
    acme.act(post(path))


def test_given_vendors_and_banks_then_the_account_behind_them_is_booked(acme: Acme):
    path = journal(
        acme,
        line("V1", 10, accountType="Vendor"),
        line("BANK", -10, accountType="Bank_x0020_Account"),
    )
    acme.act(post(path))
    assert [(a, n) for a, n, _ in acme.entries("D1")] == [("1600", 10), ("1000", -10)]
    assert acme.company.find("vendors", number="V1")[0]["balance"] == -10


def test_given_two_ledgers_on_one_line_then_it_is_refused(acme: Acme):
    both = line(
        "V1", 10, accountType="Vendor", balanceAccountType="Vendor", balancingAccountNumber="V2"
    )
    assert acme.refused("POST", post(journal(acme, both))) == DIALOG


def test_given_dimensions_then_entries_carry_them_and_rules_are_enforced(acme: Acme):
    x = {"code": "CLASS", "valueCode": "X"}
    path = journal(
        acme,
        line("4000", 10, dimensionSetLines=[x]),
        line("V1", -10, accountType="Vendor"),
    )
    vendor = acme.company.find("vendors", number="V1")[0]
    default_dimension(acme.company, "Vendor", vendor, "CLASS", "", "Code_x0020_Mandatory")
    assert acme.refused("POST", post(path)) == DIALOG
    row = acme.rows(f"{path}/journalLines")[1]
    acme.created(f"journalLines({row['id']})/dimensionSetLines", x)
    acme.act(post(path))
    assert [dimensions for _, _, dimensions in acme.entries("D1")] == [{"CLASS": "X"}] * 2


def test_given_an_account_with_a_mandatory_dimension_then_it_is_enforced(acme: Acme):
    rule = {
        "dimensionId": acme.id("dimensions", "CLASS"),
        "dimensionValueId": "00000000-0000-0000-0000-000000000000",
        "postingValidation": "Code_x0020_Mandatory",
    }
    acme.change("accounts", "4000", **{"#defaultDimensions": (rule,)})
    path = journal(acme, line("4000", 10), line("1010", -10))
    assert acme.refused("POST", post(path)) == DIALOG
    row = acme.rows(f"{path}/journalLines")[0]
    body = {"code": "CLASS", "valueCode": "X"}
    acme.created(f"journalLines({row['id']})/dimensionSetLines", body)
    acme.act(post(path))
    assert [dimensions for _, _, dimensions in acme.entries("D1")] == [{"CLASS": "X"}, {}]


def test_given_lines_others_put_there_then_they_are_posted_too(acme: Acme):
    path = journal(acme, line("4000", 10), line("1010", -10))
    other = {"postingDate": "2026-02-03", "documentNumber": "THEIRS"}
    for number, amount in (("4100", 7), ("1010", -7)):
        acme.created(f"{path}/journalLines", line(number, amount) | other)
    acme.act(post(path))
    assert len(acme.entries("THEIRS")) == 2


def test_given_the_same_journal_twice_then_bc_posts_it_twice(acme: Acme):
    """Nothing in Business Central keeps a document number unique in journals (6.9)."""
    path = journal(acme, line("4000", 10), line("1010", -10))
    acme.act(post(path))
    acme.deleted(path)
    acme.act(post(journal(acme, line("4000", 10), line("1010", -10))))
    assert len(acme.entries("D1")) == 4


def test_given_posting_and_deleting_in_one_snapshot_batch_then_posting_is_not_undone(acme: Acme):
    path = journal(acme, line("4000", 10), line("1010", -10))
    answers = acme.batch(
        {"method": "POST", "url": post(path)},
        {"method": "DELETE", "url": "journals(12345678-1234-1234-1234-123456789abc)"},
        Isolation="snapshot",
    )
    assert [answer["status"] for answer in answers] == [204, 404]
    assert len(acme.entries("D1")) == 2
