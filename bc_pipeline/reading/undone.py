"""Posted receipts that were undone: the line that takes the goods back joins the receipt without
moving its stamp (rules 12), but the order says from then on that less has been received."""

from __future__ import annotations

import duckdb

from bc_pipeline.catalogue.entity import Entity
from bc_pipeline.snapshot.mirror.staging import ROWS

_ORDERED = """
    SELECT upper(trim(o.number)) AS number, upper(trim(l.lineObjectNumber)) AS item,
        sum(l.receivedQuantity) AS quantity
    FROM bc.purchase_orders o JOIN bc.purchase_order_lines l ON l.documentId = o.id
    WHERE l.lineType = 'Item' GROUP BY ALL
"""
_RECEIVED = """
    SELECT upper(trim(r.orderNumber)) AS number, upper(trim(l.lineObjectNumber)) AS item,
        sum(l.quantity) AS quantity
    FROM bc.purchase_receipts r JOIN bc.purchase_receipt_lines l ON l.documentId = r.id
    WHERE l.lineType = 'Item' GROUP BY ALL
"""
_CONTRADICTED = {
    "bc/purchase_receipts": f"""
        SELECT r.id FROM bc.purchase_receipts r
        WHERE r.id NOT IN (SELECT id FROM {ROWS}) AND upper(trim(r.orderNumber)) IN (
            SELECT number FROM ({_RECEIVED}) x JOIN ({_ORDERED}) y USING (number, item)
            WHERE x.quantity > y.quantity)
        ORDER BY r.id
    """
}


def contradicted(cursor: duckdb.DuckDBPyConnection, entity: Entity) -> list[str]:
    """Ids of documents in the mirror that other rows of it contradict, so that their lines must
    have changed; without those that have just been staged."""
    query = _CONTRADICTED.get(entity.name)
    return [id for (id,) in cursor.execute(query).fetchall()] if query else []
