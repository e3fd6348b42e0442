"""Ticks of the schedules, and the sweeps they ask for."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    RunRequest,
    SensorResult,
    SkipReason,
    build_sensor_context,
)

from bc_pipeline.definitions import defs
from bc_pipeline.orchestration.resources import TenantsResource
from bc_pipeline.orchestration.schedules import (
    sweeps_due,
)
from bc_pipeline.orchestration.sensors import tenants_to_partitions
from bc_pipeline.orchestration.sweep import shard_of
from bc_pipeline.orchestration.sweep_job import OP
from bc_pipeline.orchestration.tags import SHARD_TAG
from bc_pipeline.run import tick_memory
from bc_pipeline.run.tick_memory import Memory


@pytest.fixture(autouse=True)
def shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BC_PIPELINE_SHARDS", raising=False)


LOG = logging.getLogger(__name__)
AT = datetime(2026, 8, 22, 12, 30, tzinfo=UTC)
STOCK_AT = AT + timedelta(minutes=5)
NEVER = {"sync": {"stock_every_minutes": 0}}


@dataclass
class Context:
    """What a tick asks Dagster for. Dagster's own opens an instance on disk, which takes seconds;
    two tests below have that."""

    instance: DagsterInstance
    log: logging.Logger = LOG


def evaluate_tick(instance: DagsterInstance) -> list[RunRequest] | SkipReason:
    return sweeps_due(Context(instance), TenantsResource(), AT)


def evaluate_stock(
    instance: DagsterInstance, at: datetime = STOCK_AT
) -> list[RunRequest] | SkipReason:
    return sweeps_due(Context(instance), TenantsResource(), at, stock=True)


def evaluate_sensor(instance: DagsterInstance) -> SensorResult | SkipReason:
    context = build_sensor_context(instance=instance)
    return tenants_to_partitions(context, tenants=TenantsResource())


def sweeps(result: list[RunRequest] | SkipReason) -> dict[str, dict[str, Any]]:
    """The sweeps a tick asks for: their tag and what they are to do."""
    assert not isinstance(result, SkipReason), result.skip_message
    return {each.tags[SHARD_TAG]: each.run_config["ops"][OP]["config"] for each in result}


def swept(result: list[RunRequest] | SkipReason, home: Path) -> list[str]:
    """The tenants that the sweeps of a tick look at."""
    names = [name for name in ("acme", "globex", "initech") if f"{name}:" in text_of(home)]
    found: list[str] = []
    for config in sweeps(result).values():
        mine = [n for n in names if shard_of(n, config["shards"]) == config["shard"]]
        found += config["tenants"] or [n for n in mine if n not in config["without"]]
    return sorted(found)


def text_of(home: Path) -> str:
    return (home / "tenants.yaml").read_text()


@pytest.fixture
def synced(home: Path) -> Path:
    """Both tenants have had their first sync."""
    for tenant in ("acme", "globex"):
        has_run(home, tenant)
    return home


def has_run(home: Path, tenant: str, **remembered: Any) -> None:
    directory = home / "snapshots" / tenant
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "snapshot.duckdb").touch()
    memory = Memory("", None, ("id", "name", "display", "28.0"), AT, AT)
    tick_memory.save(directory, replace(memory, **remembered))


def at_work(instance: DagsterInstance, **tags: str) -> str:
    job = defs.resolve_job_def("sync")
    run = instance.create_run_for_job(job, status=DagsterRunStatus.STARTED, tags=tags)
    return run.run_id
