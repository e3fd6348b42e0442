"""One journal entry on its way: what is known of it, noted in the ledger, and told to people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bc_pipeline.outbound.documents import sending
from bc_pipeline.outbound.documents.looking import ask
from bc_pipeline.outbound.documents.sending import Document, Row
from bc_pipeline.outbound.documents.working import Progress
from bc_pipeline.outbound.general_journal_lines.plan import EXPAND, JOURNALS
from bc_pipeline.outbound.general_journal_lines.posted import entries_question, of_document
from bc_pipeline.outbound.general_journal_lines.standing import Look, Standing, lines_of
from bc_pipeline.outbound.general_journal_lines.wanted import WantedEntry
from bc_pipeline.outbound.model import Action, ExportContext, Intent, Outcome, Pending
from bc_pipeline.sync.model import Problem

CREATE, CHANGE, POST, DELETE = "create", "change", "post", "delete"
"""Steps in the ledger."""
POSTED = "posted"
"""In the detail of the ledger: the entry was seen in the general ledger."""


class Course:
    """One journal entry on its way.

    Args:
        standing: what BC has of the entries of the call.
        pending: the record.
        wanted: what it is to be.
        progress: kept up to date, for the case that it fails.
        post: it shall be posted.

    Attributes:
        unresolved: an earlier run sent something for it and did not see the end.
        was_posting: ... and posting it, or deleting the journal after that, was begun.
        detail: what the ledger remembers, and shall remember.
        ours: line numbers we have given in its journal.
        changed: something was sent for it in this run.
    """

    def __init__(
        self,
        context: ExportContext,
        standing: Standing,
        pending: Pending,
        wanted: WantedEntry,
        progress: Progress,
        *,
        post: bool,
    ) -> None:
        self.context = context
        self.standing = standing
        self.pending = pending
        self.wanted = wanted
        self.progress = progress
        self.post = post
        entry = pending.entry
        self.unresolved = entry is not None and entry.unresolved
        self.was_posting = self.unresolved and entry is not None and entry.step in (POST, DELETE)
        self.detail: dict[str, Any] = dict(entry.detail) if entry else {}
        self.ours = {int(number) for number in self.detail.get("lines") or ()}
        self.changed = False

    def in_ledger(self, rows: Iterable[Row]) -> list[Row]:
        """Those of the ledger entries that are the wanted document."""
        return of_document(rows, self.wanted.number, self.wanted.day)

    def look(self, journal: Row | None) -> Look:
        """The general ledger and the journal, as they certainly are: it decides about posting.

        Raises:
            AuthError, Cancelled, ReadFailed: BC could not say.
        """
        entries = ask(self.context, [entries_question([self.wanted.number], certain=True)])[0]
        self.standing.put_entries(entries)
        now = journal and sending.read(self.context, self.document(journal))
        return Look(self.in_ledger(entries), now)

    def again(self, journal: Row) -> Row:
        """The journal as BC has it now.

        Raises:
            RecordError: somebody has deleted it meanwhile.
            AuthError, Cancelled, ReadFailed: BC could not say.
        """
        return sending.again(self.context, self.document(journal), "the journal")

    def document(self, journal: Row) -> Document:
        """The journal as it is to be read."""
        return Document(JOURNALS, str(journal["id"]), EXPAND)

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

    def at(self, journal: Row) -> None:
        """What to tell should the next step fail."""
        self.progress.bc_id = str(journal["id"])
        self.progress.bc_number = self.wanted.number
        self.progress.detail = self._noted()
        self.progress.remains = (
            f"journal {journal.get('code')} stays in Business Central with "
            f"{len(lines_of(journal))} lines, not posted, and is used when the record comes again"
        )

    def warn(self, reason: str) -> None:
        """Something an operator should know although the record is done."""
        result = self.context.result
        result.problems.append(Problem(result.name, self.pending.name, "guard", reason))

    def action(self) -> Action:
        """What was done, posting apart."""
        if self.detail.get("creating"):
            return "created"
        return "updated" if self.changed or self.unresolved else "unchanged"

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
