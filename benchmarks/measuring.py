"""What the benchmarks have in common: fresh processes, medians, and where the time goes."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
Figures = dict[str, Any]


def own(bench: str, *arguments: object) -> list[str]:
    """The command that runs a benchmark's module in a process of its own."""
    return [sys.executable, "-m", f"benchmarks.{bench}", *map(str, arguments)]


def environment(**more: str) -> dict[str, str]:
    """Of such a process: it finds this tree first."""
    known = os.environ.get("PYTHONPATH")
    return {
        **os.environ,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{known}" if known else f"{ROOT}",
        **more,
    }


def told(command: Sequence[str], **more: str) -> Figures:
    """The JSON a process prints last.

    Raises:
        SystemExit: it failed; what it said is on stderr.
    """
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment(**more))
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def served(command: Sequence[str]) -> tuple[subprocess.Popen[str], str]:
    """A server in a process of its own, and the address it prints first."""
    server = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
    )
    assert server.stdout
    return server, server.stdout.readline().strip()


def megabytes() -> float:
    """The peak resident memory of this process."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts kilobytes, macOS bytes.
    return peak / 1024 if sys.platform != "darwin" else peak / 1024**2


class Stopwatch:
    """Wall and CPU seconds of this process, from the moment it is made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> Figures:
        return {
            "seconds": time.perf_counter() - self._wall,
            "cpu": time.process_time() - self._cpu,
        }


def medians(taken: Sequence[Mapping[str, float]], *names: str, digits: int = 3) -> Figures:
    """The median of each figure over the rounds."""
    return {
        name: round(statistics.median(float(each[name]) for each in taken), digits)
        for name in names
    }
