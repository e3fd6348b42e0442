"""The jobs. Each runs assets of one tenant in one process; they differ in which, and in how these
read."""

from __future__ import annotations

from collections.abc import Iterable

from dagster import AssetSelection, define_asset_job, in_process_executor

from bc_pipeline.catalogue.tasks import EXPORT_NAMES, STOCK_NAMES
from bc_pipeline.orchestration.assets.keys import asset_key
from bc_pipeline.orchestration.assets.tenant_run import EXPORT_JOB, FULL_REFRESH_JOB

SYNC = "sync"
STOCK = "stock"
EXPORT = EXPORT_JOB
FULL_REFRESH = FULL_REFRESH_JOB


def _assets(names: Iterable[str]) -> AssetSelection:
    return AssetSelection.assets(*(asset_key(name) for name in names))


_DECLARED = (
    (
        SYNC,
        AssetSelection.groups("business_central", "optiply", "outbound"),
        "Read what changed in Business Central and bring Optiply up to date; then, for tenants "
        "that have it switched on, write buy orders and outbound files to Business Central. "
        "Launch configuration is under resources > tenant_run.",
    ),
    (
        STOCK,
        _assets(STOCK_NAMES),
        "Read what stock is made of and bring the stock levels in Optiply up to date. Launch "
        "configuration is under resources > tenant_run.",
    ),
    (
        EXPORT,
        _assets(EXPORT_NAMES),
        "Write buy orders and outbound files to Business Central, without reading more than that "
        "takes. Launch configuration is under resources > tenant_run.",
    ),
    (
        FULL_REFRESH,
        AssetSelection.groups("business_central", "optiply"),
        "As sync, but everything is read again and nothing is exported. What stands in Optiply "
        "stays known, so only real differences are sent.",
    ),
)
"""Name, selection and description of each."""

JOBS = [
    define_asset_job(
        name, selection=selection, description=description, executor_def=in_process_executor
    )
    for name, selection, description in _DECLARED
]
