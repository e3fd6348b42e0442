"""Whether the benchmarks are what they were: ratios, counts and sizes against ``baseline.json``.

Seconds of one machine say nothing on another, so none of them is compared: only what was measured
side by side in one run, and what does not depend on the machine.

    python benchmarks/check.py [--write]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BASELINE = HERE / "baseline.json"
TOLERANCE = 0.20
TENTH = {
    "read": ("--documents", "5000"),
    "export": ("--customers", "100", "--bills", "50"),
    "tick": ("--tenants", "10", "--rounds", "1"),
}
"""Sizes that are through in a few minutes."""


def figures() -> dict[str, float]:
    """What is compared, by name; smaller is better."""
    read, export, tick = (_report(name) for name in ("read", "export", "tick"))
    found = {
        "read / floor, seconds": read["ratio"],
        "read, peak megabytes": read["mirror"]["peak_megabytes"],
        "idle tick, CPU of a tenant / start-up": tick["idle"]["cpu_per_tenant"]
        / tick["start_up_cpu"],
    }
    for name, row in tick.items():
        if isinstance(row, dict):
            found[f"tick, {name}: BC requests a tenant"] = row["bc_requests_per_tenant"]
            found[f"tick, {name}: Optiply requests a tenant"] = row["optiply_requests_per_tenant"]
    for name, row in export.items():
        if isinstance(row, dict) and "ratio" in row:
            found[f"export, {name} / floor, seconds"] = row["ratio"]
            found[f"export, {name}: requests"] = row["requests"]
    return {name: round(float(figure), 4) for name, figure in found.items()}


def worse(found: dict[str, float], before: dict[str, float]) -> list[str]:
    """What got worse by more than the tolerance, or is not measured any more."""
    gone = [f"{name}: not measured any more" for name in before if name not in found]
    return gone + [
        f"{name}: {found[name]:g}, was {before[name]:g}"
        for name in before
        if name in found and found[name] > before[name] * (1 + TOLERANCE) + 1e-9
    ]


def _report(name: str) -> dict[str, Any]:
    command = [sys.executable, str(HERE / f"{name}.py"), *TENTH[name], "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true", help="make today's figures the baseline")
    arguments = parser.parse_args()
    found = figures()
    if arguments.write:
        BASELINE.write_text(json.dumps(found, indent=2) + "\n")
        return 0
    before = json.loads(BASELINE.read_text())
    for name, figure in found.items():
        print(f"{name:55}{figure:10g}   was {before.get(name, float('nan')):g}")
    complaints = worse(found, before)
    for told in complaints:
        print(f"WORSE by more than {TOLERANCE:.0%}: {told}")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
