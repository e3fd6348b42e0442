"""Undone receipts (mapping.md 7): BC adds a negative line to the same receipt instead of changing
the line that was wrong.
"""

from __future__ import annotations

from bc_pipeline.mapping import units
from bc_pipeline.tenants.settings import SyncOptions


def steps(options: SyncOptions) -> dict[str, str]:
    """``m_received``: every item line of a receipt; ``m_net``: these with the quantity that
    remains, and ``problem``: why a line is not to be written at all (a negative one). Needs
    ``m_items`` and ``m_units``.

    A negative line takes back the nearest earlier line of the same item, unit and quantity in its
    receipt; what fits no single line is taken from the earlier lines, latest first.
    """
    return {
        "m_received": _RECEIVED,
        "m_exact": _EXACT,
        "m_undone": _UNDONE,
        "m_taken": _TAKEN,
        "m_net": _net(options),
    }


# Every item line of a receipt; ``multiplier`` is null when its unit is unknown.
_RECEIVED = f"""
    SELECT guid(l.id) AS line_id, guid(r.id) AS receipt_id, code(r.number) AS receipt_number,
        code(r.orderNumber) AS po_number, l.sequence, code(l.lineObjectNumber) AS item_number,
        i.item_id, {units.unit_name("l.unitOfMeasureCode")} AS unit, u.multiplier, l.quantity,
        day(r.postingDate) AS posted, stamp(r.lastModifiedDateTime) AS modified
    FROM bc.purchase_receipt_lines l
    JOIN bc.purchase_receipts r ON r.id = l.documentId
    LEFT JOIN m_items i ON i.number = code(l.lineObjectNumber)
    LEFT JOIN m_units u
        ON u.item_id = i.item_id AND u.unit = {units.unit_name("l.unitOfMeasureCode")}
    WHERE l.lineType = 'Item' AND l.quantity <> 0
"""

_EXACT = """
    WITH pairs AS (
        SELECT n.line_id AS negative_id, n.sequence AS negative_sequence,
            p.line_id AS positive_id, n.quantity AS quantity
        FROM m_received n
        JOIN m_received p ON p.receipt_id = n.receipt_id AND p.item_number = n.item_number
            AND p.unit = n.unit AND p.quantity = -n.quantity AND p.sequence < n.sequence
        WHERE n.quantity < 0
        QUALIFY row_number() OVER (PARTITION BY n.line_id ORDER BY p.sequence DESC, p.line_id) = 1
    )
    SELECT negative_id, positive_id FROM pairs
    QUALIFY row_number() OVER (
        PARTITION BY positive_id ORDER BY negative_sequence, negative_id) = 1
"""

# Negative lines that fit no single line, added up per receipt, item and unit.
_UNDONE = """
    SELECT receipt_id, item_number, unit, -sum(quantity) AS quantity, max(sequence) AS last_sequence
    FROM m_received
    WHERE quantity < 0 AND line_id NOT IN (SELECT negative_id FROM m_exact)
    GROUP BY ALL
"""

_TAKEN = """
    SELECT p.line_id, p.receipt_id, p.item_number, p.unit,
        greatest(0, least(p.quantity, u.quantity - coalesce(sum(p.quantity) OVER (
            PARTITION BY p.receipt_id, p.item_number, p.unit ORDER BY p.sequence DESC, p.line_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0))) AS quantity
    FROM m_received p
    JOIN m_undone u ON u.receipt_id = p.receipt_id AND u.item_number = p.item_number
        AND u.unit = p.unit AND p.sequence < u.last_sequence
    WHERE p.quantity > 0 AND p.line_id NOT IN (SELECT positive_id FROM m_exact)
"""


def _net(options: SyncOptions) -> str:
    refused = (
        "NULL"
        if options.allow_negative_receipts
        else "'takes back goods of another receipt: negative receipts are not imported'"
    )
    # What a negative line takes back that no line of its receipt gave: a return.
    return f"""
        WITH matched AS (
            SELECT receipt_id, item_number, unit, sum(quantity) AS quantity
            FROM m_taken GROUP BY ALL
        ), returned AS (
            SELECT n.line_id, -n.quantity - greatest(0, least(-n.quantity,
                coalesce(m.quantity, 0) - coalesce(sum(-n.quantity) OVER (
                    PARTITION BY n.receipt_id, n.item_number, n.unit
                    ORDER BY n.sequence, n.line_id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0))) AS quantity
            FROM m_received n
            LEFT JOIN matched m ON m.receipt_id = n.receipt_id
                AND m.item_number = n.item_number AND m.unit = n.unit
            WHERE n.quantity < 0 AND n.line_id NOT IN (SELECT negative_id FROM m_exact)
        )
        SELECT r.* REPLACE (CAST(CASE
                WHEN r.quantity < 0 THEN -coalesce(b.quantity, 0)
                WHEN r.line_id IN (SELECT positive_id FROM m_exact) THEN 0
                ELSE r.quantity - coalesce(t.quantity, 0) END AS DECIMAL(38,10)) AS quantity),
            CASE WHEN r.quantity < 0 AND coalesce(b.quantity, 0) = 0
                    THEN 'undoes an earlier line of the same receipt'
                WHEN r.quantity < 0 THEN {refused} END AS problem
        FROM m_received r
        LEFT JOIN returned b ON b.line_id = r.line_id
        LEFT JOIN m_taken t ON t.line_id = r.line_id
    """
