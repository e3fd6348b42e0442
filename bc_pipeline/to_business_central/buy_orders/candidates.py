"""Which buy orders are to be exported (mapping.md 8.1).

Read are the orders that changed since the bookmark, or a line of which did, and, whatever the
bookmark says, those an earlier run has not brought to an end. The bookmark moves only when the run
of the entity is over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from bc_pipeline.catalogue.resources import BUY_ORDER_LINES, BUY_ORDERS
from bc_pipeline.optiply.client import Condition, Optiply, Record
from bc_pipeline.snapshot import learned
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_business_central.buy_orders.buy_order import (
    TASK,
    Blocked,
    BuyOrder,
    buy_order,
    moment,
)
from bc_pipeline.to_optiply.attribute_values import moment_text

OVERLAP = timedelta(minutes=5)
FIRST_DAY = "outbound.purchase_orders.first_export"
"""Key in ``ops.meta``: where exports began when the tenant did not say."""


@dataclass(frozen=True)
class Found:
    """What Optiply shows.

    Args:
        candidates: orders to be exported, or tried again.
        unreadable: Optiply id -> why an order cannot be understood.
        exported: orders that are linked already and have changed since the bookmark.
        lines: the lines, of whatever order, that have changed since the bookmark.
        gone: Optiply id -> reason, of waiting orders that are no candidates any more.
        newest: the newest change seen; the next bookmark.
        left: orders nothing is kept of, which a later run may export: their lines have not come
            yet, or it is not known whether they are ours.
    """

    candidates: tuple[BuyOrder, ...] = ()
    unreadable: Mapping[int, Blocked] = field(default_factory=dict)
    exported: tuple[Record, ...] = ()
    lines: tuple[Record, ...] = ()
    gone: Mapping[int, str] = field(default_factory=dict)
    newest: datetime | None = None
    left: tuple[BuyOrder, ...] = ()


def export_start(tenant: Tenant, snapshot: Snapshot, now: datetime) -> datetime:
    """The moment from which on placed orders are exported, so that history never is.

    When not configured: midnight of the day exports first ran, in the tenant's time zone; it is
    remembered.
    """
    zone = tenant.sync.zone()
    configured = tenant.exports.export_start
    if isinstance(configured, datetime):
        return configured
    if isinstance(configured, date):
        return datetime.combine(configured, time(0), zone)
    with snapshot.cursor() as cursor:
        remembered = moment(learned.get(cursor, FIRST_DAY))
    if remembered is None:
        remembered = datetime.combine(now.astimezone(zone).date(), time(0), zone)
        learned.put(snapshot, FIRST_DAY, moment_text(remembered))
    return remembered


def read(
    optiply: Optiply,
    *,
    start: datetime,
    bookmark: datetime | None,
    waiting: Collection[int],
    linked: Collection[int],
    doubtful: bool = False,
) -> Found:
    """The orders to be exported, oldest first.

    Args:
        start: orders placed before are never exported.
        bookmark: the newest change seen by the last run; None reads everything since ``start``.
        waiting: Optiply ids of orders without an end: blocked, ambiguous, announced.
        linked: Optiply ids that belong to a purchase order already.
        doubtful: an order of the import may stand in Optiply under an id we do not know yet. Where
            Optiply does not say who made an order, none of those we do not know is taken then.

    Raises:
        AuthError, Cancelled, RequestFailed: Optiply could not be read.
    """
    conditions = [Condition("placed", "GE", moment_text(start))]
    lines: tuple[Record, ...] = ()
    if bookmark is not None:
        since = Condition("updatedAt", "GE", moment_text(bookmark - OVERLAP))
        conditions.append(since)
        # The lines first: what changes while they are read shows in the list of the orders.
        lines = tuple(optiply.rows(BUY_ORDER_LINES.path, [since]))
    changed = {record.id: record for record in optiply.rows(BUY_ORDERS.path, conditions)}
    stamps = [moment(r.attributes.get("updatedAt")) for r in (*changed.values(), *lines)]
    newest = max((stamp for stamp in stamps if stamp), default=None)
    gone: dict[int, str] = {}
    # A line that came later may leave its order's stamp alone.
    named = {number for number in map(order_of, lines) if number is not None}
    for order_id in sorted((named | set(waiting)) - changed.keys() - set(linked)):
        record = optiply.get(BUY_ORDERS.path, order_id)
        if record is not None:
            changed[order_id] = record
        elif order_id in waiting:
            gone[order_id] = "the buy order was deleted in Optiply"
    candidates: list[BuyOrder] = []
    left: list[BuyOrder] = []
    unreadable: dict[int, Blocked] = {}
    for record in sorted(changed.values(), key=lambda r: r.id):
        if record.id in linked:
            continue
        try:
            order = buy_order(record)
            reason = why_not(order, start)
            unknown = order.made_by_user is None and record.id not in waiting
            if reason is None and unknown and doubtful:
                newest = None  # so that the next run finds it again
                left.append(order)
                continue
            if reason is None:
                order = buy_order(record, lines_of(optiply, record.id))
                if not order.ordered:
                    reason = "the buy order has no line with a quantity"
                    left.append(order)
        except Blocked as problem:
            unreadable[record.id] = problem
            continue
        if reason is None:
            candidates.append(order)
        elif record.id in waiting:
            gone[record.id] = reason
    exported = tuple(r for r in changed.values() if r.id in linked)
    return Found(tuple(candidates), unreadable, exported, lines, gone, newest, tuple(left))


def why_not(order: BuyOrder, start: datetime) -> str | None:
    """Why an order is not to be exported as far as its header says; None when it is."""
    if order.made_by_user is False:
        return "the buy order was not made by a user of Optiply"
    if order.placed is None:
        return "the buy order is not placed"
    if order.completed is not None:
        return "the buy order is completed"
    if order.assembly:
        return "the buy order is an internal assembly"
    if order.placed < start:
        return "the buy order was placed before exports began"
    return None


def lines_of(optiply: Optiply, order_id: int) -> Iterator[Record]:
    """The lines of a buy order as Optiply has them now."""
    found = optiply.rows(BUY_ORDER_LINES.path, {"buyOrderId": order_id})
    # A server that ignored the filter would hand us every line there is.
    return (line for line in found if str(line.attributes.get("buyOrderId")) == str(order_id))


def order_of(line: Record) -> int | None:
    """The buy order a line belongs to; None when it does not say."""
    given = str(line.attributes.get("buyOrderId"))
    return int(given) if given.isdecimal() else None


def bookmark(snapshot: Snapshot) -> datetime | None:
    """The newest change of a buy order that has been dealt with."""
    with snapshot.cursor() as cursor:
        row = cursor.execute("SELECT stamp FROM ops.bookmarks WHERE entity = ?", [TASK]).fetchone()
    return row[0] if row else None


def move_bookmark(snapshot: Snapshot, stamp: datetime | None, run_no: int) -> None:
    """Remember how far Optiply's changes have been dealt with; never backwards."""
    before = bookmark(snapshot)
    if stamp is None or (before is not None and stamp <= before):
        return
    with snapshot.transaction() as cursor:
        cursor.execute(
            "INSERT OR REPLACE INTO ops.bookmarks (entity, stamp, run_no) VALUES (?, ?, ?)",
            [TASK, stamp, run_no],
        )


def import_in_doubt(snapshot: Snapshot) -> bool:
    """Whether the import has announced an order to Optiply of which it does not know the id."""
    with snapshot.cursor() as cursor:
        found = cursor.execute(
            "SELECT 1 FROM sync.buy_orders WHERE optiply_id IS NULL AND last_sent IS NOT NULL "
            "AND state <> 'deleted' LIMIT 1"
        ).fetchone()
    return found is not None


def linked_ids(snapshot: Snapshot, ids: Iterable[int] | None = None) -> set[int]:
    """The Optiply ids of buy orders that belong to a purchase order."""
    narrowed = "" if ids is None else " AND optiply_id IN (SELECT unnest(CAST(? AS BIGINT[])))"
    with snapshot.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT optiply_id FROM sync.buy_orders WHERE optiply_id IS NOT NULL{narrowed}",
            [] if ids is None else [list(ids)],
        ).fetchall()
    return {row[0] for row in rows}
