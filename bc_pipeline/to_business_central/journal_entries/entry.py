"""One journal entry on its way: what is known of it, noted in the ledger, and told to people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bc_pipeline.errors import RecordError
from bc_pipeline.report import Problem
from bc_pipeline.to_business_central.documents import changes
from bc_pipeline.to_business_central.documents.changes import Row
from bc_pipeline.to_business_central.documents.concurrency import Progress
from bc_pipeline.to_business_central.documents.lookups import ask
from bc_pipeline.to_business_central.documents.posting import POSTED
from bc_pipeline.to_business_central.documents.work import DocumentWork
from bc_pipeline.to_business_central.export_types import Action, Intent, Outcome, Pending
from bc_pipeline.to_business_central.journal_entries.differences import (
    EXPAND,
    JOURNALS,
    LINES,
    Plan,
    balanced_elsewhere,
    numbers_given,
    plan,
)
from bc_pipeline.to_business_central.journal_entries.existing import (
    Existing,
    Look,
    entries_question,
    lines_of,
    of_document,
)
from bc_pipeline.to_business_central.journal_entries.wanted import WantedEntry
from bc_pipeline.to_business_central.writer import ExportContext

CREATE, CHANGE, POST, DELETE = "create", "change", "post", "delete"
"""Steps in the ledger."""


class EntryWork(DocumentWork[Plan]):
    """One journal entry on its way.

    Args:
        present: what BC has of the entries of the call.
        pending: the record.
        wanted: what it is to be.
        progress: kept up to date, for the case that it fails.

    Attributes:
        ours: line numbers we have given in its journal.
    """

    PATH, LINES, EXPAND, CALLED = JOURNALS, LINES, EXPAND, "the journal"
    # A journal is deleted only after it was posted.
    POSTING = (POST, DELETE)

    def __init__(
        self,
        context: ExportContext,
        present: Existing,
        pending: Pending,
        wanted: WantedEntry,
        progress: Progress,
    ) -> None:
        super().__init__(context, pending, progress)
        self.present = present
        self.wanted = wanted
        self.ours = {int(number) for number in self.detail.get("lines") or ()}

    def in_ledger(self, rows: Iterable[Row]) -> list[Row]:
        """Those of the ledger entries that are the wanted document."""
        return of_document(rows, self.wanted.number, self.wanted.day)

    def look(self, journal: Row | None) -> Look:
        """The general ledger and the journal, as they certainly are: it decides about posting.

        Raises:
            AuthError, Cancelled, ReadFailed: BC could not say.
        """
        entries = ask(self.context, [entries_question([self.wanted.number], certain=True)])[0]
        self.present.put_entries(entries)
        now = journal and changes.read(self.context, self.document(journal))
        return Look(self.in_ledger(entries), now)

    def note(self, step: str, journal: Row | None = None) -> None:
        """Notes what is about to be sent, before it is."""
        self.context.ledger.intend([Intent(self.pending, step, self._noted())])
        if journal is not None:
            self.advance(step, journal)
        self.changed = True

    def advance(self, step: str, journal: Row) -> None:
        """Notes that a step has worked, before the next one begins."""
        self.context.ledger.advance(
            self.pending, step=step, bc_id=str(journal["id"]), bc_number=self.wanted.number
        )

    def step(self, present: Row) -> Plan:
        return plan(self.context.path, self.wanted, present, self.ours)

    def refuse(self, step: Plan, present: Row) -> None:
        """A journal with lines of somebody else, or with lines that would be booked twice."""
        name = f"journal {present.get('code')} ({present.get('displayName')})"
        if step.foreign:
            numbers = ", ".join(str(row.get("lineNumber")) for row in step.foreign)
            raise RecordError(
                "InvalidRecordState",
                f"{name} holds lines that are not from this record ({numbers}); they would be "
                "posted with it: take them out in Business Central",
            )
        if account := balanced_elsewhere(present):
            raise RecordError(
                "InvalidRecordState",
                f"the lines of {name} have the balancing account {account} from their template, so "
                "every line would be booked twice",
            )

    def about_to_send(self, step: Plan, present: Row) -> None:
        given = numbers_given(step.parts)
        if not self.changed or not given <= self.ours:
            self.ours |= given
            self.note(CHANGE)

    def at(self, present: Row) -> None:
        self.progress.bc_id = str(present["id"])
        self.progress.bc_number = self.wanted.number
        self.progress.detail = self._noted()
        self.progress.remains = (
            f"journal {present.get('code')} stays in Business Central with "
            f"{len(lines_of(present))} lines, not posted, and is used when the record comes again"
        )

    def warn(self, reason: str) -> None:
        """Something an operator should know although the record is done."""
        result = self.context.result
        result.problems.append(Problem(result.name, self.pending.name, "guard", reason))

    def outcome(self, action: Action, bc_id: str | None, *, posted: bool = False) -> Outcome:
        """The end of the record, with nothing left open."""
        if self.wanted.without_amount:
            self.warn(f"{self.wanted.without_amount} lines with the amount 0 were left out")
        detail = {**self._noted(), "creating": False, POSTED: posted}
        return Outcome(action, bc_id, self.wanted.number, detail=detail)

    def _noted(self) -> dict[str, Any]:
        return {
            **self.detail,
            "lines": sorted(self.ours),
            "number": self.wanted.number,
            "day": self.wanted.day,
        }
