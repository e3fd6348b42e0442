"""What a tick of a schedule starts: a few sweeps, each over a shard of the tenants.

A sweep still at work is not started a second time, and a tick that was missed is not made up: the
next one finds whatever has changed meanwhile.
"""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

from dagster import (
    DefaultScheduleStatus,
    RunRequest,
    ScheduleEvaluationContext,
    SensorEvaluationContext,
    SkipReason,
    schedule,
)

from bc_pipeline.errors import ConfigError
from bc_pipeline.orchestration import partitions
from bc_pipeline.orchestration.at_work import busy_shards, busy_tenants, fail_orphans
from bc_pipeline.orchestration.resources import TenantsResource
from bc_pipeline.orchestration.sweep import shard_of
from bc_pipeline.orchestration.sweep_job import SWEEP, SweepConfig, run_config
from bc_pipeline.orchestration.tags import SHARD_TAG
from bc_pipeline.run import tick_memory
from bc_pipeline.run.overview import STOCK, WHOLE, stock_is_due
from bc_pipeline.tenants.registry import Registry
from bc_pipeline.tenants.settings import Tenant

CRON = "*/30 * * * *"
STOCK_CRON = "5-25/5,35-55/5 * * * *"
"""Every five minutes; on the full and half hour the whole tick looks at stock as well."""
SHARD_OF = "/"
"""In the tags of shards, and in no tenant's name."""
MOST_ALONE = 2
"""Sweeps of a single tenant at work side by side; the next ones wait for a later tick."""
SHARDS_VARIABLE = "BC_PIPELINE_SHARDS"
TENANTS_OF_A_SHARD = 20
"""Fewer than these are not worth another process."""


def due_tenants(
    registry: Registry, partitions: Collection[str], busy: Collection[str]
) -> list[Tenant]:
    """The tenants to start: enabled, soundly configured, known to Dagster and not at work."""
    return [
        tenant
        for tenant in registry.enabled()
        if tenant.name in partitions and tenant.name not in busy
    ]


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
    orphans = fail_orphans(context.instance, registry.home)
    for orphan in orphans:
        context.log.error(f"Run {orphan.run_id}, whose process is gone, is marked as failed")
    if orphans:
        from bc_pipeline.alerts import telling

        telling.before_runs(registry)
    known = context.instance.get_dynamic_partitions(partitions.NAME)
    due = due_tenants(registry, known, busy_tenants(context.instance))
    if not due:
        return SkipReason("No tenant is due: all are disabled, new, at work or wrongly configured")
    return due


def shards_for(tenants: int) -> int:
    """Into how many sweeps a tick is divided: BC_PIPELINE_SHARDS, else as many as this machine has
    processors and as are worth it.

    Raises:
        ConfigError: BC_PIPELINE_SHARDS is no number.
    """
    told = os.environ.get(SHARDS_VARIABLE, "").strip()
    if not told:
        return max(1, min(os.cpu_count() or 1, math.ceil(tenants / TENANTS_OF_A_SHARD)))
    if not (told.isdecimal() and int(told) > 0):
        raise ConfigError(f"{SHARDS_VARIABLE} is {told!r}: write a whole number from 1 on")
    return int(told)


def sweeps_due(
    context: ScheduleEvaluationContext | SensorEvaluationContext,
    tenants: TenantsResource,
    scheduled_at: datetime,
    *,
    stock: bool = False,
) -> list[RunRequest] | SkipReason:
    """The sweeps of one tick. A tenant whose run may take long has one of its own.

    Args:
        context: Dagster's, for its instance and log.
        tenants: the registry.
        scheduled_at: the time the tick stands for; part of the run key.
        stock: only stock is looked at.

    Raises:
        ConfigError: tenants.yaml as a whole cannot be read, or BC_PIPELINE_SHARDS is no number: the
            tick fails.
    """
    registry = tenants.load()
    ready = ready_tenants(context, registry)
    broken = [] if stock else _broken(context, registry)
    if isinstance(ready, SkipReason):
        if not broken:
            return ready
        ready = []
    due = [each for each in ready if not stock or stock_is_due(each, scheduled_at)]
    takes_time = tick_memory.wants_time if not stock else _never_run
    alone = [each.name for each in due if takes_time(each.snapshot_dir)]
    together = [each.name for each in due if each.name not in alone] + broken
    requests = list(_shards(registry, together, alone, scheduled_at, stock=stock))
    at_work = busy_shards(context.instance)
    if not stock:
        # However many first runs are to come, there has to be room for everybody else's.
        room = max(MOST_ALONE - sum(SHARD_OF not in tag for tag in at_work), 0)
        requests += [
            _alone(name, scheduled_at) for name in alone if _alone_tag(name) not in at_work
        ][:room]
    free = [each for each in requests if each.tags[SHARD_TAG] not in at_work]
    if not requests:
        return SkipReason(
            "No tenant's stock is due: none wants it now, or the first sync is to come"
        )
    return free or SkipReason("The sweeps of the last tick are still at work")


def _broken(
    context: ScheduleEvaluationContext | SensorEvaluationContext, registry: Registry
) -> list[str]:
    """The tenants whose run is only there to fail and say what is wrong with their settings."""
    names = registry.broken()
    if not names:
        return []
    known = context.instance.get_dynamic_partitions(partitions.NAME)
    busy = busy_tenants(context.instance)
    return [name for name in names if name in known and name not in busy]


def _never_run(directory: Path) -> bool:
    return not tick_memory.has_run(directory)


def _shards(
    registry: Registry,
    names: Collection[str],
    alone: Collection[str],
    scheduled_at: datetime,
    *,
    stock: bool,
) -> Iterator[RunRequest]:
    shards = shards_for(len(registry.names()))
    left_out = {*registry.names()} - {*names} if stock else {*alone}
    for shard in range(shards):
        if any(shard_of(name, shards) == shard for name in names):
            without = sorted(name for name in left_out if shard_of(name, shards) == shard)
            config = SweepConfig(shard=shard, shards=shards, without=without, stock=stock)
            what = "stock" if stock else "sync"
            yield _request(f"{what} {shard + 1}{SHARD_OF}{shards}", scheduled_at, config)


def _alone(name: str, scheduled_at: datetime) -> RunRequest:
    return _request(_alone_tag(name), scheduled_at, SweepConfig(tenants=[name]))


def _alone_tag(name: str) -> str:
    return f"sync {name}"


def _request(tag: str, scheduled_at: datetime, config: SweepConfig) -> RunRequest:
    return RunRequest(
        run_key=f"{tag}@{scheduled_at.isoformat()}",
        run_config=run_config(config),
        tags={SHARD_TAG: tag},
    )


@schedule(
    name=WHOLE,
    cron_schedule=CRON,
    job_name=SWEEP,
    default_status=DefaultScheduleStatus.STOPPED,
    description="Brings every enabled tenant up to date: sweeps look at each one, and run those in "
    "which something changed or is due. One whose settings are wrong gets a run of one step that "
    "fails and says what is wrong; a tenants.yaml that cannot be read makes the tick fail.",
)
def every_30_minutes(
    context: ScheduleEvaluationContext, tenants: TenantsResource
) -> list[RunRequest] | SkipReason:
    """The tick of production."""
    return sweeps_due(context, tenants, context.scheduled_execution_time)


@schedule(
    name=STOCK,
    cron_schedule=STOCK_CRON,
    job_name=SWEEP,
    default_status=DefaultScheduleStatus.STOPPED,
    description="Between two half-hours, looks at the stock of every tenant that wants it "
    "(sync.stock_every_minutes), and sends what has moved.",
)
def stock_every_5_minutes(
    context: ScheduleEvaluationContext, tenants: TenantsResource
) -> list[RunRequest] | SkipReason:
    """The tick of stock."""
    return sweeps_due(context, tenants, context.scheduled_execution_time, stock=True)
