"""The masters that documents are about: those Business Central lists now, and those it listed when
their product or supplier came to Optiply (decisions 24).

A fact about a document never depends on whether its item or vendor is still listed. So what a line
needs of them is remembered in the id map (``extra``), and the lists are completed from there.
"""

from __future__ import annotations

from bc_pipeline.catalogue.columns import extra, sent
from bc_pipeline.mapping import foreign_keys
from bc_pipeline.mapping.values import literal, rows
from bc_pipeline.tenants.settings import SyncOptions

PRODUCT_EXTRA = """json_object('number', r.item_number, 'base_unit', r.base_unit,
    'category', r.category, 'variant_code', code(r.variant_code))"""
"""SQL: what the id map remembers of the item, and variant, of a product ``r``."""

SUPPLIER_EXTRA = "json_object('number', v.number)"
"""SQL: what the id map remembers of the vendor ``v`` of a supplier."""


def items(options: SyncOptions, unknown_categories: frozenset[str] = frozenset()) -> str:
    """SELECT item_id, number, name, base_unit, category, stocked, blocked, scale (Optiply units
    per base unit, null when it is not known), counted (it is known), listed.

    One row per item. A number belongs to one of them only: to the one that is listed, else to the
    one that came to Optiply last; the others have none.

    Args:
        unknown_categories: with a factor in ``quantity_scale``, and not in BC. An item may be meant
            by one of them that came to Optiply under it, or is new; its category stays remembered
            until this is corrected.
    """
    counted, category = literal(True), "x.category"
    if unknown_categories:
        counted = _surely_counted(options, unknown_categories)
        before = _category_before("x.item_id")
        category = f"CASE WHEN x.counted THEN x.category ELSE {before} END"
    return f"""
        WITH listed AS (
            SELECT guid(i.id) AS item_id, code(i.number) AS number,
                coalesce(text(i.displayName), text(i.number)) AS name,
                code(i.baseUnitOfMeasureCode) AS base_unit,
                upper(code(i.itemCategoryCode)) AS category,
                coalesce(member(i.type) = 'Inventory', false) AS stocked,
                coalesce(i.blocked, false) AS blocked, {counted} AS counted, true AS listed,
                CAST(NULL AS BIGINT) AS optiply_id
            FROM bc.items i
        ), remembered AS (
            SELECT left(s.remote_id, 36) AS item_id,
                coalesce({extra("s", "number")}, CASE WHEN {_is_bare("s")}
                    THEN code({sent("s", "skuCode", "VARCHAR")}) END) AS number,
                {sent("s", "name", "VARCHAR")} AS name, {extra("s", "base_unit")} AS base_unit,
                {extra("s", "category")} AS category, true AS stocked, false AS blocked,
                {extra("s", "number")} IS NOT NULL OR {literal(not options.quantity_scale)}
                    AS counted,
                false AS listed, s.optiply_id
            FROM sync.products s
            WHERE {foreign_keys.standing("s")}
              AND left(s.remote_id, 36) NOT IN (
                  SELECT item_id FROM listed WHERE item_id IS NOT NULL)
            QUALIFY row_number() OVER (PARTITION BY left(s.remote_id, 36)
                ORDER BY length(s.remote_id), s.remote_id) = 1
        )
        SELECT x.* EXCLUDE (optiply_id) REPLACE ({_only_one("x")} AS number,
                {category} AS category),
            CASE WHEN x.counted THEN coalesce(c.scale, 1) END AS scale
        FROM (FROM listed UNION ALL BY NAME FROM remembered) x
        LEFT JOIN ({_scales(options)}) c ON c.category = x.category
    """


def variants() -> str:
    """SELECT variant_id, item_id, code, listed."""
    return f"""
        WITH listed AS (
            SELECT guid(id) AS variant_id, guid(itemId) AS item_id, code(code) AS code,
                true AS listed
            FROM bc.item_variants
        )
        FROM listed
        UNION ALL
        SELECT right(s.remote_id, 36), left(s.remote_id, 36), {extra("s", "variant_code")}, false
        FROM sync.products s
        WHERE {foreign_keys.standing("s")} AND NOT {_is_bare("s")}
          AND right(s.remote_id, 36) NOT IN (
              SELECT variant_id FROM listed WHERE variant_id IS NOT NULL)
    """


def vendors() -> str:
    """SELECT vendor_id, number, listed; numbers as of ``items``."""
    return f"""
        WITH listed AS (
            SELECT guid(id) AS vendor_id, code(number) AS number, true AS listed,
                CAST(NULL AS BIGINT) AS optiply_id
            FROM bc.vendors
        ), remembered AS (
            SELECT s.remote_id AS vendor_id, {extra("s", "number")} AS number, false AS listed,
                s.optiply_id
            FROM sync.suppliers s
            WHERE {foreign_keys.standing("s")}
              AND s.remote_id NOT IN (SELECT vendor_id FROM listed WHERE vendor_id IS NOT NULL)
        )
        SELECT x.* EXCLUDE (optiply_id) REPLACE ({_only_one("x")} AS number)
        FROM (FROM listed UNION ALL BY NAME FROM remembered) x
    """


def _surely_counted(options: SyncOptions, unknown_categories: frozenset[str]) -> str:
    """SQL: an item of ``bc.items i`` cannot be one that an unknown category means."""
    before = _category_before("guid(i.id)")
    return f"""coalesce(upper(code(i.itemCategoryCode)) IS NULL
        OR upper(code(i.itemCategoryCode)) IN (SELECT category FROM ({_scales(options)}))
        OR {before} NOT IN ({", ".join(map(literal, sorted(unknown_categories)))}), false)"""


def _category_before(item_id: str) -> str:
    """SQL: the category under which an item came to Optiply, null when it is not known."""
    return f"""(SELECT max({extra("s", "category")}) FROM sync.products s
        WHERE {foreign_keys.standing("s")} AND left(s.remote_id, 36) = {item_id})"""


def _is_bare(alias: str) -> str:
    """SQL: a product is an item itself, not one of its variants."""
    return f"(length({alias}.remote_id) <= 36)"


def _only_one(alias: str) -> str:
    """SQL: the number of a row, when no other has a better claim to it."""
    return f"""CASE WHEN row_number() OVER (PARTITION BY {alias}.number
        ORDER BY {alias}.listed DESC, {alias}.optiply_id DESC NULLS FIRST) = 1
        THEN {alias}.number END"""


def _scales(options: SyncOptions) -> str:
    """SELECT category, scale from the configuration."""
    given = [
        (category.strip().upper(), scale) for category, scale in options.quantity_scale.items()
    ]
    return rows(("category", "scale"), ("VARCHAR", "BIGINT"), given)
