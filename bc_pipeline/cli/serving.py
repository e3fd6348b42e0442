"""Dagster's UI and daemon beside the sandbox, and that nothing of them outlives the command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from bc_pipeline.cli.output import SUCCESS
from bc_pipeline.orchestration.instance import HOME_VARIABLE as DAGSTER_HOME
from bc_pipeline.orchestration.instance import prepare
from bc_pipeline.tenants import registry

UI_PORT = 3000
SECONDS_TO_END = 20.0
BETWEEN_LOOKS = 0.1

NO_NEWS = "ignore:Function `dev_command` is superseded"
"""That there is `dg dev` too, is for the documentation to say."""


def serve_ui(home: Path, port: int) -> int:
    """Serve Dagster's UI and daemon on a home until they end, or this process is told to end.

    Dagster starts several processes; none is left over, whatever ends this one (but SIGKILL).

    Args:
        home: BC_PIPELINE_HOME, with its ``tenants.yaml``.
        port: of the UI.

    Returns:
        the exit code.
    """
    environment = {
        **os.environ,
        registry.HOME_VARIABLE: str(home),
        registry.TENANTS_VARIABLE: str(home / "tenants.yaml"),
        DAGSTER_HOME: str(prepare(home / "dagster")),
        "PYTHONWARNINGS": ",".join(filter(None, (os.environ.get("PYTHONWARNINGS"), NO_NEWS))),
    }
    program = str(Path(sys.executable).with_name("dagster"))
    command = [program, "dev", "-m", "bc_pipeline.definitions", "-p", str(port)]
    # A group of its own, so that all of it can be told to end, and Ctrl-C reaches it once.
    process = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603
    try:
        return process.wait()
    except KeyboardInterrupt:
        return SUCCESS
    finally:
        _end_group(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """First politely, then all that is left of the group."""
    deadline = time.monotonic() + SECONDS_TO_END  # noqa: TID251 - real time, of real processes
    told = False
    try:
        while _tell(process.pid, 0 if told else signal.SIGINT):
            told = True
            process.poll()  # else it stays in its own group as a zombie
            if time.monotonic() > deadline:  # noqa: TID251
                break
            time.sleep(BETWEEN_LOOKS)
    finally:
        _tell(process.pid, signal.SIGKILL)
        process.wait()


def _tell(group: int, number: int) -> bool:
    """Whether there still is a process of the group to take a signal."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True
