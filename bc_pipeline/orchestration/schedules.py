"""What a tick of the schedule starts: one run per tenant that is due.

Everything else only knows ``every_30_minutes``, so that another way of spreading tenants over runs
is an exchange of this module.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    DefaultScheduleStatus,
    RunRequest,
    RunsFilter,
    ScheduleEvaluationContext,
    SensorEvaluationContext,
    SkipReason,
    schedule,
)

from bc_pipeline.orchestration import partitions
from bc_pipeline.orchestration.assets.keys import asset_key, configured_keys
from bc_pipeline.orchestration.jobs import SYNC
from bc_pipeline.orchestration.resources import TenantsResource
from bc_pipeline.tenants.registry import Registry
from bc_pipeline.tenants.settings import Tenant

CRON = "*/30 * * * *"
TENANT_TAG = "bc_pipeline/tenant"
PARTITION_TAG = "dagster/partition"
FIRST_ASSET = "bc/companies"
"""What every run begins with."""

UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


def due_tenants(
    registry: Registry, partitions: Collection[str], busy: Collection[str]
) -> list[Tenant]:
    """The tenants to start: enabled, soundly configured, known to Dagster and not at work."""
    return [
        tenant
        for tenant in registry.enabled()
        if tenant.name in partitions and tenant.name not in busy
    ]


def busy_tenants(instance: DagsterInstance) -> set[str]:
    """The tenants whose last run is still waiting or at work."""
    runs = instance.get_runs(filters=RunsFilter(statuses=UNFINISHED))
    return {run.tags[PARTITION_TAG] for run in runs if PARTITION_TAG in run.tags}


def run_request(tenant: Tenant, scheduled_at: datetime) -> RunRequest:
    """The run of one tenant; the same tick never starts it twice."""
    return RunRequest(
        run_key=f"{tenant.name}@{scheduled_at.isoformat()}",
        partition_key=tenant.name,
        asset_selection=configured_keys(tenant),
        tags={TENANT_TAG: tenant.name},
    )


def refused_request(name: str, scheduled_at: datetime) -> RunRequest:
    """The run of a tenant whose settings cannot work: its first step says what is wrong, so that
    the tenant's own partition is red and not only a line in the log of the tick (decision 32)."""
    return RunRequest(
        run_key=f"{name}@{scheduled_at.isoformat()}",
        partition_key=name,
        asset_selection=[asset_key(FIRST_ASSET)],
        tags={TENANT_TAG: name},
    )


def ready_tenants(
    context: ScheduleEvaluationContext | SensorEvaluationContext, registry: Registry
) -> list[Tenant] | SkipReason:
    """The tenants a run may be started for now, or why there is none.

    Args:
        context: Dagster's, for its instance and log.
        registry: as it is now.
    """
    for broken in registry.errors.values():
        context.log.error(f"Not started: {broken}")
    if not registry.names():
        return SkipReason(registry.how_to_add())
    known = context.instance.get_dynamic_partitions(partitions.NAME)
    due = due_tenants(registry, known, busy_tenants(context.instance))
    if not due:
        return SkipReason("No tenant is due: all are disabled, new, at work or wrongly configured")
    return due


def runs_due(
    context: ScheduleEvaluationContext | SensorEvaluationContext,
    tenants: TenantsResource,
    scheduled_at: datetime,
) -> list[RunRequest] | SkipReason:
    """The runs of one tick; those of wrongly configured tenants fail at once and say why.

    Args:
        context: Dagster's, for its instance and log.
        tenants: the registry.
        scheduled_at: the time the tick stands for; part of the run key.

    Raises:
        ConfigError: tenants.yaml as a whole cannot be read: the tick fails.
    """
    registry = tenants.load()
    due = ready_tenants(context, registry)
    runs = [] if isinstance(due, SkipReason) else [run_request(each, scheduled_at) for each in due]
    if broken := registry.broken():
        known = context.instance.get_dynamic_partitions(partitions.NAME)
        busy = busy_tenants(context.instance)
        runs += [
            refused_request(name, scheduled_at)
            for name in broken
            if name in known and name not in busy
        ]
    return runs if runs or not isinstance(due, SkipReason) else due


@schedule(
    cron_schedule=CRON,
    job_name=SYNC,
    default_status=DefaultScheduleStatus.STOPPED,
    description="Starts the sync of every enabled tenant that is not still at work. One whose "
    "settings are wrong gets a run of one step that fails and says what is wrong; a tenants.yaml "
    "that cannot be read makes the tick fail.",
)
def every_30_minutes(
    context: ScheduleEvaluationContext, tenants: TenantsResource
) -> list[RunRequest] | SkipReason:
    """The tick of production."""
    return runs_due(context, tenants, context.scheduled_execution_time)
