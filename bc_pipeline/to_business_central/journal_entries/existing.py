"""What Business Central has of the journal entries of a call: ledger entries and journals."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from bc_pipeline.to_business_central.documents.changes import Row
from bc_pipeline.to_business_central.documents.lookups import Question
from bc_pipeline.to_business_central.journal_entries.differences import LINES
from bc_pipeline.to_business_central.journal_entries.wanted import WantedEntry
from bc_pipeline.values import by_code, guid


class Existing:
    """Safe to share between threads; kept up to date by what is written.

    Args:
        entries: of the general ledger, with the document numbers of the call.
        journals: with the codes, names or ids of the call.
    """

    def __init__(self, entries: Iterable[Row], journals: Iterable[Row]) -> None:
        self._guard = threading.Lock()
        self._entries: dict[str, dict[str, Row]] = {}
        self._journals: dict[str, Row] = {}
        self._by_code: dict[str, Row] = {}
        self._by_name: dict[str, list[Row]] = {}
        self.put_entries(entries)
        for row in journals:
            if guid(row["id"]) not in self._journals:
                self._by_name.setdefault(by_code(row.get("displayName")), []).append(row)
                self.put(row)

    def put_entries(self, rows: Iterable[Row]) -> None:
        """Ledger entries as BC has them by now."""
        with self._guard:
            for row in rows:
                by_id = self._entries.setdefault(by_code(row.get("documentNumber")), {})
                by_id[str(row["id"])] = row

    def entries(self, number: str) -> list[Row]:
        """Ledger entries with a document number."""
        with self._guard:
            return list(self._entries.get(by_code(number), {}).values())

    def put(self, journal: Row) -> None:
        """A journal as BC has it by now."""
        with self._guard:
            self._journals[guid(journal["id"])] = journal
            self._by_code[by_code(journal.get("code"))] = journal

    def forget(self, journal: Row) -> None:
        """A journal that was deleted."""
        with self._guard:
            self._journals.pop(guid(journal["id"]), None)
            self._by_code.pop(by_code(journal.get("code")), None)

    def with_code(self, journal_code: str) -> Row | None:
        """The journal with a code."""
        return self._by_code.get(journal_code)

    def with_id(self, id: str | None) -> Row | None:
        """The journal with an id."""
        return self._journals.get(guid(id)) if id else None

    def named(self, name: str) -> list[Row]:
        """Journals with a display name that were there when the call began."""
        return [row for row in self._by_name.get(by_code(name), []) if self.with_id(row["id"])]


@dataclass(frozen=True)
class Look:
    """The ledger entries of a document and its journal, at one moment."""

    entries: Sequence[Row]
    journal: Row | None

    @property
    def lines(self) -> Sequence[Row]:
        """What the journal holds; nothing when there is none."""
        return lines_of(self.journal)


def lines_of(journal: Row | None) -> Sequence[Row]:
    """The lines of a journal; none when there is no journal."""
    return (journal or {}).get(LINES) or ()


# What of a journal entry stands in the general ledger already (D1, D2).
#
# The journal a posting came from is gone afterwards, so the entries themselves are the only proof:
# those with the document number on the posting date.

ENTRIES = "generalLedgerEntries"
Entry = TypeVar("Entry", bound=Mapping[str, Any])


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
