"""Assembly BOM lines of Business Central as product compositions of Optiply (mapping.md 10)."""

from __future__ import annotations

from bc_pipeline.catalogue.columns import as_sent, sent
from bc_pipeline.mapping import foreign_keys, known, units
from bc_pipeline.mapping.definition import MappingInput, Plan
from bc_pipeline.tenants.settings import SyncOptions


def plan(options: SyncOptions, inputs: MappingInput) -> Plan:
    """SQL of ``optiply.product_compositions``: one row per composed product and part.

    Without a source nothing is known, so what stands in Optiply is listed as it is.
    """
    if not inputs.bom:
        return Plan(steps={}, wanted=_AS_SENT)
    return Plan(
        steps={
            **units.steps(options, inputs),
            "m_products": foreign_keys.step("products"),
            "m_variants": known.variants(),
            "m_variant_codes": _VARIANT_CODES,
            "m_lines": _lines(options),
            "m_pairs": _PAIRS,
        },
        wanted=f"{_WANTED} UNION ALL BY NAME {_MERGED} UNION ALL BY NAME {_HELD}",
        warnings=(_CIRCULAR, _FRACTIONS),
    )


_AS_SENT = f"""
    SELECT s.remote_id, s.remote_id AS reference, 'write' AS decision, NULL AS reason,
        s.source_modified_at, s.extra, {as_sent("product_compositions", "s")}
    FROM sync.product_compositions s WHERE {foreign_keys.standing("s")}
"""


# A code that was given away again means the variant that is listed.
_VARIANT_CODES = """
    SELECT item_id, code, arg_max(variant_id, (listed, variant_id)) AS variant_id
    FROM m_variants WHERE code IS NOT NULL GROUP BY item_id, code
"""


def _lines(options: SyncOptions) -> str:
    """Item lines of the BOMs with both products. Of the lines about the same pair, the one that
    stands in Optiply already, else the first id, speaks for all (``keeper``).

    ``quantity`` is in Optiply's units of the part, for one of Optiply's units of the parent.
    """
    # A variant that does not exist makes a key that no product has: never the item itself.
    variant = """CASE WHEN code(b.variantCode) IS NOT NULL
        THEN coalesce(v.variant_id, '?' || code(b.variantCode)) END"""
    part = foreign_keys.product_key("i.item_id", variant, options)
    number = "code(b.no)"
    if options.variant_mode == "variant":
        number += " || coalesce('-' || code(b.variantCode), '')"
    return f"""
        WITH line AS (
            SELECT guid(b.id) AS line_id, stamp(b.lastModifiedDateTime) AS modified,
                code(b.parentItemNo) AS parent_number, {number} AS part_number,
                coalesce(c.item_id, code(b.parentItemNo)) AS composed_id,
                coalesce({part}, {number}) AS part_id,
                coalesce(b.unitOfMeasureCode, '') AS unit, c.scale AS parent_scale,
                CAST(b.quantityPer * u.multiplier AS DECIMAL(38,10)) AS quantity
            FROM bc.bom_components b
            LEFT JOIN m_items c ON c.number = code(b.parentItemNo)
            LEFT JOIN m_items i ON i.number = code(b.no)
            LEFT JOIN m_variant_codes v ON v.item_id = i.item_id AND v.code = code(b.variantCode)
            LEFT JOIN m_units u
                ON u.item_id = i.item_id AND u.unit = {units.unit_name("b.unitOfMeasureCode")}
            WHERE member(b.componentType) = 'Item'
        )
        SELECT l.*, first_value(l.line_id) OVER (PARTITION BY l.composed_id, l.part_id
            ORDER BY coalesce({foreign_keys.standing("s")}, false) DESC, l.line_id) AS keeper
        FROM line l
        LEFT JOIN sync.product_compositions s ON s.remote_id = l.line_id
    """


_PAIRS = """
    WITH pair AS (
        SELECT keeper AS remote_id, composed_id, part_id, min(parent_number) AS parent_number,
            min(part_number) AS part_number, max(modified) AS modified,
            sum(quantity) AS part_quantity, max(parent_scale) AS parent_scale,
            min(CASE WHEN quantity IS NULL THEN unit END) AS unknown_unit
        FROM m_lines GROUP BY keeper, composed_id, part_id
    )
    SELECT a.*, a.composed_id = a.part_id OR EXISTS (
            SELECT 1 FROM pair b WHERE b.composed_id = a.part_id AND b.part_id = a.composed_id
        ) AS is_circular,
        a.part_quantity >= a.parent_scale
            AND a.part_quantity % coalesce(a.parent_scale, 1) = 0 AS is_whole,
        plain(a.part_quantity)
            || CASE WHEN a.parent_scale > 1 THEN ' for ' || a.parent_scale ELSE '' END
            AS quantity_text
    FROM pair a
"""

_WANTED = """
    SELECT a.remote_id, a.parent_number || ' / ' || a.part_number AS reference,
        CASE WHEN a.is_circular OR c.remote_id IS NULL OR p.remote_id IS NULL THEN 'skip'
            WHEN a.unknown_unit IS NOT NULL THEN 'quarantine'
            WHEN NOT a.is_whole THEN 'skip'
            WHEN c.optiply_id IS NULL OR p.optiply_id IS NULL THEN 'defer'
            ELSE 'write' END AS decision,
        CASE WHEN a.is_circular THEN 'the items contain each other'
            WHEN c.remote_id IS NULL THEN 'item ' || a.parent_number || ' is not in Optiply'
            WHEN p.remote_id IS NULL THEN 'item ' || a.part_number || ' is not in Optiply'
            WHEN a.unknown_unit IS NOT NULL THEN 'BOM of ' || a.parent_number || ': unit '
                || a.unknown_unit || ' of item ' || a.part_number || ' is not known'
            WHEN NOT a.is_whole
                THEN 'quantity ' || a.quantity_text || ' is not a whole number of 1 or more'
            WHEN c.optiply_id IS NULL
                THEN 'item ' || a.parent_number || ' is not in Optiply yet'
            WHEN p.optiply_id IS NULL
                THEN 'item ' || a.part_number || ' is not in Optiply yet' END AS reason,
        a.modified AS source_modified_at, NULL AS extra,
        c.optiply_id AS composedProductId, p.optiply_id AS partProductId,
        CASE WHEN a.is_whole THEN CAST(CAST(a.part_quantity AS HUGEINT) // a.parent_scale AS BIGINT)
            END AS partQuantity
    FROM m_pairs a
    LEFT JOIN m_products c ON c.remote_id = a.composed_id
    LEFT JOIN m_products p ON p.remote_id = a.part_id
"""

# A line counted with another one must not stand beside it.
_MERGED = """
    SELECT line_id AS remote_id, parent_number || ' / ' || part_number AS reference,
        'remove' AS decision, 'counted with another line of the same part' AS reason,
        modified AS source_modified_at, NULL AS extra,
        NULL AS composedProductId, NULL AS partProductId, NULL AS partQuantity
    FROM m_lines WHERE line_id <> keeper
"""

# An item that left its list takes its BOM along: what it consists of is not known any more, so it
# stays as it was sent (decisions 24).
_HELD = f"""
    SELECT s.remote_id, i.number AS reference, 'write' AS decision, NULL AS reason,
        s.source_modified_at, s.extra, {as_sent("product_compositions", "s")}
    FROM sync.product_compositions s
    JOIN sync.products c ON c.optiply_id = {sent("s", "composedProductId", "BIGINT")}
    JOIN m_items i ON i.item_id = left(c.remote_id, 36) AND NOT i.listed
    WHERE {foreign_keys.standing("s")} AND s.remote_id NOT IN (SELECT line_id FROM m_lines)
"""

_CIRCULAR = """
    SELECT remote_id, 'circular_composition' AS kind,
        'items ' || parent_number || ' and ' || part_number || ' contain each other' AS message,
        1 AS count
    FROM m_pairs WHERE is_circular
"""

_FRACTIONS = """
    SELECT a.remote_id, 'fractional_quantity' AS kind,
        'BOM of ' || parent_number || ': quantity ' || quantity_text || ' of ' || part_number
            || ' is left out' AS message,
        1 AS count
    FROM m_pairs a
    JOIN optiply.product_compositions w ON w.remote_id = a.remote_id
    WHERE NOT a.is_whole AND w.decision = 'skip' AND NOT a.is_circular
      AND a.composed_id IN (SELECT remote_id FROM m_products)
      AND a.part_id IN (SELECT remote_id FROM m_products)
"""
