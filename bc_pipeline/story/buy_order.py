"""What belongs to a buy order: its lines, what was received of them, and how it got into Business
Central when it was made in Optiply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from bc_pipeline.run.freshness import minute
from bc_pipeline.snapshot.rows import rows

_LINES = """
SELECT l.remote_id, coalesce(l.extra->>'$.item_number', p.last_sent->>'$.skuCode') AS item,
  p.last_sent->>'$.name' AS name, l.last_sent->>'$.quantity' AS quantity, l.state, l.reason,
  l.last_sent->>'$.expectedDeliveryDate' AS expected,
  CAST(sum(CAST(r.last_sent->>'$.quantity' AS BIGINT)) AS BIGINT) AS received,
  max(r.last_sent->>'$.occurred') AS last_received
FROM sync.buy_order_lines l
LEFT JOIN sync.products p ON p.optiply_id = CAST(l.last_sent->>'$.productId' AS BIGINT)
LEFT JOIN sync.receipt_lines r ON r.optiply_id IS NOT NULL AND r.state <> 'deleted'
  AND CAST(r.last_sent->>'$.buyOrderLineId' AS BIGINT) = l.optiply_id
WHERE l.extra->>'$.document_id' = $id
GROUP BY ALL ORDER BY any_value(CAST(l.extra->>'$.sequence' AS BIGINT)), l.remote_id
"""
_UNBOOKED = """
SELECT r.state, r.reason, count(*) AS n FROM sync.receipt_lines r
WHERE r.extra->>'$.order_number' = $number AND r.state IN ('deferred', 'quarantined', 'skipped')
GROUP BY ALL ORDER BY ALL
"""
_ORDER = """
SELECT extra->>'$.po_number' AS number, last_sent->>'$.completed' AS completed, origin
FROM sync.buy_orders WHERE remote_id = $id
"""
_BOOKED = """
SELECT state, bc_number, reason, created_at, updated_at FROM outbound.ledger
WHERE entity = 'purchase_orders' AND key = $key
"""
_PRODUCTS = """
SELECT optiply_id, last_sent->>'$.skuCode' AS item, last_sent->>'$.name' AS name
FROM sync.products WHERE optiply_id IN (SELECT unnest(CAST(? AS BIGINT[])))
"""


def facts(
    cursor: duckdb.DuckDBPyConnection, remote_id: str, optiply_id: int | None
) -> dict[str, Sequence[str]]:
    """Lines, receipts and export of a buy order, a line of text each, by title.

    Args:
        remote_id: Business Central's id of the purchase order.
        optiply_id: of the buy order; None: it never got there.
    """
    order = next(iter(rows(cursor, _ORDER, {"id": remote_id})), {})
    found: dict[str, Sequence[str]] = {
        "Lines": [_line(row) for row in rows(cursor, _LINES, {"id": remote_id})],
        "Receipts": _receipts(cursor, order),
        "Made in Optiply": _export(cursor, optiply_id),
    }
    return {title: lines for title, lines in found.items() if lines}


def ordered(cursor: duckdb.DuckDBPyConnection, record: Mapping[str, Any]) -> list[str]:
    """The lines of a buy order as Optiply has it.

    Args:
        record: as the ledger keeps it.
    """
    lines = [line for line in record.get("lines") or () if line.get("quantity")]
    ids = [line["product_id"] for line in lines]
    names = {row["optiply_id"]: row for row in rows(cursor, _PRODUCTS, [ids])}
    return [
        f"{line['quantity']} x {_product(names.get(line['product_id']), line)}" for line in lines
    ]


def _product(row: Mapping[str, Any] | None, line: Mapping[str, Any]) -> str:
    if row is None:
        return f"product {line['product_id']} of Optiply, which no item stands for"
    return " ".join(filter(None, (row["item"], row["name"])))


def _line(row: Mapping[str, Any]) -> str:
    called = " ".join(filter(None, (row["item"], row["name"])))
    text = f"{row['quantity'] or '?'} x {called}: "
    if row["received"]:
        text += f"{row['received']} received, last on {row['last_received'][:10]}"
    else:
        text += "nothing received"
        if row["expected"]:
            text += f", expected on {row['expected'][:10]}"
    if row["state"] != "active":
        text += f"; {row['state']}" + (f": {row['reason']}" if row["reason"] else "")
    return text


def _receipts(cursor: duckdb.DuckDBPyConnection, order: Mapping[str, Any]) -> list[str]:
    told = [f"all received on {order['completed'][:10]}"] if order.get("completed") else []
    if order.get("number"):
        told += [
            f"{row['n']} receipt lines are {row['state']}: {row['reason']}"
            for row in rows(cursor, _UNBOOKED, {"number": order["number"]})
        ]
    return told


def _export(cursor: duckdb.DuckDBPyConnection, optiply_id: int | None) -> list[str]:
    if optiply_id is None:
        return []
    found = rows(cursor, _BOOKED, {"key": str(optiply_id)})
    return [
        f"written to Business Central as {row['bc_number'] or 'a purchase order'}: {row['state']}"
        f", begun {minute(row['created_at'])}" + (f"; {row['reason']}" if row["reason"] else "")
        for row in found
    ]
