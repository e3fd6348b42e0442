"""Table of contents of the Dagster project."""

from __future__ import annotations

from dagster import Definitions, in_process_executor

from bc_pipeline.assets.factory import build_assets
from bc_pipeline.automation.jobs import JOBS
from bc_pipeline.automation.sensors import SENSORS
from bc_pipeline.automation.ticks import every_30_minutes
from bc_pipeline.resources import (
    BusinessCentralResource,
    OptiplyResource,
    SnapshotsResource,
    TenantRunResource,
    TenantsResource,
)

tenants = TenantsResource()

defs = Definitions(
    assets=build_assets(),
    jobs=JOBS,
    schedules=[every_30_minutes],
    sensors=SENSORS,
    # All steps of a run share one engine run, so they share one process.
    executor=in_process_executor,
    resources={
        "tenants": tenants,
        "snapshots": SnapshotsResource(tenants=tenants),
        "business_central": BusinessCentralResource(tenants=tenants),
        "optiply": OptiplyResource(tenants=tenants),
        "tenant_run": TenantRunResource(tenants=tenants),
    },
)
