"""Every asset, declared once: what it is and what it needs. ``factory.py`` builds them.

An asset's name is the name of the engine's task: ``bc/items``, ``optiply/products``.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from bc_pipeline.errors import ConfigError

BC = "bc"
OPTIPLY = "optiply"
GROUPS = {BC: "business_central", OPTIPLY: "optiply"}


@dataclass(frozen=True)
class AssetEntry:
    """One asset.

    Attributes:
        name: group prefix and entity, e.g. ``bc/items``.
        description: for the people who read the asset's page.
        needs: the assets it is made from.
        setting: the configuration key without which a tenant has no such entity, or None.
    """

    name: str
    description: str
    needs: tuple[str, ...] = ()
    setting: str | None = None

    @property
    def prefix(self) -> str:
        return self.name.split("/")[0]

    @property
    def entity(self) -> str:
        return self.name.split("/")[1]

    @property
    def table(self) -> str:
        """Its table in the tenant's snapshot: the mirror or the wanted rows."""
        return f"{self.prefix}.{self.entity}"


def _read(entity: str, description: str, *needs: str, setting: str | None = None) -> AssetEntry:
    return AssetEntry(f"{BC}/{entity}", description, needs or ("bc/companies",), setting)


_MONEY = ("bc/currency_exchange_rates", "bc/company_information")
_UNITS = "bc/item_units_of_measure"
_PURCHASES = ("bc/purchase_orders", "bc/purchase_receipts")

ENTRIES: tuple[AssetEntry, ...] = (
    AssetEntry(
        "bc/companies",
        "The companies the tenant's user sees in the environment. Exactly one of them is the "
        "tenant's own; everything else is read from that one.",
    ),
    _read("company_information", "The company's own card: name and local currency."),
    _read("currency_exchange_rates", "Exchange rates by currency and starting date, read in full."),
    _read("locations", "Warehouses, read in full."),
    _read("dimensions", "Dimensions with their values, read in full in one request."),
    _read(
        "items",
        "Items with stock. Read in full every time, because stock moves without changing an "
        "item's modification stamp.",
    ),
    _read("item_variants", "Variants of items, read in full."),
    _read("vendors", "Vendors, read incrementally; a sweep of the ids finds deleted ones."),
    _read(
        "sales_invoices",
        "Posted sales invoices with lines, read incrementally. The usual source of sell orders.",
        setting="sync.sell_order_source: sales_invoices",
    ),
    _read(
        "sales_orders",
        "Open sales orders with lines, read in full: what is sold but not yet shipped is taken off "
        "the stock level.",
        setting="sync.deduct_sales_orders or sync.sell_order_source: sales_orders",
    ),
    _read(
        "sales_shipments",
        "Posted sales shipments with lines, for tenants that take sell orders from them.",
        setting="sync.sell_order_source: sales_shipments",
    ),
    _read("purchase_orders", "Open purchase orders with lines, read in full."),
    _read(
        "purchase_receipts",
        "Posted purchase receipts with lines, read incrementally.",
    ),
    _read(
        "item_page",
        "The published OData page of the item card: vendor, lead time, order quantities.",
        setting="business_central.item_page_name",
    ),
    _read(
        "item_units_of_measure",
        "The published OData page of item units of measure with their factors.",
        setting="business_central.item_units_page_name",
    ),
    _read(
        "inventory_by_locations",
        "Stock per location, from Optiply's extension in Business Central.",
        setting="business_central.inventory_by_location",
    ),
    _read(
        "bom_components",
        "Parts of assembled items, from Optiply's extension in Business Central.",
        setting="business_central.bom_components",
    ),
    AssetEntry(
        "optiply/products",
        "Items as Optiply products, with price and stock level.",
        (
            "bc/items",
            "bc/item_variants",
            "bc/sales_orders",
            "bc/locations",
            "bc/item_page",
            _UNITS,
            "bc/inventory_by_locations",
            "bc/bom_components",
        ),
    ),
    AssetEntry(
        "optiply/product_compositions",
        "Which product is put together from which; empty for tenants without a source.",
        ("optiply/products", "bc/bom_components", _UNITS),
    ),
    AssetEntry(
        "optiply/suppliers",
        "Vendors as Optiply suppliers, with the delivery time learned from their orders.",
        ("bc/vendors", "bc/purchase_orders"),
    ),
    AssetEntry(
        "optiply/supplier_products",
        "Who sells which product at which price: from the item card where the tenant publishes it, "
        "else from the purchase orders.",
        (
            "optiply/products",
            "optiply/suppliers",
            "bc/item_page",
            _UNITS,
            *_PURCHASES,
            *_MONEY,
        ),
    ),
    AssetEntry(
        "optiply/sell_orders",
        "Sales with their lines, in the company's own currency.",
        (
            "optiply/products",
            "bc/sales_invoices",
            "bc/sales_orders",
            "bc/sales_shipments",
            _UNITS,
            *_MONEY,
        ),
    ),
    AssetEntry(
        "optiply/buy_orders",
        "Open purchase orders as Optiply buy orders.",
        (
            "optiply/products",
            "optiply/suppliers",
            _UNITS,
            *_PURCHASES,
            *_MONEY,
        ),
    ),
    AssetEntry(
        "optiply/buy_order_lines",
        "The lines of the buy orders.",
        ("optiply/buy_orders",),
    ),
    AssetEntry(
        "optiply/receipt_lines",
        "What has been received on the lines of the buy orders.",
        ("optiply/buy_order_lines", "bc/purchase_receipts"),
    ),
)

BY_NAME: dict[str, AssetEntry] = {entry.name: entry for entry in ENTRIES}


def entity_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names as people write them (``products``, ``optiply/products``, ``bc/items``) as asset names.

    A bare name that both groups have means Optiply's. ConfigError for a name nothing has.
    """
    return tuple(dict.fromkeys(_asset_name(name.strip()) for name in names))


def _asset_name(name: str) -> str:
    for candidate in (name, f"{OPTIPLY}/{name}", f"{BC}/{name}"):
        if candidate in BY_NAME:
            return candidate
    close = difflib.get_close_matches(name, [*BY_NAME, *(e.entity for e in ENTRIES)], n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(BY_NAME)}"
    raise ConfigError(f"there is no entity {name!r}; {hint}")


def closure(names: Collection[str]) -> set[str]:
    """The assets and everything they are made from, directly or not."""
    wanted = set(names)
    for entry in reversed(ENTRIES):
        if entry.name in wanted:
            wanted.update(entry.needs)
    return wanted


def downstream(names: Collection[str]) -> set[str]:
    """The assets and everything that is made from them, directly or not."""
    found = set(names)
    for entry in ENTRIES:
        if found & set(entry.needs):
            found.add(entry.name)
    return found


def with_sources(names: Collection[str]) -> set[str]:
    """The assets and what they read from Business Central; other Optiply entities stay as the
    snapshot knows them ("sync one entity", flows.md 10)."""
    direct = {need for name in names for need in BY_NAME[name].needs if need.startswith(f"{BC}/")}
    reads = direct | {name for name in names if name.startswith(f"{BC}/")}
    return set(names) | closure(reads)
