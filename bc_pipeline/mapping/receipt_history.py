"""Completed purchase orders rebuilt from their posted receipts (mapping.md 5, "First run").

BC deletes an order that is received and invoiced, but keeps its receipts. A rebuilt order stands
beside the orders of BC's list and obeys the same rules.
"""

from __future__ import annotations

from bc_pipeline.catalogue.columns import extra, sent
from bc_pipeline.mapping import currency, foreign_keys, known, order_lines, receipt_undo
from bc_pipeline.mapping.values import literal
from bc_pipeline.tenants.settings import SyncOptions

PREFIX = "receipts_"
"""Remote ids of rebuilt orders and their lines begin with it: BC's own ids are gone."""


def is_rebuilt(remote_id: str) -> str:
    """SQL: a buy order was rebuilt from receipts, so BC has no order with that id."""
    return f"starts_with({remote_id}, {literal(PREFIX)})"


def steps(options: SyncOptions) -> dict[str, str]:
    """``m_history_orders`` and ``m_history_lines``, shaped like the orders and lines of
    ``purchase_lines``; nothing when the tenant does not want them. Needs ``m_items``, ``m_units``
    and ``m_products``.
    """
    if not options.buy_order_history_from_receipts:
        return {}
    return {
        **receipt_undo.steps(options),
        "m_vendors": known.vendors(),
        "m_real_orders": _REAL_ORDERS,
        "m_history_parts": _PARTS,
        "m_history_orders": _ORDERS,
        "m_history_receipts": _RECEIPTS,
        **currency.steps("m_history_receipts", rates="m_history_rates"),
        "m_history_sums": _SUMS,
        "m_history_lines": _LINES,
    }


def with_orders(select: str, options: SyncOptions) -> str:
    """``select`` of the orders in BC's list, and the rebuilt ones."""
    return _joined(select, "m_history_orders", options)


def with_lines(select: str, options: SyncOptions) -> str:
    """``select`` of the lines of orders in BC's list, and of rebuilt ones."""
    return _joined(select, "m_history_lines", options)


def _joined(select: str, history: str, options: SyncOptions) -> str:
    if not options.buy_order_history_from_receipts:
        return select
    return f"{select} UNION ALL BY NAME FROM {history}"


def superseded(alias: str, options: SyncOptions) -> str:
    """SQL: a row of ``sync.buy_orders`` was rebuilt although its order turned out to be known."""
    if not options.buy_order_history_from_receipts:
        return "false"
    number = extra(alias, "po_number")
    return (
        f"({is_rebuilt(f'{alias}.remote_id')} "
        f"AND {number} IN (SELECT po_number FROM m_real_orders))"
    )


def warnings(options: SyncOptions) -> tuple[str, ...]:
    """Amounts that could not be converted."""
    return (_MISSING_RATES,) if options.buy_order_history_from_receipts else ()


# Orders that are, or once were, known by themselves: these are never rebuilt.
_REAL_ORDERS = f"""
    SELECT code(number) AS po_number FROM bc.purchase_orders WHERE code(number) IS NOT NULL
    UNION
    SELECT {extra("s", "po_number")} FROM sync.buy_orders s
    WHERE NOT {is_rebuilt("s.remote_id")} AND {extra("s", "po_number")} IS NOT NULL
"""

# What is left of each receipt line after undoing.
_PARTS = """
    SELECT n.line_id, n.receipt_id, n.receipt_number, n.po_number, n.sequence, n.item_id,
        coalesce(n.item_number, '(blank)') AS item_number, n.unit, n.multiplier, n.quantity,
        n.posted, n.modified
    FROM m_net n
    WHERE n.problem IS NULL AND n.quantity <> 0 AND n.po_number IS NOT NULL
      AND n.po_number NOT IN (SELECT po_number FROM m_real_orders)
"""

# The order's own date is lost; its first receipt is the best that is left.
_ORDERS = f"""
    WITH found AS (
        SELECT {literal(PREFIX)} || p.po_number AS order_id, p.po_number AS number,
            min(p.posted) FILTER (p.quantity > 0) AS placed, max(p.modified) AS modified,
            arg_max(code(r.vendorNumber),
                (coalesce(p.posted, DATE '0001-01-01'), p.receipt_number)) AS vendor_number
        FROM m_history_parts p JOIN bc.purchase_receipts r ON guid(r.id) = p.receipt_id
        GROUP BY p.po_number HAVING bool_or(p.quantity > 0)
    )
    SELECT f.order_id AS doc, f.order_id, f.number,
        coalesce(v.vendor_id, {extra("s", "vendor_id")}) AS vendor_id, f.vendor_number, f.placed,
        CAST(NULL AS VARCHAR) AS currency, CAST(NULL AS DATE) AS requested,
        true AS fully_received, true AS taken, 'received' AS status, f.modified,
        coalesce({foreign_keys.standing("s")}, false) AS stands,
        {sent("s", "placed", "TIMESTAMPTZ")} AS sent_placed,
        {sent("s", "completed", "TIMESTAMPTZ")} AS sent_completed,
        coalesce({foreign_keys.standing("s")}, false) AND sent_completed IS NOT NULL AS finished,
        v.vendor_id IN (SELECT remote_id FROM optiply.suppliers WHERE decision = 'update_only')
            AS vendor_left_out
    FROM found f
    LEFT JOIN m_vendors v ON v.number = f.vendor_number
    LEFT JOIN sync.buy_orders s ON s.remote_id = f.order_id
"""

_RECEIPTS = """
    SELECT guid(r.id) AS doc, code(r.currencyCode) AS currency,
        coalesce(day(r.postingDate), CAST(stamp(r.lastModifiedDateTime) AS DATE)) AS placed
    FROM bc.purchase_receipts r
    WHERE guid(r.id) IN (SELECT receipt_id FROM m_history_parts)
"""

_AMOUNT = currency.in_lcy(
    f"CAST(p.quantity AS DECIMAL(38,5)) * {order_lines.discounted('coalesce(l.unitCost, 0)')}", "r"
)

# One order line per line number and item; quantities in Optiply's units, as receipts may differ in
# unit. ``nth`` tells lines apart that share a number.
_SUMS = f"""
    SELECT p.po_number, p.sequence, p.item_number, p.item_id,
        CAST(sum(p.quantity * p.multiplier) AS DECIMAL(38,10)) AS quantity,
        min(p.unit) FILTER (p.multiplier IS NULL) AS unknown_unit,
        sum({_AMOUNT}) AS subtotal, bool_or({_AMOUNT} IS NULL) AS too_large,
        bool_or(r.missing) AS rate_missing,
        row_number() OVER (PARTITION BY p.po_number, p.sequence
            ORDER BY min(p.posted) NULLS LAST, p.item_number) AS nth
    FROM m_history_parts p
    JOIN bc.purchase_receipt_lines l ON guid(l.id) = p.line_id
    JOIN m_history_rates r ON r.doc = p.receipt_id
    GROUP BY p.po_number, p.sequence, p.item_number, p.item_id
    HAVING coalesce(sum(p.quantity * p.multiplier), sum(p.quantity)) > 0
"""

# What was sent of a received line holds when its item, unit or rate is not known any more.
_LINES = f"""
    WITH line AS (
        SELECT {literal(PREFIX)} || s.po_number || '_' || s.sequence
            || CASE WHEN s.nth > 1 THEN '_' || s.item_number ELSE '' END AS line_id, s.*
        FROM m_history_sums s
    ), known AS (
        SELECT s.* REPLACE (
                CASE WHEN s.unknown_unit IS NULL THEN s.quantity ELSE b.ordered_quantity END
                    AS quantity,
                CASE WHEN s.rate_missing AND s.quantity = b.ordered_quantity
                    OR s.unknown_unit IS NOT NULL AND b.subtotal IS NOT NULL
                    THEN b.subtotal ELSE s.subtotal END AS subtotal,
                coalesce(s.item_id, b.item_id) AS item_id),
            p.remote_id IS NULL AND b.product_id IS NULL AS unknown,
            CASE WHEN p.remote_id IS NULL THEN b.product_id ELSE p.optiply_id END AS product_id
        FROM line s
        LEFT JOIN m_products p ON p.remote_id = s.item_id
        LEFT JOIN m_standing b ON b.remote_id = s.line_id
    )
    SELECT s.line_id, {literal(PREFIX)} || s.po_number AS order_id, s.po_number, s.sequence,
        s.item_id, s.item_number, s.product_id,
        CASE WHEN s.unknown THEN 'drop'
            WHEN s.product_id IS NULL THEN 'defer'
            WHEN s.quantity IS NULL OR s.too_large THEN 'quarantine'
            ELSE 'write' END AS state,
        CASE WHEN s.product_id IS NULL THEN 'item ' || s.item_number || ' is not in Optiply yet'
            WHEN s.unknown_unit IS NOT NULL
                THEN 'purchase order ' || s.po_number || ', line ' || s.sequence || ': unit '
                    || s.unknown_unit || ' of item ' || s.item_number || ' is not known'
            ELSE 'purchase order ' || s.po_number || ': an amount is too large' END AS reason,
        s.unknown AS dropped,
        s.quantity AS ordered_quantity, CAST(1 AS DECIMAL(38,10)) AS factor,
        s.quantity AS exact_quantity, order_quantity(s.quantity) AS quantity, s.subtotal,
        CAST(NULL AS DATE) AS expected, true AS is_received
    FROM known s
"""

_MISSING_RATES = f"""
    SELECT DISTINCT {literal(PREFIX)} || p.po_number AS remote_id, 'missing_rate' AS kind,
        'receipts of purchase order ' || p.po_number || ': no exchange rate of ' || d.currency
            || ', amounts stay in that currency' AS message,
        1 AS count
    FROM m_history_parts p
    JOIN m_history_receipts d ON d.doc = p.receipt_id
    JOIN m_history_rates r ON r.doc = p.receipt_id
    WHERE r.missing
"""
