"""The jobs. Each runs assets of one tenant in one process; they differ in which, and in how these
read."""

from __future__ import annotations

from dagster import AssetSelection, define_asset_job, in_process_executor

from bc_pipeline.catalogue.tasks import EXPORT_NAMES, STOCK_NAMES
from bc_pipeline.orchestration.assets.keys import asset_key
from bc_pipeline.orchestration.assets.tenant_run import EXPORT_JOB, FULL_REFRESH_JOB

SYNC = "sync"
STOCK = "stock"
EXPORT = EXPORT_JOB
FULL_REFRESH = FULL_REFRESH_JOB

sync = define_asset_job(
    SYNC,
    selection=AssetSelection.groups("business_central", "optiply", "outbound"),
    description="Read what changed in Business Central and bring Optiply up to date; then, for "
    "tenants that have it switched on, write buy orders and outbound files to Business Central. "
    "Launch configuration is under resources > tenant_run.",
    executor_def=in_process_executor,
)

export = define_asset_job(
    EXPORT,
    selection=AssetSelection.assets(*(asset_key(name) for name in EXPORT_NAMES)),
    description="Write buy orders and outbound files to Business Central, without reading more "
    "than that takes. Launch configuration is under resources > tenant_run.",
    executor_def=in_process_executor,
)

full_refresh = define_asset_job(
    FULL_REFRESH,
    selection=AssetSelection.groups("business_central", "optiply"),
    description="As sync, but everything is read again and nothing is exported. What stands in "
    "Optiply stays known, so only real differences are sent.",
    executor_def=in_process_executor,
)

stock = define_asset_job(
    STOCK,
    selection=AssetSelection.assets(*(asset_key(name) for name in STOCK_NAMES)),
    description="Read what stock is made of and bring the stock levels in Optiply up to date. "
    "Launch configuration is under resources > tenant_run.",
    executor_def=in_process_executor,
)

JOBS = [sync, stock, export, full_refresh]
