"""Purchase order lines as they concern Optiply, for buy orders and their lines (mapping.md 5)."""

from __future__ import annotations

from bc_pipeline.mapping import currency, order_lines, parents, receipt_history, units
from bc_pipeline.mapping.columns import sent
from bc_pipeline.mapping.model import Facts
from bc_pipeline.mapping.values import literal
from bc_pipeline.tenants.model import SyncOptions


def steps(options: SyncOptions, facts: Facts) -> dict[str, str]:
    """Temporary tables ``m_purchase_orders`` (one row per order in BC's list, and per
    order rebuilt from receipts) and ``m_lines``.

    ``finished`` orders stand in Optiply as completed: they stay even when their lines are gone.
    A line's ``state`` is ``write``, ``defer`` (its product is pending), ``quarantine`` (its unit is
    unknown) or ``drop`` (not about a product of Optiply, or no quantity). ``m_totals`` adds up the
    lines of each order.
    """
    return {
        **units.steps(options, facts),
        "m_products": parents.step("products"),
        **receipt_history.steps(options),
        "m_purchase_orders": receipt_history.with_orders(_orders(options), options),
        **currency.steps("m_purchase_orders"),
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
            code(o.currencyCode) AS currency, day(o.requestedReceiptDate) AS requested,
            coalesce(o.fullyReceived, false) AS fully_received,
            coalesce(member(o.status) IN ({statuses}), false) AS taken,
            coalesce(member(o.status), '(blank)') AS status,
            stamp(o.lastModifiedDateTime) AS modified,
            coalesce({parents.standing("s")}, false) AS stands,
            {sent("s", "placed", "TIMESTAMPTZ")} AS sent_placed,
            {sent("s", "completed", "TIMESTAMPTZ")} AS sent_completed,
            coalesce({parents.standing("s")}, false) AND sent_completed IS NOT NULL AS finished,
            false AS vendor_left_out
        FROM bc.purchase_orders o
        LEFT JOIN sync.buy_orders s ON s.remote_id = guid(o.id)
    """


_AMOUNT = currency.in_lcy(order_lines.AMOUNT, "r")
_LINES = f"""
    SELECT guid(l.id) AS line_id, o.order_id, o.number AS po_number, l.sequence, k.item_id,
        k.item_number, k.product_id,
        CASE WHEN k.product IS NULL OR l.quantity IS NULL OR l.quantity <= 0 THEN 'drop'
            WHEN k.product_id IS NULL THEN 'defer'
            WHEN k.multiplier IS NULL OR {_AMOUNT} IS NULL THEN 'quarantine'
            ELSE 'write' END AS state,
        CASE WHEN k.product_id IS NULL THEN 'item ' || k.item_number || ' is not in Optiply yet'
            WHEN k.multiplier IS NULL
                THEN 'purchase order ' || o.number || ', ' || {order_lines.UNKNOWN_UNIT}
            ELSE 'purchase order ' || o.number || ': an amount is too large' END AS reason,
        k.product IS NULL AND l.quantity > 0 AS dropped,
        l.quantity AS ordered_quantity, k.multiplier AS factor,
        CAST(l.quantity * k.multiplier AS DECIMAL(38,10)) AS exact_quantity,
        order_quantity(l.quantity * k.multiplier) AS quantity,
        {_AMOUNT} AS subtotal,
        day(l.expectedReceiptDate) AS expected,
        o.fully_received OR coalesce(l.receivedQuantity, 0) >= l.quantity AS is_received
    FROM bc.purchase_order_lines l
    JOIN m_keys k ON {order_lines.JOIN_KEYS}
    JOIN m_purchase_orders o ON o.order_id = guid(l.documentId)
    JOIN m_rates r ON r.doc = o.doc
"""

# Lines that cannot be written yet still keep an order open; only written ones count in the total,
# so that it is always the sum of the lines in Optiply.
_TOTALS = """
    SELECT order_id,
        count(*) FILTER (state = 'write') AS written,
        min(reason) FILTER (state = 'quarantine') AS problem,
        min(reason) FILTER (state = 'defer') AS pending,
        coalesce(sum(subtotal) FILTER (state = 'write'), 0) AS total,
        bool_and(is_received) AS all_received,
        min(expected) FILTER (NOT is_received) AS next_expected
    FROM m_lines WHERE state <> 'drop'
    GROUP BY order_id
"""
