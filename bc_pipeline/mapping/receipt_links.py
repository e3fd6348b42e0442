"""Which order line a receipt line belongs to, and in how many whole units (mapping.md 7)."""

from __future__ import annotations

from bc_pipeline.catalogue.columns import extra, sent
from bc_pipeline.mapping import foreign_keys
from bc_pipeline.mapping.values import NUMBER


def steps() -> dict[str, str]:
    """``m_order_lines``: the buy order lines we know; ``m_shares``: (line_id, n, order_line_id,
    quantity) of each receipt line of ``m_net`` that fits; ``m_whole``: these in whole units.
    """
    return {
        "m_order_lines": ORDER_LINES,
        "m_open": _OPEN,
        "m_direct": _DIRECT,
        "m_only": _ONLY,
        "m_spread": _SPREAD,
        "m_shares": """
            SELECT line_id, 1 AS n, order_line_id, quantity FROM m_direct
            UNION ALL SELECT line_id, 1, order_line_id, quantity FROM m_only
            UNION ALL SELECT line_id, n, order_line_id, quantity FROM m_spread
        """,
        "m_whole": _WHOLE,
    }


# From the id map, with this run's wanted lines where they say something newer. ``ordered`` is in
# Optiply's units with its fraction, ``whole`` the integer Optiply has.
ORDER_LINES = f"""
    SELECT x.* EXCLUDE (item_id, known_item_number),
        coalesce(i.number, x.known_item_number) AS item_number
    FROM (
        SELECT coalesce(s.remote_id, w.remote_id) AS line_id,
            CASE WHEN {foreign_keys.standing("s")} THEN s.optiply_id END AS optiply_id,
            coalesce({extra("w", "po_number")}, {extra("s", "po_number")}) AS po_number,
            coalesce({extra("w", "sequence", "BIGINT")}, {extra("s", "sequence", "BIGINT")})
                AS sequence,
            coalesce({extra("w", "item_id")}, {extra("s", "item_id")}) AS item_id,
            coalesce({extra("w", "item_number")}, {extra("s", "item_number")})
                AS known_item_number,
            coalesce({extra("w", "factor", NUMBER)}, {extra("s", "factor", NUMBER)}) AS factor,
            CAST(coalesce(
                {extra("w", "ordered_quantity", NUMBER)} * {extra("w", "factor", NUMBER)},
                {extra("s", "ordered_quantity", NUMBER)} * {extra("s", "factor", NUMBER)})
                AS {NUMBER}) AS ordered,
            coalesce(w.quantity, {sent("s", "quantity", "BIGINT")}) AS whole,
            coalesce(CAST(w.expectedDeliveryDate AS DATE),
                {sent("s", "expectedDeliveryDate", "DATE")}) AS expected
        FROM sync.buy_order_lines s
        FULL JOIN optiply.buy_order_lines w ON w.remote_id = s.remote_id
        WHERE ({foreign_keys.standing("s")} OR w.decision IN ('write', 'defer', 'quarantine'))
          AND w.decision IS DISTINCT FROM 'remove'
    ) x
    LEFT JOIN (SELECT guid(id) AS item_id, code(number) AS number FROM bc.items) i
        ON i.item_id = x.item_id
"""

# Receipt lines that look for an order line; an undone one keeps its line until it is removed. One
# that stands in Optiply does not leave it because its unit is not known any more: goods are
# received in the unit they were ordered in, so the factor of its order line serves (decisions 24).
_OPEN = f"""
    WITH factors AS (
        SELECT po_number, item_number, sequence, factor FROM m_order_lines
        UNION ALL
        SELECT po_number, item_number, NULL, factor FROM m_order_lines
    ), sure AS (
        SELECT po_number, item_number, sequence, min(factor) AS factor FROM factors
        GROUP BY ALL HAVING min(factor) = max(factor)
    ), standing AS (
        SELECT DISTINCT left(s.remote_id, 36) AS line_id FROM sync.receipt_lines s
        WHERE {foreign_keys.standing("s")}
    ), given AS (
        SELECT m.*, coalesce(m.multiplier, o.factor, a.factor) AS factor
        FROM m_net m
        LEFT JOIN standing x ON x.line_id = m.line_id
        LEFT JOIN sure o ON x.line_id IS NOT NULL AND o.po_number = m.po_number
            AND o.item_number = m.item_number AND o.sequence = m.sequence
        LEFT JOIN sure a ON x.line_id IS NOT NULL AND a.po_number = m.po_number
            AND a.item_number = m.item_number AND a.sequence IS NULL
    )
    SELECT line_id, receipt_number, po_number, sequence, item_number, posted,
        CAST(quantity * factor AS DECIMAL(38,10)) AS quantity
    FROM given
    WHERE problem IS NULL AND po_number IS NOT NULL AND factor IS NOT NULL
"""

_DIRECT = """
    SELECT m.line_id, o.line_id AS order_line_id, m.quantity
    FROM m_open m
    JOIN m_order_lines o ON o.po_number = m.po_number AND o.sequence = m.sequence
        AND o.item_number = m.item_number
    QUALIFY row_number() OVER (PARTITION BY m.line_id ORDER BY o.line_id) = 1
"""

_ONLY = """
    SELECT m.line_id, o.order_line_id, m.quantity
    FROM m_open m
    JOIN (SELECT po_number, item_number, min(line_id) AS order_line_id FROM m_order_lines
          GROUP BY po_number, item_number HAVING count(*) = 1) o
        ON o.po_number = m.po_number AND o.item_number = m.item_number
    WHERE m.line_id NOT IN (SELECT line_id FROM m_direct)
"""

# Receipts and open quantities of the item laid end to end, each in its order: a receipt goes to the
# lines it overlaps with. What lies beyond the last line fits nowhere.
_SPREAD = """
    WITH demand AS (
        SELECT m.*, sum(m.quantity) OVER (PARTITION BY po_number, item_number
            ORDER BY posted NULLS LAST, receipt_number, sequence, line_id) AS upper
        FROM m_open m
        WHERE m.quantity > 0 AND m.line_id NOT IN (SELECT line_id FROM m_direct)
          AND m.line_id NOT IN (SELECT line_id FROM m_only)
    ), capacity AS (
        SELECT o.line_id AS order_line_id, o.po_number, o.item_number, o.expected, o.sequence,
            greatest(o.ordered - coalesce(d.quantity, 0), 0) AS open_quantity
        FROM m_order_lines o
        LEFT JOIN (SELECT order_line_id, sum(quantity) AS quantity FROM m_direct
                   GROUP BY order_line_id) d ON d.order_line_id = o.line_id
    ), laid AS (
        SELECT *, sum(open_quantity) OVER (PARTITION BY po_number, item_number
            ORDER BY expected NULLS LAST, sequence, order_line_id) AS upper
        FROM capacity
    )
    SELECT d.line_id, l.order_line_id,
        row_number() OVER (PARTITION BY d.line_id ORDER BY l.upper, l.order_line_id) AS n,
        CAST(least(d.upper, l.upper) - greatest(d.upper - d.quantity, l.upper - l.open_quantity)
            AS DECIMAL(38,10)) AS quantity
    FROM demand d
    JOIN laid l ON l.po_number = d.po_number AND l.item_number = d.item_number
    WHERE least(d.upper, l.upper) > greatest(d.upper - d.quantity, l.upper - l.open_quantity)
"""

# Rounded cumulatively, so that the receipts of a line that came in full add up to what Optiply
# has as ordered (mapping.md 1.6).
_WHOLE = """
    WITH shares AS (
        SELECT h.line_id, h.n, o.optiply_id AS order_line, o.ordered, o.whole, h.quantity,
            sum(h.quantity) OVER (PARTITION BY h.order_line_id
                ORDER BY m.posted NULLS LAST, m.receipt_number, m.sequence, h.line_id, h.n) AS done
        FROM m_shares h
        JOIN m_open m ON m.line_id = h.line_id
        JOIN m_order_lines o ON o.line_id = h.order_line_id
    )
    SELECT CASE WHEN n = 1 THEN line_id ELSE line_id || '_' || n END AS remote_id, line_id,
        order_line,
        whole_share(done, ordered, whole) - whole_share(done - quantity, ordered, whole)
            AS quantity
    FROM shares
"""
