"""Items of Business Central as products of Optiply (mapping.md 2)."""

from __future__ import annotations

import re
from decimal import Decimal

from bc_pipeline.catalogue.columns import sent
from bc_pipeline.catalogue.tables import TABLES
from bc_pipeline.errors import ConfigError
from bc_pipeline.mapping import foreign_keys, known, sold, stock, units
from bc_pipeline.mapping.definition import MappingInput, Plan
from bc_pipeline.mapping.values import MAX_PRICE, MAX_STOCK, MONEY, literal, rows
from bc_pipeline.tenants.settings import SyncOptions


def plan(options: SyncOptions, inputs: MappingInput) -> Plan:
    """SQL of ``optiply.products``: one row per item, in variant mode also one per variant."""
    return Plan(
        steps={
            **units.steps(options, inputs),
            **stock.steps(options, inputs),
            "m_parents": _bom_parents(inputs),
            "m_vat": _vat(options),
            "m_rows": _rows(options, inputs),
        },
        wanted=_wanted(options, inputs),
        warnings=(
            _DUPLICATE_GTIN,
            _row_warnings(options, inputs),
            *stock.warnings(options, inputs),
            *((_UNKNOWN_UNITS,) if inputs.stock_complete else ()),
        ),
    )


def _bom_parents(inputs: MappingInput) -> str:
    """Numbers of items that are put together from other items (mapping.md 10)."""
    where = "" if inputs.bom else "AND false"
    # A list that is empty or absent all of a sudden is no proof: a product stays composed as long
    # as its compositions stay in Optiply (decisions 25).
    return f"""
        SELECT DISTINCT code(parentItemNo) AS number FROM bc.bom_components
        WHERE member(componentType) = 'Item' {where}
        UNION
        SELECT i.number FROM sync.product_compositions s
        JOIN sync.products p ON p.optiply_id = {sent("s", "composedProductId", "BIGINT")}
        JOIN m_items i ON i.item_id = left(p.remote_id, 36)
        WHERE {foreign_keys.standing("s")}
            AND ({literal(not inputs.bom)} OR NOT EXISTS (FROM bc.bom_components))
    """


def _vat(options: SyncOptions) -> str:
    """SELECT tax_group, percent from the configuration; '' = items without a tax group."""
    given = [
        (group.strip().upper(), percent)
        for group, percent in options.vat_percent_by_tax_group.items()
    ]
    return rows(("tax_group", "percent"), ("VARCHAR", "DECIMAL(38,10)"), given)


def _article_code(options: SyncOptions, inputs: MappingInput) -> str:
    name = options.article_code_field
    if inputs.unknown_article_code:
        return "CAST(NULL AS VARCHAR)"
    if name is None:
        return "CASE WHEN v.id IS NOT NULL THEN text(i.number) END"
    if name not in TABLES["items"].columns or not re.fullmatch(r"[A-Za-z]\w*", name):
        raise ConfigError(f"sync.article_code_field: items are not read with a property {name!r}")
    return f'text(CAST(i."{name}" AS VARCHAR))'


def _rows(options: SyncOptions, inputs: MappingInput) -> str:
    """One row per product with every attribute, before it is decided what happens to it."""
    purchasing_blocked = (
        "(SELECT bool_or(p.Purchasing_Blocked) FROM bc.item_page p WHERE code(p.No) = m.number)"
        if inputs.has("bc.item_page")
        else "CAST(NULL AS BOOLEAN)"
    )
    composed_keeps_stock = literal(options.assembled_keep_stock)
    unit = (
        "CASE WHEN m.scale = 1 THEN left(m.base_unit, 10) END"
        if options.send_stock_measurement_unit
        else "NULL"
    )
    return f"""
        WITH facts AS (
            SELECT i.*, m.item_id, m.number AS item_number, m.name AS item_name, m.base_unit,
                m.stocked, m.blocked AS is_blocked, m.scale, m.category, v.code AS variant_code,
                v.description AS variant_description, k.variant_id,
                k.inventory AS physical, k.outstanding,
                m.number IN (SELECT number FROM m_parents) AS has_bom,
                m.number IN (SELECT number FROM m_parents) AND m.stocked
                    AND NOT {composed_keeps_stock} AS unlimited_by_bom,
                {purchasing_blocked} AS purchasing_blocked,
                {_article_code(options, inputs)} AS article_code,
                {_price()} AS price_excluding_vat,
                i.unitPrice > 0 AND coalesce(i.priceIncludesTax, false) AND t.percent IS NULL
                    AS vat_unknown,
                {unit} AS measurement_unit,
                k.variant_id IS NULL AND m.item_id IN (
                    SELECT item_id FROM m_stock WHERE variant_id IS NOT NULL) AS is_remainder
            FROM bc.items i
            JOIN m_items m ON m.item_id = guid(i.id)
            JOIN m_stock k ON k.item_id = m.item_id
            LEFT JOIN bc.item_variants v ON guid(v.id) = k.variant_id
            LEFT JOIN m_vat t ON t.tax_group = coalesce(upper(code(i.taxGroupCode)), '')
        )
        SELECT f.*,
            {foreign_keys.product_key("f.item_id", "f.variant_id", options)} AS remote_id,
            CASE WHEN variant_id IS NULL THEN text(number)
                ELSE text(number || '-' || coalesce(code(variant_code), '')) END AS sku,
            stocked AND NOT is_blocked AS enabled,
            {_stock_level(inputs)} AS stock_level
        FROM facts f
    """


def _price() -> str:
    """Price per Optiply unit without VAT; null when VAT is inside at an unknown rate."""
    hundred = literal(Decimal(100))
    return f"""CASE WHEN i.unitPrice <= 0 THEN 0.00
        WHEN NOT coalesce(i.priceIncludesTax, false) THEN money_ratio(i.unitPrice, 1, m.scale)
        ELSE money_ratio(i.unitPrice, scaled({hundred}),
                         scaled({hundred} + t.percent) * m.scale) END"""


def _stock_level(inputs: MappingInput) -> str:
    if inputs.stock_held or not inputs.stock_complete:
        return "CAST(NULL AS BIGINT)"
    return f"""CASE WHEN physical - outstanding > {MAX_STOCK} THEN {MAX_STOCK}
        ELSE floored(physical - outstanding) END"""


def _wanted(options: SyncOptions, inputs: MappingInput) -> str:
    no_stock = literal(stock.NOT_READ)
    if inputs.stock_complete:
        no_stock = f"""CASE WHEN r.physical IS NULL
            THEN {literal(stock.no_figure(options, inputs))}
            ELSE {literal(sold.unknown(options, inputs))} END"""
    if inputs.stock_held:
        no_stock = literal(inputs.stock_held)
    known_code = sent("s", "articleCode", "VARCHAR")
    article_code = known_code if inputs.unknown_article_code else "r.article_code"
    price_kept = f"r.scale IS NULL OR (r.vat_unknown AND {literal(inputs.unknown_tax_group)})"
    return f"""
        SELECT r.remote_id, r.sku AS reference,
            CASE WHEN r.item_name IS NULL THEN 'quarantine'
                WHEN NOT r.enabled OR {_NO_REMAINDER} THEN 'update_only'
                WHEN r.stock_level IS NULL AND NOT {_STANDS} THEN 'defer'
                ELSE 'write' END AS decision,
            CASE WHEN r.item_name IS NULL THEN 'the item has neither a name nor a number'
                WHEN r.is_blocked THEN 'the item is blocked'
                WHEN NOT r.stocked
                    THEN 'the item is of type ' || coalesce(member(r.type), '(blank)')
                        || ', not Inventory'
                WHEN {_NO_REMAINDER} THEN 'the item keeps its stock per variant'
                WHEN r.stock_level IS NULL AND NOT {_STANDS} THEN {no_stock} END AS reason,
            stamp(r.lastModifiedDateTime) AS source_modified_at,
            {known.PRODUCT_EXTRA} AS extra,
            CASE WHEN r.variant_id IS NULL THEN r.item_name
                ELSE text(r.item_name || ' - ' ||
                    coalesce(text(r.variant_description), text(r.variant_code), '')) END AS name,
            r.sku AS skuCode, {article_code} AS articleCode, text(r.gtin) AS eanCode,
            CASE WHEN r.price_excluding_vat <= {literal(MAX_PRICE)} AND NOT {_PRICE_LOST}
                    THEN r.price_excluding_vat
                WHEN {price_kept} THEN {sent("s", "price", MONEY)} END AS price,
            r.stock_level AS stockLevel,
            NOT r.stocked OR r.unlimited_by_bom AS unlimitedStock,
            CASE WHEN r.enabled THEN 'enabled' ELSE 'disabled' END AS status,
            r.purchasing_blocked AS notBeingBought,
            {"r.has_bom" if inputs.bom else "NULL"} AS assembled,
            NULL AS minimumStock, NULL AS maximumStock,
            CASE WHEN r.scale IS NULL THEN {sent("s", "stockMeasurementUnit", "VARCHAR")}
                ELSE r.measurement_unit END AS stockMeasurementUnit, NULL AS createdAtRemote
        FROM m_rows r
        LEFT JOIN sync.products s ON s.remote_id = r.remote_id
    """


_STANDS = f"coalesce({foreign_keys.standing('s')}, false)"

# The item itself beside its variants is a product only while stock lies under no variant.
_NO_REMAINDER = "(r.is_remainder AND coalesce(r.physical, 0) = 0)"

# A price that is only fractions of a cent per Optiply unit would arrive as free of charge.
_PRICE_LOST = "(r.price_excluding_vat = 0 AND r.unitPrice > 0)"

_DUPLICATE_GTIN = """
    WITH shared AS (
        SELECT text(gtin) AS gtin, min(code(number)) AS first_number,
            list(code(number) ORDER BY code(number)) AS numbers
        FROM bc.items WHERE text(gtin) IS NOT NULL
        GROUP BY text(gtin) HAVING count(*) > 1
    )
    SELECT guid(i.id) AS remote_id, 'duplicate_gtin' AS kind,
        'GTIN ' || s.gtin || ' is used by items ' || array_to_string(s.numbers[1:10], ', ')
            AS message,
        1 AS count
    FROM shared s JOIN bc.items i ON text(i.gtin) = s.gtin
"""


def _row_warnings(options: SyncOptions, inputs: MappingInput) -> str:
    """Warnings about products that are, or would be, in Optiply."""
    checks = [
        (
            "vat_unknown",
            "unknown_vat_rate",
            "'price left out: no VAT percentage is configured for "
            "tax group ' || coalesce(code(taxGroupCode), '(blank)')",
        ),
        (
            f"price_excluding_vat > {literal(MAX_PRICE)}",
            "price_too_high",
            "'price left out: ' || plain(unitPrice) || ' is more than Optiply takes'",
        ),
        (
            "price_excluding_vat = 0 AND unitPrice > 0",
            "price_below_one_cent",
            "'price left out: ' || plain(unitPrice) || ' is less than a cent per unit of Optiply'",
        ),
    ]
    if inputs.stock_complete:
        checks += [
            ("physical IS NULL", "stock_missing",
             f"'stock left out: ' || {literal(stock.no_figure(options, inputs))}"),
            ("physical IS NOT NULL AND outstanding IS NULL", "stock_missing",
             f"'stock left out: ' || {literal(sold.unknown(options, inputs))}"),
            ("is_fraction(physical - outstanding)", "fractional_quantity",
             "'stock ' || plain(physical - outstanding) || ' is rounded down'"),
            (f"physical - outstanding > {MAX_STOCK}", "stock_too_high",
             f"'stock ' || plain(physical - outstanding) || ' is sent as {MAX_STOCK}'"),
        ]  # fmt: skip
    selects = [
        f"SELECT remote_id, '{kind}' AS kind, sku || ': ' || {message} AS message, 1 AS count "
        f"FROM m_relevant WHERE {condition}"
        for condition, kind, message in checks
    ]
    return f"WITH m_relevant AS ({_RELEVANT}) {' UNION ALL '.join(selects)}"


_RELEVANT = f"""
    SELECT r.* FROM m_rows r
    JOIN optiply.products w ON w.remote_id = r.remote_id
    LEFT JOIN sync.products s ON s.remote_id = r.remote_id
    WHERE w.decision <> 'update_only' OR {_STANDS}
"""

# Such a line is left out of what is sold; the product goes on (mapping.md 9).
_UNKNOWN_UNITS = f"""
    SELECT r.remote_id, 'unknown_unit' AS kind,
        'sales order ' || l.order_number || ', line ' || coalesce(CAST(l.sequence AS VARCHAR), '?')
            || ': unit ' || l.unit || ' of item ' || l.item_number
            || ' is not known, the line is not deducted from stock' AS message,
        1 AS count
    FROM ({_RELEVANT}) r
    JOIN m_open_lines l
        ON l.item_id = r.item_id AND l.variant_id IS NOT DISTINCT FROM r.variant_id
    WHERE l.multiplier IS NULL AND NOT l.unplaced
"""
