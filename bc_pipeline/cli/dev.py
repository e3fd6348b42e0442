"""``make dev``: the sandbox and Dagster's UI side by side, on a home of their own (``var/dev``)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

from bc_pipeline.cli.main import run
from bc_pipeline.cli.output import message
from bc_pipeline.cli.own_home import owned, refuse_taken
from bc_pipeline.cli.sandbox import DEFAULT_PORT
from bc_pipeline.orchestration.instance import prepare
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.tenants import registry

UI_PORT = 3000


@click.command()
@click.option("--port", default=UI_PORT, show_default=True, help="Of Dagster's UI.")
@click.option("--sandbox-port", default=DEFAULT_PORT, show_default=True, help="Of the sandbox.")
def dev(port: int, sandbox_port: int) -> int:
    """Serve the sandbox and Dagster's UI until interrupted."""
    home = registry.home_directory() / "dev"
    refuse_taken({port: "--port", sandbox_port: "--sandbox-port"})
    with owned(home), Sandbox(port=sandbox_port) as sandbox:
        forget(home)
        dagster = prepare(home / "dagster")
        tenants = sandbox.write_tenants(home, exports=True)
        message(f"Sandbox   {sandbox.base_url}  (tenants in {tenants})")
        message(f"Dagster   http://127.0.0.1:{port}  (ready in some 15 seconds; Ctrl-C ends)")
        message("The schedules are off until you switch them on under Automation.")
        environment = {
            **os.environ,
            registry.HOME_VARIABLE: str(home),
            registry.TENANTS_VARIABLE: str(tenants),
            "DAGSTER_HOME": str(dagster),
        }
        program = str(Path(sys.executable).with_name("dagster"))
        command = [program, "dev", "-m", "bc_pipeline.definitions", "-p", str(port)]
        with subprocess.Popen(command, env=environment) as process:  # noqa: S603
            try:
                return process.wait()
            except KeyboardInterrupt:
                # The terminal has told Dagster too; it ends its own processes.
                return process.wait()


def forget(home: Path) -> None:
    """The sandbox starts empty every time, so what was known of the last one is dropped."""
    for directory in ("snapshots", "secrets"):
        shutil.rmtree(home / directory, ignore_errors=True)
    home.mkdir(parents=True, exist_ok=True)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], dev))
