"""Items and the units they are counted in (mapping.md 1.6, 9)."""

from __future__ import annotations

from bc_pipeline.mapping import known
from bc_pipeline.mapping.definition import MappingInput
from bc_pipeline.tenants.settings import SyncOptions


def steps(options: SyncOptions, inputs: MappingInput) -> dict[str, str]:
    """Temporary tables every mapping of lines needs.

    ``m_items``: see ``known.items``. ``m_units``: item_id, unit ('' = none given), multiplier
    (Optiply units per unit). A unit without a row is unknown: what is counted in it must not be
    guessed.
    """
    return {"m_items": known.items(options, inputs.unknown_categories), "m_units": _units(inputs)}


def _units(inputs: MappingInput) -> str:
    base = """
        SELECT item_id, '' AS unit, CAST(scale AS DECIMAL(38,10)) AS multiplier FROM m_items
        WHERE counted
        UNION ALL
        SELECT item_id, base_unit, CAST(scale AS DECIMAL(38,10)) FROM m_items
        WHERE counted AND base_unit IS NOT NULL
    """
    if not inputs.has("bc.item_units_of_measure"):
        return base
    return f"""
        {base}
        UNION ALL
        SELECT i.item_id, code(u.Code), max(u.Qty_per_Unit_of_Measure) * i.scale
        FROM bc.item_units_of_measure u
        JOIN m_items i ON i.number = code(u.Item_No)
        WHERE u.Qty_per_Unit_of_Measure > 0 AND code(u.Code) IS NOT NULL
          AND code(u.Code) IS DISTINCT FROM i.base_unit AND i.counted
        GROUP BY i.item_id, code(u.Code), i.scale
    """


def unit_name(column: str) -> str:
    """SQL: the key into ``m_units`` of a line's unit code."""
    return f"coalesce(code({column}), '')"
