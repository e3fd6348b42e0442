"""Looking up the vendors and items of buy orders: our id map first, then Optiply's own
``remoteIdMap``, then Business Central as it is now (mapping.md 8.2).

Who is blocked and whether a record still exists is asked of Business Central itself; units and
purchasing details, which only published pages show, come from the mirror.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from bc_pipeline.business_central.client import BusinessCentral, Company
from bc_pipeline.business_central.lookup.by_property import find_rows
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.reading import mirror_state
from bc_pipeline.reading import named_settings as named
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_business_central.buy_orders.buy_order import BuyOrder
from bc_pipeline.to_business_central.buy_orders.resolve import (
    Catalogue,
    Item,
    Product,
    Supplier,
    Vendor,
)
from bc_pipeline.values import ZERO_GUID

VENDOR_COLUMNS = ("id", "number", "displayName", "blocked", "currencyCode")
ITEM_COLUMNS = ("id", "number", "blocked", "baseUnitOfMeasureCode", "itemCategoryCode")
ALL_BLOCKED = "All"
"""Only this member stops documents; ``Payment`` stops payments (rules.md 2.4)."""

_IN_MAP = """
SELECT optiply_id, remote_id, CAST(last_sent AS VARCHAR) FROM sync.{name}
WHERE optiply_id IN (SELECT unnest(CAST(? AS BIGINT[]))) AND state <> 'deleted'
"""
_PAGE = """
SELECT trim("No"), nullif(trim(Purch_Unit_of_Measure), ''),
    coalesce(Purchasing_Blocked, false) FROM bc.item_page
WHERE trim("No") IN (SELECT unnest(CAST(? AS VARCHAR[])))
"""
_UNITS = """
SELECT trim(Item_No), trim(Code), Qty_per_Unit_of_Measure FROM bc.item_units_of_measure
WHERE trim(Item_No) IN (SELECT unnest(CAST(? AS VARCHAR[]))) AND Qty_per_Unit_of_Measure > 0
"""


@dataclass(frozen=True)
class _Link:
    """What Optiply's side of a record says: its label, its SKU and its remote id."""

    label: str
    sku: str | None
    remote_id: str | None


_CATEGORIES = """
SELECT left(remote_id, 36), max(json_extract_string(extra, '$.category')) FROM sync.products
WHERE left(remote_id, 36) IN (SELECT unnest(CAST(? AS VARCHAR[])))
  AND optiply_id IS NOT NULL AND state <> 'deleted'
GROUP BY ALL
"""
"""Under which category items came to Optiply."""


@dataclass(frozen=True)
class CatalogueReader:
    """Reads what the orders of one run need.

    Args:
        tenant: its settings.
        bc, company: where the vendors and items are.
        optiply: asked for suppliers and products our id map does not know.
        snapshot: id map and mirror.
    """

    tenant: Tenant
    bc: BusinessCentral
    company: Company
    optiply: Optiply
    snapshot: Snapshot

    def read(self, orders: Iterable[BuyOrder]) -> Catalogue:
        """Suppliers and products of the orders.

        Raises:
            AuthError, Cancelled, ReadFailed, RequestFailed: a system could not say.
        """
        orders = list(orders)
        named = {o.supplier_id for o in orders if o.supplier_id is not None}
        suppliers = self._links("suppliers", named)
        products = self._links("products", {x.product_id for o in orders for x in o.ordered})
        return Catalogue(self._suppliers(suppliers), self._products(products))

    # --- Optiply's side ------------------------------------------------------------------------

    def _links(self, resource: str, ids: Collection[int]) -> dict[int, _Link]:
        """By Optiply id; ids Optiply does not know are left out."""
        with self.snapshot.cursor() as cursor:
            known = cursor.execute(_IN_MAP.format(name=resource), [sorted(ids)]).fetchall()
        links = {
            optiply_id: _link(optiply_id, orjson.loads(sent or "{}"), remote_id)
            for optiply_id, remote_id, sent in known
        }
        for optiply_id in sorted(set(ids) - links.keys()):
            record = self.optiply.get(resource, optiply_id)
            if record is not None:
                # Another coupling's remote id belongs to another system.
                remote = record.attributes.get("remoteIdMap")
                own = (
                    remote.get(str(self.optiply.coupling_id))
                    if isinstance(remote, Mapping)
                    else None
                )
                links[optiply_id] = _link(optiply_id, record.attributes, own)
        return links

    # --- Business Central's side ---------------------------------------------------------------

    def _suppliers(self, links: Mapping[int, _Link]) -> dict[int, Supplier]:
        given = {link.remote_id for link in links.values() if link.remote_id}
        vendors = {row["id"].lower(): row for row in self._rows("vendors", "id", given)}
        others = {text for text in given if text.lower() not in vendors}
        if others and self.tenant.exports.vendor_by_number:
            rows = self._rows("vendors", "number", others)
            vendors |= {str(row["number"]).lower(): row for row in rows}
        return {
            optiply_id: Supplier(
                link.label,
                linked=link.remote_id is not None,
                vendor=_vendor(vendors.get((link.remote_id or "").lower())),
            )
            for optiply_id, link in links.items()
        }

    def _products(self, links: Mapping[int, _Link]) -> dict[int, Product]:
        pairs = {oid: _item_and_variant(link.remote_id) for oid, link in links.items()}
        items = self._items({item for item, _ in pairs.values() if item})
        wanted = {variant for _, variant in pairs.values() if variant}
        found = self._rows("itemVariants", "id", wanted) if wanted else []
        variants = {row["id"].lower(): str(row.get("itemId") or "").lower() for row in found}
        products = {}
        for optiply_id, link in links.items():
            item, variant = pairs[optiply_id]
            products[optiply_id] = Product(
                link.label,
                linked=link.remote_id is not None,
                sku=link.sku,
                item=items.get(item or ""),
                variant_id=variant,
                variant_gone=variant is not None and variants.get(variant) != item,
            )
        return products

    def _items(self, ids: Collection[str]) -> dict[str, Item]:
        rows = self._rows("items", "id", ids)
        numbers = [str(row["number"]).strip() for row in rows]
        pages: dict[str, tuple[str | None, bool]] = {}
        units: dict[str, dict[str, Decimal]] = {}
        with self.snapshot.cursor() as cursor:
            published = mirror_state.optional(cursor, self.tenant)
            if "bc.item_page" in published:
                for number, unit, blocked in cursor.execute(_PAGE, [numbers]).fetchall():
                    pages[number] = unit, blocked
            if "bc.item_units_of_measure" in published:
                for number, code, factor in cursor.execute(_UNITS, [numbers]).fetchall():
                    units.setdefault(number, {})[code] = factor
        uncounted = self._uncounted(rows)
        return {
            row["id"].lower(): self._item(
                row, pages, units.get(str(row["number"]).strip(), {}), uncounted
            )
            for row in rows
        }

    def _uncounted(self, rows: Collection[Mapping[str, Any]]) -> dict[str, str]:
        """Ids of items whose factor is not known, because ``quantity_scale`` names a category that
        Business Central does not have and that may mean them, with the reason (decisions 18)."""
        scales = {key.strip().upper() for key in self.tenant.sync.quantity_scale}
        doubtful = [
            row["id"].lower() for row in rows if _category(row) and _category(row) not in scales
        ]
        if not scales or not doubtful:
            return {}
        finding = named.asked(named.SCALES, self.tenant, self.bc)
        if finding is None:
            return {}
        unknown = {name.strip().upper() for name in finding.names}
        with self.snapshot.cursor() as cursor:
            before = dict(cursor.execute(_CATEGORIES, [doubtful]).fetchall())
        return {
            item: finding.message
            for item in doubtful
            if before.get(item) is None or before[item] in unknown
        }

    def _item(
        self,
        row: Mapping[str, Any],
        pages: Mapping[str, tuple[str | None, bool]],
        units: Mapping[str, Decimal],
        uncounted: Mapping[str, str],
    ) -> Item:
        number = str(row["number"]).strip()
        factors_given = self.tenant.sync.quantity_scale.items()
        scales = {key.strip().upper(): value for key, value in factors_given}
        scale = Decimal(scales.get(_category(row), 1))
        base = str(row.get("baseUnitOfMeasureCode") or "").strip() or None
        factors = {code: factor * scale for code, factor in units.items()}
        if base:
            factors[base] = scale
        purchase_unit, purchasing_blocked = pages.get(number, (None, False))
        return Item(
            id=row["id"].lower(),
            number=number,
            base_unit=base,
            purchase_unit=purchase_unit,
            blocked=row.get("blocked") is True,
            purchasing_blocked=purchasing_blocked,
            units=factors,
            uncounted=uncounted.get(row["id"].lower()),
        )

    def _rows(self, entity_set: str, field: str, values: Iterable[str]) -> list[dict[str, Any]]:
        columns = {"vendors": VENDOR_COLUMNS, "items": ITEM_COLUMNS}
        return find_rows(
            self.bc,
            self.company,
            entity_set,
            field,
            sorted(values),
            select=columns.get(entity_set, ("id", "itemId")),
            guid=field == "id",
        )


def _link(optiply_id: int, attributes: Mapping[str, Any], remote_id: object) -> _Link:
    sku = str(attributes.get("skuCode") or "").strip() or None
    name = str(attributes.get("name") or "").strip()
    label = " ".join(part for part in (sku, f"'{name}'" if name else None) if part)
    remote = str(remote_id).strip("{} ") if remote_id is not None else ""
    return _Link(label or str(optiply_id), sku, remote or None)


def _item_and_variant(remote_id: str | None) -> tuple[str | None, str | None]:
    """``{itemId}`` or ``{itemId}_{variantId}`` (mapping.md 2)."""
    if remote_id is None:
        return None, None
    item, _, variant = remote_id.lower().partition("_")
    return item, variant if variant and variant != ZERO_GUID else None


def _vendor(row: Mapping[str, Any] | None) -> Vendor | None:
    if row is None:
        return None
    return Vendor(
        id=row["id"].lower(),
        number=str(row.get("number") or ""),
        name=str(row.get("displayName") or ""),
        blocked=row.get("blocked") == ALL_BLOCKED,
        currency=str(row.get("currencyCode") or "").strip() or None,
    )


def _category(row: Mapping[str, Any]) -> str:
    """The category of an item, as it is compared; blank when there is none."""
    return str(row.get("itemCategoryCode") or "").strip().upper()
