"""Purchase order lines as they concern Optiply, for buy orders and their lines (mapping.md 5)."""

from __future__ import annotations

from bc_pipeline.catalogue.columns import extra, sent
from bc_pipeline.mapping import currency, foreign_keys, order_lines, receipt_history, units
from bc_pipeline.mapping.definition import MappingInput
from bc_pipeline.mapping.values import MONEY, NUMBER, literal
from bc_pipeline.tenants.settings import SyncOptions


def steps(options: SyncOptions, inputs: MappingInput) -> dict[str, str]:
    """Temporary tables ``m_purchase_orders`` (one row per order in BC's list, and per
    order rebuilt from receipts) and ``m_lines``.

    ``finished`` orders stand in Optiply as completed: they stay even when their lines are gone.
    A line's ``state`` is ``write``, ``defer`` (its product is pending), ``quarantine`` (its unit is
    unknown) or ``drop`` (not about a product of Optiply, or no quantity). ``m_standing`` is what
    Optiply has of the lines, ``m_totals`` adds up the lines of each order.
    """
    return {
        **units.steps(options, inputs),
        "m_products": foreign_keys.step("products"),
        "m_standing": _STANDING,
        **receipt_history.steps(options),
        "m_purchase_orders": receipt_history.with_orders(_orders(options), options),
        **currency.steps("m_purchase_orders", known_rate="d.known_rate"),
        "m_keys": order_lines.keys(("purchase_order_lines",), options, item=order_lines.ITEM_BY_ID),
        "m_lines": receipt_history.with_lines(_LINES, options),
        "m_totals": _TOTALS,
    }


def _orders(options: SyncOptions) -> str:
    statuses = ", ".join(literal(status) for status in options.buy_order_statuses)
    return f"""
        SELECT guid(o.id) AS doc, guid(o.id) AS order_id, code(o.number) AS number,
            guid(o.vendorId) AS vendor_id, code(o.vendorNumber) AS vendor_number,
            coalesce(day(o.orderDate), day(o.postingDate)) AS placed,
            code(o.currencyCode) AS currency, {extra("s", "rate")} AS known_rate,
            day(o.requestedReceiptDate) AS requested,
            coalesce(o.fullyReceived, false) AS fully_received,
            coalesce(member(o.status) IN ({statuses}), false) AS taken,
            coalesce(member(o.status), '(blank)') AS status,
            stamp(o.lastModifiedDateTime) AS modified,
            coalesce({foreign_keys.standing("s")}, false) AS stands,
            {sent("s", "placed", "TIMESTAMPTZ")} AS sent_placed,
            {sent("s", "completed", "TIMESTAMPTZ")} AS sent_completed,
            coalesce({foreign_keys.standing("s")}, false) AND sent_completed IS NOT NULL
                AS finished,
            false AS vendor_left_out
        FROM bc.purchase_orders o
        LEFT JOIN sync.buy_orders s ON s.remote_id = guid(o.id)
    """


# What Optiply has of a line. Its factor holds while the line orders the same of the same item, so
# it serves when the unit is not known any more (decisions 24).
_STANDING = f"""
    SELECT s.remote_id, {extra("s", "document_id")} AS order_id, {extra("s", "item_id")} AS item_id,
        {extra("s", "ordered_quantity", NUMBER)} AS ordered_quantity,
        {extra("s", "factor", NUMBER)} AS factor,
        {sent("s", "productId", "BIGINT")} AS product_id,
        {sent("s", "quantity", "BIGINT")} AS quantity,
        {sent("s", "subtotalValue", MONEY)} AS subtotal
    FROM sync.buy_order_lines s WHERE {foreign_keys.standing("s")}
"""

_AMOUNT = currency.in_lcy(order_lines.AMOUNT, "r")
_LINES = f"""
    WITH line AS (
        SELECT guid(l.id) AS line_id, o.order_id, o.number AS po_number, l.sequence,
            k.item_id, k.item_number, l.quantity AS ordered_quantity,
            k.product IS NULL AND s.product_id IS NULL AS dropped,
            CASE WHEN k.product IS NULL THEN s.product_id ELSE k.product_id END AS product_id,
            coalesce(k.multiplier,
                CASE WHEN s.ordered_quantity = l.quantity THEN s.factor END) AS factor,
            {order_lines.UNKNOWN_UNIT} AS unknown_unit, {_AMOUNT} AS subtotal,
            day(l.expectedReceiptDate) AS expected,
            o.fully_received OR coalesce(l.receivedQuantity, 0) >= l.quantity AS is_received
        FROM bc.purchase_order_lines l
        JOIN m_keys k ON {order_lines.JOIN_KEYS}
        JOIN m_purchase_orders o ON o.order_id = guid(l.documentId)
        JOIN m_rates r ON r.doc = o.doc
        LEFT JOIN m_standing s ON s.remote_id = guid(l.id) AND s.item_id = k.item_id
    )
    SELECT * EXCLUDE (unknown_unit) REPLACE (dropped AND ordered_quantity > 0 AS dropped),
        CASE WHEN dropped OR ordered_quantity IS NULL OR ordered_quantity <= 0 THEN 'drop'
            WHEN product_id IS NULL THEN 'defer'
            WHEN factor IS NULL OR subtotal IS NULL THEN 'quarantine'
            ELSE 'write' END AS state,
        CASE WHEN product_id IS NULL THEN 'item ' || item_number || ' is not in Optiply yet'
            WHEN factor IS NULL THEN 'purchase order ' || po_number || ', ' || unknown_unit
            ELSE 'purchase order ' || po_number || ': an amount is too large' END AS reason,
        CAST(ordered_quantity * factor AS DECIMAL(38,10)) AS exact_quantity,
        order_quantity(ordered_quantity * factor) AS quantity
    FROM line
"""

# Lines that cannot be written yet still keep an order open. The total is always the sum of the
# lines in Optiply: of what was computed, else of what it has of a line (decisions 24).
_TOTALS = """
    SELECT l.order_id,
        count(*) FILTER (l.state = 'write') AS written,
        min(l.reason) FILTER (l.state = 'quarantine') AS problem,
        min(l.reason) FILTER (l.state = 'defer') AS pending,
        coalesce(sum(CASE WHEN l.state = 'write' THEN l.subtotal ELSE s.subtotal END), 0) AS total,
        bool_and(l.is_received) AS all_received,
        min(l.expected) FILTER (NOT l.is_received) AS next_expected
    FROM m_lines l
    LEFT JOIN m_standing s ON s.remote_id = l.line_id AND s.order_id = l.order_id
    WHERE l.state <> 'drop'
    GROUP BY l.order_id
"""
