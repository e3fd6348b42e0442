"""A sensor as Dagster evaluates it time and again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

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

FILES = {"exports": {"accounting": True}}
ORDERS = {"exports": {"buy_orders": True}}


@pytest.fixture
def instance(disk_instance: DagsterInstance) -> DagsterInstance:
    return disk_instance


class Sensor:
    """A sensor with the cursor it keeps between evaluations."""

    def __init__(self, evaluate, instance: DagsterInstance) -> None:
        self._evaluate = evaluate
        self._instance = instance
        self.cursor: str | None = None

    def look(self) -> list[RunRequest]:
        """The runs of one evaluation."""
        context = build_sensor_context(instance=self._instance, cursor=self.cursor)
        result = self._evaluate(context, tenants=TenantsResource())
        if isinstance(result, SkipReason):
            return []
        assert isinstance(result, SensorResult)
        self.cursor = result.cursor
        return list(result.run_requests or [])

    def tenants(self) -> list[str | None]:
        """The tenants of one evaluation's runs."""
        return [request.partition_key for request in self.look()]


def drop(home: Path, tenant: str, name: str, text: str = "{}\n") -> Path:
    path = home / "snapshots" / tenant / "outbound" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def at_work(instance: DagsterInstance, tenant: str) -> Callable[[], None]:
    """A run of the tenant goes on; call the answer to end it."""
    job = defs.resolve_job_def("sync")
    run = instance.create_run_for_job(
        job, status=DagsterRunStatus.STARTED, tags={"dagster/partition": tenant}
    )
    return lambda: instance.report_run_canceled(run)
