"""The jobs. Both run every asset of one tenant in one process; they differ in how they read."""

from __future__ import annotations

from dagster import AssetSelection, RunConfig, define_asset_job, in_process_executor

SYNC = "sync"
FULL_REFRESH = "full_refresh"

sync = define_asset_job(
    SYNC,
    selection=AssetSelection.groups("business_central", "optiply"),
    description="Read what changed in Business Central and bring Optiply up to date. "
    "Launch configuration is under resources > tenant_run.",
    executor_def=in_process_executor,
)

full_refresh = define_asset_job(
    FULL_REFRESH,
    selection=AssetSelection.groups("business_central", "optiply"),
    description="As sync, but everything is read again. What stands in Optiply stays known, so "
    "only real differences are sent.",
    executor_def=in_process_executor,
    config=RunConfig(resources={"tenant_run": {"config": {"full": True}}}),
)

JOBS = [sync, full_refresh]
