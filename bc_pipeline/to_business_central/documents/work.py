"""A document with lines on its way to Business Central, whichever document it is."""

from __future__ import annotations

from typing import Any, ClassVar

from bc_pipeline.to_business_central.documents import changes
from bc_pipeline.to_business_central.documents.changes import Document, Row
from bc_pipeline.to_business_central.documents.concurrency import Progress
from bc_pipeline.to_business_central.export_types import Action, Pending
from bc_pipeline.to_business_central.writer import ExportContext


class DocumentWork:
    """One document on its way.

    Args:
        context: of the call.
        pending: the record.
        progress: kept up to date, for the case that it fails.
        post: it shall be posted.

    Attributes:
        unresolved: an earlier run sent something for it and did not see the end.
        was_posting: ... and posting it was the last step begun.
        detail: what the ledger remembers, and shall remember.
        changed: something was sent for it in this run.
    """

    PATH: ClassVar[str]
    """The set of the documents."""
    EXPAND: ClassVar[str]
    """What of one is read along."""
    CALLED: ClassVar[str]
    """In messages."""
    POSTING: ClassVar[tuple[str, ...]]
    """The steps after which it may be posted."""

    def __init__(
        self, context: ExportContext, pending: Pending, progress: Progress, *, post: bool
    ) -> None:
        self.context = context
        self.pending = pending
        self.progress = progress
        self.post = post
        entry = pending.entry
        self.unresolved = entry is not None and entry.unresolved
        self.was_posting = self.unresolved and entry is not None and entry.step in self.POSTING
        self.detail: dict[str, Any] = dict(entry.detail) if entry else {}
        self.changed = False

    @property
    def creating(self) -> bool:
        """We are making it, or have made it in an earlier run and never finished it."""
        return bool(self.detail.get("creating"))

    def document(self, row: Row) -> Document:
        """It as it is to be read."""
        return Document(self.PATH, str(row["id"]), self.EXPAND)

    def again(self, row: Row) -> Row:
        """It as BC has it now.

        Raises:
            RecordError: somebody has deleted it meanwhile.
            AuthError, Cancelled, ReadFailed: BC could not say.
        """
        return changes.again(self.context, self.document(row), self.CALLED)

    def action(self) -> Action:
        """What was done, posting apart."""
        if self.creating:
            return "created"
        return "updated" if self.changed or self.unresolved else "unchanged"
