"""What can be known about a buy order before anything of it is written."""

from __future__ import annotations

from bc_pipeline.outbound.model import ExportContext, Pending
from bc_pipeline.outbound.purchase_orders import dimensions, settings
from bc_pipeline.outbound.purchase_orders.job import Job
from bc_pipeline.outbound.purchase_orders.model import Blocked
from bc_pipeline.outbound.purchase_orders.payload import Request
from bc_pipeline.outbound.purchase_orders.payload import request as payload_of
from bc_pipeline.outbound.purchase_orders.resolve import resolve
from bc_pipeline.outbound.purchase_orders.terms import terms


def validate(context: ExportContext, pending: Pending) -> None:
    """Raise RecordError for what can be known before anything is written: vendor, items, units,
    location, dimensions."""
    job: Job = pending.record
    if job.to_be_made:
        request_for(context, job)


def complete(context: ExportContext, pending: Pending) -> bool:
    """Never: an order that is done comes again only when there is something left to do."""
    return False


def request_for(context: ExportContext, job: Job) -> Request:
    """The purchase order a buy order becomes.

    Raises:
        RecordError: it cannot become one as things are.
    """
    if job.order is None:
        raise job.blocked or Blocked("unreadable_order", "the buy order cannot be read")
    settings.check(context)
    catalogue = job.around.catalogue(context)
    resolved = resolve(job.order, catalogue, context.exports.on_line_error)
    made = payload_of(resolved, terms(context))
    dimensions.wanted(context)
    return made
