"""Items and the units they are counted in (mapping.md 1.6, 9)."""

from __future__ import annotations

from bc_pipeline.mapping.model import Facts
from bc_pipeline.mapping.values import rows
from bc_pipeline.tenants.model import SyncOptions


def steps(options: SyncOptions, facts: Facts) -> dict[str, str]:
    """Temporary tables every mapping of lines needs.

    ``m_items``: item_id, number, name, base_unit, stocked, blocked, scale (Optiply units per base
    unit). ``m_units``: item_id, unit ('' = none given), multiplier (Optiply units per unit). A
    unit without a row is unknown: what is counted in it must not be guessed.
    """
    return {"m_items": _items(options), "m_units": _units(facts)}


def scales(options: SyncOptions) -> str:
    """SELECT category, scale from the configuration."""
    given = [(category.upper(), scale) for category, scale in options.quantity_scale.items()]
    return rows(("category", "scale"), ("VARCHAR", "BIGINT"), given)


def _items(options: SyncOptions) -> str:
    return f"""
        SELECT guid(i.id) AS item_id, code(i.number) AS number,
            coalesce(text(i.displayName), text(i.number)) AS name,
            code(i.baseUnitOfMeasureCode) AS base_unit,
            coalesce(member(i.type) = 'Inventory', false) AS stocked,
            coalesce(i.blocked, false) AS blocked,
            coalesce(s.scale, 1) AS scale
        FROM bc.items i
        LEFT JOIN ({scales(options)}) s ON s.category = upper(code(i.itemCategoryCode))
    """


def _units(facts: Facts) -> str:
    base = """
        SELECT item_id, '' AS unit, CAST(scale AS DECIMAL(38,10)) AS multiplier FROM m_items
        UNION ALL
        SELECT item_id, base_unit, CAST(scale AS DECIMAL(38,10)) FROM m_items
        WHERE base_unit IS NOT NULL
    """
    if not facts.has("bc.item_units_of_measure"):
        return base
    return f"""
        {base}
        UNION ALL
        SELECT i.item_id, code(u.Code), max(u.Qty_per_Unit_of_Measure) * i.scale
        FROM bc.item_units_of_measure u
        JOIN m_items i ON i.number = code(u.Item_No)
        WHERE u.Qty_per_Unit_of_Measure > 0 AND code(u.Code) IS NOT NULL
          AND code(u.Code) IS DISTINCT FROM i.base_unit
        GROUP BY i.item_id, code(u.Code), i.scale
    """


def unit_name(column: str) -> str:
    """SQL: the key into ``m_units`` of a line's unit code."""
    return f"coalesce(code({column}), '')"
