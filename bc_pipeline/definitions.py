"""Table of contents of the Dagster project."""

from __future__ import annotations

from dagster import Definitions, in_process_executor

from bc_pipeline.orchestration.assets.factory import build_assets
from bc_pipeline.orchestration.assets.launch import TenantRunResource
from bc_pipeline.orchestration.jobs import JOBS
from bc_pipeline.orchestration.operator_jobs import OPERATOR_JOBS
from bc_pipeline.orchestration.report_job import report_job
from bc_pipeline.orchestration.resources import (
    BusinessCentralResource,
    OptiplyResource,
    SnapshotsResource,
    TenantsResource,
)
from bc_pipeline.orchestration.retention.job import retention, retention_daily
from bc_pipeline.orchestration.schedules import every_30_minutes, stock_every_5_minutes
from bc_pipeline.orchestration.sensors import SENSORS
from bc_pipeline.orchestration.sweep_job import sweep_job
from bc_pipeline.orchestration.tenants_asset import tenants_overview

tenants = TenantsResource()

defs: Definitions = Definitions(
    assets=[*build_assets(), tenants_overview],
    jobs=[
        *JOBS,
        sweep_job(lambda name: defs.resolve_job_def(name)),
        retention,
        report_job,
        *OPERATOR_JOBS,
    ],
    schedules=[every_30_minutes, stock_every_5_minutes, retention_daily],
    sensors=SENSORS,
    # All steps of a run share one tenant run, so they share one process.
    executor=in_process_executor,
    resources={
        "tenants": tenants,
        "snapshots": SnapshotsResource(tenants=tenants),
        "business_central": BusinessCentralResource(tenants=tenants),
        "optiply": OptiplyResource(tenants=tenants),
        "tenant_run": TenantRunResource(tenants=tenants),
    },
)
