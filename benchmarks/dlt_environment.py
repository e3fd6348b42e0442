"""dlt in ``.venv-dlt``, made once; the project does not need it."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.measuring import ROOT

VENV = ROOT / ".venv-dlt"
REQUIREMENT = "dlt[duckdb]==1.31.0"
_PYTHON = VENV / ("Scripts" if os.name == "nt" else "bin") / "python"
_STAMP = VENV / ".installed"


def python() -> Path | None:
    """The Python that has dlt; None where it cannot be installed, which is said on stderr."""
    if _STAMP.exists() and _STAMP.read_text("utf-8") == REQUIREMENT:
        return _PYTHON
    venv.create(VENV, clear=True, with_pip=True)
    options = ("--quiet", "--disable-pip-version-check", "--retries", "2")
    command = (f"{_PYTHON}", "-m", "pip", "install", *options, REQUIREMENT)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(
            f"{done.stderr[-500:]}\nTHE COMPARISON WITH DLT IS LEFT OUT: it could not be "
            f"installed ({REQUIREMENT}); with a package registry `make bench` installs it.\n"
        )
        return None
    _STAMP.write_text(REQUIREMENT, "utf-8")
    return _PYTHON
