"""Runs of tenants in this process, one after another, recorded in the Dagster instance."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from dagster import DagsterInstance, ExecuteInProcessResult, RunConfig

from bc_pipeline.assets.keys import asset_key, configured_keys
from bc_pipeline.assets.run import watched_by
from bc_pipeline.assets.table import entity_names, with_sources
from bc_pipeline.automation.instance import open_instance
from bc_pipeline.automation.jobs import SYNC
from bc_pipeline.automation.ticks import TENANT_TAG
from bc_pipeline.cli.progress import Watcher
from bc_pipeline.definitions import defs
from bc_pipeline.sync.model import RunSummary
from bc_pipeline.tenants import partitions
from bc_pipeline.tenants.model import Tenant
from bc_pipeline.tenants.registry import Registry

CANCELLED = "cancelled"
"""``RunSummary.reason`` of a run that was told to stop."""


@dataclass(frozen=True)
class SyncOptions:
    """What ``sync`` was asked for; the same for every tenant of the command."""

    full: bool = False
    since: date | None = None
    entities: tuple[str, ...] = ()
    dry_run: bool = False

    def run_config(self) -> RunConfig:
        """As launch configuration of a Dagster run; Dagster's own log stays quiet."""
        launch: dict[str, Any] = {"full": self.full, "dry_run": self.dry_run}
        if self.since:
            launch["since"] = self.since.isoformat()
        return RunConfig(
            resources={"tenant_run": {"config": launch}},
            loggers={"console": {"config": {"log_level": "CRITICAL"}}},
        )


@contextmanager
def instance_for(home: Path) -> Iterator[DagsterInstance]:
    """The installation's Dagster instance, closed afterwards."""
    with open_instance(home) as instance:
        yield instance


def add_partitions(instance: DagsterInstance, registry: Registry) -> None:
    """Every soundly configured tenant gets its partition, as the sensor would do it."""
    known = set(instance.get_dynamic_partitions(partitions.NAME))
    new = [name for name in registry.tenants if name not in known]
    if new:
        instance.add_dynamic_partitions(partitions.NAME, new)


def run_tenant(
    tenant: Tenant, options: SyncOptions, instance: DagsterInstance, watcher: Watcher
) -> RunSummary:
    """One run of the job ``sync`` for one tenant, in this process.

    Two Dagster runs on threads of one process deadlock, so call this for one tenant at a time.

    Raises:
        KeyboardInterrupt: the run was interrupted; what was under way is finished and booked.
    """
    name = tenant.name
    watcher.tenant(name)
    watcher.summaries.pop(name, None)
    named = {asset_key(each) for each in with_sources(entity_names(options.entities))}
    run_id = str(uuid.uuid4())
    with watched_by(watcher):
        result = defs.resolve_job_def(SYNC).execute_in_process(
            run_config=options.run_config(),
            instance=instance,
            partition_key=name,
            asset_selection=[key for key in configured_keys(tenant) if not named or key in named],
            run_id=run_id,
            tags={TENANT_TAG: name},
            raise_on_error=False,
        )
    summary = watcher.summaries.get(name) or _without_summary(name, run_id, result)
    if summary.reason == CANCELLED:
        raise KeyboardInterrupt
    return summary


def _without_summary(name: str, run_id: str, result: ExecuteInProcessResult) -> RunSummary:
    """The run ended before the engine had anything to say: what Dagster knows about it."""
    failures = [event.message for event in result.all_events if event.is_failure and event.message]
    return RunSummary(
        tenant=name,
        run_id=run_id,
        status="failed",
        reason=failures[0] if failures else "the run did not start",
    )
