"""Purchase orders of Business Central as buy orders of Optiply (mapping.md 5)."""

from __future__ import annotations

from collections.abc import Mapping

from bc_pipeline.catalogue.columns import as_sent, extra, sent
from bc_pipeline.mapping import foreign_keys, purchase_lines, receipt_history, vanished
from bc_pipeline.mapping.definition import MappingInput, Plan
from bc_pipeline.mapping.values import literal, rows
from bc_pipeline.tenants.settings import SyncOptions


def plan(options: SyncOptions, inputs: MappingInput) -> Plan:
    """SQL of ``optiply.buy_orders``.

    Listed are the orders in BC's list; completed ones that left it, as they are; and those of
    ``inputs.vanished``, with their outcome. An order that left the list and is not completed is not
    listed until BC confirmed that it is gone: see ``vanished``.
    """
    return Plan(
        steps={
            **purchase_lines.steps(options, inputs),
            "m_suppliers": foreign_keys.step("suppliers"),
            "m_receipt_dates": vanished.NEWEST_RECEIPTS,
            "m_confirmed": confirmed(inputs),
            "m_claimed": _reasons(inputs.claimed),
            "m_strays": _reasons(inputs.strays),
            "m_vanished": vanished.buy_orders(options),
            "m_vanished_lines": vanished.buy_order_lines(options),
        },
        wanted=f"""
            {_listed(inputs)}
            UNION ALL BY NAME {_finished(options)}
            UNION ALL BY NAME {_vanished(inputs)}
        """,
        warnings=(_LINES_DROPPED, _MISSING_RATES, _STRAYS, *receipt_history.warnings(options)),
    )


def confirmed(inputs: MappingInput) -> str:
    """SELECT remote_id of the buy orders BC confirmed to be gone."""
    given = [(remote_id,) for remote_id in sorted(inputs.vanished)]
    return rows(("remote_id",), ("VARCHAR",), given)


def _reasons(given: Mapping[str, str]) -> str:
    """SELECT remote_id, reason."""
    return rows(("remote_id", "reason"), ("VARCHAR", "VARCHAR"), sorted(given.items()))


def _listed(inputs: MappingInput) -> str:
    now = literal(inputs.now)
    no_lines = "coalesce(t.written, 0) = 0"
    return f"""
        SELECT o.order_id AS remote_id, o.number AS reference,
            CASE WHEN c.reason IS NOT NULL AND NOT o.stands THEN 'defer'
                WHEN o.stands AND t.order_id IS NULL THEN 'remove'
                WHEN NOT o.taken AND NOT o.stands THEN 'skip'
                WHEN {no_lines} AND t.problem IS NOT NULL AND NOT o.stands THEN 'quarantine'
                WHEN {no_lines} AND t.pending IS NOT NULL AND NOT o.stands THEN 'defer'
                WHEN {no_lines} AND NOT o.stands THEN 'skip'
                WHEN v.optiply_id IS NULL AND o.vendor_left_out THEN 'skip'
                WHEN v.optiply_id IS NULL THEN 'defer'
                ELSE 'write' END AS decision,
            CASE WHEN c.reason IS NOT NULL AND NOT o.stands THEN c.reason
                WHEN o.stands AND t.order_id IS NULL
                    THEN 'the purchase order has no lines for known products any more'
                WHEN NOT o.taken AND NOT o.stands
                    THEN 'orders of status ' || o.status || ' are not imported'
                WHEN {no_lines} AND NOT o.stands
                    THEN coalesce(t.problem, t.pending, 'no lines for known products')
                WHEN v.optiply_id IS NULL
                    THEN 'vendor ' || coalesce(o.vendor_number, '(none)')
                        || CASE WHEN o.vendor_left_out THEN ' is blocked and not in Optiply'
                            ELSE ' is not in Optiply yet' END END AS reason,
            o.modified AS source_modified_at,
            json_merge_patch(json_object('po_number', o.number, 'vendor_id', o.vendor_id),
                json_object('rate', r.rate)) AS extra,
            coalesce(midnight(o.placed), o.sent_placed, {now}) AS placed,
            CASE WHEN o.fully_received OR t.all_received
                THEN coalesce(midnight(d.newest), o.sent_completed, {now}) END AS completed,
            midnight(coalesce(t.next_expected, o.requested)) AS expectedDeliveryDate,
            coalesce(t.total, 0) AS totalValue,
            v.optiply_id AS supplierId, false AS assembly
        FROM m_purchase_orders o
        JOIN m_rates r ON r.doc = o.doc
        LEFT JOIN m_totals t ON t.order_id = o.order_id
        LEFT JOIN m_suppliers v ON v.remote_id = o.vendor_id
        LEFT JOIN m_receipt_dates d ON d.po_number = o.number
        LEFT JOIN m_claimed c ON c.remote_id = o.order_id
        WHERE NOT (o.finished AND t.order_id IS NULL)
    """


def _finished(options: SyncOptions) -> str:
    """BC deletes an order that is received and invoiced, or its lines: it stays, completed."""
    superseded = receipt_history.superseded("s", options)
    return f"""
        SELECT s.remote_id, {extra("s", "po_number")} AS reference,
            CASE WHEN {superseded} THEN 'remove' ELSE 'write' END AS decision,
            CASE WHEN {superseded}
                THEN 'rebuilt from receipts, but the purchase order itself is known' END AS reason,
            s.source_modified_at, s.extra, {as_sent("buy_orders", "s")}
        FROM sync.buy_orders s
        WHERE {foreign_keys.standing("s")} AND {sent("s", "completed", "VARCHAR")} IS NOT NULL
          AND s.remote_id NOT IN (
              SELECT o.order_id FROM m_purchase_orders o
              WHERE NOT o.finished OR o.order_id IN (SELECT order_id FROM m_totals))
    """


def _vanished(inputs: MappingInput) -> str:
    completed = f"coalesce(v.newest_posting_date, {literal(inputs.now)})"
    return f"""
        SELECT s.remote_id, v.reference,
            CASE WHEN v.outcome = 'cancelled' THEN 'remove' ELSE 'write' END AS decision,
            CASE WHEN v.outcome = 'cancelled'
                THEN 'the purchase order was deleted and nothing was received' END AS reason,
            s.source_modified_at,
            json_merge_patch(coalesce(s.extra, '{{}}'), json_object('outcome', v.outcome)) AS extra,
            {as_sent("buy_orders", "s", completed=completed, totalValue="coalesce(t.total, 0)")}
        FROM sync.buy_orders s
        JOIN m_vanished v ON v.remote_id = s.remote_id
        LEFT JOIN (SELECT order_id, sum(subtotal) AS total FROM m_vanished_lines GROUP BY order_id)
            t ON t.order_id = s.remote_id
        WHERE s.remote_id IN (SELECT remote_id FROM m_confirmed)
    """


_LINES_DROPPED = """
    SELECT order_id AS remote_id, 'line_dropped' AS kind,
        'purchase order ' || po_number || ': item ' || item_number
            || ' is not in Optiply, ' || count(*) || ' lines left out' AS message,
        count(*) AS count
    FROM m_lines WHERE dropped
    GROUP BY order_id, po_number, item_number
"""

_STRAYS = """
    SELECT remote_id, 'stray_marker' AS kind, reason AS message, 1 AS count FROM m_strays
"""

_MISSING_RATES = """
    SELECT o.order_id AS remote_id, 'missing_rate' AS kind,
        'purchase order ' || o.number || ': no exchange rate of ' || o.currency
            || ', amounts stay in that currency' AS message,
        1 AS count
    FROM m_purchase_orders o JOIN m_rates r ON r.doc = o.doc
    WHERE r.missing AND (o.taken OR o.stands)
"""
