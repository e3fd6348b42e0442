"""Purchase order lines of Business Central as buy order lines of Optiply (mapping.md 5).

Lines are not merged per product: receipts hang on lines.
"""

from __future__ import annotations

from bc_pipeline.catalogue.columns import as_sent, extra
from bc_pipeline.mapping import buy_orders, foreign_keys, purchase_lines, vanished
from bc_pipeline.mapping.definition import MappingInput, Plan
from bc_pipeline.tenants.settings import SyncOptions


def plan(options: SyncOptions, inputs: MappingInput) -> Plan:
    """SQL of ``optiply.buy_order_lines``: lines of orders in BC's list, and of orders that left
    it, as they were sent; a partly received order that is gone is cut down to what came.
    """
    return Plan(
        steps={
            **purchase_lines.steps(options, inputs),
            "m_buy_orders": foreign_keys.step("buy_orders"),
            "m_confirmed": buy_orders.confirmed(inputs),
            "m_vanished": vanished.outcomes(options),
            "m_vanished_lines": vanished.buy_order_lines(options),
            "m_cut": _CUT,
        },
        wanted=f"{_LISTED} UNION ALL BY NAME {_EMPTIED} UNION ALL BY NAME {_GONE}",
        warnings=(_FRACTIONS,),
    )


# ``extra`` carries the receipt key and what a receipt needs to add up to the ordered quantity.
_LISTED = """
    SELECT l.line_id AS remote_id, l.po_number || ' line ' || l.sequence AS reference,
        CASE WHEN l.state <> 'write' THEN l.state
            WHEN b.optiply_id IS NULL THEN 'defer' ELSE 'write' END AS decision,
        CASE WHEN l.state <> 'write' THEN l.reason
            WHEN b.optiply_id IS NULL
                THEN 'purchase order ' || l.po_number || ' is not in Optiply yet' END AS reason,
        o.modified AS source_modified_at,
        json_object('po_number', l.po_number, 'sequence', l.sequence,
            'document_id', l.order_id, 'item_number', l.item_number, 'item_id', l.item_id,
            'ordered_quantity', plain(l.ordered_quantity), 'factor', plain(l.factor)) AS extra,
        b.optiply_id AS buyOrderId, l.product_id AS productId, l.quantity,
        l.subtotal AS subtotalValue, midnight(l.expected) AS expectedDeliveryDate
    FROM m_lines l
    JOIN m_purchase_orders o ON o.order_id = l.order_id
    JOIN m_buy_orders b ON b.remote_id = l.order_id
    WHERE l.state <> 'drop'
"""

# An order whose lines all left BC goes from Optiply with its lines, or stays with them: completed,
# or held by the deletion guard.
_EMPTIED = f"""
    SELECT s.remote_id, o.number || ' line ' || {extra("s", "sequence")} AS reference,
        'write' AS decision, NULL AS reason, s.source_modified_at, s.extra,
        {as_sent("buy_order_lines", "s")}
    FROM sync.buy_order_lines s
    JOIN m_purchase_orders o ON o.order_id = {extra("s", "document_id")}
    WHERE {foreign_keys.standing("s")} AND o.stands
      AND o.order_id NOT IN (SELECT order_id FROM m_totals)
      AND s.remote_id NOT IN (SELECT line_id FROM m_lines WHERE state <> 'drop')
"""

_CUT = f"""
    SELECT v.remote_id FROM m_vanished v JOIN sync.buy_orders s ON s.remote_id = v.remote_id
    WHERE v.outcome = 'partial'
      AND (v.remote_id IN (SELECT remote_id FROM m_confirmed)
           OR {extra("s", "outcome")} = 'partial')
"""

_QUANTITY = "CASE WHEN c.remote_id IS NOT NULL THEN v.quantity ELSE v.sent_quantity END"
_SUBTOTAL = "CASE WHEN c.remote_id IS NOT NULL THEN v.subtotal ELSE v.sent_subtotal END"

_GONE = f"""
    SELECT s.remote_id, v.reference,
        CASE WHEN c.remote_id IS NOT NULL AND v.quantity <= 0 THEN 'remove' ELSE 'write' END
            AS decision,
        CASE WHEN c.remote_id IS NOT NULL AND v.quantity <= 0
            THEN 'the purchase order is gone and nothing of this line was received' END AS reason,
        s.source_modified_at, s.extra,
        {as_sent("buy_order_lines", "s", quantity=_QUANTITY, subtotalValue=_SUBTOTAL)}
    FROM sync.buy_order_lines s
    JOIN m_vanished_lines v ON v.remote_id = s.remote_id
    JOIN m_buy_orders b ON b.remote_id = v.order_id AND b.optiply_id IS NOT NULL
    LEFT JOIN m_cut c ON c.remote_id = v.order_id
    WHERE v.order_id NOT IN (SELECT order_id FROM m_purchase_orders)
"""

_FRACTIONS = """
    SELECT line_id AS remote_id, 'fractional_quantity' AS kind,
        'purchase order ' || po_number || ', line ' || sequence || ': quantity '
            || plain(exact_quantity) || ' is rounded to ' || quantity AS message,
        1 AS count
    FROM m_lines WHERE state = 'write' AND is_fraction(exact_quantity)
"""
