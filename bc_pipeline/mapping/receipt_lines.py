"""Posted receipts of Business Central as receipt lines of Optiply (mapping.md 7)."""

from __future__ import annotations

from bc_pipeline.catalogue.columns import as_sent, extra, sent
from bc_pipeline.mapping import foreign_keys, receipt_links, receipt_undo, units
from bc_pipeline.mapping.definition import MappingInput, Plan
from bc_pipeline.mapping.values import literal
from bc_pipeline.tenants.settings import SyncOptions

PARK_DAYS = 30
"""How long a receipt may wait for its order line before it is given up (mapping.md 7)."""


def plan(options: SyncOptions, inputs: MappingInput) -> Plan:
    """SQL of ``optiply.receipt_lines``, from posted receipts or, where these cannot be read, from
    the received quantity of purchase order lines.
    """
    if options.receipt_source == "po_lines":
        return Plan(
            steps={"m_order_lines": receipt_links.ORDER_LINES},
            wanted=f"{_of_order_lines(inputs)} UNION ALL BY NAME {_KEPT_OF_ORDER_LINES}",
        )
    return Plan(
        steps={
            **units.steps(options, inputs),
            "m_products": foreign_keys.step("products"),
            **receipt_undo.steps(options),
            **receipt_links.steps(),
            "m_orders": "SELECT DISTINCT po_number FROM m_order_lines",
            "m_state": _state(inputs),
        },
        wanted=f"""
            {_linked(inputs)}
            UNION ALL BY NAME {_not_linked()}
            UNION ALL BY NAME {_STALE}
            UNION ALL BY NAME {_KEPT}
        """,
        warnings=(_unresolved(), _exceeding(), _future(inputs)),
    )


def _state(inputs: MappingInput) -> str:
    """Why a line that could not be linked waits or is given up; null reason = linked.

    A line of an order that is tracked waits from the day it was first seen, any other from its
    posting date: old receipts of orders from before our time are history, not a problem.
    """
    today = literal(inputs.today)
    return f"""
        SELECT n.line_id, n.receipt_number, n.sequence, n.po_number, n.item_number, n.modified,
            CASE WHEN n.problem IS NOT NULL THEN 'skip'
                WHEN n.po_number IS NULL THEN 'skip'
                WHEN n.quantity = 0 THEN 'remove'
                WHEN n.item_id IS NULL OR n.item_id NOT IN (
                    SELECT left(remote_id, 36) FROM m_products) THEN 'skip'
                WHEN n.multiplier IS NULL THEN 'quarantine'
                WHEN {today} - n.waiting_since > {PARK_DAYS} THEN 'skip'
                ELSE 'defer' END AS decision,
            CASE WHEN n.problem IS NOT NULL THEN n.problem
                WHEN n.po_number IS NULL THEN 'the receipt has no purchase order'
                WHEN n.quantity = 0 THEN 'the receipt was undone'
                WHEN n.item_id IS NULL OR n.item_id NOT IN (
                    SELECT left(remote_id, 36) FROM m_products)
                    THEN 'item ' || coalesce(n.item_number, '(blank)') || ' is not in Optiply'
                WHEN n.multiplier IS NULL THEN 'receipt ' || n.receipt_number || ', line '
                    || n.sequence || ': unit ' || n.unit || ' of item ' || n.item_number
                    || ' is not known'
                WHEN n.tracked THEN 'no line of purchase order ' || n.po_number || ' fits'
                ELSE 'purchase order ' || n.po_number || ' is not in Optiply' END AS reason,
            (n.tracked OR n.state = 'deferred') AND n.state IS DISTINCT FROM 'skipped' AS is_news,
            n.problem IS NULL AND n.po_number IS NOT NULL
                AND {today} - n.waiting_since > {PARK_DAYS} AS is_late
        FROM (
            SELECT m.*, s.state, m.po_number IN (SELECT po_number FROM m_orders) AS tracked,
                CASE WHEN m.po_number IN (SELECT po_number FROM m_orders)
                    THEN greatest(coalesce(m.posted, {today}),
                        coalesce(CAST(s.created_at AS DATE), {today}))
                    ELSE coalesce(m.posted, CAST(m.modified AS DATE), {today}) END AS waiting_since
            FROM m_net m
            LEFT JOIN sync.receipt_lines s ON s.remote_id = m.line_id
            WHERE m.line_id NOT IN (SELECT line_id FROM m_shares)
        ) n
    """


def _linked(inputs: MappingInput) -> str:
    now = literal(inputs.now)
    return f"""
        SELECT h.remote_id, n.receipt_number || ' line ' || n.sequence AS reference,
            CASE WHEN h.quantity = 0 THEN 'remove'
                WHEN h.order_line IS NULL THEN 'defer'
                ELSE 'write' END AS decision,
            CASE WHEN n.quantity = 0 THEN 'the receipt was undone'
                WHEN h.quantity = 0 THEN 'less than one unit, counted with the next receipt'
                WHEN h.order_line IS NULL THEN 'the line of purchase order ' || n.po_number
                    || ' is not in Optiply yet' END AS reason,
            n.modified AS source_modified_at,
            json_object('receipt_number', n.receipt_number, 'order_number', n.po_number) AS extra,
            h.order_line AS buyOrderLineId, h.quantity,
            coalesce(midnight(n.posted), n.modified, {sent("s", "occurred", "TIMESTAMPTZ")}, {now})
                AS occurred
        FROM m_whole h
        JOIN m_net n ON n.line_id = h.line_id
        LEFT JOIN sync.receipt_lines s ON s.remote_id = h.remote_id
    """


def _not_linked() -> str:
    return """
        SELECT t.line_id AS remote_id, t.receipt_number || ' line ' || t.sequence AS reference,
            t.decision, t.reason, t.modified AS source_modified_at,
            json_object('receipt_number', t.receipt_number, 'order_number', t.po_number) AS extra,
            NULL AS buyOrderLineId, NULL AS quantity, NULL AS occurred
        FROM m_state t
    """


# A receipt line that is no longer spread over as many order lines.
_STALE = f"""
    SELECT s.remote_id, {extra("s", "receipt_number")} AS reference, 'remove' AS decision,
        'counted on other lines of the order now' AS reason, s.source_modified_at, s.extra,
        NULL AS buyOrderLineId, NULL AS quantity, NULL AS occurred
    FROM sync.receipt_lines s
    WHERE {foreign_keys.standing("s")} AND length(s.remote_id) > 36
      AND left(s.remote_id, 36) IN (
          SELECT line_id FROM m_open UNION ALL SELECT line_id FROM m_net WHERE quantity = 0)
      AND s.remote_id NOT IN (SELECT remote_id FROM m_whole)
"""

# A receipt whose posting was rolled back after it was shown never was (decisions 23).
_ROLLED_BACK = """
    SELECT guid(id) FROM ops.retracted
    WHERE entity = 'bc/purchase_receipts' AND guid(id) IS NOT NULL
"""

# BC lets old posted receipts be deleted; what was received stays received (flows.md 6).
_KEPT = f"""
    SELECT s.remote_id, {extra("s", "receipt_number")} AS reference,
        CASE WHEN left(s.remote_id, 36) IN ({_ROLLED_BACK}) THEN 'remove' ELSE 'write' END
            AS decision,
        CASE WHEN left(s.remote_id, 36) IN ({_ROLLED_BACK})
            THEN 'the posting of the receipt was rolled back' END AS reason,
        s.source_modified_at, s.extra, {as_sent("receipt_lines", "s")}
    FROM sync.receipt_lines s
    WHERE {foreign_keys.standing("s")} AND left(s.remote_id, 36) NOT IN (SELECT line_id FROM m_net)
"""


def _of_order_lines(inputs: MappingInput) -> str:
    """One receipt per order line, growing with its received quantity."""
    return f"""
        WITH received AS (
            SELECT o.*, whole_share(CAST(coalesce(l.receivedQuantity, 0) * o.factor
                AS DECIMAL(38,10)), o.ordered, o.whole) AS quantity
            FROM m_order_lines o
            JOIN bc.purchase_order_lines l ON guid(l.id) = o.line_id
        )
        SELECT o.line_id || '_r' AS remote_id,
            o.po_number || ' line ' || o.sequence AS reference,
            CASE WHEN o.quantity <= 0 THEN 'remove' WHEN o.optiply_id IS NULL THEN 'defer'
                ELSE 'write' END AS decision,
            CASE WHEN o.quantity <= 0 THEN 'nothing is received'
                WHEN o.optiply_id IS NULL THEN 'the line of purchase order ' || o.po_number
                    || ' is not in Optiply yet' END AS reason,
            s.source_modified_at, json_object('order_number', o.po_number) AS extra,
            o.optiply_id AS buyOrderLineId, o.quantity,
            coalesce({sent("s", "occurred", "TIMESTAMPTZ")}, {literal(inputs.now)}) AS occurred
        FROM received o
        LEFT JOIN sync.receipt_lines s ON s.remote_id = o.line_id || '_r'
        WHERE o.quantity > 0 OR {foreign_keys.standing("s")}
    """


_KEPT_OF_ORDER_LINES = f"""
    SELECT s.remote_id, {extra("s", "order_number")} AS reference, 'write' AS decision,
        NULL AS reason, s.source_modified_at, s.extra, {as_sent("receipt_lines", "s")}
    FROM sync.receipt_lines s
    WHERE {foreign_keys.standing("s")} AND left(s.remote_id, 36) NOT IN (
        SELECT guid(id) FROM bc.purchase_order_lines WHERE guid(id) IS NOT NULL)
"""


def _unresolved() -> str:
    return f"""
        SELECT line_id AS remote_id, 'receipt_unresolved' AS kind,
            'receipt ' || receipt_number || ', line ' || sequence || ': given up after '
                || '{PARK_DAYS} days, ' || reason AS message, 1 AS count
        FROM m_state WHERE is_late AND is_news AND decision = 'skip'
    """


def _exceeding() -> str:
    return """
        SELECT n.line_id AS remote_id, 'receipt_exceeds_order' AS kind,
            'receipt ' || n.receipt_number || ', line ' || n.sequence || ': more came than the '
                || 'lines of purchase order ' || n.po_number || ' have open' AS message, 1 AS count
        FROM m_net n
        JOIN (SELECT line_id, sum(quantity) AS quantity FROM m_shares GROUP BY line_id) h
            ON h.line_id = n.line_id
        WHERE h.quantity < n.quantity * n.multiplier
    """


def _future(inputs: MappingInput) -> str:
    return f"""
        SELECT n.line_id AS remote_id, 'future_receipt_date' AS kind,
            'receipt ' || n.receipt_number || ' is posted on ' || n.posted || ', in the future'
                AS message, 1 AS count
        FROM m_net n
        WHERE n.posted > {literal(inputs.today)}
          AND n.line_id IN (SELECT remote_id FROM optiply.receipt_lines WHERE decision = 'write')
    """
