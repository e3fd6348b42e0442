"""What ``bc-pipeline check`` tells of stock: which source is in force, and why."""

from __future__ import annotations

from collections.abc import Mapping

from bc_pipeline.catalogue import stock_source
from bc_pipeline.orchestration.checks.check import Finding
from bc_pipeline.tenants.settings import SyncOptions, Tenant

NAME = "stock_source"

WITHOUT = "no stock is sent"


def source(tenant: Tenant, found: Mapping[str, bool]) -> Finding:
    """Where the stock of the next run would come from.

    Args:
        tenant: whose.
        found: the entities that were asked for, and whether Business Central has them; those that
            could not be read are missing.
    """
    options = tenant.sync
    whole = {name.replace("/", ".") for name, there in found.items() if there}
    chosen = stock_source.in_force(options, whole)
    for better in stock_source.choices(options):
        if better == chosen:
            break
        if _unread(tenant, better, found):
            named = stock_source.NAMES[better]
            return Finding(False, f"not known: {named} could not be read", severity="warn")
    if chosen is None:
        return Finding(False, f"{WITHOUT}: {_missing(options)}")
    told = f"stock comes from {stock_source.NAMES[chosen]}: {_why(options, chosen)}"
    lacking = options.variant_mode == "variant" and chosen != "extension"
    if lacking:
        told += ". It has no stock of single variants: their products get none"
    return Finding(not lacking, told, severity="warn")


def _unread(tenant: Tenant, source: stock_source.Source, found: Mapping[str, bool]) -> bool:
    """Whether a source is one that a run would ask, and this time did not answer."""
    asked = source == "analytics" or tenant.reads_inventory_by_location
    return source != "items" and asked and stock_source.ENTITIES[source] not in found


def _missing(options: SyncOptions) -> str:
    choices = stock_source.choices(options)
    named = " and ".join(stock_source.NAMES[each] for each in choices)
    verb = "is" if len(choices) == 1 else "are"
    return (
        f"{named} {verb} not there. Install Microsoft's app Power BI Reports, "
        "or change sync.stock_source or sync.locations"
    )


def _why(options: SyncOptions, chosen: stock_source.Source) -> str:
    first, *rest = stock_source.choices(options)
    if not rest and options.stock_source != "auto":
        return f"sync.stock_source is {chosen}"
    if chosen != first:
        return f"{stock_source.NAMES[first]} is not there"
    if chosen == "items":
        return "sync.locations is empty, so one figure for all of them is enough"
    if options.variant_mode == "variant":
        return "it tells variants apart"
    return "it tells locations apart, as sync.locations needs"
