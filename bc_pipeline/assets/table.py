"""Every asset, declared once: what it is and what it needs. ``factory.py`` builds them.

An asset's name is the name of the engine's task: ``bc/items``, ``optiply/products``.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Sequence

from bc_pipeline.assets.entry import BC, OPTIPLY, OUTBOUND, AssetEntry, read
from bc_pipeline.assets.outbound import (
    ACCOUNTING,
    ENTITY_OF_STREAM,
    OUTBOUND_ENTRIES,
    REFERENCE_ENTRIES,
)
from bc_pipeline.errors import ConfigError

_MONEY = ("bc/currency_exchange_rates", "bc/company_information")
_UNITS = "bc/item_units_of_measure"
_PURCHASES = ("bc/purchase_orders", "bc/purchase_receipts")

ENTRIES: tuple[AssetEntry, ...] = (
    AssetEntry(
        "bc/companies",
        "The companies the tenant's user sees in the environment. Exactly one of them is the "
        "tenant's own; everything else is read from that one.",
    ),
    read("company_information", "The company's own card: name and local currency."),
    read("currency_exchange_rates", "Exchange rates by currency and starting date, read in full."),
    read("locations", "Warehouses, read in full."),
    read("dimensions", "Dimensions with their values, read in full in one request."),
    read(
        "items",
        "Items with stock. Read in full every time, because stock moves without changing an "
        "item's modification stamp.",
    ),
    read("item_variants", "Variants of items, read in full."),
    read("vendors", "Vendors, read incrementally; a sweep of the ids finds deleted ones."),
    read(
        "sales_invoices",
        "Posted sales invoices with lines, read incrementally. The usual source of sell orders.",
        setting="sync.sell_order_source: sales_invoices",
    ),
    read(
        "sales_orders",
        "Open sales orders with lines, read in full: what is sold but not yet shipped is taken off "
        "the stock level.",
        setting="sync.deduct_sales_orders or sync.sell_order_source: sales_orders",
    ),
    read(
        "sales_shipments",
        "Posted sales shipments with lines, for tenants that take sell orders from them.",
        setting="sync.sell_order_source: sales_shipments",
    ),
    read("purchase_orders", "Open purchase orders with lines, read in full."),
    read(
        "purchase_receipts",
        "Posted purchase receipts with lines, read incrementally.",
    ),
    read(
        "item_page",
        "The published OData page of the item card: vendor, lead time, order quantities.",
        setting="business_central.item_page_name",
    ),
    read(
        "item_units_of_measure",
        "The published OData page of item units of measure with their factors.",
        setting="business_central.item_units_page_name",
    ),
    read(
        "inventory_by_locations",
        "Stock per location, from Optiply's extension in Business Central.",
        setting="business_central.inventory_by_location",
    ),
    read(
        "bom_components",
        "Parts of assembled items, from Optiply's extension in Business Central.",
        setting="business_central.bom_components",
    ),
    *REFERENCE_ENTRIES,
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
    *OUTBOUND_ENTRIES,
)

BY_NAME: dict[str, AssetEntry] = {entry.name: entry for entry in ENTRIES}

OUTBOUND_NAMES: tuple[str, ...] = tuple(entry.name for entry in OUTBOUND_ENTRIES)


def reference_data(names: Collection[str]) -> set[str]:
    """What outbound assets read from Business Central themselves, with what that needs."""
    direct = {need for name in names for need in BY_NAME[name].needs if need.startswith(f"{BC}/")}
    return direct | {need for name in direct for need in BY_NAME[name].needs}


ACCOUNTING_NAMES: tuple[str, ...] = tuple(
    entry.name for entry in OUTBOUND_ENTRIES if entry.setting == ACCOUNTING
)
"""The outbound assets that are fed by files."""

EXPORT_NAMES: tuple[str, ...] = tuple(
    name for name in BY_NAME if name in OUTBOUND_NAMES or name in reference_data(OUTBOUND_NAMES)
)
"""What the job ``export`` works on: the outbound assets and the reference data they read."""


def entity_names(
    names: Iterable[str], prefixes: Sequence[str] = (OPTIPLY, BC, OUTBOUND)
) -> tuple[str, ...]:
    """Names as people write them as asset names.

    Args:
        names: with the group (``optiply/products``), without (``products``), or as the producers
            of outbound files call it (``Bills``).
        prefixes: the groups a name without one may mean; the first that has it wins.

    Raises:
        ConfigError: a name nothing has.
    """
    return tuple(dict.fromkeys(_asset_name(name.strip(), prefixes) for name in names))


def _asset_name(name: str, prefixes: Sequence[str]) -> str:
    stream = f"{OUTBOUND}/{ENTITY_OF_STREAM.get(name.lower().replace('_', ''), name)}"
    # Capitals are how producers write: `Vendors` is the stream, `vendors` what is read.
    first = [stream] if name[:1].isupper() else []
    bare = [f"{prefix}/{name}" for prefix in prefixes]
    for candidate in (name, *first, *bare, stream):
        if candidate in BY_NAME and BY_NAME[candidate].prefix in prefixes:
            return candidate
    entries = [entry for entry in ENTRIES if entry.prefix in prefixes]
    known = [entry.name for entry in entries]
    close = difflib.get_close_matches(name, [*known, *(e.entity for e in entries)], n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
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
