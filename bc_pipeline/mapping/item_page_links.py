"""Supplier products from the published item page, source B of mapping.md 3.1."""

from __future__ import annotations

from bc_pipeline.catalogue.columns import sent
from bc_pipeline.mapping import foreign_keys, lead_time
from bc_pipeline.mapping.definition import MappingInput
from bc_pipeline.mapping.values import MONEY
from bc_pipeline.tenants.settings import SyncOptions

_LEAD_TIME = "p.Lead_Time_Calculation"


def steps(options: SyncOptions, inputs: MappingInput) -> dict[str, str]:
    """``m_links``: the main vendor of each listed item; supply data is a fact about the item. What
    is counted stays as it was sent while the item's scale is not known."""
    del inputs
    factor = "u.multiplier" if options.lot_size_from_purchase_unit else "NULL"
    # The item card's costs are per base unit and in LCY; 0 means unknown, not free.
    cost = """coalesce(nullif(p.Last_Direct_Cost, 0), nullif(p.Unit_Cost, 0), nullif(b.unitCost, 0))
    """
    return {
        "m_page": f"""
            SELECT p.*, i.item_id, i.number AS item_number, i.name AS item_name,
                i.blocked AS item_blocked, i.scale, v.vendor_id, v.number AS vendor_number,
                {factor} AS purchase_factor, {cost} AS cost,
                stamp(b.lastModifiedDateTime) AS modified
            FROM bc.item_page p
            JOIN m_items i ON i.number = code(p.No) AND i.listed
            JOIN bc.items b ON guid(b.id) = i.item_id
            LEFT JOIN m_vendors v ON v.number = code(p.Vendor_No)
            LEFT JOIN m_units u
                ON u.item_id = i.item_id AND u.unit = code(p.Purch_Unit_of_Measure)
            WHERE code(p.Vendor_No) IS NOT NULL
        """,
        "m_links": f"""
            SELECT x.product_remote_id, p.vendor_id, p.item_number, p.item_name, p.vendor_number,
                false AS derived, p.modified, text(p.Description) AS name,
                text(p.Vendor_Item_No) AS sku, text(p.GTIN) AS ean,
                CASE WHEN p.scale IS NULL THEN {sent("s", "price", MONEY)}
                    WHEN p.cost > 0 THEN nullif(money_ratio(p.cost, 1, p.scale), 0) END AS price,
                CASE WHEN p.scale IS NULL THEN {sent("s", "minimumPurchaseQuantity", "BIGINT")}
                    ELSE at_least_one(p.Minimum_Order_Quantity * p.scale) END AS minimum_quantity,
                CASE WHEN p.scale IS NULL THEN {sent("s", "lotSize", "BIGINT")}
                    ELSE coalesce(at_least_one(p.Order_Multiple * p.scale),
                        at_least_one(p.purchase_factor)) END AS lot_size,
                {lead_time.delivery_time(_LEAD_TIME, options.lead_time_letters)} AS delivery_time,
                true AS preferred,
                p.item_blocked OR coalesce(p.Blocked, false)
                    OR coalesce(p.Purchasing_Blocked, false) AS disabled
            FROM m_page p
            JOIN m_item_products x ON x.item_id = p.item_id AND x.listed
            LEFT JOIN sync.supplier_products s
                ON s.remote_id = x.product_remote_id || '_' || p.vendor_id
                AND {foreign_keys.standing("s")}
            WHERE p.vendor_id IS NOT NULL
        """,
    }


def warnings(options: SyncOptions) -> tuple[str, ...]:
    """Unknown vendors, lead times that are no formula, fractions of quantities."""
    unreadable = lead_time.not_understood(_LEAD_TIME, options.lead_time_letters)
    return (
        f"""
        SELECT item_id AS remote_id, 'unknown_vendor' AS kind,
            'item ' || item_number || ': vendor ' || code(Vendor_No) || ' does not exist'
                AS message, 1 AS count
        FROM m_page WHERE vendor_id IS NULL
        UNION ALL
        SELECT item_id || '_' || vendor_id, 'lead_time_not_understood',
            'item ' || item_number || ': lead time ' || Lead_Time_Calculation || ' left out', 1
        FROM m_page p WHERE vendor_id IS NOT NULL AND {unreadable}
        UNION ALL
        SELECT item_id || '_' || vendor_id, 'fractional_quantity',
            'item ' || item_number || ': order quantity ' || plain(quantity) || ' is rounded up', 1
        FROM (
            SELECT item_id, vendor_id, item_number,
                unnest([Minimum_Order_Quantity * scale, Order_Multiple * scale]) AS quantity
            FROM m_page
        ) WHERE vendor_id IS NOT NULL AND is_fraction(quantity)
        """,
    )
