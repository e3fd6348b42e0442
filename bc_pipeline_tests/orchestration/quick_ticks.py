"""The project's definitions with ticks every few seconds.

Dagster's cron knows no seconds. So the schedules here tick every minute, and sensors evaluate the
same ticks in between. The environment tells which of them are on: QUICK_TICKS=stock those of stock
alone, else those of everything.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

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
from bc_pipeline.orchestration.schedules import sweeps_due
from bc_pipeline.orchestration.sweep_job import SWEEP
from bc_pipeline.run.overview import STOCK_TICK

STOCK_ALONE = os.environ.get("QUICK_TICKS") == "stock"
ON, OFF = DefaultSensorStatus.RUNNING, DefaultSensorStatus.STOPPED


@sensor(job_name=SWEEP, minimum_interval_seconds=3, default_status=OFF if STOCK_ALONE else ON)
def every_few_seconds(
    context: SensorEvaluationContext, tenants: TenantsResource
) -> list[RunRequest] | SkipReason:
    return sweeps_due(context, tenants, datetime.now(UTC))


@schedule(
    cron_schedule="* * * * *",
    job_name=SWEEP,
    default_status=DefaultScheduleStatus.STOPPED if STOCK_ALONE else DefaultScheduleStatus.RUNNING,
)
def every_minute(
    context: ScheduleEvaluationContext, tenants: TenantsResource
) -> list[RunRequest] | SkipReason:
    return sweeps_due(context, tenants, context.scheduled_execution_time)


@sensor(job_name=SWEEP, minimum_interval_seconds=3, default_status=ON if STOCK_ALONE else OFF)
def stock_every_few_seconds(
    context: SensorEvaluationContext, tenants: TenantsResource
) -> list[RunRequest] | SkipReason:
    # A minute at which every tenant's stock is due; the seconds keep ticks apart.
    now = datetime.now(UTC).replace(minute=STOCK_TICK // timedelta(minutes=1))
    return sweeps_due(context, tenants, now, stock=True)


defs = Definitions.merge(
    project.defs,
    Definitions(sensors=[every_few_seconds, stock_every_few_seconds], schedules=[every_minute]),
)
