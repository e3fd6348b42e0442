"""What people start and leave running: ``make dev``, plain ``dagster dev``, the sandbox."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.ui import free_port, wait_for

pytestmark = pytest.mark.timeout(300)

ROOT = Path(__file__).resolve().parents[2]
WAIT_SECONDS = 120
DAGSTER = str(Path(sys.executable).with_name("dagster"))


@contextmanager
def running(home: Path, *command: str) -> Iterator[Path]:
    """A command started in the project's directory; gives the file with what it prints."""
    environment = {**os.environ, "BC_PIPELINE_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    log = home / "printed.txt"
    with log.open("wb") as printed:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield log
    finally:
        # As Ctrl-C does it: the whole group is told.
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(timeout=30)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def until_printed(log: Path, text: str) -> str:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        printed = log.read_text(errors="replace")
        if text in printed:
            return printed
        time.sleep(0.5)
    pytest.fail(f"{text!r} was not printed:\n{log.read_text(errors='replace')[-5000:]}")


def test_make_dev_serves_sandbox_and_ui_and_prints_where(empty_home: Path):
    port, sandbox_port = free_port(), free_port()
    ports = ("--port", str(port), "--sandbox-port", str(sandbox_port))

    with running(empty_home, sys.executable, "-m", "bc_pipeline.cli.dev", *ports) as log:
        wait_for(f"http://127.0.0.1:{port}/server_info")
        wait_for(f"http://127.0.0.1:{sandbox_port}/_control/")
        printed = until_printed(log, f"http://127.0.0.1:{port}")

    assert f"http://127.0.0.1:{sandbox_port}" in printed
    assert (empty_home / "dev" / "dagster" / "dagster.yaml").exists()
    assert "enabled: false" in (empty_home / "dev" / "dagster" / "dagster.yaml").read_text()
    assert not (empty_home / "tenants.yaml").exists()


def test_plain_dagster_dev_without_tenants_loads_and_says_what_to_do(
    empty_home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DAGSTER_HOME", str(empty_home))
    port = free_port()

    with running(empty_home, DAGSTER, "dev", "-p", str(port)) as log:
        wait_for(f"http://127.0.0.1:{port}/server_info")
        printed = until_printed(log, "No tenant is configured")
        partitions = partition_keys(port)

    assert f"write {empty_home / 'tenants.yaml'}" in printed
    assert partitions == []


def partition_keys(port: int) -> list[str]:
    query = """{ assetNodeOrError(assetKey: {path: ["bc", "items"]}) {
        ... on AssetNode { partitionKeys } } }"""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": query}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        keys: list[str] = json.load(response)["data"]["assetNodeOrError"]["partitionKeys"]
    return keys


def test_given_ctrl_c_then_sync_stops_after_what_is_under_way_and_starts_no_other_tenant(
    empty_home: Path,
):
    command = (sys.executable, "-m", "bc_pipeline", "sync", "--all", "--json")
    with Sandbox(wholesale_items=20) as sandbox:
        sandbox.write_tenants(empty_home)
        sandbox.faults.add(
            "optiply", action="delay", path="/products", method="POST", times=None, seconds=1
        )
        with running(empty_home, *command) as log:
            until_printed(log, "optiply/suppliers")

        asked = {entry.path for entry in sandbox.requests.of("bc")}
        assert '"error": "Interrupted"' in log.read_text()
        assert not any("ODataV4" in path for path in asked), "the second tenant was started"


def test_definitions_validate_is_clean(empty_home: Path):
    answer = subprocess.run(
        [DAGSTER, "definitions", "validate"],
        cwd=ROOT,
        env={**os.environ, "BC_PIPELINE_HOME": str(empty_home)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 0, answer.stderr
    told = answer.stdout + answer.stderr
    assert "Validation successful" in told
    ours = [
        line for line in told.splitlines() if "warning" in line.lower() and "bc_pipeline" in line
    ]
    assert ours == []


def test_the_sandbox_command_serves_until_interrupted_and_prints_one_document(empty_home: Path):
    command = (sys.executable, "-m", "bc_pipeline", "sandbox", "--port", "0", "--json")

    with running(empty_home, *command) as log:
        printed = until_printed(log, "}")
        told = json.loads(printed)
        wait_for(f"{told['url']}/_control/")

    assert Path(told["tenants"]).exists()
    assert told["home"] == str(empty_home / "sandbox")
