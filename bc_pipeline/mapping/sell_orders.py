"""Sales documents of Business Central as sell orders of Optiply (mapping.md 4).

A sell order is created once and never changed. Documents that already stand in Optiply are listed,
so that they do not count as gone, but their lines are not added up again.
"""

from __future__ import annotations

from bc_pipeline.mapping import currency, foreign_keys, order_lines, units
from bc_pipeline.mapping.definition import MappingInput, Plan
from bc_pipeline.mapping.sell_order_sources import SOURCES, Source
from bc_pipeline.tenants.settings import SyncOptions


def plan(options: SyncOptions, inputs: MappingInput) -> Plan:
    """SQL of ``optiply.sell_orders`` for the configured source."""
    source = SOURCES[options.sell_order_source]
    return Plan(
        steps={
            **units.steps(options, inputs),
            "m_products": foreign_keys.step("products"),
            "m_found": source.documents(options, inputs),
            "m_documents": _DOCUMENTS,
            **currency.steps("m_documents"),
            "m_parts": _PARTS,
            "m_keys": order_lines.keys(
                source.line_tables,
                options,
                item=source.item,
                where="documentId IN (SELECT part_id FROM m_parts)",
            ),
            "m_sums": _sums(source),
            "m_kept": _KEPT,
            "m_orders": _ORDERS,
        },
        wanted=_WANTED,
        warnings=(_LINES_DROPPED, _FRACTIONS, _MISSING_RATES),
    )


# A document gets a short number, as grouping by long ids costs time and memory.
_DOCUMENTS = f"""
    SELECT row_number() OVER (ORDER BY f.remote_id) AS doc, f.*,
        coalesce({foreign_keys.standing("s")}, false) AS stands,
        f.decision = 'write' AND NOT coalesce({foreign_keys.standing("s")}, false) AS to_build
    FROM m_found f
    LEFT JOIN sync.sell_orders s ON s.remote_id = f.remote_id
"""


# Which lines belong to a document: (table of lines, document id there) -> doc.
_PARTS = """
    SELECT doc, line_table, includes_tax, unnest(part_ids) AS part_id
    FROM m_documents WHERE to_build
"""


def _sums(source: Source) -> str:
    """Quantity and value per document and product; one row per item for what has no product."""
    selects = [
        f"""
        SELECT a.doc, k.product_id, k.product IS NOT NULL AND k.product_id IS NULL AS pending,
            CASE WHEN k.product_id IS NULL THEN k.item_number END AS label,
            CAST(l.quantity * k.multiplier AS DECIMAL(38,10)) AS quantity,
            CAST({source.amount} AS DECIMAL(38,10)) AS amount,
            CASE WHEN k.product_id IS NOT NULL AND k.multiplier IS NULL
                THEN {order_lines.UNKNOWN_UNIT} END AS problem
        FROM bc.{table} l
        JOIN m_parts a ON a.part_id = l.documentId AND a.line_table = '{table}'
        JOIN m_keys k ON {order_lines.JOIN_KEYS}
        """
        for table in source.line_tables
    ]
    return f"""
        SELECT doc, product_id, pending, label, sum(quantity) AS quantity, sum(amount) AS amount,
            min(problem) AS problem, count(*) AS lines
        FROM ({" UNION ALL ".join(selects)})
        GROUP BY doc, product_id, pending, label
    """


# One product once per order; a product that nets to nothing, or less, is not sold (mapping.md 4.1).
_KEPT = f"""
    SELECT s.doc, s.product_id, s.quantity AS exact_quantity,
        order_quantity(s.quantity) AS quantity,
        {currency.in_lcy("s.amount", "r")} AS subtotal
    FROM m_sums s
    JOIN m_rates r ON r.doc = s.doc
    WHERE s.product_id IS NOT NULL AND s.quantity > 0
"""

_ORDERS = """
    WITH lines AS (
        SELECT doc, list_sort(list(struct_pack("productId" := product_id, "quantity" := quantity,
                "subtotalValue" := subtotal))) AS order_lines,
            sum(subtotal) AS total, bool_or(subtotal IS NULL) AS too_large
        FROM m_kept GROUP BY doc
    ), problems AS (
        SELECT doc, min(problem) AS problem,
            min(CASE WHEN pending THEN label END) AS pending_item
        FROM m_sums WHERE problem IS NOT NULL OR pending GROUP BY doc
    )
    SELECT d.*, l.order_lines, l.total, l.too_large, p.problem, p.pending_item
    FROM m_documents d
    LEFT JOIN lines l ON l.doc = d.doc
    LEFT JOIN problems p ON p.doc = d.doc
"""

_WANTED = """
    SELECT remote_id, reference,
        CASE WHEN decision = 'remove' THEN 'remove'
            WHEN stands THEN 'write'
            WHEN decision <> 'write' THEN decision
            WHEN problem IS NOT NULL OR too_large OR placed IS NULL THEN 'quarantine'
            WHEN pending_item IS NOT NULL THEN 'defer'
            WHEN order_lines IS NULL THEN 'skip'
            ELSE 'write' END AS decision,
        CASE WHEN stands AND decision <> 'remove' THEN NULL
            WHEN decision <> 'write' THEN reason
            WHEN problem IS NOT NULL THEN kind || ' ' || reference || ', ' || problem
            WHEN too_large THEN kind || ' ' || reference || ': an amount is too large'
            WHEN placed IS NULL THEN kind || ' ' || reference || ' has no date'
            WHEN pending_item IS NOT NULL
                THEN 'item ' || pending_item || ' is not in Optiply yet'
            WHEN order_lines IS NULL THEN 'no lines for known products' END AS reason,
        modified AS source_modified_at, extra,
        midnight(placed) AS placed, completed,
        CASE WHEN order_lines IS NOT NULL THEN total END AS totalValue, order_lines AS orderLines
    FROM m_orders
"""

_LINES_DROPPED = """
    SELECT NULL AS remote_id, 'line_dropped' AS kind,
        'item ' || label || ' is not in Optiply: ' || sum(lines) || ' lines of '
            || count(DISTINCT doc) || ' new orders left out' AS message,
        sum(lines) AS count
    FROM m_sums WHERE product_id IS NULL AND NOT pending GROUP BY label
"""

_FRACTIONS = """
    SELECT d.remote_id, 'fractional_quantity' AS kind,
        d.kind || ' ' || d.reference || ': quantity ' || plain(k.exact_quantity)
            || ' is rounded to ' || k.quantity AS message,
        1 AS count
    FROM m_kept k JOIN m_documents d ON d.doc = k.doc
    WHERE is_fraction(k.exact_quantity)
"""

_MISSING_RATES = """
    SELECT d.remote_id, 'missing_rate' AS kind,
        d.kind || ' ' || d.reference || ': no exchange rate of ' || d.currency
            || ', amounts stay in that currency' AS message,
        1 AS count
    FROM m_documents d JOIN m_rates r ON r.doc = d.doc
    WHERE r.missing AND d.to_build
"""
