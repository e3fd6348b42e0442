"""One bill on its way: what is known of it, noted in the ledger, and told to people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bc_pipeline.report import Problem
from bc_pipeline.to_business_central.bills.differences import (
    BILLS,
    EXPAND,
    LINES,
    Plan,
    is_draft,
    plan,
)
from bc_pipeline.to_business_central.bills.find import Bills
from bc_pipeline.to_business_central.bills.lines import Memory
from bc_pipeline.to_business_central.bills.wanted import WantedBill
from bc_pipeline.to_business_central.documents.changes import Row
from bc_pipeline.to_business_central.documents.concurrency import Progress
from bc_pipeline.to_business_central.documents.lookups import Directory
from bc_pipeline.to_business_central.documents.posting import POSTED
from bc_pipeline.to_business_central.documents.work import DocumentWork
from bc_pipeline.to_business_central.export_types import Action, Intent, Outcome, Pending
from bc_pipeline.to_business_central.writer import ExportContext

CREATE, CHANGE, POST = "create", "change", "post"
"""Steps in the ledger."""
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


class BillWork(DocumentWork[Plan]):
    """One bill on its way.

    Args:
        shared: of the call.
        pending: the record.
        wanted: what it is to be.
        progress: kept up to date, for the case that it fails.

    Attributes:
        memory: the part of the ledger's detail about lines.
    """

    PATH, LINES, EXPAND, CALLED, POSTING = BILLS, LINES, EXPAND, "the bill", (POST,)

    def __init__(
        self, shared: Shared, pending: Pending, wanted: WantedBill, progress: Progress
    ) -> None:
        super().__init__(shared.context, pending, progress)
        self.shared = shared
        self.wanted = wanted
        self.memory = Memory.of(self.detail)

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

    @property
    def takes_lines(self) -> bool:
        return self.shared.deep

    def lines_refused(self) -> None:
        self.shared.deep = False

    def sent(self) -> None:
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

    def step(self, present: Row) -> Plan:
        return self.plan(present, delete_missing=self.context.exports.delete_missing_lines)

    def about_to_send(self, step: Plan, present: Row) -> None:
        if not self.changed:
            self.intend(CHANGE, step.match.detail(self.memory, self.wanted.lines, done=False))
            self.at(present)

    def at(self, present: Row) -> None:
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
