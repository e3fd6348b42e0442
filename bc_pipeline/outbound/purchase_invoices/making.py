"""Making a bill, and changing a draft until it is what is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bc_pipeline.business_central.http import TooSlow
from bc_pipeline.errors import RequestFailed
from bc_pipeline.outbound.documents import sending
from bc_pipeline.outbound.documents.sending import Row
from bc_pipeline.outbound.documents.working import Unclear, looked_for
from bc_pipeline.outbound.model import RecordError
from bc_pipeline.outbound.purchase_invoices.course import CHANGE, CREATE, Course
from bc_pipeline.outbound.purchase_invoices.find import lost_draft
from bc_pipeline.outbound.purchase_invoices.lines import matched
from bc_pipeline.outbound.purchase_invoices.owned import refuse_anothers
from bc_pipeline.outbound.purchase_invoices.plan import (
    BILLS,
    DIMENSIONS,
    EXPAND,
    LINES,
    Plan,
    deep_insert,
)
from bc_pipeline.outbound.upsert.properties import guid

ROUNDS = 8
"""Comparisons of a bill before it is given up; more than any bill takes: new lines, their prices,
their dimensions, and some lost answers."""
_MALFORMED = "BadRequest"


def found(course: Course) -> Row | None:
    """The bill in BC that the record means; also one that a lost request has made.

    Raises:
        RecordError: its id does not exist, several bills have its number, or it is another's.
        Unclear: several drafts may be what the lost request made.
        AuthError, Cancelled, RequestFailed, ReadFailed: BC could not say.
    """
    vendor_id = guid(course.wanted.header["vendorId"])
    bills = course.shared.bills
    bill = bills.matching(course.pending.record, vendor_id, course.known_id())
    refuse_anothers(course.context, course.pending, vendor_id, bills, bill)
    if bill is None and course.unresolved and course.creating:
        bill = looked_for(course.context, lambda: _lost(course))
    return bill


def created(course: Course) -> Row:
    """Makes the bill; a lost answer is looked for, and the request is sent once more only when BC
    shows that the first one did nothing.

    Raises:
        RecordError: it cannot be made.
        Unclear, AuthError, Cancelled, RequestFailed, ReadFailed: nobody knows whether it was.
    """
    if course.post and not course.wanted.lines:
        raise RecordError(
            "InvalidInputError", "the bill is to be posted but has no lines; nothing was sent"
        )
    match = matched(course.wanted.lines, (), course.memory)
    body = deep_insert(course.wanted, match)
    note = match.detail(course.memory, course.wanted.lines, done=False)
    sent_at = course.context.now.isoformat()
    note |= {"creating": True, "header": dict(course.wanted.header), "sent_at": sent_at}
    course.intend(CREATE, note)
    try:
        bill = _send(course, body)
    except RequestFailed as error:
        if not error.uncertain:
            raise
        lost = looked_for(course.context, lambda: _lost(course))
        if lost is None and isinstance(error, TooSlow):
            raise Unclear(f"Business Central may still be at work on it: {error}") from error
        bill = lost or _send(course, body)
    course.sent()
    course.advance(CHANGE, bill)
    return bill if _is_whole(bill) else course.again(bill)


def brought_about(course: Course, present: Row) -> tuple[Row, Plan]:
    """Changes a draft until nothing differs from what is wanted.

    Returns:
        The bill as it is then, and the comparison that shows it.

    Raises:
        RecordError: BC refuses a change, or does not keep what it is sent.
        AuthError, Cancelled, RequestFailed, ReadFailed: the ledger knows where it stands.
    """
    before: tuple[str, ...] = ()
    delete = course.context.exports.delete_missing_lines
    for _ in range(ROUNDS):
        step = course.plan(present, delete_missing=delete)
        if step.parts and step.differences == before:
            # It may be a replica that has shown the bill as it was (platform 1).
            present = course.again(present)
            step = course.plan(present, delete_missing=delete)
        if not step.parts:
            return present, step
        if step.differences == before:
            break
        if not course.changed:
            course.intend(CHANGE, step.match.detail(course.memory, course.wanted.lines, done=False))
        course.at(present)
        after = sending.apply(course.context, step.parts, course.document(present))
        before = step.differences if after is not None else ()
        if after is not None:
            course.sent()
        present = after or course.again(present)
        course.at(present)
        if course.context.dry_run:
            return present, step
    listed = ", ".join(step.differences[:5])
    raise RecordError("InvalidRecordState", f"Business Central does not keep: {listed}")


def _lost(course: Course) -> Row | None:
    entry, pending = course.pending.entry, course.pending
    as_sent = course.changed or bool(entry and entry.payload_hash == pending.payload_hash)
    return lost_draft(course.context, pending, course.wanted, course.detail, as_sent=as_sent)


def _send(course: Course, body: Mapping[str, Any]) -> Row:
    """Header and lines in one transaction; the header alone where BC does not take both."""
    url = course.context.url(BILLS)
    nested = LINES in body
    if course.shared.deep or not nested:
        try:
            return course.context.bc.post(url, body, expand=EXPAND)
        except RequestFailed as error:
            malformed = (error.code or "").startswith(_MALFORMED)
            if error.uncertain or not nested or not malformed:
                raise
    header = {name: value for name, value in body.items() if name != LINES}
    bill = course.context.bc.post(url, header)
    course.shared.deep = False
    return bill


def _is_whole(bill: Row) -> bool:
    """Whether the answer to a POST carries lines and dimensions, as it was asked to."""
    lines = bill.get(LINES)
    return (
        isinstance(lines, list) and DIMENSIONS in bill and all(DIMENSIONS in line for line in lines)
    )
