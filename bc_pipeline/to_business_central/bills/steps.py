"""The order of a bill's steps; each is in the ledger before the next one begins."""

from __future__ import annotations

from bc_pipeline.to_business_central.bills.bill import BillWork
from bc_pipeline.to_business_central.bills.differences import is_draft
from bc_pipeline.to_business_central.bills.draft import brought_about, created, found
from bc_pipeline.to_business_central.bills.posting import as_it_stands, posted
from bc_pipeline.to_business_central.export_types import Outcome


def run(work: BillWork) -> Outcome:
    """Brings a bill to its end.

    Raises:
        RecordError: it cannot be written; what remains in BC is in its progress.
        Unclear, RequestFailed, ReadFailed, AuthError, Cancelled: no end for now.
    """
    bill = found(work) or created(work)
    work.at(bill)
    if not is_draft(bill):
        return as_it_stands(work, bill)
    bill, last = brought_about(work, bill)
    work.finished(last)
    if work.post:
        return posted(work, bill)
    return work.outcome(work.action(), bill)
