"""A run whose process is killed is a failed run: told once, after three, and when it is over."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dagster import DagsterInstance, DagsterRunStatus, job

from bc_pipeline.alerts import telling
from bc_pipeline.orchestration.alive import DIRECTORY
from bc_pipeline.orchestration.schedules import ready_tenants
from bc_pipeline.report import RunSummary
from bc_pipeline.run import history
from bc_pipeline.run.tenant_state import read_state
from bc_pipeline.snapshot.store import Snapshot, is_left_open
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline_tests.alerts.receiver import Receiver
from bc_pipeline_tests.alerts.test_telling import alerts

KILLED = """
import os, signal, sys
from pathlib import Path
from bc_pipeline.run import history
from bc_pipeline.snapshot.store import Snapshot
snapshot = Snapshot.open(Path(sys.argv[1]))
history.begin(snapshot, sys.argv[2], dry_run=False)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> Tenant:
    """Somebody is told of its failures."""
    monkeypatch.setenv("BC_PIPELINE_HOME", str(tmp_path))
    alerts(tmp_path, receiver, "failed", "recovered")
    return registry.load().get("acme")


def killed(acme: Tenant, run_id: str) -> None:
    """A run whose process is killed after it has begun."""
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(acme.snapshot_dir), run_id],
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert ended.returncode == -signal.SIGKILL


def begun(acme: Tenant, run_id: str, ends: str | None = None) -> None:
    """A run of this process; ``ends``: booked with this status, else left as a kill leaves it."""
    with Snapshot.open(acme.snapshot_dir) as snapshot:
        run_no = history.begin(snapshot, run_id, dry_run=False)
        if ends:
            history.end(snapshot, run_no, RunSummary("acme", run_id, status=ends))


def test_given_a_run_was_killed_then_it_is_told_before_anything_else_runs(
    acme: Tenant, receiver: Receiver
):
    killed(acme, "the-run")
    assert is_left_open(acme.snapshot_dir)

    for _ in range(2):
        telling.before_runs(registry.load())

    (message,) = receiver.take()
    (item,) = message.data["items"]
    assert (message.data["event"], message.data["kind"]) == ("raised", "failed")
    assert item["why"] == history.INTERRUPTED
    assert item["run_id"] == "the-run"
    assert "bc-pipeline sync acme" in item["todo"]
    assert read_state(acme).attention()[0] == f"the last run failed: {history.INTERRUPTED}"


def test_given_a_tick_marks_it_as_failed_then_it_tells_it_before_the_next_run_hides_it(
    acme: Tenant, receiver: Receiver
):
    with DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(_nothing, status=DagsterRunStatus.STARTED)
        killed(acme, run.run_id)
        left = acme.home / DIRECTORY / run.run_id / "at_work"
        left.parent.mkdir(parents=True)
        left.touch()  # as the killed process leaves it

        tick: Any = SimpleNamespace(instance=instance, log=logging.getLogger("tick"))
        ready_tenants(tick, registry.load())

        assert instance.get_run_by_id(run.run_id).status is DagsterRunStatus.FAILURE
    begun(acme, "good", ends="success")
    telling.after_run(acme)
    assert [event for event, kind in receiver.kinds if kind == "failed"] == ["raised", "recovered"]


def test_told_once_more_after_three_and_when_one_comes_through(acme: Tenant, receiver: Receiver):
    for number in range(4):
        begun(acme, f"run-{number}")
        telling.after_run(acme)
    begun(acme, "good", ends="success")
    telling.after_run(acme)

    assert receiver.kinds == [
        ("raised", "failed"),
        ("escalated", "failed"),
        ("recovered", "failed"),
    ]


def test_while_a_run_is_at_work_nothing_is_told(acme: Tenant, receiver: Receiver):
    with Snapshot.open(acme.snapshot_dir) as snapshot:
        history.begin(snapshot, "at work", dry_run=False)
        telling.before_runs(registry.load())

    assert receiver.kinds == []


@job
def _nothing() -> None:
    pass
