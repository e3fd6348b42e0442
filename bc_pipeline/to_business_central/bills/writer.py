"""The way of a bill into Business Central.

A new bill takes one request for header and lines, and one for what Business Central made of them
(prices after the location, dimensions after inheritance) that also reads the result. The result is
compared with what is wanted until nothing differs; a draft left half-written by an interrupted run
goes the same way. Posting is a step of its own and cannot be taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bc_pipeline.errors import ReadFailed, RecordError, RequestFailed
from bc_pipeline.to_business_central.bills.bill import CHANGE, CREATE, BillWork, Shared
from bc_pipeline.to_business_central.bills.differences import (
    deep_insert,
    is_draft,
)
from bc_pipeline.to_business_central.bills.find import Bills, look_up, lost_draft, refuse_anothers
from bc_pipeline.to_business_central.bills.lines import matched
from bc_pipeline.to_business_central.bills.posting import as_it_stands, posted
from bc_pipeline.to_business_central.bills.wanted import WantedBill, wanted_bill
from bc_pipeline.to_business_central.documents.changes import Row
from bc_pipeline.to_business_central.documents.concurrency import (
    Identity,
    Progress,
    in_groups,
    joined,
    looked_for,
    to_an_end,
)
from bc_pipeline.to_business_central.documents.lookups import Directory, kinds_needed
from bc_pipeline.to_business_central.documents.posting import complete, will_post
from bc_pipeline.to_business_central.export_types import Outcome, Pending
from bc_pipeline.to_business_central.unified import Bill
from bc_pipeline.to_business_central.writer import ExportContext, Stream, Writer
from bc_pipeline.values import by_code, guid


def validate(context: ExportContext, pending: Pending) -> None:
    """Checks what can be known before vendors, items and bills are looked up.

    Raises:
        RecordError: the bill cannot be written as it is.
    """
    wanted_bill(context, pending.record, None, None)


def write(context: ExportContext, pendings: Sequence[Pending]) -> None:
    """Writes bills of one company; settles or holds each of them.

    Vendors, items and bills are looked up for all of them together. Bills that may be one and the
    same in BC are written one after another, the others a few at a time.

    Raises:
        AuthError, Cancelled: the ledger knows where every bill stands.
    """
    posting = any(will_post(context, pending.record) for pending in pendings)
    try:
        context.reference.need(*kinds_needed(pendings))
        vendors, items, bills = look_up(context, pendings, with_rules=posting)
    except (RequestFailed, ReadFailed) as error:
        # That never means that something is absent.
        context.ledger.hold_all(pendings, f"could not be looked up: {error}")
        return
    shared = Shared(context, items, bills)
    groups = _grouped(context, pendings, vendors, items, bills)
    in_groups(context, groups, lambda bill: _write_one(shared, bill))


@dataclass(frozen=True)
class _Ready:
    """A bill ready to be written, or the reason why it cannot."""

    pending: Pending
    wanted: WantedBill | None = None
    error: RecordError | None = None


def _grouped(
    context: ExportContext,
    pendings: Sequence[Pending],
    vendors: Directory,
    items: Directory,
    bills: Bills,
) -> list[list[_Ready]]:
    """Bills that may be one and the same in BC together, in file order."""
    ready: list[tuple[frozenset[Identity], _Ready]] = []
    for pending in pendings:
        try:
            wanted = wanted_bill(context, pending.record, vendors, items)
            ready.append((_identities(pending, wanted, bills), _Ready(pending, wanted)))
        except RecordError as error:
            ready.append((frozenset({("refused", pending.key)}), _Ready(pending, error=error)))
    return joined(ready)


def _identities(pending: Pending, wanted: WantedBill, bills: Bills) -> frozenset[Identity]:
    """What the bill is in BC, and what it is to become: with a new number it may meet another."""
    vendor_id = guid(wanted.header["vendorId"])
    known = pending.entry.bc_id if pending.entry else None
    present = bills.matching(pending.record, vendor_id, known)
    number = by_code(wanted.header.get("vendorInvoiceNumber"))
    # Without a number, lost drafts are told apart by what other bills have become already.
    wanted_as = ("number", vendor_id, number)
    if present is None:
        return frozenset({wanted_as})
    there = by_code(present.get("vendorInvoiceNumber"))
    found_as = ("number", vendor_id, there) if there else ("id", guid(present["id"]))
    return frozenset({found_as, wanted_as} if number else {found_as})


def _write_one(shared: Shared, ready: _Ready) -> None:
    def work(progress: Progress) -> Outcome:
        if ready.error is not None:
            raise ready.error
        if ready.wanted is None:
            raise ValueError("a bill is either wanted or refused")
        return _run(BillWork(shared, ready.pending, ready.wanted, progress))

    to_an_end(shared.context, ready.pending, work)


def _run(work: BillWork) -> Outcome:
    """Brings a bill to its end; each step is in the ledger before the next one begins.

    Raises:
        RecordError: it cannot be written; what remains in BC is in its progress.
        Unclear, RequestFailed, ReadFailed, AuthError, Cancelled: no end for now.
    """
    bill = found(work) or created(work)
    work.at(bill)
    if not is_draft(bill):
        return as_it_stands(work, bill)
    bill, last = work.brought_about(bill)
    work.finished(last)
    if work.post:
        return posted(work, bill)
    return work.outcome(work.action(), bill)


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


_OF_A_VENDOR = tuple(
    (name, "bill_number") for name in ("vendor_id", "vendor_number", "vendor_name")
)
_STREAM = Stream("purchase_invoices", Bill, (("id",), ("transaction_number",), *_OF_A_VENDOR))

WRITER = Writer(kinds_needed, validate, write, complete, stream=_STREAM)
