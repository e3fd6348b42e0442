"""Runs of tenants in this process, one after another, recorded in the Dagster instance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from dagster import AssetKey, DagsterInstance, RunConfig

from bc_pipeline.catalogue.tasks import OUTBOUND_NAMES, with_sources
from bc_pipeline.cli.output import warn_once
from bc_pipeline.cli.progress import Watcher, watch
from bc_pipeline.definitions import defs
from bc_pipeline.orchestration import partitions
from bc_pipeline.orchestration.assets.keys import asset_key, configured_keys, export_keys
from bc_pipeline.orchestration.instance import open_instance
from bc_pipeline.orchestration.jobs import EXPORT, STOCK, SYNC
from bc_pipeline.orchestration.nested_run import NestedRun
from bc_pipeline.orchestration.sweep import sweep
from bc_pipeline.orchestration.tags import TENANT_TAG
from bc_pipeline.report import Problem, RunSummary
from bc_pipeline.run.dependencies import dependencies
from bc_pipeline.run.tick import Tick, look
from bc_pipeline.tenants.pause import paused
from bc_pipeline.tenants.registry import Registry
from bc_pipeline.tenants.settings import Tenant


@dataclass(frozen=True)
class RunOptions:
    """What ``sync`` or ``export`` was asked for; the same for every tenant of the command.

    Args:
        job: the Dagster job.
        full, since, dry_run: as in ``Launch``.
        entities: names of assets; empty means all.
    """

    job: str = SYNC
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

    def asset_keys(self, tenant: Tenant) -> list[AssetKey]:
        """The assets to work on for this tenant."""
        if self.job == EXPORT:
            return export_keys(tenant, self.entities)
        named = {asset_key(each) for each in with_sources(self.entities)}
        return [key for key in configured_keys(tenant) if not named or key in named]


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


def run_tenants(
    found: Registry, names: Sequence[str], options: RunOptions
) -> dict[str, RunSummary]:
    """One run per tenant, one after another, with progress on stderr.

    Args:
        found: the registry.
        names: tenants of it, wrongly configured ones too.
        options: what was asked for.
    """
    warn_once(found.warnings)
    summaries: dict[str, RunSummary] = {}
    with instance_for(found.home) as instance, watch() as watcher:
        add_partitions(instance, found)
        for name in names:
            summaries[name] = not_runnable(found, name, options) or run_tenant(
                found.tenants[name], options, instance, watcher
            )
    return summaries


def not_runnable(found: Registry, name: str, options: RunOptions) -> RunSummary | None:
    """The outcome of a tenant that is not started: wrongly configured, disabled, or without any of
    the named entities."""
    if name in found.errors:
        reason = str(found.errors[name])
        problem = Problem("", None, "config", reason)
        return RunSummary(name, "", status="failed", reason=reason, problems=[problem])
    tenant = found.tenants[name]
    if not tenant.enabled:
        pause = paused(tenant.snapshot_dir)
        reason = pause.in_words() if pause else "disabled in tenants.yaml"
        return RunSummary(name, "", status="skipped", reason=reason)
    wanted = options.entities or (OUTBOUND_NAMES if options.job == EXPORT else ())
    if wanted and not set(wanted) & set(dependencies(tenant)):
        told = ", ".join(options.entities) or "exports (exports.accounting, exports.buy_orders)"
        return RunSummary(name, "", status="skipped", reason=f"its settings do not ask for {told}")
    return None


def run_tenant(
    tenant: Tenant, options: RunOptions, instance: DagsterInstance, watcher: Watcher
) -> RunSummary:
    """One run of a job for one tenant, in this process.

    Two Dagster runs on threads of one process deadlock, so call this for one tenant at a time.

    Raises:
        KeyboardInterrupt: the run was interrupted; what was under way is finished and booked.
    """
    watcher.tenant(tenant.name)
    run = NestedRun(
        defs.resolve_job_def(options.job),
        tenant.name,
        options.asset_keys(tenant),
        options.run_config(),
        {TENANT_TAG: tenant.name},
        observer=watcher,
    )
    return run.execute(instance)


def sweep_tenants(
    found: Registry,
    names: Sequence[str],
    *,
    stock: bool = False,
    asked_for: bool = False,
    quiet: bool = False,
) -> dict[str, RunSummary]:
    """What a tick does, in this process: look at each tenant, run those that have something to do.

    Args:
        found: the registry.
        names: tenants of it, wrongly configured ones too.
        stock: look only at stock, and send only that.
        asked_for: these tenants are wanted now, and wait for no whole tick.
        quiet: neither warnings are told, nor progress where there is no terminal for bars.
    """
    if not quiet:
        warn_once(found.warnings)
    summaries: dict[str, RunSummary] = {}
    with instance_for(found.home) as instance, watch(lines=not quiet) as watcher:
        add_partitions(instance, found)

        def run(tick: Tick) -> RunSummary:
            watcher.tenant(tick.tenant.name)
            nested = NestedRun(
                defs.resolve_job_def(STOCK if stock else SYNC),
                tick.tenant.name,
                [asset_key(name) for name in sorted(tick.due)],
                RunOptions().run_config(),
                {TENANT_TAG: tick.tenant.name},
                tick=tick,
                observer=watcher,
            )
            return nested.execute(instance)

        refused = {name: not_runnable(found, name, RunOptions()) for name in names}
        tenants = [found.tenants[name] for name, told in refused.items() if told is None]
        look_at = partial(look, asked_for=asked_for)
        done = {
            each.tenant: each for each in sweep(tenants, run, stock_only=stock, look_at=look_at)
        }
        for name in names:
            summaries[name] = refused[name] or done[name]
    return summaries
