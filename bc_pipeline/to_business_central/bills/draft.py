"""Finding a bill, or making it."""

from __future__ import annotations

from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central.bills.bill import CHANGE, CREATE, BillWork
from bc_pipeline.to_business_central.bills.differences import (
    deep_insert,
)
from bc_pipeline.to_business_central.bills.find import lost_draft, refuse_anothers
from bc_pipeline.to_business_central.bills.lines import matched
from bc_pipeline.to_business_central.documents.changes import Row
from bc_pipeline.to_business_central.documents.concurrency import looked_for
from bc_pipeline.values import guid


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
    """Makes the bill.

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
    bill = work.made(body, lambda: _lost(work))
    work.sent()
    work.advance(CHANGE, bill)
    return work.shown(bill)


def _lost(work: BillWork) -> Row | None:
    entry, pending = work.pending.entry, work.pending
    as_sent = work.changed or bool(entry and entry.payload_hash == pending.payload_hash)
    return lost_draft(work.context, pending, work.wanted, work.detail, as_sent=as_sent)
