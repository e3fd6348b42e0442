"""Posting a bill, which cannot be taken back (D12), and bills that are posted already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bc_pipeline.business_central.dimensions import posting_rules_broken
from bc_pipeline.outbound.documents import posting
from bc_pipeline.outbound.documents.sending import Row
from bc_pipeline.outbound.model import Outcome, RecordError
from bc_pipeline.outbound.purchase_invoices.course import POST, Course
from bc_pipeline.outbound.purchase_invoices.plan import BILLS, DIMENSIONS, LINES, is_draft, status
from bc_pipeline.outbound.upsert.properties import member

POSTED = frozenset({"Open", "Paid"})
"""States of posted bills that stand (rules.md 5.4)."""
WAITING = "In Review"


def posted(course: Course, draft: Row) -> Outcome:
    """Posts a draft that is as it is to be, and looks what became of it.

    Raises:
        RecordError, RequestFailed: it was refused; the draft stays.
        Unclear: nobody can tell.
        AuthError, Cancelled, ReadFailed: the ledger knows that posting was under way.
    """
    course.progress.remains = f"the draft {draft.get('number')} is complete and not posted"
    _refuse_unpostable(course, draft)
    if not course.changed:
        course.intend(POST, {})
    course.advance(POST, draft)
    document = f"{BILLS}({draft['id']})"
    if course.context.dry_run:
        posting.send(course.context, document)
        return course.outcome("posted", draft)
    after, _ = posting.post(
        course.context, document, lambda: _no_draft(course, draft), unposted="still shows a draft"
    )
    return course.outcome("posted", after)


def as_it_stands(course: Course, bill: Row) -> Outcome:
    """The end of a record whose bill can no longer be changed: it is right, or an error.

    Raises:
        RecordError: it is not what the record wants.
    """
    state = status(bill)
    course.sent()  # tax codes of a posted bill cannot be compared (rules.md 4.16)
    step = course.plan(bill, delete_missing=True)
    name = f"bill {bill.get('number')} is {state} in Business Central"
    if step.differences:
        raise RecordError(
            "InvalidRecordState",
            f"{name} and cannot be changed, but differs from the record: "
            f"{', '.join(step.differences[:5])}; correct it in Business Central",
        )
    if state not in POSTED and (course.post or state != WAITING):
        raise RecordError("InvalidRecordState", f"{name}, so it cannot be posted")
    course.detail |= step.match.detail(course.memory, course.wanted.lines, done=True)
    return course.outcome("posted" if course.was_posting and state in POSTED else "unchanged", bill)


def _no_draft(course: Course, draft: Row) -> Row | None:
    bill = course.again(draft)
    return None if is_draft(bill) else bill


def _refuse_unpostable(course: Course, draft: Row) -> None:
    """What BC would refuse at posting, told before (rules.md 5.14, D7)."""
    if course.context.dry_run:
        return  # nobody knows what the draft would have inherited
    lines = [row for row in draft.get(LINES) or () if _kind(row) != "Comment"]
    if not lines:
        raise RecordError("InvalidInputError", "the bill is to be posted but has no lines")
    broken = _broken(course.wanted.vendor, draft)
    for row in lines:
        if not broken and _kind(row) == "Item":
            broken = _broken(_item(course, row), row)
    if broken:
        raise RecordError("InvalidDimensionValue", f"it cannot be posted: {broken}")


def _kind(row: Row) -> str:
    return member(row.get("lineType"))


def _broken(master: Mapping[str, Any], row: Row) -> str | None:
    return posting_rules_broken(master.get("defaultDimensions") or (), row.get(DIMENSIONS) or ())


def _item(course: Course, row: Row) -> Mapping[str, Any]:
    try:
        return course.shared.items.find(row.get("itemId"), None, None)
    except RecordError:
        return {}  # a line the record does not have: its item was not looked up
