"""Snapshots as they look when time has passed, and runs without Dagster around them."""

from __future__ import annotations

from datetime import timedelta

from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.sync.model import Launch, RunSummary
from bc_pipeline.sync.run import run_tenant
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.model import Tenant


def tenant(name: str = "cronus") -> Tenant:
    """A tenant of BC_PIPELINE_HOME as its settings are now."""
    return registry.load().get(name)


def synced(name: str = "cronus", **launch: object) -> RunSummary:
    """One run of a tenant by the engine alone: a second instead of Dagster's ten."""
    return run_tenant(tenant(name), Launch(**launch))


def let_pass(time: timedelta, name: str = "cronus") -> None:
    """Everything that stands in the tenant's books happened so much longer ago."""
    with (
        Snapshot.open(tenant(name).snapshot_dir) as snapshot,
        snapshot.transaction() as cursor,
    ):
        cursor.execute(
            "UPDATE ops.runs SET started_at = started_at - $time, ended_at = ended_at - $time",
            {"time": time},
        )
