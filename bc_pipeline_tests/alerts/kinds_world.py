"""cronus in step, somebody who is told of it, and what holds for every message."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.alerts import telling
from bc_pipeline.cli.main import commands
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.snapshot.store import FILE_NAME, Snapshot
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.alert_settings import AlertAddress
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline_tests.alerts.receiver import NO_DIGEST, SECRET, Received, Receiver
from bc_pipeline_tests.cli.aged import tenant
from bc_pipeline_tests.in_step import InStep, small_sandbox

PROVOKED: set[str] = set()
"""Kinds that a test of this file has received."""
DAY = timedelta(days=1)
FORBIDDEN = {"error": {"code": "Authentication_InvalidCredentials", "message": "No permission"}}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox() as served:
        yield served


@pytest.fixture(scope="module")
def synced_home(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory, in_step: InStep
) -> Path:
    """BC_PIPELINE_HOME in which cronus is in step."""
    home = tmp_path_factory.mktemp("home")
    sandbox.write_tenants(home)
    in_step.put(sandbox, home, "cronus")
    shutil.copyfile(home / "snapshots/cronus" / FILE_NAME, home / "in step")
    return home


@pytest.fixture
def home(synced_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BC_PIPELINE_HOME", str(synced_home))
    monkeypatch.setenv("BC_PIPELINE_UI_URL", "https://dagster.example.com/")
    shutil.copyfile(synced_home / "in step", synced_home / "snapshots/cronus" / FILE_NAME)
    shutil.rmtree(synced_home / "alerts", ignore_errors=True)
    return synced_home


@pytest.fixture
def told(home: Path, receiver: Receiver) -> Callable[..., list[Received]]:
    """Tells how cronus stands; what the receiver got of it."""

    def tell(**changed: Any) -> list[Received]:
        telling.after_run(watched(receiver, **changed))
        messages = receiver.take()
        for each in messages:
            check(each)
        return messages

    # The demonstration company has records in quarantine from the start.
    assert [each.data["kind"] for each in tell()] == ["quarantined"]
    return tell


def watched(receiver: Receiver, **changed: Any) -> Tenant:
    """cronus, with somebody who is told."""
    address = AlertAddress(url=receiver.url, secret=SECRET, on=NO_DIGEST)
    return tenant().model_copy(update={"alerts": (address,), **changed})


def check(message: Received) -> None:
    """What holds for every message."""
    assert message.verified
    PROVOKED.add(message.data["kind"])
    assert message.data["tenant"] == "cronus"
    assert message.data["title"].startswith("cronus: ")
    if message.data["event"] in ("raised", "escalated"):
        for item in message.data["items"]:
            assert item["what"]
            assert "bc-pipeline " in item["todo"]
            assert item["todo"] in message.data["text"]
            assert_typed_as_it_stands(item["todo"])
    found = registry.load().tenants["cronus"]
    body = message.body.decode()
    for secret in (
        found.business_central.client_secret,
        found.business_central.refresh_token,
        found.optiply.password,
        found.optiply.client_secret,
    ):
        assert secret is not None
        assert secret.get_secret_value() not in body
    assert "s3cr3t-path" not in body
    assert SECRET not in body


def check_without_tenant(message: Received) -> None:
    PROVOKED.add(message.data["kind"])
    assert message.verified
    assert "s3cr3t-path" not in message.body.decode()


def assert_typed_as_it_stands(todo: str) -> None:
    """Every command that it advises is one the command line takes."""
    for told in re.findall(r"bc-pipeline((?: [\w/'-]+)+)", todo):
        name, *arguments = shlex.split(told)
        commands.lazy[name].load().make_context(name, arguments)


def change(*statements: str) -> None:
    with Snapshot.open(tenant().snapshot_dir) as snapshot, snapshot.transaction() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def fault(sandbox: Sandbox, system: str, **what: Any) -> Iterator[None]:
    added = sandbox.faults.add(system, times=None, **what)
    try:
        yield
    finally:
        sandbox.faults.remove(added)
