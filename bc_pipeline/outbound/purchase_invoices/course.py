"""One bill on its way: what is known of it, noted in the ledger, and told to people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bc_pipeline.outbound.documents import sending
from bc_pipeline.outbound.documents.looking import Directory
from bc_pipeline.outbound.documents.sending import Document, Row
from bc_pipeline.outbound.documents.working import Progress
from bc_pipeline.outbound.model import Action, ExportContext, Intent, Outcome, Pending
from bc_pipeline.outbound.purchase_invoices.find import Bills
from bc_pipeline.outbound.purchase_invoices.lines import Memory
from bc_pipeline.outbound.purchase_invoices.plan import BILLS, EXPAND, LINES, Plan, is_draft, plan
from bc_pipeline.outbound.purchase_invoices.wanted import WantedBill
from bc_pipeline.sync.model import Problem

CREATE, CHANGE, POST = "create", "change", "post"
"""Steps in the ledger."""
POSTED = "posted"
"""In the detail of the ledger: the bill was seen posted."""
_NOTHING_OPEN = {
    "unfinished": [],
    "undiscounted": [],
    "creating": False,
    "header": None,
    "sent_at": None,
}


@dataclass
class Shared:
    """What the bills of one call share.

    Args:
        items: the items they name.
        bills: the bills BC has.
        deep: BC takes a bill together with its lines.
    """

    context: ExportContext
    items: Directory
    bills: Bills
    deep: bool = True


class Course:
    """One bill on its way.

    Args:
        shared: of the call.
        pending: the record.
        wanted: what it is to be.
        progress: kept up to date, for the case that it fails.
        post: it shall be posted.

    Attributes:
        unresolved: an earlier run sent something for it and did not see the end.
        was_posting: ... and posting it was the last step begun.
        detail: what the ledger remembers, and shall remember.
        memory: the part of it about lines.
        changed: something was sent for it in this run.
    """

    def __init__(
        self,
        shared: Shared,
        pending: Pending,
        wanted: WantedBill,
        progress: Progress,
        *,
        post: bool,
    ) -> None:
        self.shared = shared
        self.context = shared.context
        self.pending = pending
        self.wanted = wanted
        self.progress = progress
        self.post = post
        entry = pending.entry
        self.unresolved = entry is not None and entry.unresolved
        self.was_posting = self.unresolved and entry is not None and entry.step == POST
        self.detail: dict[str, Any] = dict(entry.detail) if entry else {}
        self.memory = Memory.of(self.detail)
        self.changed = False

    @property
    def creating(self) -> bool:
        """We are making the bill, or have made it in an earlier run and never finished it."""
        return bool(self.detail.get("creating"))

    def known_id(self) -> str | None:
        """The bill this record became in an earlier run."""
        entry = self.pending.entry
        return entry.bc_id if entry and entry.bc_company == self.context.company.id else None

    def intend(self, step: str, more: Mapping[str, Any]) -> None:
        """Notes what is about to be sent, before it is."""
        self.detail |= more
        self.context.ledger.intend([Intent(self.pending, step, self.detail)])
        self.memory = Memory.of(self.detail)
        self.changed = True

    def advance(self, step: str, bill: Row) -> None:
        """Notes that a step has worked, before the next one begins."""
        number = bill.get("number")
        self.context.ledger.advance(
            self.pending,
            step=step,
            bc_id=str(bill["id"]),
            bc_number=str(number) if number else None,
            detail=self.detail,
        )

    def sent(self) -> None:
        """What was planned has been sent and answered."""
        self.memory = self.memory.with_tax_codes(self.wanted.lines)

    def plan(self, present: Row, *, delete_missing: bool) -> Plan:
        """The way from the bill in BC to the one that is wanted."""
        return plan(
            self.context.path,
            self.wanted,
            present,
            self.memory,
            delete_missing=delete_missing,
            new=self.creating,
        )

    def again(self, bill: Row) -> Row:
        """The bill as BC has it now.

        Raises:
            RecordError: somebody has deleted it meanwhile.
            AuthError, Cancelled, ReadFailed: BC could not say.
        """
        return sending.again(self.context, self.document(bill), "the bill")

    def document(self, bill: Row) -> Document:
        """The bill as it is to be read."""
        return Document(BILLS, str(bill["id"]), EXPAND)

    def at(self, present: Row) -> None:
        """What to tell should the next step fail."""
        number = present.get("number")
        self.progress.bc_id = str(present["id"])
        self.progress.bc_number = str(number) if number else None
        self.progress.detail = self.detail
        if self.changed and is_draft(present):
            lines = len(present.get(LINES) or ())
            self.progress.remains = (
                f"the draft {number} stays in Business Central with {lines} of "
                f"{len(self.wanted.lines)} lines and is completed when the record comes again"
            )

    def finished(self, last: Plan) -> None:
        """The bill is as it is to be; lines the record does not have are told (C20)."""
        self.detail |= last.match.detail(self.memory, self.wanted.lines, done=True)
        self.progress.remains = ""
        if last.reported:
            numbers = [int(row.get("sequence") or 0) for row in last.reported]
            result = self.context.result
            reason = (
                "the bill in Business Central has lines that the record does not have: "
                f"{', '.join(map(str, numbers))}; they were left alone"
            )
            result.problems.append(Problem(result.name, self.pending.name, "guard", reason))

    def action(self) -> Action:
        """What was done, posting apart."""
        if self.creating:
            return "created"
        return "updated" if self.changed or self.unresolved else "unchanged"

    def outcome(self, action: Action, bill: Row) -> Outcome:
        """The end of the record, with nothing left open."""
        self.shared.bills.put(bill)
        draft = is_draft(bill)
        number = bill.get("number")
        return Outcome(
            action,
            str(bill["id"]),
            str(number) if number else None,
            detail={**self.detail, **_NOTHING_OPEN, POSTED: action == "posted" or not draft},
        )
