"""Posting a bill, which cannot be taken back (D12), and bills that are posted already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bc_pipeline.business_central.lookup.dimensions import posting_rules_broken
from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central.bills.bill import POST, BillWork
from bc_pipeline.to_business_central.bills.differences import (
    BILLS,
    DIMENSIONS,
    LINES,
    is_draft,
    status,
)
from bc_pipeline.to_business_central.documents import posting
from bc_pipeline.to_business_central.documents.changes import Row
from bc_pipeline.to_business_central.export_types import Outcome
from bc_pipeline.values import member

POSTED = frozenset({"Open", "Paid"})
"""States of posted bills that stand (rules.md 5.4)."""
WAITING = "In Review"


def posted(work: BillWork, draft: Row) -> Outcome:
    """Posts a draft that is as it is to be, and looks what became of it.

    Raises:
        RecordError, RequestFailed: it was refused; the draft stays.
        Unclear: nobody can tell.
        AuthError, Cancelled, ReadFailed: the ledger knows that posting was under way.
    """
    work.progress.remains = f"the draft {draft.get('number')} is complete and not posted"
    _refuse_unpostable(work, draft)
    if not work.changed:
        work.intend(POST, {})
    work.advance(POST, draft)
    document = f"{BILLS}({draft['id']})"
    if work.context.dry_run:
        posting.send(work.context, document)
        return work.outcome("posted", draft)
    after, _ = posting.post(
        work.context, document, lambda: _no_draft(work, draft), unposted="still shows a draft"
    )
    return work.outcome("posted", after)


def as_it_stands(work: BillWork, bill: Row) -> Outcome:
    """The end of a record whose bill can no longer be changed: it is right, or an error.

    Raises:
        RecordError: it is not what the record wants.
    """
    state = status(bill)
    work.sent()  # tax codes of a posted bill cannot be compared (rules.md 4.16)
    step = work.plan(bill, delete_missing=True)
    name = f"bill {bill.get('number')} is {state} in Business Central"
    if step.differences:
        raise RecordError(
            "InvalidRecordState",
            f"{name} and cannot be changed, but differs from the record: "
            f"{', '.join(step.differences[:5])}; correct it in Business Central",
        )
    if state not in POSTED and (work.post or state != WAITING):
        raise RecordError("InvalidRecordState", f"{name}, so it cannot be posted")
    work.detail |= step.match.detail(work.memory, work.wanted.lines, done=True)
    return work.outcome("posted" if work.was_posting and state in POSTED else "unchanged", bill)


def _no_draft(work: BillWork, draft: Row) -> Row | None:
    bill = work.again(draft)
    return None if is_draft(bill) else bill


def _refuse_unpostable(work: BillWork, draft: Row) -> None:
    """What BC would refuse at posting, told before (rules.md 5.14, D7)."""
    if work.context.dry_run:
        return  # nobody knows what the draft would have inherited
    lines = [row for row in draft.get(LINES) or () if _kind(row) != "Comment"]
    if not lines:
        raise RecordError("InvalidInputError", "the bill is to be posted but has no lines")
    broken = _broken(work.wanted.vendor, draft)
    for row in lines:
        if not broken and _kind(row) == "Item":
            broken = _broken(_item(work, row), row)
    if broken:
        raise RecordError("InvalidDimensionValue", f"it cannot be posted: {broken}")


def _kind(row: Row) -> str:
    return member(row.get("lineType"))


def _broken(master: Mapping[str, Any], row: Row) -> str | None:
    return posting_rules_broken(master.get("defaultDimensions") or (), row.get(DIMENSIONS) or ())


def _item(work: BillWork, row: Row) -> Mapping[str, Any]:
    try:
        return work.shared.items.find(row.get("itemId"), None, None)
    except RecordError:
        return {}  # a line the record does not have: its item was not looked up
