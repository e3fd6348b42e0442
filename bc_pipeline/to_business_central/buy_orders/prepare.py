"""What can be known about a buy order before anything of it is written."""

from __future__ import annotations

from bc_pipeline.to_business_central.buy_orders import dimensions, settings
from bc_pipeline.to_business_central.buy_orders.buy_order import Blocked
from bc_pipeline.to_business_central.buy_orders.job import Job
from bc_pipeline.to_business_central.buy_orders.payload import Request, Terms
from bc_pipeline.to_business_central.buy_orders.payload import request as payload_of
from bc_pipeline.to_business_central.buy_orders.resolve import resolve
from bc_pipeline.to_business_central.export_types import Pending
from bc_pipeline.to_business_central.writer import ExportContext


def validate(context: ExportContext, pending: Pending) -> None:
    """Raise RecordError for what can be known before anything is written: vendor, items, units,
    location, dimensions."""
    job: Job = pending.record
    if job.to_be_made:
        request_for(context, job)


def request_for(context: ExportContext, job: Job) -> Request:
    """The purchase order a buy order becomes.

    Raises:
        RecordError: it cannot become one as things are.
    """
    if job.order is None:
        raise job.blocked or Blocked("unreadable_order", "the buy order cannot be read")
    settings.check(context)
    catalogue = job.lookups.catalogue(context)
    resolved = resolve(job.order, catalogue, context.exports.on_line_error)
    made = payload_of(resolved, terms(context))
    dimensions.wanted(context)
    return made


def terms(context: ExportContext) -> Terms:
    """What decides the payload besides the order, once ``settings.check`` has passed: the tenant's
    decisions about purchase orders (mapping.md 8.4).

    Raises:
        AuthError, Cancelled, ReadFailed, RequestFailed: Business Central could not say.
    """
    exports = context.exports
    return Terms(
        zone=context.tenant.sync.zone(),
        today=context.today,
        local_currency=context.reference.local_currency,
        line_price=exports.export_line_price,
        location_id=_location(context, exports.export_location_id),
        posting_date=exports.send_posting_date,
    )


def _location(context: ExportContext, given: str | None) -> str | None:
    if given is None:
        return None
    found = context.reference.find("locations", id=given, code=given)
    if found is None:
        raise LookupError(f"location {given} was there a moment ago")
    return str(found["id"]).lower()
