"""Who delivers which product (mapping.md 3.1): from the published item page where the tenant has
one, else derived from purchase orders and receipts.
"""

from __future__ import annotations

from bc_pipeline.catalogue.columns import as_sent, sent
from bc_pipeline.mapping import derived_links, foreign_keys, item_page_links, known, units
from bc_pipeline.mapping.definition import MappingInput, Plan
from bc_pipeline.tenants.settings import SyncOptions


def plan(options: SyncOptions, inputs: MappingInput) -> Plan:
    """SQL of ``optiply.supplier_products``: one row per product and vendor.

    ``m_links`` of either source has: product_remote_id, vendor_id, item_number, item_name,
    vendor_number, derived, modified and the attributes.
    """
    source = item_page_links if inputs.has("bc.item_page") else derived_links
    return Plan(
        steps={
            **units.steps(options, inputs),
            "m_products": foreign_keys.step("products"),
            "m_suppliers": foreign_keys.step("suppliers"),
            "m_vendors": known.vendors(),
            "m_variants": known.variants(),
            "m_item_products": _item_products(options),
            "m_out_of_use": _OUT_OF_USE,
            **source.steps(options, inputs),
        },
        wanted=f"{_LINKS} UNION ALL BY NAME {_OLD_PAIRS} UNION ALL BY NAME {_HELD}",
        warnings=source.warnings(options),
    )


def _item_products(options: SyncOptions) -> str:
    """SELECT item_id, product_remote_id, listed: the products an item's supply data holds for."""
    bare = "SELECT item_id, item_id AS product_remote_id, listed FROM m_items"
    if options.variant_mode == "item":
        return bare
    return f"""
        {bare}
        UNION ALL
        SELECT v.item_id, v.item_id || '_' || v.variant_id, i.listed AND v.listed
        FROM m_variants v JOIN m_items i ON i.item_id = v.item_id
    """


# What has left its list is held by the deletion guard, or was taken out of use: its links follow.
_OUT_OF_USE = f"""
    SELECT s.remote_id FROM sync.products s
    WHERE {foreign_keys.standing("s")} AND {sent("s", "status", "VARCHAR")} = 'disabled'
      AND s.remote_id NOT IN (
          SELECT product_remote_id FROM m_item_products
          WHERE listed AND product_remote_id IS NOT NULL)
    UNION ALL
    SELECT s.remote_id FROM sync.suppliers s
    WHERE {foreign_keys.standing("s")} AND s.state = 'disabled'
      AND s.remote_id NOT IN (
          SELECT vendor_id FROM m_vendors WHERE listed AND vendor_id IS NOT NULL)
"""

_LINKS = f"""
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
        coalesce(l.name, w.name, {sent("k", "name", "VARCHAR")}, l.item_name) AS name,
        p.optiply_id AS productId, v.optiply_id AS supplierId,
        l.sku AS skuCode, l.ean AS eanCode, l.price,
        l.minimum_quantity AS minimumPurchaseQuantity, l.lot_size AS lotSize,
        l.delivery_time AS deliveryTime, l.preferred,
        CASE WHEN l.disabled OR l.product_remote_id IN (SELECT remote_id FROM m_out_of_use)
                OR l.vendor_id IN (SELECT remote_id FROM m_out_of_use)
            THEN 'disabled' ELSE 'enabled' END AS status
    FROM m_links l
    LEFT JOIN m_products p ON p.remote_id = l.product_remote_id
    LEFT JOIN m_suppliers v ON v.remote_id = l.vendor_id
    LEFT JOIN optiply.products w ON w.remote_id = l.product_remote_id
    LEFT JOIN sync.products k ON k.remote_id = l.product_remote_id
"""

# The main vendor moved: the former pair stays as it is in Optiply, but disabled and not preferred
# (mapping.md 3.1). A pair whose page row is gone is not listed, so the deletion guard watches over
# it.
_REFERENCE = "coalesce(i.number, 'an item') || ' from ' || coalesce(v.number, 'a former vendor')"
_OLD_PAIRS = f"""
    SELECT s.remote_id, {_REFERENCE} AS reference,
        'update_only' AS decision, 'the item has another main vendor now' AS reason,
        s.source_modified_at, s.extra,
        {as_sent("supplier_products", "s", preferred="false", status="'disabled'")}
    FROM sync.supplier_products s
    JOIN m_item_products p ON p.product_remote_id = left(s.remote_id, length(s.remote_id) - 37)
    LEFT JOIN m_items i ON i.item_id = p.item_id
    LEFT JOIN m_vendors v ON v.vendor_id = right(s.remote_id, 36)
    WHERE {foreign_keys.standing("s")}
      AND EXISTS (SELECT 1 FROM m_links l
          WHERE l.product_remote_id = p.product_remote_id AND NOT l.derived)
      AND NOT EXISTS (SELECT 1 FROM m_links l
          WHERE l.product_remote_id || '_' || l.vendor_id = s.remote_id)
"""

_STATUS = f"""CASE WHEN p.product_remote_id IN (SELECT remote_id FROM m_out_of_use)
        OR right(s.remote_id, 36) IN (SELECT remote_id FROM m_out_of_use)
    THEN 'disabled' ELSE {sent("s", "status", "VARCHAR")} END"""

# The item or the vendor has left its list, and with it what the pair was made from: it stays as
# it is while its product and supplier are in use (decisions 24).
_HELD = f"""
    SELECT s.remote_id, {_REFERENCE} AS reference, 'update_only' AS decision, NULL AS reason,
        s.source_modified_at, s.extra, {as_sent("supplier_products", "s", status=_STATUS)}
    FROM sync.supplier_products s
    JOIN m_item_products p ON p.product_remote_id = left(s.remote_id, length(s.remote_id) - 37)
    LEFT JOIN m_items i ON i.item_id = p.item_id
    LEFT JOIN m_vendors v ON v.vendor_id = right(s.remote_id, 36)
    WHERE {foreign_keys.standing("s")} AND NOT (p.listed AND coalesce(v.listed, false))
      AND NOT EXISTS (SELECT 1 FROM m_links l
          WHERE l.product_remote_id || '_' || l.vendor_id = s.remote_id)
      AND NOT EXISTS (SELECT 1 FROM m_links l
          WHERE l.product_remote_id = p.product_remote_id AND NOT l.derived)
"""
