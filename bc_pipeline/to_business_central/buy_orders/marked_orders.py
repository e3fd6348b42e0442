"""Purchase orders of the mirror that carry a marker, as they are needed to link them
(mapping.md 8.3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from bc_pipeline.catalogue.columns import ensure_tables
from bc_pipeline.mapping import markers, purchase_lines, values
from bc_pipeline.mapping.definition import MappingInput
from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline.to_business_central.buy_orders.buy_order import BuyOrder, BuyOrderLine
from bc_pipeline.to_business_central.buy_orders.links import LinkedOrder, StandingLine, linked
from bc_pipeline.values import by_id

_UNKNOWN = """
SELECT 1 FROM sync.buy_orders s WHERE s.remote_id = {order_id}
  AND s.state <> 'deleted' AND (s.optiply_id IS NOT NULL OR s.last_sent IS NOT NULL)
"""
_MARKED = f"""
SELECT m.order_id, m.buy_order_id, bool_and(in_number) AS in_number FROM (
  SELECT order_id, buy_order_id, false AS in_number FROM ({markers.IN_COMMENTS})
  UNION ALL SELECT order_id, buy_order_id, true FROM ({markers.IN_NUMBERS})) m
WHERE m.order_id IN (SELECT guid(id) FROM bc.purchase_orders)
  AND NOT EXISTS ({_UNKNOWN.format(order_id="m.order_id")})
GROUP BY ALL ORDER BY m.buy_order_id, m.order_id
"""
_UNMAPPED = f"""
SELECT guid(o.id) FROM bc.purchase_orders o
WHERE NOT EXISTS ({_UNKNOWN.format(order_id="guid(o.id)")}) ORDER BY 1
"""
_LINES = """
SELECT line_id, sequence, item_id, item_number, plain(ordered_quantity), plain(coalesce(factor, 1)),
  product_id, quantity
FROM m_lines WHERE order_id = ? AND state <> 'drop' ORDER BY sequence, line_id
"""
_HEADER = """
SELECT o.id, o.number, o.vendorId, o.vendorNumber, s.optiply_id
FROM bc.purchase_orders o LEFT JOIN sync.suppliers s
  ON s.remote_id = guid(o.vendorId) AND s.optiply_id IS NOT NULL
WHERE guid(o.id) = ?
"""
_RAW_LINES = """
SELECT id, sequence, lineType, itemId, itemVariantId, unitOfMeasureCode, quantity, description
FROM bc.purchase_order_lines WHERE guid(documentId) = ? ORDER BY sequence
"""


@dataclass(frozen=True)
class Marked:
    """A purchase order that is not in the id map and carries the marker of a buy order.

    Args:
        in_number: its number alone is the marker, which a number series may bring about too.
    """

    order_id: str
    buy_order_id: int
    in_number: bool = False


@dataclass(frozen=True)
class OrderLine(StandingLine):
    """A line about a product of Optiply; ``quantity`` is counted in Optiply's units."""

    product_id: int | None
    quantity: int


@dataclass(frozen=True)
class MarkedOrder:
    """One of them with its lines.

    Args:
        row: header and lines with BC's property names.
        supplier_id: Optiply's id of its vendor; None when it does not stand there.
    """

    row: Mapping[str, Any]
    lines: tuple[OrderLine, ...]
    supplier_id: int | None

    @property
    def number(self) -> str:
        return str(self.row["number"])


def prepare(cursor: duckdb.DuckDBPyConnection) -> None:
    """Make the cursor ready for the functions of this module."""
    values.install(cursor)
    ensure_tables(cursor)


def marked(cursor: duckdb.DuckDBPyConnection) -> list[Marked]:
    """The purchase orders with a marker as a comment line or number that the id map lacks."""
    return [Marked(*row) for row in cursor.execute(_MARKED).fetchall()]


def unmapped(cursor: duckdb.DuckDBPyConnection) -> list[str]:
    """The ids of all purchase orders that the id map lacks."""
    return [row[0] for row in cursor.execute(_UNMAPPED).fetchall()]


def load(
    cursor: duckdb.DuckDBPyConnection,
    order_ids: Collection[str],
    options: SyncOptions,
    inputs: MappingInput,
) -> dict[str, MarkedOrder]:
    """These purchase orders by id."""
    steps = purchase_lines.steps(options, inputs)
    for name, select in steps.items():
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}")
    try:
        return {order_id: _order(cursor, order_id) for order_id in order_ids}
    finally:
        for name in steps:
            cursor.execute(f"DROP TABLE IF EXISTS temp.{name}")


def pairing(order: BuyOrder, found: MarkedOrder) -> LinkedOrder:
    """The buy order with its lines paired with those of the purchase order by what they are
    about: equal quantities first, then the product alone. What remains on Business Central's side
    is imported as new lines."""
    number = found.number
    pairs: list[tuple[BuyOrderLine, OrderLine]] = []
    theirs, mine = list(found.lines), list(order.lines)
    for exact in (True, False):
        for line in list(mine):
            fitting = [x for x in theirs if _fits(line, x, exact=exact)]
            if fitting:
                pairs.append((line, fitting[0]))
                mine.remove(line)
                theirs.remove(fitting[0])
    return linked(order, by_id(found.row["id"]), number, by_id(found.row["vendorId"]), pairs)


def alike(order: BuyOrder, found: MarkedOrder) -> bool:
    """Whether both order the same from the same: supplier, and products with quantities."""
    mine = sorted((line.product_id, line.quantity) for line in order.ordered)
    theirs = sorted((line.product_id or 0, line.quantity) for line in found.lines)
    return order.supplier_id == found.supplier_id and mine == theirs


def _fits(line: BuyOrderLine, other: OrderLine, *, exact: bool) -> bool:
    if line.product_id != other.product_id:
        return False
    return not exact or line.quantity == other.quantity


def _order(cursor: duckdb.DuckDBPyConnection, order_id: str) -> MarkedOrder:
    header = cursor.execute(_HEADER, [order_id]).fetchone()
    if header is None:
        raise LookupError(f"purchase order {order_id} is not in the mirror")
    *properties, supplier_id = header
    row = dict(zip(("id", "number", "vendorId", "vendorNumber"), properties, strict=True))
    lines = _dictionaries(cursor.execute(_RAW_LINES, [order_id]))
    about = tuple(OrderLine(*line) for line in cursor.execute(_LINES, [order_id]).fetchall())
    return MarkedOrder({**row, "purchaseOrderLines": lines}, about, supplier_id)


def _dictionaries(cursor: duckdb.DuckDBPyConnection) -> Sequence[dict[str, Any]]:
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
