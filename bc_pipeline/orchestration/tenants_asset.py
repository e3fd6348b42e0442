"""The asset ``tenants``: every tenant at a glance, without a shell.

Somebody materialises it, or a sweep does that has run something, once an hour at most: a tick that
found nothing to do stores nothing.
"""

# Dagster reads the annotation of an asset's context as it stands, so it cannot be postponed.

from datetime import timedelta
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetMaterialization,
    DagsterInstance,
    MaterializeResult,
    MetadataValue,
    asset,
)

from bc_pipeline import clock
from bc_pipeline.orchestration.assets.linked import linked_table
from bc_pipeline.orchestration.resources import TenantsResource
from bc_pipeline.run.overview import STOCK, WHOLE, overview, totals
from bc_pipeline.tenants.registry import Registry

KEY = AssetKey("tenants")
EVERY = timedelta(hours=1)
MOST_ROWS = 200


@asset(
    key=KEY,
    group_name="overview",
    owners=["team:supply-chain-integration"],
    description="Every tenant at a glance, those that need somebody first: age of its stock, how "
    "old each entity is (! = late), what is held back or blocked, its last run, when it is looked "
    "at next. Materialize for how things stand now; sweeps renew it, once an hour at most.",
)
def tenants_overview(
    context: AssetExecutionContext, tenants: TenantsResource
) -> MaterializeResult[Any]:
    """How all tenants stand now."""
    metadata = _metadata(tenants.load(), context.instance)
    context.log.info(f"{metadata['need_somebody']} of {metadata['tenants']} tenants need somebody")
    return MaterializeResult(metadata=metadata)


def due_overview(instance: DagsterInstance, registry: Registry) -> AssetMaterialization | None:
    """The overview for a sweep to book; None while the last one is young."""
    last = instance.get_latest_materialization_event(KEY)
    if last is not None and clock.now().timestamp() - last.timestamp < EVERY.total_seconds():
        return None
    return AssetMaterialization(KEY, metadata=_metadata(registry, instance))


def _metadata(registry: Registry, instance: DagsterInstance) -> dict[str, Any]:
    """The table and its totals."""
    rows = overview(registry, clock.now(), _running(instance))
    shown: MetadataValue = linked_table(rows[:MOST_ROWS], ["run"], lambda run: f"/runs/{run}")
    return {**totals(rows), "overview": shown}


def _running(instance: DagsterInstance) -> set[str] | None:
    """The schedules that are switched on; None where nobody keeps that."""
    if instance.schedule_storage is None:
        return None
    states = instance.all_instigator_state()
    return {each.instigator_name for each in states if each.is_running} & {WHOLE, STOCK}
