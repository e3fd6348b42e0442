"""What is sold and not shipped yet (mapping.md 2.1): it is taken off the inventory."""

from __future__ import annotations

from bc_pipeline.catalogue import stock_source
from bc_pipeline.mapping import units
from bc_pipeline.mapping.definition import MappingInput
from bc_pipeline.mapping.values import NUMBER, literal
from bc_pipeline.tenants.settings import SyncOptions

UNPLACED = "a sales order names a location that Business Central does not list"
UNTOLD = "Business Central does not tell how much of an order is outstanding"


def steps(options: SyncOptions, inputs: MappingInput) -> dict[str, str]:
    """Temporary tables with what is sold. They need ``m_items``, ``m_units``, ``m_locations``.

    ``m_open_lines``: the sales order lines that count, or may count (``unplaced``: nobody knows
    where); one whose unit is unknown has no multiplier and is left out of ``m_outstanding``: the
    line is in quarantine, not the product (mapping.md 9). None where the Analytics API tells what
    is sold. ``m_outstanding``: item_id, variant_id (null = the item itself), quantity in Optiply's
    units, null when it is not known as a whole; no row means 0.
    """
    return {
        "m_open_lines": _open_lines(options, inputs),
        "m_outstanding": _outstanding(options, inputs),
    }


def here(column: str, options: SyncOptions) -> str:
    """SQL: the WHERE that keeps the rows at the chosen locations, empty where all count."""
    if not options.locations:
        return ""
    return f"WHERE coalesce(upper(code({column})), '') IN (SELECT code FROM m_locations)"


def unknown(options: SyncOptions, inputs: MappingInput) -> str:
    """Why it may not be known how much of a product is sold."""
    return UNTOLD if stock_source.tells_sold(options, inputs.sources) else UNPLACED


def _page_counts(options: SyncOptions, inputs: MappingInput) -> bool:
    """The page's figure covers all locations and variants of an item (mapping.md 2.1)."""
    return (
        not options.locations
        and options.variant_mode == "item"
        and inputs.has("bc.item_page")
        and stock_source.in_force(options, inputs.sources) != "analytics"
    )


_PAGE = f"""
    SELECT i.item_id, CAST(NULL AS VARCHAR) AS variant_id,
        CAST(max(p.Qty_on_Sales_Order) * i.scale AS {NUMBER}) AS quantity
    FROM bc.item_page p JOIN m_items i ON i.number = code(p.No)
    WHERE p.Qty_on_Sales_Order IS NOT NULL
    GROUP BY i.item_id, i.scale
"""


def _outstanding(options: SyncOptions, inputs: MappingInput) -> str:
    if options.deduct_sales_orders and stock_source.tells_sold(options, inputs.sources):
        return _by_location(options)
    lines = f"""
        SELECT item_id, variant_id,
            CASE WHEN NOT bool_or(unplaced) THEN CAST(sum(quantity * multiplier) AS {NUMBER}) END
                AS quantity
        FROM m_open_lines WHERE multiplier IS NOT NULL OR unplaced
        GROUP BY item_id, variant_id
    """
    if options.deduct_sales_orders and _page_counts(options, inputs):
        return f"{_PAGE} UNION ALL {lines}"
    return lines


def _by_location(options: SyncOptions) -> str:
    """Base units already, so no unit has to be known; return orders are no sales (platform 2)."""
    return f"""
        SELECT i.item_id, CAST(NULL AS VARCHAR) AS variant_id,
            CASE WHEN count(o.outstandingQtyBase) = count(*)
                THEN CAST(sum(o.outstandingQtyBase) * i.scale AS {NUMBER}) END AS quantity
        FROM (SELECT * FROM bc.outstanding_sales WHERE member(documentType) = 'Order') o
        JOIN m_items i ON i.number = code(o.itemNo)
        {here("o.locationCode", options)}
        GROUP BY i.item_id, i.scale
    """


def _open_lines(options: SyncOptions, inputs: MappingInput) -> str:
    """Outstanding quantity of each sales order line, orders of any status."""
    count = options.deduct_sales_orders and not stock_source.tells_sold(options, inputs.sources)
    variant = "guid(l.itemVariantId)" if options.variant_mode == "variant" else "NULL"
    unplaced = "guid(l.locationId) IS NOT NULL AND k.id IS NULL" if options.locations else "false"
    there = f"""AND (({unplaced})
        OR coalesce(upper(code(k.code)), '') IN (SELECT code FROM m_locations))"""
    by_page = (
        f"AND l.item_id NOT IN (SELECT item_id FROM ({_PAGE}))"
        if _page_counts(options, inputs)
        else ""
    )
    # Lines without a shipped quantity count in full until the whole order is shipped.
    return f"""
        WITH open_lines AS (
            SELECT guid(l.itemId) AS item_id, CAST({variant} AS VARCHAR) AS variant_id,
                coalesce(code(o.number), '(no number)') AS order_number, l.sequence,
                {units.unit_name("l.unitOfMeasureCode")} AS unit, {unplaced} AS unplaced,
                greatest(CASE WHEN l.shippedQuantity IS NOT NULL
                    THEN l.quantity - l.shippedQuantity
                    WHEN coalesce(o.fullyShipped, false) THEN 0 ELSE l.quantity END, 0) AS quantity
            FROM bc.sales_order_lines l
            JOIN bc.sales_orders o ON o.id = l.documentId
            LEFT JOIN bc.locations k ON guid(k.id) = guid(l.locationId)
            WHERE l.lineType = 'Item' {there if options.locations else ""}
              AND {literal(count)}
        )
        SELECT l.*, i.number AS item_number, u.multiplier
        FROM open_lines l
        JOIN m_items i ON i.item_id = l.item_id
        LEFT JOIN m_units u ON u.item_id = l.item_id AND u.unit = l.unit
        WHERE l.quantity > 0 {by_page}
    """
