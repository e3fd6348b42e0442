"""A document with lines on its way to Business Central, whichever document it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from bc_pipeline.business_central.batch import Part
from bc_pipeline.business_central.transport import TooSlow
from bc_pipeline.errors import RecordError, RequestFailed
from bc_pipeline.to_business_central.documents import changes
from bc_pipeline.to_business_central.documents.changes import Document, Row
from bc_pipeline.to_business_central.documents.concurrency import Progress, Unclear, looked_for
from bc_pipeline.to_business_central.documents.posting import will_post
from bc_pipeline.to_business_central.export_types import Action, Pending
from bc_pipeline.to_business_central.writer import ExportContext

DIMENSIONS = "dimensionSetLines"
"""The dimensions of a document and of each of its lines."""
ROUNDS = 8
"""Comparisons of a document before it is given up; more than any takes: new lines, their prices,
their dimensions, and some lost answers."""
_MALFORMED = "BadRequest"


class Plan(Protocol):
    """The way from what BC has to what the record wants."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """Requests to send now; some more may be needed once BC has answered these."""

    @property
    def differences(self) -> tuple[str, ...]:
        """What is not as it is to be, in words."""


AnyPlan = TypeVar("AnyPlan", bound=Plan)


class DocumentWork(ABC, Generic[AnyPlan]):
    """One document on its way.

    Args:
        context: of the call.
        pending: the record.
        progress: kept up to date, for the case that it fails.

    Attributes:
        post: it shall be posted.
        unresolved: an earlier run sent something for it and did not see the end.
        was_posting: ... and posting it was the last step begun.
        detail: what the ledger remembers, and shall remember.
        changed: something was sent for it in this run.
    """

    PATH: ClassVar[str]
    """The set of the documents."""
    LINES: ClassVar[str]
    """The navigation to the lines of one."""
    EXPAND: ClassVar[str]
    """What of one is read along."""
    CALLED: ClassVar[str]
    """In messages."""
    POSTING: ClassVar[tuple[str, ...]]
    """The steps after which it may be posted."""

    def __init__(self, context: ExportContext, pending: Pending, progress: Progress) -> None:
        self.context = context
        self.pending = pending
        self.progress = progress
        self.post = will_post(context, pending.record)
        entry = pending.entry
        self.unresolved = entry is not None and entry.unresolved
        self.was_posting = self.unresolved and entry is not None and entry.step in self.POSTING
        self.detail: dict[str, Any] = dict(entry.detail) if entry else {}
        self.changed = False

    @property
    def creating(self) -> bool:
        """We are making it, or have made it in an earlier run and never finished it."""
        return bool(self.detail.get("creating"))

    @property
    def takes_lines(self) -> bool:
        """Whether BC takes it together with its lines, as far as that is known."""
        return True

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

    # --- making it -----------------------------------------------------------------------------

    def made(
        self, body: Mapping[str, Any], look: Callable[[], Row | None], *, taken: str | None = None
    ) -> Row:
        """Makes it; a lost answer is looked for, and the request is sent once more only when BC
        shows that the first one did nothing.

        Args:
            body: its properties, and its lines.
            look: looks for the one a lost request has made.
            taken: BC's code for one that is there already, which is no refusal then.

        Raises:
            RecordError, Unclear, RequestFailed: it was refused, or nobody knows whether it was
                made.
            AuthError, Cancelled, ReadFailed: likewise.
        """
        try:
            return self._send(body)
        except RequestFailed as error:
            if not error.uncertain and (taken is None or error.code != taken):
                raise
            lost = looked_for(self.context, look, patient=error.uncertain)
            if lost is None and not error.uncertain:
                raise
            if lost is None and isinstance(error, TooSlow):
                raise Unclear(f"Business Central may still be at work on it: {error}") from error
            return lost or self._send(body)

    def shown(self, row: Row) -> Row:
        """It with lines and dimensions, read again where the answer to a POST does not carry them
        as it was asked to."""
        lines = row.get(self.LINES)
        own = [row] if self.EXPAND.startswith(DIMENSIONS) else []
        whole = isinstance(lines, list) and all(DIMENSIONS in each for each in (*own, *lines))
        return row if whole else self.again(row)

    def _send(self, body: Mapping[str, Any]) -> Row:
        """Header and lines in one transaction; the header alone where BC does not take both."""
        url = self.context.url(self.PATH)
        nested = self.LINES in body
        if self.takes_lines or not nested:
            try:
                return self.context.bc.post(url, body, expand=self.EXPAND)
            except RequestFailed as error:
                malformed = (error.code or "").startswith(_MALFORMED)
                if error.uncertain or not nested or not malformed:
                    raise
        header = {name: value for name, value in body.items() if name != self.LINES}
        row = self.context.bc.post(url, header)
        self.lines_refused()
        return row

    def lines_refused(self) -> None:
        """BC has taken it without its lines only."""

    # --- changing it ---------------------------------------------------------------------------

    @abstractmethod
    def at(self, present: Row) -> None:
        """What to tell should the next step fail."""

    @abstractmethod
    def step(self, present: Row) -> AnyPlan:
        """It as BC has it, compared with what is wanted."""

    @abstractmethod
    def about_to_send(self, step: AnyPlan, present: Row) -> None:
        """Notes in the ledger what is about to be sent, unless it says so already."""

    def refuse(self, step: AnyPlan, present: Row) -> None:
        """Raises RecordError when nothing may be sent for it."""

    def sent(self) -> None:
        """What was planned has been sent and answered."""

    def brought_about(self, present: Row) -> tuple[Row, AnyPlan]:
        """Changes it until nothing differs from what is wanted.

        Returns:
            The document as it is then, and the comparison that shows it.

        Raises:
            RecordError: nothing may be sent, BC refuses a change, or does not keep what it is sent.
            AuthError, Cancelled, RequestFailed, ReadFailed: the ledger knows where it stands.
        """
        before: tuple[str, ...] = ()
        for _ in range(ROUNDS):
            self.at(present)
            step = self.step(present)
            if step.parts and step.differences == before:
                # It may be a replica that has shown it as it was (platform 1).
                present = self.again(present)
                step = self.step(present)
            self.refuse(step, present)
            if not step.parts:
                return present, step
            if step.differences == before:
                break
            self.about_to_send(step, present)
            after = changes.apply(self.context, step.parts, self.document(present))
            before = step.differences if after is not None else ()
            if after is not None:
                self.sent()
            present = after or self.again(present)
            if self.context.dry_run:
                return present, step
        listed = ", ".join(step.differences[:5])
        raise RecordError("InvalidRecordState", f"Business Central does not keep: {listed}")
