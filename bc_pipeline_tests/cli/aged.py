"""Snapshots as they look when time has passed, and runs without Dagster around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from bc_pipeline.report import Launch, RunSummary
from bc_pipeline.run.execute import run_tenant
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.settings import Tenant


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


@contextmanager
def changed_settings(home: Path, name: str, changed: Mapping[str, Any]) -> Iterator[None]:
    """Other settings of a tenant for a while; sections are completed, not replaced."""
    path = home / "tenants.yaml"
    before = path.read_text("utf-8")
    document = yaml.safe_load(before)
    settings = document["tenants"][name]
    for key, value in changed.items():
        known = settings.get(key)
        both = isinstance(value, dict) and isinstance(known, dict)
        settings[key] = {**known, **value} if both else value
    path.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    try:
        yield
    finally:
        path.write_text(before, "utf-8")
