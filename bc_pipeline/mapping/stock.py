"""Free stock of each product (mapping.md 2.1): inventory minus what is already sold."""

from __future__ import annotations

from bc_pipeline.catalogue import stock_source
from bc_pipeline.mapping import sold
from bc_pipeline.mapping.definition import MappingInput
from bc_pipeline.mapping.values import NUMBER, literal, rows
from bc_pipeline.tenants.settings import SyncOptions

MOST_NAMED = 50
"""Items whose sums differ that are named one by one in a run."""
NOT_READ = "stock was not read"
NO_FIGURE = "Business Central gives no stock figure"
NO_VARIANTS = (
    "Business Central's Analytics API tells the stock of items, not of their variants; Optiply's "
    "extension does, or set sync.variant_mode: item"
)


def steps(options: SyncOptions, inputs: MappingInput) -> dict[str, str]:
    """Temporary tables with the stock per item and, in variant mode, per variant.

    ``m_stock``: item_id, variant_id (null = the item itself), inventory, outstanding, in Optiply's
    units. Either is null when it is not known as a whole: then there is no stock level at all,
    never half of one (mapping.md 2.1). Those of ``sold.steps`` come before it.
    """
    return {
        "m_locations": _chosen_locations(options),
        "m_inventory": _inventory(options, inputs),
        **sold.steps(options, inputs),
        "m_stock": """
            SELECT n.item_id, n.variant_id, n.inventory * i.scale AS inventory,
                CASE WHEN o.item_id IS NULL THEN 0 ELSE o.quantity END AS outstanding
            FROM m_inventory n
            JOIN m_items i ON i.item_id = n.item_id
            LEFT JOIN m_outstanding o
                ON o.item_id = n.item_id AND o.variant_id IS NOT DISTINCT FROM n.variant_id
        """,
    }


def no_figure(options: SyncOptions, inputs: MappingInput) -> str:
    """Why a product may have no inventory although stock was read."""
    by_entries = stock_source.in_force(options, inputs.sources) == "analytics"
    return NO_VARIANTS if by_entries and options.variant_mode == "variant" else NO_FIGURE


def warnings(options: SyncOptions, inputs: MappingInput) -> tuple[str, ...]:
    """SELECTs of what is wrong with the stock of items, whatever becomes of their products."""
    given = (
        (inputs.stock_compared, _SUMS_DIFFER),
        (inputs.stock_complete and no_figure(options, inputs) == NO_VARIANTS, _NO_VARIANTS),
    )
    return tuple(select for holds, select in given if holds)


SUMS = """
    SELECT guid(i.id) AS item_id, code(i.number) AS number, i.inventory,
        coalesce(s.quantity, 0) AS lying
    FROM bc.items i
    LEFT JOIN (SELECT code(itemNo) AS number, sum(remainingQuantity) AS quantity
        FROM bc.stock_by_location GROUP BY ALL) s ON s.number = code(i.number)
    WHERE member(i.type) = 'Inventory' AND i.inventory <> coalesce(s.quantity, 0)
"""
"""SELECT item_id, number, inventory, lying: items whose open entries at all locations together are
not their inventory (platform 2). Goods that moved between the two reads show here, too."""

_SUMS_DIFFER = f"""
    WITH differing AS (SELECT *, row_number() OVER (ORDER BY number) AS place FROM ({SUMS}))
    SELECT item_id AS remote_id, 'stock_sums_differ' AS kind,
        'item ' || number || ': its inventory is ' || plain(inventory) || ', but '
            || plain(lying) || ' lie at all locations together by its open entries. Goods that '
            || 'moved meanwhile differ once; if it stays, look for entries this user may not see'
            AS message,
        1 AS count
    FROM differing WHERE place <= {MOST_NAMED}
    UNION ALL
    SELECT NULL, 'stock_sums_differ',
        count(*) || ' more items have another inventory than lies at all locations together',
        count(*)
    FROM differing WHERE place > {MOST_NAMED} HAVING count(*) > 0
"""

_NO_VARIANTS = f"""
    SELECT i.item_id AS remote_id, 'variants_without_stock' AS kind,
        'item ' || i.number || ' has variants, its stock is left out: ' || {literal(NO_VARIANTS)}
            AS message,
        1 AS count
    FROM m_items i
    WHERE i.listed AND i.stocked AND i.item_id IN (SELECT guid(itemId) FROM bc.item_variants)
"""


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
    """SELECT item_id, variant_id, inventory from the source in force. One figure for an item says
    nothing about its single variants; with a list by location a missing row means 0."""
    source = stock_source.in_force(options, inputs.sources)
    lying, figure = _NOTHING, "NULL"
    if source == "items":
        figure = "CASE WHEN NOT p.split THEN i.inventory END"
    elif source == "analytics":
        lying = _of_entries(options)
        figure = "CASE WHEN p.split THEN NULL WHEN r.item_id IS NULL THEN 0 ELSE r.inventory END"
    elif source == "extension":
        lying = _of_extension(options)
        by_item = not options.locations and options.stock_source == "auto"
        standard = "WHEN NOT p.split THEN i.inventory" if by_item else ""
        figure = f"CASE {standard} WHEN r.item_id IS NULL THEN 0 ELSE r.inventory END"
    return f"""
        WITH lying AS ({lying})
        SELECT p.item_id, p.variant_id, CAST({figure} AS {NUMBER}) AS inventory
        FROM ({_products(options)}) p
        JOIN bc.items i ON guid(i.id) = p.item_id
        LEFT JOIN lying r
            ON r.item_id = p.item_id AND r.variant_id IS NOT DISTINCT FROM p.variant_id
    """


_NOTHING = "SELECT NULL::VARCHAR AS item_id, NULL::VARCHAR AS variant_id WHERE false"


def _of_extension(options: SyncOptions) -> str:
    variant = "guid(b.VariantId)" if options.variant_mode == "variant" else "CAST(NULL AS VARCHAR)"
    return f"""
        SELECT coalesce(guid(b.ItemId), i.item_id) AS item_id, {variant} AS variant_id,
            CASE WHEN count(b.Inventory) = count(*) THEN sum(b.Inventory) END AS inventory
        FROM bc.inventory_by_locations b
        LEFT JOIN m_items i ON i.number = code(b.ItemNo)
        {sold.here("b.LocationCode", options)}
        GROUP BY ALL
    """


def _of_entries(options: SyncOptions) -> str:
    """The remaining quantities of the open entries of an item, whatever their variants."""
    return f"""
        SELECT i.item_id, CAST(NULL AS VARCHAR) AS variant_id,
            CASE WHEN count(b.remainingQuantity) = count(*) THEN sum(b.remainingQuantity) END
                AS inventory
        FROM bc.stock_by_location b
        JOIN m_items i ON i.number = code(b.itemNo)
        {sold.here("b.locationCode", options)}
        GROUP BY ALL
    """
