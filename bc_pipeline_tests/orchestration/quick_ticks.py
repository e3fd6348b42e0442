"""The project's definitions with ticks every few seconds.

Dagster's cron knows no seconds. So the schedule here ticks every minute, and a sensor evaluates the
same tick in between; both are switched on from the start.
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
from bc_pipeline.orchestration.jobs import SYNC
from bc_pipeline.orchestration.resources import TenantsResource
from bc_pipeline.orchestration.schedules import runs_due


@sensor(job_name=SYNC, minimum_interval_seconds=3, default_status=DefaultSensorStatus.RUNNING)
def every_few_seconds(
    context: SensorEvaluationContext, tenants: TenantsResource
) -> list[RunRequest] | SkipReason:
    return runs_due(context, tenants, datetime.now(UTC))


@schedule(cron_schedule="* * * * *", job_name=SYNC, default_status=DefaultScheduleStatus.RUNNING)
def every_minute(
    context: ScheduleEvaluationContext, tenants: TenantsResource
) -> list[RunRequest] | SkipReason:
    return runs_due(context, tenants, context.scheduled_execution_time)


defs = Definitions.merge(
    project.defs, Definitions(sensors=[every_few_seconds], schedules=[every_minute])
)
