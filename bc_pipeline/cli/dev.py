"""``make dev``: the sandbox and Dagster's UI side by side, on a home of their own (``var/dev``)."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from bc_pipeline.cli.ending import ended_like_ctrl_c
from bc_pipeline.cli.main import run
from bc_pipeline.cli.output import message
from bc_pipeline.cli.own_home import at_home, owned, refuse_taken
from bc_pipeline.cli.runs import sweep_tenants
from bc_pipeline.cli.sandbox import DEFAULT_PORT
from bc_pipeline.cli.serving import UI_PORT, serve_ui
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.tenants import registry

ORDER_HINT = (
    "To order goods in Optiply: bc-pipeline sandbox order cronus (then the next tick writes the "
    "purchase order)"
)


@click.command()
@click.option("--port", default=UI_PORT, show_default=True, help="Of Dagster's UI.")
@click.option("--sandbox-port", default=DEFAULT_PORT, show_default=True, help="Of the sandbox.")
def dev(port: int, sandbox_port: int) -> int:
    """Serve the sandbox and Dagster's UI, after a first sync, until interrupted."""
    home = registry.home_directory() / "dev"
    refuse_taken({port: "--port", sandbox_port: "--sandbox-port"})
    with ended_like_ctrl_c(), owned(home), Sandbox(port=sandbox_port) as sandbox:
        forget(home)
        tenants = sandbox.write_tenants(home, exports=True)
        message(f"Sandbox   {sandbox.base_url}  (tenants in {tenants})")
        with at_home(home):
            message("First sync of both tenants: half a minute or so")
            found = registry.load()
            sweep_tenants(found, list(found.tenants), quiet=True)
            message(f"Dagster   http://127.0.0.1:{port}  (ready in some 15 seconds; Ctrl-C ends)")
            message("The schedules are off until you switch them on under Automation.")
            message(ORDER_HINT)
            return serve_ui(home, port)


def forget(home: Path) -> None:
    """The sandbox starts empty every time, so what was known of the last one is dropped."""
    for directory in ("snapshots", "secrets"):
        shutil.rmtree(home / directory, ignore_errors=True)
    home.mkdir(parents=True, exist_ok=True)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], dev))
