"""Where the stock of products comes from: ``sync.stock_source`` (mapping 2.1).

Items tell one figure for all locations together. Stock by location is in the Analytics API, which
has no variants (platform 2), and in Optiply's extension, which has.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Literal

from bc_pipeline.tenants.settings import SyncOptions, Tenant

Source = Literal["items", "analytics", "extension"]

ENTRIES = "bc/stock_by_location"
SOLD = "bc/outstanding_sales"

LISTS: Mapping[Source, str] = MappingProxyType(
    {"analytics": "bc.stock_by_location", "extension": "bc.inventory_by_locations"}
)
"""The mirror table of each source that tells locations apart."""

ENTITIES: Mapping[Source, str] = MappingProxyType(
    {source: table.replace(".", "/") for source, table in LISTS.items()}
)
"""The entity that is read for each of them."""

NAMES: Mapping[Source, str] = MappingProxyType(
    {
        "items": "the items themselves",
        "analytics": "Business Central's Analytics API",
        "extension": "Optiply's extension",
    }
)
"""What people call them."""


def choices(options: SyncOptions) -> tuple[Source, ...]:
    """The sources that may serve a tenant, the best one first. One that is set is the only one."""
    if options.stock_source != "auto":
        return (options.stock_source,)
    if options.variant_mode == "variant":
        return ("extension", "analytics") if options.locations else ("extension", "items")
    return ("analytics", "extension") if options.locations else ("items",)


def in_force(options: SyncOptions, whole: Collection[str]) -> Source | None:
    """The source that stock is taken from; None when there is none, and so no stock.

    Args:
        options: the tenant's decisions.
        whole: the optional mirror tables that hold a complete picture, as ``bc.item_page``.
    """
    return next((s for s in choices(options) if s == "items" or LISTS[s] in whole), None)


def tells_sold(options: SyncOptions, whole: Collection[str]) -> bool:
    """Whether the Analytics API also tells what is sold and not shipped yet; else the lines of
    sales orders do."""
    return in_force(options, whole) == "analytics" and SOLD.replace("/", ".") in whole


def reads_analytics(tenant: Tenant) -> bool:
    """Whether the Analytics API may serve a tenant."""
    return "analytics" in choices(tenant.sync)


def prefers_analytics(tenant: Tenant) -> bool:
    """Whether nothing else is needed where there is an Analytics API."""
    return choices(tenant.sync)[0] == "analytics"
