"""The order of a bill's steps; each is in the ledger before the next one begins."""

from __future__ import annotations

from bc_pipeline.outbound.model import Outcome
from bc_pipeline.outbound.purchase_invoices.course import Course
from bc_pipeline.outbound.purchase_invoices.making import brought_about, created, found
from bc_pipeline.outbound.purchase_invoices.plan import is_draft
from bc_pipeline.outbound.purchase_invoices.posting import as_it_stands, posted


def run(course: Course) -> Outcome:
    """Brings a bill to its end.

    Raises:
        RecordError: it cannot be written; what remains in BC is in the course's progress.
        Unclear, RequestFailed, ReadFailed, AuthError, Cancelled: no end for now.
    """
    bill = found(course) or created(course)
    course.at(bill)
    if not is_draft(bill):
        return as_it_stands(course, bill)
    bill, last = brought_about(course, bill)
    course.finished(last)
    if course.post:
        return posted(course, bill)
    return course.outcome(course.action(), bill)
