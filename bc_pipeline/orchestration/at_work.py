"""Which tenants, and which sweeps, are waiting or at work right now."""

from __future__ import annotations

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

from bc_pipeline.orchestration.tags import PARTITION_TAG, SHARD_TAG

UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


def busy_tenants(instance: DagsterInstance) -> set[str]:
    """The tenants whose last run is still waiting or at work."""
    return _tagged(instance, PARTITION_TAG)


def busy_shards(instance: DagsterInstance) -> set[str]:
    """The parts of the tenants that a sweep is still waiting for or working on."""
    return _tagged(instance, SHARD_TAG)


def _tagged(instance: DagsterInstance, tag: str) -> set[str]:
    runs = instance.get_runs(filters=RunsFilter(statuses=UNFINISHED))
    return {run.tags[tag] for run in runs if tag in run.tags}
