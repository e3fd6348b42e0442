"""Making a bill, and changing a draft until it is what is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bc_pipeline.business_central.transport import TooSlow
from bc_pipeline.errors import RecordError, RequestFailed
from bc_pipeline.to_business_central.bills.bill import CHANGE, CREATE, BillWork
from bc_pipeline.to_business_central.bills.differences import (
    BILLS,
    DIMENSIONS,
    EXPAND,
    LINES,
    Plan,
    deep_insert,
)
from bc_pipeline.to_business_central.bills.find import lost_draft, refuse_anothers
from bc_pipeline.to_business_central.bills.lines import matched
from bc_pipeline.to_business_central.documents import changes
from bc_pipeline.to_business_central.documents.changes import Row
from bc_pipeline.to_business_central.documents.concurrency import Unclear, looked_for
from bc_pipeline.values import guid

ROUNDS = 8
"""Comparisons of a bill before it is given up; more than any bill takes: new lines, their prices,
their dimensions, and some lost answers."""
_MALFORMED = "BadRequest"


def found(work: BillWork) -> Row | None:
    """The bill in BC that the record means; also one that a lost request has made.

    Raises:
        RecordError: its id does not exist, several bills have its number, or it is another's.
        Unclear: several drafts may be what the lost request made.
        AuthError, Cancelled, RequestFailed, ReadFailed: BC could not say.
    """
    vendor_id = guid(work.wanted.header["vendorId"])
    bills = work.shared.bills
    bill = bills.matching(work.pending.record, vendor_id, work.known_id())
    refuse_anothers(work.context, work.pending, vendor_id, bills, bill)
    if bill is None and work.unresolved and work.creating:
        bill = looked_for(work.context, lambda: _lost(work))
    return bill


def created(work: BillWork) -> Row:
    """Makes the bill; a lost answer is looked for, and the request is sent once more only when BC
    shows that the first one did nothing.

    Raises:
        RecordError: it cannot be made.
        Unclear, AuthError, Cancelled, RequestFailed, ReadFailed: nobody knows whether it was.
    """
    if work.post and not work.wanted.lines:
        raise RecordError(
            "InvalidInputError", "the bill is to be posted but has no lines; nothing was sent"
        )
    match = matched(work.wanted.lines, (), work.memory)
    body = deep_insert(work.wanted, match)
    note = match.detail(work.memory, work.wanted.lines, done=False)
    sent_at = work.context.now.isoformat()
    note |= {"creating": True, "header": dict(work.wanted.header), "sent_at": sent_at}
    work.intend(CREATE, note)
    try:
        bill = _send(work, body)
    except RequestFailed as error:
        if not error.uncertain:
            raise
        lost = looked_for(work.context, lambda: _lost(work))
        if lost is None and isinstance(error, TooSlow):
            raise Unclear(f"Business Central may still be at work on it: {error}") from error
        bill = lost or _send(work, body)
    work.sent()
    work.advance(CHANGE, bill)
    return bill if _is_whole(bill) else work.again(bill)


def brought_about(work: BillWork, present: Row) -> tuple[Row, Plan]:
    """Changes a draft until nothing differs from what is wanted.

    Returns:
        The bill as it is then, and the comparison that shows it.

    Raises:
        RecordError: BC refuses a change, or does not keep what it is sent.
        AuthError, Cancelled, RequestFailed, ReadFailed: the ledger knows where it stands.
    """
    before: tuple[str, ...] = ()
    delete = work.context.exports.delete_missing_lines
    for _ in range(ROUNDS):
        step = work.plan(present, delete_missing=delete)
        if step.parts and step.differences == before:
            # It may be a replica that has shown the bill as it was (platform 1).
            present = work.again(present)
            step = work.plan(present, delete_missing=delete)
        if not step.parts:
            return present, step
        if step.differences == before:
            break
        if not work.changed:
            work.intend(CHANGE, step.match.detail(work.memory, work.wanted.lines, done=False))
        work.at(present)
        after = changes.apply(work.context, step.parts, work.document(present))
        before = step.differences if after is not None else ()
        if after is not None:
            work.sent()
        present = after or work.again(present)
        work.at(present)
        if work.context.dry_run:
            return present, step
    listed = ", ".join(step.differences[:5])
    raise RecordError("InvalidRecordState", f"Business Central does not keep: {listed}")


def _lost(work: BillWork) -> Row | None:
    entry, pending = work.pending.entry, work.pending
    as_sent = work.changed or bool(entry and entry.payload_hash == pending.payload_hash)
    return lost_draft(work.context, pending, work.wanted, work.detail, as_sent=as_sent)


def _send(work: BillWork, body: Mapping[str, Any]) -> Row:
    """Header and lines in one transaction; the header alone where BC does not take both."""
    url = work.context.url(BILLS)
    nested = LINES in body
    if work.shared.deep or not nested:
        try:
            return work.context.bc.post(url, body, expand=EXPAND)
        except RequestFailed as error:
            malformed = (error.code or "").startswith(_MALFORMED)
            if error.uncertain or not nested or not malformed:
                raise
    header = {name: value for name, value in body.items() if name != LINES}
    bill = work.context.bc.post(url, header)
    work.shared.deep = False
    return bill


def _is_whole(bill: Row) -> bool:
    """Whether the answer to a POST carries lines and dimensions, as it was asked to."""
    lines = bill.get(LINES)
    return (
        isinstance(lines, list) and DIMENSIONS in bill and all(DIMENSIONS in line for line in lines)
    )
