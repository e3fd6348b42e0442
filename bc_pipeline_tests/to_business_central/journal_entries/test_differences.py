"""Whose line is whose in a journal, and what stands in the general ledger (rules.md 6.10)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.to_business_central.journal_entries.differences import balanced_elsewhere, plan
from bc_pipeline.to_business_central.journal_entries.existing import holds, of_document
from bc_pipeline.to_business_central.journal_entries.wanted import (
    WantedEntry,
    WantedLine,
    journal_code,
)

DAY = "2026-03-05"
ACCOUNT = "00000000-0000-4000-8000-00000000000{}"

amounts = st.lists(
    st.tuples(st.integers(1, 3), st.decimals(-99, 99, places=2).filter(bool)),
    min_size=1,
    max_size=6,
)


def wanted(given: list[tuple[int, Decimal]]) -> WantedEntry:
    lines = tuple(
        WantedLine(10_000 * place, ACCOUNT.format(account), f"{account}", amount, None, ())
        for place, (account, amount) in enumerate(given, start=1)
    )
    return WantedEntry("JE-1", journal_code("JE-1"), DAY, lines)


def as_bc_has_it(entry: WantedEntry) -> list[dict[str, Any]]:
    return [{"id": f"l{line.line_number}", **entry.body(line)} for line in entry.lines]


def journal(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": "j", "journalLines": rows}


@given(amounts, st.randoms())
def test_a_journal_with_exactly_the_lines_is_done_whatever_their_order(
    given: list[tuple[int, Decimal]], random: Any
) -> None:
    rows = as_bc_has_it(wanted(given))
    random.shuffle(rows)

    assert plan(str, wanted(given), journal(rows), ()).is_done


@given(amounts, amounts, st.booleans())
def test_every_line_is_wanted_ours_or_foreign(
    given: list[tuple[int, Decimal]], there: list[tuple[int, Decimal]], ours: bool
) -> None:
    rows = as_bc_has_it(wanted(there))
    numbers = {row["lineNumber"] for row in rows} if ours else set()

    found = plan(str, wanted(given), journal(rows), numbers)

    made = sum(part.method == "POST" for part in found.parts)
    deleted = sum(part.method == "DELETE" for part in found.parts)
    assert len(rows) - deleted - len(found.foreign) + made == len(given)
    assert not (found.foreign if ours else deleted)


def test_a_line_of_another_document_or_day_is_foreign() -> None:
    entry = wanted([(1, Decimal(5))])
    (row,) = as_bc_has_it(entry)

    for change in ({"documentNumber": "JE-2"}, {"postingDate": "2026-03-06"}):
        assert len(plan(str, entry, journal([row | change]), ()).foreign) == 1


def test_a_balancing_account_from_the_template_is_noticed() -> None:
    (row,) = as_bc_has_it(wanted([(1, Decimal(5))]))

    assert balanced_elsewhere(journal([row])) is None
    assert balanced_elsewhere(journal([row | {"balancingAccountNumber": "2910"}])) == "2910"


def ledger_row(number: int, account: int, amount: Decimal, **more: Any) -> dict[str, Any]:
    debit, credit = max(amount, Decimal(0)), max(-amount, Decimal(0))
    return {
        "id": f"e{number}",
        "entryNumber": number,
        "documentNumber": "JE-1",
        "postingDate": DAY,
        "accountNumber": f"{account}",
        "debitAmount": debit,
        "creditAmount": credit,
        **more,
    }


@given(amounts)
def test_a_reversed_document_was_posted_all_the_same(given: list[tuple[int, Decimal]]) -> None:
    rows = [ledger_row(n, account, amount) for n, (account, amount) in enumerate(given)]
    reversed_ = [ledger_row(n + 50, a, -amount) for n, (a, amount) in enumerate(given)]

    assert holds([*rows, *reversed_], wanted(given))
    assert not holds(rows[1:], wanted(given))


def test_entries_of_a_document_are_those_of_its_number_on_its_day_oldest_first() -> None:
    rows = [
        ledger_row(9, 1, Decimal(1)),
        ledger_row(2, 1, Decimal(1)),
        ledger_row(3, 1, Decimal(1), documentNumber="JE-2"),
        ledger_row(4, 1, Decimal(1), postingDate="2026-04-05"),
    ]

    assert [row["entryNumber"] for row in of_document(rows, "je-1", DAY)] == [2, 9]
