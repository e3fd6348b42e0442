"""When somebody is told, and when nobody is."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest

from bc_pipeline.cli import runs
from bc_pipeline.cli.main import run
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.tenants import pause
from bc_pipeline_tests.alerts.kinds_world import (
    FORBIDDEN,
    check,
    fault,
    home,
    sandbox,
    synced_home,
    told,
)
from bc_pipeline_tests.alerts.receiver import SECRET, Receiver
from bc_pipeline_tests.cli.aged import changed_settings, let_pass, tenant
from bc_pipeline_tests.templates import memory_instance

__all__ = ["home", "sandbox", "synced_home", "told"]


def test_a_run_in_dagster_tells_by_itself(
    home: Path, receiver: Receiver, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
):
    address = {"url": receiver.url, "secret": SECRET, "on": ["failed"]}
    forbidden = {"action": "status", "status": 403, "path": r"/vendors\?", "body": FORBIDDEN}
    with (
        memory_instance() as instance,
        changed_settings(home, "cronus", {"alerts": [address]}),
        fault(sandbox, "bc", **forbidden),
    ):
        monkeypatch.setattr(runs, "open_instance", lambda home: nullcontext(instance))
        run(["sync", "cronus", "--entity", "suppliers", "--json"])

    (message,) = receiver.take()
    check(message)
    assert "bc/vendors" in message.data["text"]


def test_a_disabled_tenant_is_silent(told):
    let_pass(timedelta(days=3))

    assert told(enabled=False) == []


def test_a_paused_tenant_is_silent(told):
    let_pass(timedelta(days=3))
    directory = tenant().snapshot_dir

    pause.pause(directory)
    try:
        assert told() == []
    finally:
        pause.resume(directory)
    assert "late" not in [each.data["kind"] for each in told()]
    (directory / pause.RESUMED_FILE).unlink()  # as if that were long ago
    assert "late" in [each.data["kind"] for each in told()]


def test_given_a_tenant_in_which_nothing_changed_then_its_snapshot_is_not_opened(
    told, monkeypatch: pytest.MonkeyPatch
):
    from bc_pipeline.snapshot.reader import SnapshotReader

    monkeypatch.setattr(SnapshotReader, "__init__", lambda self: pytest.fail("it was opened"))

    assert told() == []
