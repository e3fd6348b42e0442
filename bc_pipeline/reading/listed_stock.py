"""Whether there is a list of stock by location, and whether it can be true: an empty one is no
proof that nothing is there (decisions 25)."""

from __future__ import annotations

import duckdb

from bc_pipeline.catalogue import stock_source
from bc_pipeline.catalogue.entities import selected_entities
from bc_pipeline.reading import mirror_state
from bc_pipeline.tenants.settings import Tenant

_PATHS = {
    "analytics": "itemLedgerEntries of the Analytics API",
    "extension": "inventoryByLocations",
}


def why_held(
    cursor: duckdb.DuckDBPyConnection, tenant: Tenant, sources: frozenset[str]
) -> str | None:
    """Why no stock may be sent although it was read; None when it may.

    Args:
        cursor: on the mirror of this run.
        tenant: stock is taken from a list when locations or variants are told apart.
        sources: the optional mirror tables that hold a complete picture.
    """
    source = stock_source.in_force(tenant.sync, sources)
    if source is None:
        return _nowhere(cursor, tenant)
    return None if source == "items" else _contradicted(cursor, source)


def _nowhere(cursor: duckdb.DuckDBPyConnection, tenant: Tenant) -> str | None:
    """There is none of the lists that the settings allow."""
    lists = {name: source for source, name in stock_source.ENTITIES.items()}
    asked = [each.name for each in selected_entities(tenant) if each.name in lists]
    if not asked or mirror_state.not_there(cursor, asked) != set(asked):
        return None  # one of them could not be read, which says why itself
    named = " and ".join(stock_source.NAMES[lists[name]] for name in asked)
    return (
        f"sync.stock_source: there is no stock by location, because {named} "
        f"{'is' if len(asked) == 1 else 'are'} not there. "
        "No stock is sent until it has one: install Microsoft's app Power BI "
        "Reports, or take sync.locations out"
    )


def _contradicted(cursor: duckdb.DuckDBPyConnection, source: stock_source.Source) -> str | None:
    """Items themselves tell that there is stock, so the list has lost its rows: a permission or a
    filter was changed."""
    row = cursor.execute(
        "SELECT count(*) FROM bc.items WHERE inventory <> 0 "
        f"AND NOT EXISTS (FROM {stock_source.LISTS[source]})"
    ).fetchone()
    items = row[0] if row else 0
    if not items:
        return None
    return (
        f"Business Central lists no stock of any location ({_PATHS[source]}), although {items} "
        "items have some. No stock is sent until it does: may its user still read item ledger "
        "entries?"
    )
