"""Which tenants, and which sweeps, are waiting or at work right now."""

from __future__ import annotations

from pathlib import Path

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter

from bc_pipeline.orchestration.alive import forget, has_died
from bc_pipeline.orchestration.tags import PARENT_TAG, PARTITION_TAG, SHARD_TAG

UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]
DIED = "The process of this run is gone: killed, or with its machine. The next tick goes on."
ORPHANED = "The sweep this run was part of has ended without it: its process is gone."


def busy_tenants(instance: DagsterInstance) -> set[str]:
    """The tenants whose last run is still waiting or at work."""
    return _tagged(_unfinished(instance), PARTITION_TAG)


def is_busy(instance: DagsterInstance, tenant: str) -> bool:
    """Whether a run of this tenant is still waiting or at work."""
    filters = RunsFilter(statuses=UNFINISHED, tags={PARTITION_TAG: tenant})
    return bool(instance.get_runs(filters=filters, limit=1))


def busy_shards(instance: DagsterInstance) -> set[str]:
    """The parts of the tenants that a sweep is still waiting for or working on."""
    return _tagged(_unfinished(instance), SHARD_TAG)


def fail_orphans(instance: DagsterInstance, home: Path) -> list[DagsterRun]:
    """Marks runs as failed whose process has died, and those that were part of such a sweep; else
    they would keep their tenants from ever being run again.

    Args:
        instance: Dagster's.
        home: BC_PIPELINE_HOME, where runs at work are known.

    Returns:
        Those runs.
    """
    dead = [run for run in _unfinished(instance) if has_died(home, run.run_id)]
    for run in dead:
        instance.report_run_failed(run, DIED)
        forget(home, run.run_id)  # not before it is booked: what tells of the death is gone then
    return dead + _fail_nested(instance)


def _fail_nested(instance: DagsterInstance) -> list[DagsterRun]:
    found = [run for run in _unfinished(instance) if _is_orphan(instance, run)]
    for run in found:
        instance.report_run_failed(run, ORPHANED)
    return found


def _unfinished(instance: DagsterInstance) -> list[DagsterRun]:
    return list(instance.get_runs(filters=RunsFilter(statuses=UNFINISHED)))


def _tagged(runs: list[DagsterRun], tag: str) -> set[str]:
    return {run.tags[tag] for run in runs if tag in run.tags}


def sweep_of(run: DagsterRun) -> str | None:
    """The sweep in whose process a run is at work. One that is executed again by hand keeps its
    tags, and has a process of its own."""
    return run.tags.get(PARENT_TAG) if run.parent_run_id is None else None


def _is_orphan(instance: DagsterInstance, run: DagsterRun) -> bool:
    sweep = sweep_of(run)
    if sweep is None:
        return False
    parent = instance.get_run_by_id(sweep)
    return parent is None or parent.is_finished
