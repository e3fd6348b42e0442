"""``make dev``: the sandbox and Dagster's UI side by side, on a home of their own (``var/dev``)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from bc_pipeline.automation.instance import prepare
from bc_pipeline.cli.output import message
from bc_pipeline.cli.sandbox import DEFAULT_PORT
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.tenants import registry

UI_PORT = 3000


def main() -> int:
    """Serve both until interrupted; the exit code of ``dagster dev``."""
    home = registry.home_directory() / "dev"
    forget(home)
    dagster = prepare(home / "dagster")
    with Sandbox(port=DEFAULT_PORT) as sandbox:
        tenants = sandbox.write_tenants(home)
        message(f"Sandbox   {sandbox.base_url}  (tenants in {tenants})")
        message(f"Dagster   http://127.0.0.1:{UI_PORT}  (ready in some 15 seconds; Ctrl-C ends)")
        message("The schedule every_30_minutes is off until you switch it on under Automation.")
        environment = {
            **os.environ,
            registry.HOME_VARIABLE: str(home),
            registry.TENANTS_VARIABLE: str(tenants),
            "DAGSTER_HOME": str(dagster),
        }
        command = [sys.executable, "-m", "dagster", "dev", "-m", "bc_pipeline.definitions"]
        process = subprocess.Popen([*command, "-p", str(UI_PORT)], env=environment)  # noqa: S603
        try:
            return process.wait()
        except KeyboardInterrupt:
            # The terminal has told Dagster too; it stops its own processes.
            return process.wait()


def forget(home: Path) -> None:
    """The sandbox starts empty every time, so what was known of the last one is dropped."""
    for directory in ("snapshots", "secrets"):
        shutil.rmtree(home / directory, ignore_errors=True)
    home.mkdir(parents=True, exist_ok=True)


if __name__ == "__main__":
    sys.exit(main())
