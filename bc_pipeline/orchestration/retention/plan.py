"""Which Dagster runs stay and which go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dagster import DagsterInstance, DagsterRunStatus, RunRecord

from bc_pipeline.orchestration.retention.event_storage import newest_runs
from bc_pipeline.orchestration.tags import PARTITION_TAG
from bc_pipeline.tenants.retention_settings import RetentionSettings

_PAGE = 500


@dataclass
class RunPlan:
    """What becomes of the runs of one tenant, or of those of none.

    Attributes:
        stay: ids of the runs that stay, newest first.
        go: ids of those that are deleted, newest first.
    """

    stay: list[str] = field(default_factory=list)
    go: list[str] = field(default_factory=list)


def plan(
    instance: DagsterInstance,
    limits_of: Callable[[str | None], RetentionSettings | None],
    now: datetime,
) -> dict[str | None, RunPlan]:
    """What becomes of every run there is.

    A run stays while it is at work, as one of its tenant's newest, as a failed one that is young
    enough, when an asset or check was good last in it, and when one that stays repeats it.

    Args:
        instance: whose runs.
        limits_of: the limits for a tenant, or without one; None: all its runs stay.
        now: UTC.

    Returns:
        by tenant; under None the runs that belong to no tenant.

    Raises:
        PipelineError: Dagster's storage is none that is known.
    """
    # Asked for before the runs: one that ends meanwhile is not listed then, so it stays.
    needed = newest_runs(instance)
    plans: dict[str | None, RunPlan] = {}
    numbered: Counter[str] = Counter()
    for record in _records(instance):
        run = record.dagster_run
        tenant = run.tags.get(PARTITION_TAG)
        group = tenant or f"job {run.job_name}"
        numbered[group] += 1
        limits = limits_of(tenant)
        stays = (
            limits is None
            or not run.is_finished
            or numbered[group] <= limits.runs
            or run.run_id in needed
            or _failed_lately(record, limits, now)
        )
        found = plans.setdefault(tenant, RunPlan())
        (found.stay if stays else found.go).append(run.run_id)
        if stays:
            # Dagster shows a repeated run together with the ones before it, and fails without.
            needed.update(each for each in (run.root_run_id, run.parent_run_id) if each)
    return plans


def _records(instance: DagsterInstance) -> Iterator[RunRecord]:
    """All runs, newest first."""
    cursor: str | None = None
    while page := instance.get_run_records(limit=_PAGE, cursor=cursor):
        yield from page
        cursor = page[-1].dagster_run.run_id


def _failed_lately(record: RunRecord, limits: RetentionSettings, now: datetime) -> bool:
    if record.dagster_run.status is not DagsterRunStatus.FAILURE:
        return False
    ended = record.end_time or record.create_timestamp.timestamp()
    return now - datetime.fromtimestamp(ended, now.tzinfo) < timedelta(days=limits.failed_days)
