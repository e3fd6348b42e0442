"""Who delivers which product (mapping.md 3.1): from the published item page where the tenant has
one, else derived from purchase orders and receipts.
"""

from __future__ import annotations

from bc_pipeline.mapping import derived_links, item_page_links, parents, units
from bc_pipeline.mapping.columns import as_sent
from bc_pipeline.mapping.model import Facts, Plan
from bc_pipeline.tenants.model import SyncOptions


def plan(options: SyncOptions, facts: Facts) -> Plan:
    """SQL of ``optiply.supplier_products``: one row per product and vendor.

    ``m_links`` of either source has: product_remote_id, vendor_id, item_number, item_name,
    vendor_number, derived, modified and the attributes.
    """
    source = item_page_links if facts.has("bc.item_page") else derived_links
    return Plan(
        steps={
            **units.steps(options, facts),
            "m_products": parents.step("products"),
            "m_suppliers": parents.step("suppliers"),
            "m_vendors": _VENDORS,
            "m_item_products": _item_products(options),
            **source.steps(options, facts),
        },
        wanted=f"{_LINKS} UNION ALL BY NAME {_OLD_PAIRS}",
        warnings=source.warnings(options),
    )


_VENDORS = "SELECT guid(id) AS vendor_id, code(number) AS number FROM bc.vendors"


def _item_products(options: SyncOptions) -> str:
    """SELECT item_id, product_remote_id: the products an item's supply data holds for."""
    bare = "SELECT item_id, item_id AS product_remote_id FROM m_items"
    if options.variant_mode == "item":
        return bare
    return f"""
        {bare}
        UNION ALL
        SELECT i.item_id, i.item_id || '_' || guid(v.id)
        FROM m_items i JOIN bc.item_variants v ON guid(v.itemId) = i.item_id
    """


_LINKS = """
    SELECT l.product_remote_id || '_' || l.vendor_id AS remote_id,
        l.item_number || ' from ' || l.vendor_number AS reference,
        CASE WHEN p.remote_id IS NULL OR v.remote_id IS NULL THEN 'skip'
            WHEN p.optiply_id IS NULL OR v.optiply_id IS NULL THEN 'defer'
            ELSE 'write' END AS decision,
        CASE WHEN p.remote_id IS NULL THEN 'item ' || l.item_number || ' is not in Optiply'
            WHEN v.remote_id IS NULL THEN 'vendor ' || l.vendor_number || ' is not in Optiply'
            WHEN p.optiply_id IS NULL THEN 'item ' || l.item_number || ' is not in Optiply yet'
            WHEN v.optiply_id IS NULL
                THEN 'vendor ' || l.vendor_number || ' is not in Optiply yet' END AS reason,
        l.modified AS source_modified_at,
        json_object('product_remote_id', l.product_remote_id, 'supplier_remote_id', l.vendor_id,
            'derived', l.derived) AS extra,
        coalesce(l.name, w.name, l.item_name) AS name,
        p.optiply_id AS productId, v.optiply_id AS supplierId,
        l.sku AS skuCode, l.ean AS eanCode, l.price,
        l.minimum_quantity AS minimumPurchaseQuantity, l.lot_size AS lotSize,
        l.delivery_time AS deliveryTime, l.preferred,
        CASE WHEN l.disabled THEN 'disabled' ELSE 'enabled' END AS status
    FROM m_links l
    LEFT JOIN m_products p ON p.remote_id = l.product_remote_id
    LEFT JOIN m_suppliers v ON v.remote_id = l.vendor_id
    LEFT JOIN optiply.products w ON w.remote_id = l.product_remote_id
"""

# The main vendor moved: the former pair stays as it is in Optiply, but disabled and not preferred
# (mapping.md 3.1). A pair whose item or page row is gone is not listed, so the deletion guard
# watches over it.
_OLD_PAIRS = f"""
    SELECT s.remote_id, i.number || ' from ' || coalesce(v.number, 'a former vendor') AS reference,
        'update_only' AS decision, 'the item has another main vendor now' AS reason,
        s.source_modified_at, s.extra,
        {as_sent("supplier_products", "s", preferred="false", status="'disabled'")}
    FROM sync.supplier_products s
    JOIN m_item_products p ON p.product_remote_id = left(s.remote_id, length(s.remote_id) - 37)
    JOIN m_items i ON i.item_id = p.item_id
    LEFT JOIN m_vendors v ON v.vendor_id = right(s.remote_id, 36)
    WHERE {parents.standing("s")}
      AND EXISTS (SELECT 1 FROM m_links l
          WHERE l.product_remote_id = p.product_remote_id AND NOT l.derived)
      AND NOT EXISTS (SELECT 1 FROM m_links l
          WHERE l.product_remote_id || '_' || l.vendor_id = s.remote_id)
"""
