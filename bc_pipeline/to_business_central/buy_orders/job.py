"""One buy order on its way to Business Central: what the source finds out and the writer needs."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from bc_pipeline.to_business_central.buy_orders import dimensions, settings
from bc_pipeline.to_business_central.buy_orders.buy_order import Blocked, BuyOrder
from bc_pipeline.to_business_central.buy_orders.create import (
    FAILURE,
    HEADER,
    LOST_HEADER,
    POSTED,
    SENT,
)
from bc_pipeline.to_business_central.buy_orders.find import Sighting, guid
from bc_pipeline.to_business_central.buy_orders.payload import Request, Terms
from bc_pipeline.to_business_central.buy_orders.payload import request as payload_of
from bc_pipeline.to_business_central.buy_orders.resolve import Catalogue, resolve
from bc_pipeline.to_business_central.buy_orders.sent import LINES, Row, Sent
from bc_pipeline.to_business_central.buy_orders.vendors_and_items import CatalogueReader
from bc_pipeline.to_business_central.export_types import LedgerEntry, Pending
from bc_pipeline.to_business_central.writer import ExportContext

LOOKUPS_BEFORE_REPEAT = 3
"""After a lost answer: runs whose look-up has to find nothing before the order is sent again
(mapping.md 8.2, step 5)."""


@dataclass
class OrderLookups:
    """What the orders of one run share: their suppliers and products, read once."""

    orders: Sequence[BuyOrder] = ()
    _catalogue: Catalogue | None = None
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def catalogue(self, context: ExportContext) -> Catalogue:
        """Their suppliers and products.

        Raises:
            AuthError, Cancelled, ReadFailed, RequestFailed: a system could not say.
        """
        with self._guard:
            if self._catalogue is None:
                reader = CatalogueReader(
                    context.tenant,
                    context.bc,
                    context.company,
                    context.optiply,
                    context.snapshot,
                )
                self._catalogue = reader.read(self.orders)
            return self._catalogue


@dataclass(frozen=True)
class Job:
    """What there is to do for one buy order; the record of its Pending.

    Args:
        lookups: shared by the orders of the run.
        order: as Optiply has it; None when it is not there or cannot be read.
        blocked: why it cannot be read.
        remote_id: of the purchase order it is linked to already; only the rest remains.
        gone: why it is no candidate any more.
    """

    lookups: OrderLookups
    order: BuyOrder | None = None
    blocked: Blocked | None = None
    remote_id: str | None = None
    gone: str | None = None

    @property
    def to_be_made(self) -> bool:
        """Whether it is to become a purchase order; else only something is left to be done."""
        return self.gone is None and self.remote_id is None


def may_exist(entry: LedgerEntry | None) -> bool:
    """Whether an earlier run may have made the purchase order."""
    return entry is not None and (entry.unresolved or entry.bc_id is not None)


def was_lost(entry: LedgerEntry | None) -> bool:
    """Whether the answer to a request was lost, rather than the process before it was sent."""
    return entry is not None and bool(entry.detail.get(FAILURE))


def sent_before(entry: LedgerEntry | None) -> Sent | None:
    """What an earlier run has sent, or was about to send."""
    given = entry.detail.get(SENT) if entry is not None else None
    return Sent.model_validate(given) if given else None


# What orders without lines may be: headers of ours whose lines never came.


def is_left_behind(entry: LedgerEntry | None, row: Row) -> bool:
    """Whether an order was made by us, and is without any line."""
    return (
        entry is not None
        and entry.bc_id == guid(row)
        and entry.step != POSTED
        and not row.get(LINES)
    )


def header_may_be(entry: LedgerEntry | None, seen: Sighting) -> bool:
    """Whether an order without lines may be a header of ours whose answer was lost."""
    if entry is None or entry.bc_id is not None or not seen.empty:
        return False
    return entry.step == HEADER or bool(entry.detail.get(LOST_HEADER))


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
