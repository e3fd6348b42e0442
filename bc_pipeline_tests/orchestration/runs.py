"""A Dagster run in this process, and what it wrote down."""

from __future__ import annotations

from dagster import (
    AssetObservation,
    DagsterEventType,
    DagsterInstance,
    ExecuteInProcessResult,
    RunConfig,
)

from bc_pipeline.definitions import defs
from bc_pipeline.orchestration.assets.keys import asset_key

LOCATION = "bc_pipeline.definitions"
NOT_ASKED_FOR = {
    "bc/sales_shipments",
    "bc/item_page",
    "bc/item_units_of_measure",
    "bc/stock_by_location",
    "bc/outstanding_sales",
    "bc/inventory_by_locations",
    "bc/bom_components",
}
"""What the tenants' settings switch on, and acme's and globex's do not."""
ITEMS = asset_key("bc/items")
FEW = ("bc/items", "bc/sales_orders", "optiply/products", "optiply/sell_orders")


def execute(instance: DagsterInstance, tenant: str = "acme", **options) -> ExecuteInProcessResult:
    launch = options.pop("launch", {})
    job = defs.resolve_job_def(options.pop("job", "sync"))
    return job.execute_in_process(
        instance=instance,
        partition_key=tenant,
        raise_on_error=False,
        run_config=RunConfig(resources={"tenant_run": {"config": launch}}) if launch else None,
        **options,
    )


def materialized(result: ExecuteInProcessResult) -> set[str]:
    return {
        event.materialization.asset_key.to_user_string()
        for event in result.get_asset_materialization_events()
    }


def observed(result: ExecuteInProcessResult) -> dict[str, AssetObservation]:
    found = (
        event.asset_observation_data.asset_observation
        for event in result.all_events
        if event.event_type == DagsterEventType.ASSET_OBSERVATION
    )
    return {each.asset_key.to_user_string(): each for each in found}
