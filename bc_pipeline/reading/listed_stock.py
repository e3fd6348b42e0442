"""Whether the list of stock by location can be true: an empty one is no proof that nothing is there
(decisions 25)."""

from __future__ import annotations

import duckdb

from bc_pipeline.tenants.settings import Tenant

_CONTRADICTED = """
SELECT count(*) FROM bc.items
WHERE inventory <> 0 AND NOT EXISTS (FROM bc.inventory_by_locations)
"""


def why_held(
    cursor: duckdb.DuckDBPyConnection, tenant: Tenant, sources: frozenset[str]
) -> str | None:
    """Why no stock may be sent although it was read; None when it may. Items themselves tell that
    there is stock, so the list has lost its rows: a permission or a filter was changed.

    Args:
        cursor: on the mirror of this run.
        tenant: stock is taken from the list when locations or variants are told apart.
        sources: the optional mirror tables that hold a complete picture.
    """
    options = tenant.sync
    if "bc.inventory_by_locations" not in sources:
        return None
    if not options.locations and options.variant_mode == "item":
        return None
    row = cursor.execute(_CONTRADICTED).fetchone()
    items = row[0] if row else 0
    if not items:
        return None
    return (
        f"Business Central lists no stock of any location (inventoryByLocations), although {items} "
        "items have some. No stock is sent until it does: may its user still read item ledger "
        "entries?"
    )
