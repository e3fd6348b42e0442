"""Free stock of each product (mapping.md 2.1): inventory minus what is already sold."""

from __future__ import annotations

from bc_pipeline.mapping import units
from bc_pipeline.mapping.definition import MappingInput
from bc_pipeline.mapping.values import NUMBER, literal, rows
from bc_pipeline.tenants.settings import SyncOptions

NOT_READ = "stock was not read"
NO_FIGURE = "Business Central gives no stock figure"
UNPLACED = "a sales order names a location that Business Central does not list"


def steps(options: SyncOptions, inputs: MappingInput) -> dict[str, str]:
    """Temporary tables with the stock per item and, in variant mode, per variant.

    ``m_stock``: item_id, variant_id (null = the item itself), inventory, outstanding, in Optiply's
    units. Either is null when it is not known as a whole: then there is no stock level at all,
    never half of one (mapping.md 2.1). ``m_open_lines``: the sales order lines that count, or may
    count (``unplaced``: nobody knows where); one whose unit is unknown has no multiplier and is
    left out of ``outstanding``: the line is in quarantine, not the product (mapping.md 9).
    """
    return {
        "m_locations": _chosen_locations(options),
        "m_inventory": _inventory(options, inputs),
        "m_open_lines": _open_lines(options, inputs),
        "m_outstanding": _outstanding(options, inputs),
        "m_stock": """
            SELECT n.item_id, n.variant_id, n.inventory * i.scale AS inventory,
                CASE WHEN o.item_id IS NULL THEN 0 ELSE o.quantity END AS outstanding
            FROM m_inventory n
            JOIN m_items i ON i.item_id = n.item_id
            LEFT JOIN m_outstanding o
                ON o.item_id = n.item_id AND o.variant_id IS NOT DISTINCT FROM n.variant_id
        """,
    }


def _chosen_locations(options: SyncOptions) -> str:
    """A blank code stands for goods without a location, which BC keeps as a place of its own."""
    codes = [(code.strip().upper(),) for code in options.locations]
    return rows(("code",), ("VARCHAR",), codes)


def _products(options: SyncOptions) -> str:
    """SELECT item_id, variant_id, has_variants of everything that has a stock of its own."""
    if options.variant_mode == "item":
        return "SELECT item_id, CAST(NULL AS VARCHAR) AS variant_id, false AS split FROM m_items"
    return """
        SELECT i.item_id, guid(v.id) AS variant_id, true AS split
        FROM m_items i JOIN bc.item_variants v ON guid(v.itemId) = i.item_id
        UNION ALL
        SELECT i.item_id, NULL, i.item_id IN (SELECT guid(itemId) FROM bc.item_variants)
        FROM m_items i
    """


def _inventory(options: SyncOptions, inputs: MappingInput) -> str:
    here = "WHERE coalesce(upper(code(b.LocationCode)), '') IN (SELECT code FROM m_locations)"
    # With a choice of locations a missing row means 0. Without the extension's rows the standard
    # figure serves, but it is one figure per item, so it says nothing about single variants.
    if not inputs.has("bc.inventory_by_locations"):
        figure = "NULL" if options.locations else "CASE WHEN NOT p.split THEN i.inventory END"
        return f"""
            SELECT p.item_id, p.variant_id, CAST({figure} AS {NUMBER}) AS inventory
            FROM ({_products(options)}) p
            JOIN bc.items i ON guid(i.id) = p.item_id
        """
    standard = "false" if options.locations else "NOT p.split"
    variant = "guid(b.VariantId)" if options.variant_mode == "variant" else "CAST(NULL AS VARCHAR)"
    return f"""
        WITH rows_here AS (
            SELECT coalesce(guid(b.ItemId), i.item_id) AS item_id, {variant} AS variant_id,
                CASE WHEN count(b.Inventory) = count(*) THEN sum(b.Inventory) END AS inventory
            FROM bc.inventory_by_locations b
            LEFT JOIN m_items i ON i.number = code(b.ItemNo)
            {here if options.locations else ""}
            GROUP BY ALL
        )
        SELECT p.item_id, p.variant_id,
            CAST(CASE WHEN {standard} THEN i.inventory WHEN r.item_id IS NULL THEN 0
                ELSE r.inventory END
                AS {NUMBER}) AS inventory
        FROM ({_products(options)}) p
        JOIN bc.items i ON guid(i.id) = p.item_id
        LEFT JOIN rows_here r
            ON r.item_id = p.item_id AND r.variant_id IS NOT DISTINCT FROM p.variant_id
    """


def _page_counts(options: SyncOptions, inputs: MappingInput) -> bool:
    """The page's figure covers all locations and variants of an item (mapping.md 2.1)."""
    return not options.locations and options.variant_mode == "item" and inputs.has("bc.item_page")


_PAGE = f"""
    SELECT i.item_id, CAST(NULL AS VARCHAR) AS variant_id,
        CAST(max(p.Qty_on_Sales_Order) * i.scale AS {NUMBER}) AS quantity
    FROM bc.item_page p JOIN m_items i ON i.number = code(p.No)
    WHERE p.Qty_on_Sales_Order IS NOT NULL
    GROUP BY i.item_id, i.scale
"""


def _outstanding(options: SyncOptions, inputs: MappingInput) -> str:
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


def _open_lines(options: SyncOptions, inputs: MappingInput) -> str:
    """Outstanding quantity of each sales order line, orders of any status."""
    variant = "guid(l.itemVariantId)" if options.variant_mode == "variant" else "NULL"
    unplaced = "guid(l.locationId) IS NOT NULL AND k.id IS NULL" if options.locations else "false"
    here = f"""AND (({unplaced})
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
            WHERE l.lineType = 'Item' {here if options.locations else ""}
              AND {literal(options.deduct_sales_orders)}
        )
        SELECT l.*, i.number AS item_number, u.multiplier
        FROM open_lines l
        JOIN m_items i ON i.item_id = l.item_id
        LEFT JOIN m_units u ON u.item_id = l.item_id AND u.unit = l.unit
        WHERE l.quantity > 0 {by_page}
    """
