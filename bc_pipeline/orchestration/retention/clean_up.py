"""One clean-up: Dagster's runs, then the books of each tenant's snapshot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from dagster import DagsterInstance

from bc_pipeline import clock
from bc_pipeline.errors import PipelineError
from bc_pipeline.orchestration.retention import event_storage as storage
from bc_pipeline.orchestration.retention import growth
from bc_pipeline.orchestration.retention.growth import Stored
from bc_pipeline.orchestration.retention.plan import RunPlan, plan
from bc_pipeline.run import tick_memory
from bc_pipeline.snapshot.lock import tenant_lock
from bc_pipeline.snapshot.retention import trim
from bc_pipeline.snapshot.store import FILE_NAME, Snapshot
from bc_pipeline.tenants.registry import Registry
from bc_pipeline.tenants.retention_settings import RetentionSettings
from bc_pipeline.tenants.settings import Tenant

TICK_LOGS_STAY = timedelta(days=7)
OF_NO_TENANT = "(no tenant)"
"""What runs are told under that belong to none, such as those of this job."""


@dataclass
class Cleaned:
    """What became of one tenant's history.

    Attributes:
        runs: Dagster runs that stay.
        deleted: Dagster runs that went.
        freed: bytes of the files of those.
        dagster: bytes of the files of the runs that stay.
        snapshot: bytes of the snapshot.
        booked: runs that the snapshot's books do not know any more.
        remark: why something was left for the next time.
    """

    runs: int = 0
    deleted: int = 0
    freed: int = 0
    dagster: int = 0
    snapshot: int = 0
    booked: int = 0
    remark: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "runs": self.runs,
            "runs_deleted": self.deleted,
            "bytes_freed": self.freed,
            "dagster_bytes": self.dagster,
            "snapshot_bytes": self.snapshot,
            "booked_runs_deleted": self.booked,
            "remark": self.remark,
        }


@dataclass
class CleanUp:
    """What one clean-up did.

    Attributes:
        tenants: each tenant's part, by name.
        found: what was there, in bytes.
        stored: what is left.
        new_per_day: bytes that came in a day since the last clean-up; None: not known yet.
        grown_per_day: bytes by which what is left grew a day; None: not known yet.
        remarks: what an operator should know.
    """

    tenants: dict[str, Cleaned]
    found: Stored
    stored: Stored
    new_per_day: int | None = None
    grown_per_day: int | None = None
    remarks: list[str] = field(default_factory=list)

    @property
    def deleted(self) -> int:
        """Dagster runs that went."""
        return sum(each.deleted for each in self.tenants.values())

    def as_json(self) -> dict[str, Any]:
        return {
            "runs": sum(each.runs for each in self.tenants.values()),
            "runs_deleted": self.deleted,
            "bytes_freed": self.found.total - self.stored.total,
            "bytes": self.stored.total,
            "dagster_bytes": self.stored.dagster,
            "snapshot_bytes": sum(self.stored.snapshots.values()),
            "new_bytes_per_day": self.new_per_day,
            "grown_bytes_per_day": self.grown_per_day,
            "remarks": self.remarks,
            "tenants": {name: each.as_json() for name, each in self.tenants.items()},
        }


def clean_up(
    instance: DagsterInstance,
    registry: Registry,
    *,
    dry_run: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> CleanUp:
    """Deletes what is older than the limits, and measures what is left.

    Args:
        instance: whose runs.
        registry: the tenants with their limits.
        dry_run: only count.
        tell: gets a line for each tenant something was done for, or could not be.

    Raises:
        ConfigError: ``defaults.retention`` is wrong; nothing was deleted.
        PipelineError: Dagster's storage is none that is known; nothing was deleted.
    """
    if not isinstance(registry.retention, RetentionSettings):
        raise registry.retention
    before = growth.last(registry.home)
    with_files = storage.runs_with_files(instance)
    now = clock.now()
    plans = plan(instance, lambda tenant: _limits(registry, tenant), now)
    found = _stored(instance, registry, with_files, now)
    cleaned = {name: Cleaned() for name in registry.names()}
    done = CleanUp(cleaned, found, found, growth.per_day(before, found))
    for owner, planned in plans.items():
        each = cleaned.setdefault(owner or OF_NO_TENANT, Cleaned())
        _clean_runs(instance, planned, each, dry_run)
    for name, tenant in registry.tenants.items():
        _clean_books(tenant, cleaned[name], now, dry_run)
    for name, error in registry.errors.items():
        cleaned[name].remark = f"left alone, its settings are wrong: {error}"
    for name, each in cleaned.items():
        if each.deleted or each.booked or each.remark:
            tell(_in_words(name, each))
    if not dry_run:
        known = {run for planned in plans.values() for run in (*planned.stay, *planned.go)}
        _delete_left_overs(instance, with_files - known, now)
        storage.compact(instance)
        done.stored = _stored(instance, registry, storage.runs_with_files(instance), now)
        done.grown_per_day = growth.per_day(before, done.stored)
        growth.note(registry.home, done.stored)
    done.remarks += _ticks_kept_for_ever(instance)
    return done


def _limits(registry: Registry, tenant: str | None) -> RetentionSettings | None:
    if tenant in registry.errors:
        return None  # nobody knows what they were meant to be
    if tenant in registry.tenants:
        return registry.tenants[tenant].retention
    assert isinstance(registry.retention, RetentionSettings)
    return registry.retention


def _clean_runs(
    instance: DagsterInstance, planned: RunPlan, cleaned: Cleaned, dry_run: bool
) -> None:
    cleaned.runs, cleaned.deleted = len(planned.stay), len(planned.go)
    cleaned.dagster = _size_of_runs(instance, planned.stay)
    cleaned.freed = _size_of_runs(instance, planned.go)
    if dry_run:
        return
    # The oldest first: interrupted, it goes on where it was.
    for run_id in reversed(planned.go):
        _delete_run(instance, run_id)


def _delete_run(instance: DagsterInstance, run_id: str) -> None:
    storage.delete_checks(instance, [run_id])
    instance.delete_run(run_id)
    storage.delete_files(instance, run_id)


def _delete_left_overs(instance: DagsterInstance, run_ids: set[str], now: datetime) -> None:
    """What an interrupted deletion has left, and the logs of old ticks."""
    for run_id in sorted(run_ids):
        if instance.get_run_by_id(run_id) is None:
            _delete_run(instance, run_id)
    storage.delete_tick_logs(instance, now - TICK_LOGS_STAY)


def _clean_books(tenant: Tenant, cleaned: Cleaned, now: datetime, dry_run: bool) -> None:
    path = tenant.snapshot_dir / FILE_NAME
    if not path.exists():
        return
    before = now - timedelta(days=tenant.retention.history_days)
    try:
        with (
            tenant_lock(tenant.snapshot_dir),
            tick_memory.kept(tenant),
            Snapshot.open(tenant.snapshot_dir) as snapshot,
            snapshot.cursor() as cursor,
        ):
            cleaned.booked = trim(cursor, before, dry_run=dry_run)
    except PipelineError as error:
        cleaned.remark = f"its snapshot is left for the next time: {error}"
    cleaned.snapshot = storage.size([path])


def _stored(
    instance: DagsterInstance, registry: Registry, run_ids: set[str], now: datetime
) -> Stored:
    shared = storage.size(storage.shared_files(instance))
    return Stored(
        at=now,
        dagster=shared + _size_of_runs(instance, run_ids),
        snapshots={
            name: storage.size([Path(tenant.snapshot_dir) / FILE_NAME])
            for name, tenant in registry.tenants.items()
        },
    )


def _size_of_runs(instance: DagsterInstance, run_ids: list[str] | set[str]) -> int:
    return sum(storage.size(storage.run_files(instance, run_id)) for run_id in run_ids)


def _in_words(name: str, cleaned: Cleaned) -> str:
    parts = [
        f"{cleaned.deleted} runs deleted, {cleaned.runs} stay",
        f"{cleaned.booked} runs taken out of the snapshot's books",
    ]
    return f"{name}: {'; '.join(parts)}" + (f"; {cleaned.remark}" if cleaned.remark else "")


def _ticks_kept_for_ever(instance: DagsterInstance) -> list[str]:
    """What dagster.yaml says of ticks is Dagster's own business; that it says nothing is told."""
    told = instance.get_settings("retention") or {}
    return [
        f"Ticks of {kind}s are kept for ever: dagster.yaml says nothing of "
        f"retention.{kind}.purge_after_days (docs/configuration.md, Dagster)"
        for kind in ("schedule", "sensor")
        if not (told.get(kind) or {}).get("purge_after_days")
    ]
