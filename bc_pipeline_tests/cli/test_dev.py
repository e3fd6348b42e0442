"""What people start and leave running: ``make dev``, plain ``dagster dev``, the sandbox."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bc_pipeline.cli.own_home import owned
from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.cli.conftest import CommandLine
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


@pytest.mark.covers("second make dev")
def test_make_dev_serves_sandbox_and_ui_and_prints_where_and_a_second_one_touches_nothing(
    empty_home: Path,
):
    port, sandbox_port = free_port(), free_port()
    ports = ("--port", str(port), "--sandbox-port", str(sandbox_port))

    with running(empty_home, sys.executable, "-m", "bc_pipeline.cli.dev", *ports) as log:
        wait_for(f"http://127.0.0.1:{port}/server_info")
        wait_for(f"http://127.0.0.1:{sandbox_port}/_control/")
        printed = until_printed(log, f"http://127.0.0.1:{port}")
        synced = partition_keys(port)
        before = data_of(empty_home / "dev")
        second = ended(empty_home, *ports)
        after = data_of(empty_home / "dev")

    assert second.returncode == 2
    assert f"port {port} (choose another with --port)" in second.stderr
    assert f"port {sandbox_port} (choose another with --sandbox-port)" in second.stderr
    assert "Traceback" not in second.stderr
    assert before == after
    assert before
    assert f"http://127.0.0.1:{sandbox_port}" in printed
    assert synced == ["cronus", "wholesale"]
    assert (empty_home / "dev" / "dagster" / "dagster.yaml").exists()
    assert "enabled: false" in (empty_home / "dev" / "dagster" / "dagster.yaml").read_text()
    assert not (empty_home / "tenants.yaml").exists()


def test_given_only_make_dev_is_told_to_end_then_nothing_of_dagster_is_left(
    empty_home: Path, command: CommandLine
):
    port, sandbox_port = free_port(), free_port()
    ports = ("--port", str(port), "--sandbox-port", str(sandbox_port))
    # As make runs it: what is told to end is one process, not its group.
    with subprocess.Popen(
        [sys.executable, "-m", "bc_pipeline.cli.dev", *ports],
        cwd=ROOT,
        env={**os.environ, "BC_PIPELINE_HOME": str(empty_home)},
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_for(f"http://127.0.0.1:{port}/server_info")
        ordered = command(
            *("sandbox", "order", "cronus", "--json", "--url", f"http://127.0.0.1:{sandbox_port}")
        )
        process.terminate()
        code = process.wait(timeout=60)

    assert code == 0
    assert ordered.json["lines"] == 2, "the first sync was done, so there are goods to order"
    for each in (port, sandbox_port):
        with socket.create_server(("127.0.0.1", each)):
            pass


def ended(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``make dev`` that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "bc_pipeline.cli.dev", *arguments],
        cwd=ROOT,
        env={**os.environ, "BC_PIPELINE_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=WAIT_SECONDS,
    )


def data_of(home: Path) -> dict[str, bytes]:
    """What a second one must not touch: the tenants, their secrets and snapshots."""
    files = [home / "tenants.yaml", *(home / "secrets").iterdir()]
    files += (home / "snapshots").rglob("*") if (home / "snapshots").exists() else ()
    return {str(path): path.read_bytes() for path in files if path.is_file()}


def with_state(home: Path) -> dict[str, bytes]:
    for name in ("tenants.yaml", "secrets/cronus.json", "snapshots/cronus/snapshot.duckdb"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("of the first one")
    return data_of(home)


@pytest.mark.covers("second make dev")
@pytest.mark.parametrize("taken", ["--port", "--sandbox-port"])
def test_given_one_taken_port_then_make_dev_names_it_and_touches_nothing(
    empty_home: Path, taken: str
):
    before = with_state(empty_home / "dev")
    ports = {"--port": free_port(), "--sandbox-port": free_port()}
    with socket.create_server(("127.0.0.1", ports[taken])):
        second = ended(empty_home, *(str(word) for pair in ports.items() for word in pair))

    assert second.returncode == 2
    assert f"port {ports[taken]} (choose another with {taken}) is taken" in second.stderr
    assert data_of(empty_home / "dev") == before


@pytest.mark.covers("second make dev")
def test_given_other_ports_then_a_second_make_dev_still_keeps_out_of_the_first_ones_home(
    empty_home: Path,
):
    before = with_state(empty_home / "dev")
    with owned(empty_home / "dev"):
        second = ended(empty_home, "--port", str(free_port()), "--sandbox-port", str(free_port()))

    assert second.returncode == 2
    assert f"{empty_home / 'dev'} is in use" in second.stderr
    assert "BC_PIPELINE_HOME=<directory>" in second.stderr
    assert data_of(empty_home / "dev") == before


@pytest.mark.covers("second make dev")
@pytest.mark.parametrize(
    ("program", "arguments"), [("sandbox", ["--port", "0"]), ("demo", [])], ids=["sandbox", "demo"]
)
def test_given_a_home_in_use_then_sandbox_and_demo_keep_out_of_it(
    command: CommandLine, empty_home: Path, program: str, arguments: list[str]
):
    before = with_state(empty_home / program)
    with owned(empty_home / program):
        outcome = command(program, *arguments)

    assert outcome.code == 2
    assert f"{empty_home / program} is in use" in outcome.stderr
    assert data_of(empty_home / program) == before


@pytest.mark.covers("second make dev")
def test_given_a_taken_port_then_the_sandbox_names_it_and_touches_nothing(
    command: CommandLine, empty_home: Path
):
    before = with_state(empty_home / "sandbox")
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        outcome = command("sandbox", "--port", str(port), "--json")

    assert outcome.code == 2
    assert f"port {port} (choose another with --port) is taken" in outcome.json["error"]
    assert data_of(empty_home / "sandbox") == before


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

        # Both may have been looked at; which one is run first depends on whose look ends first.
        begun = [name for name, shop in sandbox.optiply.shops.items() if shop.write_log]
        assert '"error": "Interrupted"' in log.read_text()
        assert len(begun) == 1, "the second tenant was started"


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
