"""The real Dagster daemon: a file that arrives is written within a minute, by one export run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRun, RunsFilter

from bc_pipeline.orchestration.instance import open_instance
from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.ui import process

pytestmark = [pytest.mark.daemon, pytest.mark.timeout(400)]

MODULE = "bc_pipeline.definitions"
TENANT = "wholesale"
READY_SECONDS = 180
ARRIVAL_SECONDS = 60
LOOKS = 2.5 * 20
"""Seconds in which the sensor has looked again at least twice."""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(wholesale_items=20) as served:
        yield served


@pytest.fixture
def home(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BC_PIPELINE_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    monkeypatch.delenv("BC_PIPELINE_TENANTS", raising=False)
    sandbox.write_tenants(tmp_path, exports=True)
    return tmp_path


def test_given_the_daemon_then_a_file_is_exported_within_a_minute_and_only_once(
    home: Path, sandbox: Sandbox
):
    with open_instance(home) as instance, process(home, "dagster-daemon", "run", "-m", MODULE):
        until(lambda: instance.has_dynamic_partition("tenants", TENANT), READY_SECONDS)
        assert runs(instance) == []

        drop(home, {"externalId": "1", "companyName": "Arrived Ltd."})
        until(lambda: runs(instance), ARRIVAL_SECONDS)
        until(lambda: all(run.is_finished for run in runs(instance)), READY_SECONDS)

        (run,) = runs(instance)
        assert run.is_success
        assert run.job_name == "export"
        companies = sandbox.business_central.companies.values()
        assert any(company.find("customers", displayName="Arrived Ltd.") for company in companies)
        time.sleep(LOOKS)
        assert len(runs(instance)) == 1


def drop(home: Path, record: dict[str, str]) -> None:
    """As a producer should: under another name first, then renamed."""
    place = home / "snapshots" / TENANT / "outbound"
    place.mkdir(parents=True, exist_ok=True)
    written = place / "Customers.jsonl.tmp"
    written.write_text(json.dumps(record) + "\n")
    written.rename(place / "Customers.jsonl")


def runs(instance: DagsterInstance) -> list[DagsterRun]:
    return list(instance.get_runs(RunsFilter(tags={"dagster/partition": TENANT})))


def until(condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        time.sleep(0.5)
