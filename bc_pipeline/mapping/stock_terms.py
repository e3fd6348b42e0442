"""The stock level of a product as the sum it is: what lies where, and what is sold on which order.

For the people who ask why a figure is what it is. The figure itself is made by ``stock`` and
``sold``; what is here takes the same rows apart.
"""

from __future__ import annotations

from bc_pipeline.catalogue import stock_source
from bc_pipeline.mapping import sold, stock, units
from bc_pipeline.mapping.definition import MappingInput
from bc_pipeline.tenants.settings import SyncOptions

LEVEL = """
SELECT k.inventory, k.outstanding, i.scale, i.base_unit, n.inventory AS in_base_units
FROM m_stock k
JOIN m_items i ON i.item_id = k.item_id
JOIN m_inventory n ON n.item_id = k.item_id AND n.variant_id IS NOT DISTINCT FROM k.variant_id
WHERE k.item_id = $item AND k.variant_id IS NOT DISTINCT FROM $variant
"""
"""The two terms in Optiply's units, the units of Optiply per base unit, and the inventory in base
units. No row: the item has no stock of its own."""


def steps(options: SyncOptions, inputs: MappingInput) -> dict[str, str]:
    """The temporary tables that ``LEVEL``, ``lying`` and ``taken_off`` look at, in this order."""
    return {**units.steps(options, inputs), **stock.steps(options, inputs)}


def lying(options: SyncOptions, inputs: MappingInput) -> str:
    """SELECT place, quantity of $item and $variant in base units. ``place`` is a code, empty for
    goods without a location; no row where the source tells one figure for all places."""
    source = stock_source.in_force(options, inputs.sources)
    if source == "analytics":
        return f"""
            SELECT coalesce(upper(code(b.locationCode)), '') AS place,
                sum(b.remainingQuantity) AS quantity
            FROM (SELECT * FROM bc.stock_by_location b {sold.here("b.locationCode", options)}) b
            JOIN m_items i ON i.number = code(b.itemNo)
            WHERE i.item_id = $item AND $variant IS NULL GROUP BY place ORDER BY place
        """
    if source == "extension":
        variant = "$variant IS NULL"
        if options.variant_mode == "variant":
            variant = "guid(b.VariantId) IS NOT DISTINCT FROM $variant"
        chosen = sold.here("b.LocationCode", options)
        return f"""
            SELECT coalesce(upper(code(b.LocationCode)), '') AS place, sum(b.Inventory) AS quantity
            FROM (SELECT * FROM bc.inventory_by_locations b {chosen}) b
            LEFT JOIN m_items i ON i.number = code(b.ItemNo)
            WHERE coalesce(guid(b.ItemId), i.item_id) = $item AND {variant}
            GROUP BY place ORDER BY place
        """
    return "SELECT NULL AS place, NULL AS quantity WHERE $item IS NULL AND $variant IS NULL"


def taken_off(options: SyncOptions, inputs: MappingInput) -> str:
    """SELECT order_number, quantity (in ``unit``), unit ('' = base unit), taken (in Optiply's
    units; null: its unit is not known, so it is not taken off), unplaced (nobody knows where, so
    there is no stock) of $item and $variant."""
    if options.deduct_sales_orders and stock_source.tells_sold(options, inputs.sources):
        return f"""
            SELECT code(o.documentNo) AS order_number, o.outstandingQtyBase AS quantity, '' AS unit,
                o.outstandingQtyBase * i.scale AS taken, false AS unplaced
            FROM (SELECT * FROM bc.outstanding_sales o {sold.here("o.locationCode", options)}) o
            JOIN m_items i ON i.number = code(o.itemNo)
            WHERE i.item_id = $item AND $variant IS NULL AND member(o.documentType) = 'Order'
            ORDER BY order_number
        """
    return """
        SELECT order_number, quantity, unit, quantity * multiplier AS taken, unplaced
        FROM m_open_lines
        WHERE item_id = $item AND variant_id IS NOT DISTINCT FROM $variant
        ORDER BY order_number, sequence
    """
