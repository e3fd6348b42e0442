"""Where a search has looked, and why a record that exists may not be found there."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from bc_pipeline import clock
from bc_pipeline.run.freshness import freshness, minute
from bc_pipeline.tenants.settings import Tenant


def looked_in(tenant: Tenant) -> tuple[str, ...]:
    """The places, a phrase each."""
    return (
        f"what was read of company {tenant.business_central.company}",
        "what Optiply should have, has, and once had",
        "what was written to Business Central, and the outcome of every line",
        f"the files that wait in {tenant.snapshot_dir.name}/outbound",
    )


def reasons(cursor: duckdb.DuckDBPyConnection, tenant: Tenant) -> tuple[str, ...]:
    """Why a record may be missing there, a sentence each, the likeliest first.

    Args:
        cursor: of the tenant's snapshot.
    """
    return (*_not_read(cursor, tenant), *_left_out(tenant), _elsewhere(tenant))


def _not_read(cursor: duckdb.DuckDBPyConnection, tenant: Tenant) -> Iterator[str]:
    fresh = freshness(cursor, tenant, clock.now())
    reads = [each for each in fresh.values() if each.entity.startswith("bc/")]
    for each in reads:
        if (each.failed or each.late) and not each.absent and not each.instead:
            yield f"Not read: {each.in_words()}."
    moments = [each.good for each in reads if each.good is not None]
    if moments:
        yield (
            f"Too new: what came to Business Central after {minute(max(moments))} has not been "
            f"read; bc-pipeline sync {tenant.name} reads it now."
        )


def _left_out(tenant: Tenant) -> Iterator[str]:
    source = tenant.sync.sell_order_source
    yield f"Not a source: sales are taken from {source} (sync.sell_order_source)."
    statuses = ", ".join(tenant.sync.buy_order_statuses)
    yield f"Filtered: purchase orders are taken in the statuses {statuses}, and open ones only."
    if not tenant.exports.buy_orders:
        yield "Switched off: buy orders made in Optiply are not exported (exports.buy_orders)."
    else:
        yield (
            "Not a candidate: buy orders are exported when a user made them in Optiply, they are "
            "placed, not completed, and not older than exports.export_start."
        )
    if not tenant.exports.accounting:
        yield "Switched off: files in outbound/ are not read (exports.accounting)."


def _elsewhere(tenant: Tenant) -> str:
    settings = tenant.business_central
    return (
        f"Elsewhere: {tenant.name} is company {settings.company} of environment "
        f"{settings.environment_name} and Optiply account {tenant.optiply.account_id}; nothing "
        "else is looked at."
    )
