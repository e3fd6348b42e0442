"""The tenant's decisions about purchase orders, as the payload needs them (mapping.md 8.4)."""

from __future__ import annotations

from bc_pipeline.to_business_central.buy_orders.payload import Terms
from bc_pipeline.to_business_central.writer import ExportContext


def terms(context: ExportContext) -> Terms:
    """What decides the payload besides the order, once ``settings.check`` has passed.

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
