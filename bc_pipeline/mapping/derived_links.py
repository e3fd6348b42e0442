"""Supplier products derived from what was ordered and received, source C of mapping.md 3.1."""

from __future__ import annotations

from bc_pipeline.catalogue.columns import sent
from bc_pipeline.mapping import currency, foreign_keys, units
from bc_pipeline.mapping.definition import MappingInput
from bc_pipeline.mapping.foreign_keys import product_key
from bc_pipeline.mapping.order_lines import discounted
from bc_pipeline.mapping.values import MONEY
from bc_pipeline.tenants.settings import SyncOptions


def steps(options: SyncOptions, inputs: MappingInput) -> dict[str, str]:
    """``m_links``: every (item, vendor) seen on a purchase order or a receipt.

    The newest line with a known cost gives the price, the newest line of all the preferred
    vendor.
    """
    del inputs
    return {
        "m_purchases": f"{_order_lines(options)} UNION ALL {_receipt_lines(options)}",
        **currency.steps("m_purchases"),
        "m_priced": _PRICED,
        "m_links": _LINKS,
    }


def warnings(options: SyncOptions) -> tuple[str, ...]:
    """Prices that could not be derived from the newest line that has a cost."""
    del options
    return (
        """
        SELECT product_remote_id || '_' || vendor_id AS remote_id,
            CASE WHEN unknown_unit THEN 'unknown_unit' ELSE 'missing_rate' END AS kind,
            'price of item ' || item_number || ' from vendor ' || vendor_number || ' left out: '
                || CASE WHEN unknown_unit THEN 'unit ' || unit || ' is not known'
                    ELSE 'no exchange rate of ' || currency END AS message,
            1 AS count
        FROM m_links WHERE unknown_unit OR rate_missing
        """,
    )


# What a line cost without VAT and after line discount. The direct cost holds VAT when the prices
# of the order do; the line amount never does, but is in whole cents.
_ORDER_COST = f"""
    CASE WHEN coalesce(o.pricesIncludeTax, false)
        THEN coalesce(l.amountExcludingTax, l.netAmount)
        ELSE l.quantity * {discounted("l.directUnitCost")} END
"""


def _order_lines(options: SyncOptions) -> str:
    product = product_key("guid(l.itemId)", "guid(l.itemVariantId)", options)
    return f"""
        SELECT l.id AS doc, {product} AS product_remote_id, guid(l.itemId) AS item_id,
            guid(o.vendorId) AS vendor_id,
            coalesce(day(o.orderDate), day(o.postingDate)) AS placed,
            0 AS kind, o.number AS document, l.sequence,
            code(o.currencyCode) AS currency,
            {units.unit_name("l.unitOfMeasureCode")} AS unit, l.quantity,
            CAST({_ORDER_COST} AS DECIMAL(38,10)) AS cost
        FROM bc.purchase_order_lines l
        JOIN bc.purchase_orders o ON o.id = l.documentId
        WHERE l.lineType = 'Item' AND l.quantity > 0
    """


def _receipt_lines(options: SyncOptions) -> str:
    """Receipts name items and vendors by number only, and no variant."""
    del options
    return f"""
        SELECT l.id, i.item_id, i.item_id, v.vendor_id,
            coalesce(day(r.postingDate), CAST(stamp(r.lastModifiedDateTime) AS DATE)),
            1, r.number, l.sequence, code(r.currencyCode),
            {units.unit_name("l.unitOfMeasureCode")}, l.quantity,
            CAST(l.quantity * {discounted("l.unitCost")} AS DECIMAL(38,10))
        FROM bc.purchase_receipt_lines l
        JOIN bc.purchase_receipts r ON r.id = l.documentId
        JOIN m_items i ON i.number = code(l.lineObjectNumber)
        JOIN m_vendors v ON v.number = code(r.vendorNumber)
        WHERE l.lineType = 'Item' AND l.quantity > 0
    """


_NEWEST = "placed DESC NULLS LAST, kind, document DESC, sequence DESC, p.doc"
"""Newest first; of the same day an open order before a receipt, then by number: never by chance."""

_PRICED = f"""
    SELECT p.*, coalesce(i.number, '(no number)') AS item_number, i.name AS item_name, i.blocked,
        coalesce(v.number, '(no number)') AS vendor_number,
        u.multiplier IS NULL AND p.cost > 0 AS unknown_unit,
        r.missing AND p.cost > 0 AS rate_missing,
        CASE WHEN p.cost > 0 AND NOT r.missing THEN money_ratio(p.cost,
            r.numerator * reduced(10000000000, scaled(p.quantity * u.multiplier)),
            r.denominator * reduced(scaled(p.quantity * u.multiplier), 10000000000)) END AS price,
        row_number() OVER (PARTITION BY p.product_remote_id, p.vendor_id
            ORDER BY p.cost > 0 DESC, {_NEWEST}) AS price_rank,
        first_value(p.vendor_id) OVER (PARTITION BY p.product_remote_id ORDER BY {_NEWEST})
            AS newest_vendor
    FROM m_purchases p
    JOIN m_items i ON i.item_id = p.item_id
    JOIN m_vendors v ON v.vendor_id = p.vendor_id
    JOIN m_rates r ON r.doc = p.doc
    LEFT JOIN m_units u ON u.item_id = p.item_id AND u.unit = p.unit
"""

# A price that cannot be computed any more keeps its last sent value (decisions 24).
_LINKS = f"""
    SELECT product_remote_id, vendor_id, item_number, item_name, vendor_number, true AS derived,
        CAST(NULL AS TIMESTAMPTZ) AS modified, CAST(NULL AS VARCHAR) AS name,
        CAST(NULL AS VARCHAR) AS sku, CAST(NULL AS VARCHAR) AS ean,
        coalesce(nullif(price, 0), CASE WHEN unknown_unit OR rate_missing
            THEN {sent("s", "price", MONEY)} END) AS price,
        NULL AS minimum_quantity, NULL AS lot_size, NULL AS delivery_time,
        vendor_id = newest_vendor AS preferred, blocked AS disabled,
        unknown_unit, rate_missing, unit, currency
    FROM m_priced
    LEFT JOIN sync.supplier_products s
        ON s.remote_id = product_remote_id || '_' || vendor_id AND {foreign_keys.standing("s")}
    WHERE price_rank = 1
"""
