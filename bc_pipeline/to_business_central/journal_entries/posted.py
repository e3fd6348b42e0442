"""What of a journal entry stands in the general ledger already (D1, D2).

The journal a posting came from is gone afterwards, so the entries themselves are the only proof:
those with the document number on the posting date.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from bc_pipeline.to_business_central.documents.lookups import Question
from bc_pipeline.to_business_central.journal_entries.wanted import WantedEntry
from bc_pipeline.values import by_code

ENTRIES = "generalLedgerEntries"

Row = Mapping[str, Any]
Entry = TypeVar("Entry", bound=Row)


def entries_question(numbers: Iterable[str | None], *, certain: bool) -> Question:
    """What to ask for the ledger entries with these document numbers."""
    return Question(ENTRIES, "documentNumber", set(numbers), certain=certain)


def of_document(rows: Iterable[Entry], number: str, day: str) -> list[Entry]:
    """The entries of one document, oldest first: its number on its date.

    Numbers may come again on another date, such as that of a rent paid every month.
    """
    found = [
        row
        for row in rows
        if by_code(row.get("documentNumber")) == by_code(number)
        and str(row.get("postingDate") or "")[:10] == day
    ]
    return sorted(found, key=lambda row: int(row.get("entryNumber") or 0))


def holds(entries: Sequence[Row], wanted: WantedEntry) -> bool:
    """Whether every line of the entry is among the ledger entries, account and amount.

    Further entries do not matter: somebody may have reversed the document since.
    """
    present = Counter((by_code(row.get("accountNumber")), _amount(row)) for row in entries)
    asked = Counter((by_code(line.account_number), line.amount) for line in wanted.lines)
    return all(present[each] >= times for each, times in asked.items())


def _amount(row: Row) -> Decimal:
    return Decimal(str(row.get("debitAmount") or 0)) - Decimal(str(row.get("creditAmount") or 0))
