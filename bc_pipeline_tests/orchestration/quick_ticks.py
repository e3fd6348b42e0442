"""The project's definitions with ticks every few seconds.

Dagster's cron knows no seconds. So the schedules here tick every minute, and sensors evaluate the
same ticks in between; all are switched on from the start.
"""

from __future__ import annotations

from datetime import UTC, datetime

from dagster import (
    DefaultScheduleStatus,
    DefaultSensorStatus,
    Definitions,
    RunRequest,
    ScheduleEvaluationContext,
    SensorEvaluationContext,
    SkipReason,
    schedule,
    sensor,
)

from bc_pipeline import definitions as project
from bc_pipeline.orchestration.resources import TenantsResource
from bc_pipeline.orchestration.schedules import STOCK_MINUTES, sweeps_due
from bc_pipeline.orchestration.sweep_job import SWEEP


@sensor(job_name=SWEEP, minimum_interval_seconds=3, default_status=DefaultSensorStatus.RUNNING)
def every_few_seconds(
    context: SensorEvaluationContext, tenants: TenantsResource
) -> list[RunRequest] | SkipReason:
    return sweeps_due(context, tenants, datetime.now(UTC))


@schedule(cron_schedule="* * * * *", job_name=SWEEP, default_status=DefaultScheduleStatus.RUNNING)
def every_minute(
    context: ScheduleEvaluationContext, tenants: TenantsResource
) -> list[RunRequest] | SkipReason:
    return sweeps_due(context, tenants, context.scheduled_execution_time)


@sensor(job_name=SWEEP, minimum_interval_seconds=3, default_status=DefaultSensorStatus.STOPPED)
def stock_every_few_seconds(
    context: SensorEvaluationContext, tenants: TenantsResource
) -> list[RunRequest] | SkipReason:
    # A minute at which every tenant's stock is due; the seconds keep ticks apart.
    now = datetime.now(UTC).replace(minute=STOCK_MINUTES)
    return sweeps_due(context, tenants, now, stock=True)


defs = Definitions.merge(
    project.defs,
    Definitions(sensors=[every_few_seconds, stock_every_few_seconds], schedules=[every_minute]),
)
