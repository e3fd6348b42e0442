"""Looking for purchase orders that carry a marker (mapping.md 8.2, step 2).

Business Central cannot search the lines of all orders (behaviour.md 3.1), so the orders that may
be ours are read with their lines and looked through: those of the same vendors changed since the
buy orders were made, and those the mirror knows by their marker. Goods that came in and left the
list are found by the marker on the posted receipt.

Whatever cannot be read raises: a failed look-up is never "not there". An order that may have been
made is looked for by GETs of their own as well: only these surely ask the primary (platform 1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bc_pipeline.business_central.answers import whole
from bc_pipeline.business_central.client import BusinessCentral
from bc_pipeline.business_central.filters import Guid, all_of, any_of, literal
from bc_pipeline.business_central.lookup.by_property import list_path, read_in_batch
from bc_pipeline.mapping import markers, values
from bc_pipeline.mapping.markers import marked_id, marker
from bc_pipeline.to_business_central.buy_orders import marker_places
from bc_pipeline.to_business_central.buy_orders.sent import LINES, Row, marks
from bc_pipeline.to_business_central.writer import ExportContext
from bc_pipeline.values import by_id

CLOCKS_DIFFER = timedelta(hours=1)
"""Optiply's clock and ours against Business Central's: how far before a buy order was made its
purchase order is looked for."""

Read = Callable[[BusinessCentral, Sequence[str]], list[list[dict[str, Any]]]]

_IN_MIRROR = f"""
SELECT DISTINCT order_id, buy_order_id FROM ({markers.IN_COMMENTS} UNION ALL {markers.IN_NUMBERS})
WHERE buy_order_id IN (SELECT unnest(CAST(? AS BIGINT[])))
"""


@dataclass(frozen=True)
class Wanted:
    """A buy order to look for.

    Args:
        vendor_id: of the purchase order it became or would become; None when not known.
        since: no purchase order of it can be older.
        bc_id: of the purchase order, once known.
        doubtful: an earlier request may have made it.
    """

    buy_order_id: int
    vendor_id: str | None
    since: datetime | None
    bc_id: str | None = None
    doubtful: bool = False


@dataclass(frozen=True)
class Sighting:
    """What Business Central shows of one buy order.

    Args:
        orders: the purchase orders that carry its marker, with their lines.
        receipts: numbers of the orders of posted receipts that carry it.
        empty: orders without any line, of its vendor, that may be a header left behind.
    """

    orders: tuple[Row, ...] = ()
    receipts: tuple[str, ...] = ()
    empty: tuple[Row, ...] = ()


def look(context: ExportContext, wanted: Sequence[Wanted]) -> dict[int, Sighting]:
    """What Business Central shows of these buy orders, each with an answer.

    Raises:
        AuthError, Cancelled, ReadFailed, RequestFailed: it could not be found out.
    """
    doubtful = [order for order in wanted if order.doubtful]
    return {
        **_look(context, wanted, read_in_batch),
        **_look(context, doubtful, _read_alone),
    }


def _look(context: ExportContext, wanted: Sequence[Wanted], read: Read) -> dict[int, Sighting]:
    if not wanted:
        return {}
    paths = list(_order_paths(context, wanted))
    receipt_paths = list(_receipt_paths(context, wanted))
    lists = read(context.bc, [*paths, *receipt_paths])
    orders = {guid(row): whole(row) for rows in lists[: len(paths)] for row in rows}
    comments = [row for rows in lists[len(paths) :] for row in rows]
    receipts = _order_numbers(context, comments, read) if comments else {}
    field_name = context.exports.marker_field
    return {
        order.buy_order_id: Sighting(
            tuple(
                row
                for key, row in orders.items()
                if marks(row, order.buy_order_id, field_name) or key == order.bc_id
            ),
            tuple(sorted(receipts.get(order.buy_order_id, ()))),
            tuple(row for row in orders.values() if _is_empty(row, order)),
        )
        for order in wanted
    }


def _read_alone(bc: BusinessCentral, paths: Sequence[str]) -> list[list[dict[str, Any]]]:
    """The rows of several lists, all pages, each as it certainly is."""
    return [list(bc.rows(bc.api_url(path))) for path in paths]


def order_now(context: ExportContext, bc_id: str, expand: str = LINES) -> Row | None:
    """A purchase order as it is now; None when Business Central says there is none.

    Raises:
        AuthError, Cancelled, ReadFailed, RequestFailed: it could not be found out.
    """
    row = context.bc.get("purchaseOrders", bc_id, expand=expand, company=context.company)
    return row and whole(row)


def guid(row: Row) -> str:
    """The id of a row as the id map has it."""
    return by_id(row.get("id"))


def _order_paths(context: ExportContext, wanted: Sequence[Wanted]) -> Iterable[str]:
    """The orders to look through: known by id or marker in the mirror, of the same vendors and
    changed since the oldest of the buy orders was made, or with the marker in the header."""
    ids = {order.bc_id for order in wanted if order.bc_id}
    with context.snapshot.cursor() as cursor:
        values.install(cursor)
        found = cursor.execute(_IN_MIRROR, [[order.buy_order_id for order in wanted]]).fetchall()
    yield from _paths(context, "id", map(Guid, sorted(ids | {row[0] for row in found})))
    vendors = sorted({order.vendor_id for order in wanted if order.vendor_id})
    moments = [order.since for order in wanted if order.since]
    also = None
    if len(moments) == len(wanted):
        since = context.bc.http.clock.at(min(moments)) - CLOCKS_DIFFER
        also = f"lastModifiedDateTime ge {literal(since)}"
    yield from _paths(context, "vendorId", map(Guid, vendors), also=also)
    texts = [marker(order.buy_order_id) for order in wanted]
    if context.exports.export_reference_number:
        yield from _paths(context, "number", texts)
    if context.exports.marker_field and not marker_places.refused(
        context.snapshot, marker_places.FIELD
    ):
        yield from _paths(context, context.exports.marker_field, texts)


def _paths(
    context: ExportContext, field: str, given: Iterable[str], *, also: str | None = None
) -> Iterable[str]:
    for condition in any_of(field, given):
        options = {"$filter": all_of(condition, also), "$expand": LINES}
        yield list_path(context.company, "purchaseOrders", options)


def _receipt_paths(context: ExportContext, wanted: Sequence[Wanted]) -> Iterable[str]:
    """Posted receipts keep the comment line; the order itself may be gone (mapping.md 0)."""
    if context.tenant.sync.receipt_source != "purchase_receipts":
        return  # not readable at this tenant (mapping.md 7)
    for condition in any_of("description", (marker(order.buy_order_id) for order in wanted)):
        options = {"$filter": condition, "$select": "documentId,description"}
        yield list_path(context.company, "purchaseReceiptLines", options)


def _order_numbers(
    context: ExportContext, comments: Sequence[Row], read: Read
) -> dict[int, set[str]]:
    """Buy order id -> numbers of the purchase orders whose receipts carry its marker."""
    documents = sorted({str(row["documentId"]).lower() for row in comments})
    paths = [
        list_path(
            context.company,
            "purchaseReceipts",
            {"$filter": condition, "$select": "id,number,orderNumber"},
        )
        for condition in any_of("id", map(Guid, documents))
    ]
    numbers = {
        guid(row): str(row.get("orderNumber") or row.get("number"))
        for rows in read(context.bc, paths)
        for row in rows
    }
    found: dict[int, set[str]] = {}
    for row in comments:
        buy_order_id = marked_id(row.get("description"))
        if buy_order_id is not None:
            place = str(row["documentId"]).lower()
            found.setdefault(buy_order_id, set()).add(numbers.get(place, place))
    return found


def _is_empty(row: Row, order: Wanted) -> bool:
    return not row.get(LINES) and str(row.get("vendorId") or "").lower() == order.vendor_id
