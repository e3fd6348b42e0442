"""Whether the benchmarks are what they were: ratios, counts and sizes against ``baseline.json``.

Seconds of one machine say nothing on another, so none of them is compared: only what was measured
side by side in one run, and what does not depend on the machine.

    python -m benchmarks.check [--write]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Figures, own, told

BASELINE = Path(__file__).parent / "baseline.json"
TOLERANCE = 0.20
TENTH = {
    "read": ("--documents", "5000", "--dlt-rounds", "0"),
    "incremental": ("--documents", "5000"),
    "diff": ("--rows", "100000"),
    "export": ("--customers", "100", "--bills", "50"),
    "tick": ("--tenants", "10", "--rounds", "1", "--storage", "files"),
    "first_load": ("--products", "200"),
}
"""Sizes that are through in a few minutes."""


def figures() -> dict[str, float]:
    """What is compared, by name; smaller is better."""
    reports = {name: told(own(name, *size, "--json")) for name, size in TENTH.items()}
    return {name: round(float(figure), 4) for name, figure in compared(reports)}


def compared(reports: dict[str, Figures]) -> Iterator[tuple[str, float]]:
    """Of each report what does not depend on the machine."""
    read, tick = reports["read"], reports["tick"]["storages"]["files"]
    floor = read["floor"]["cpu_seconds"]
    yield "read / floor, seconds", read["ratio"]
    yield "read / floor, CPU", read["cpu_ratio"]
    yield "read, peak megabytes", read["mirror"]["peak_megabytes"]
    for step, row in reports["incremental"]["steps"].items():
        yield f"incremental, {step}: requests", row["requests"]
        yield f"incremental, {step}: bytes", row["bytes"]
        yield f"incremental, {step} / floor, CPU", row["cpu"] / floor
    yield "diff of as many rows / floor, CPU", reports["diff"]["cpu"] / floor
    for name, row in tick.items():
        if isinstance(row, dict):
            yield f"tick, {name}: BC requests a tenant", row["bc_requests_per_tenant"]
            yield f"tick, {name}: Optiply requests a tenant", row["optiply_requests_per_tenant"]
    for name, row in reports["export"].items():
        if isinstance(row, dict) and "ratio" in row:
            yield f"export, {name} / floor, seconds", row["ratio"]
            yield f"export, {name}: requests", row["requests"]
    load = reports["first_load"]
    yield "first load, permitted rate / used", 1 / load["share"]
    yield "first load, 429", load["refused"]
    yield "first load, requests a product", load["requests"] / load["created"]


def worse(found: dict[str, float], before: dict[str, float]) -> list[str]:
    """What got worse by more than the tolerance, or is not measured any more."""
    gone = [f"{name}: not measured any more" for name in before if name not in found]
    return gone + [
        f"{name}: {found[name]:g}, was {before[name]:g}"
        for name in before
        if name in found and found[name] > before[name] * (1 + TOLERANCE) + 1e-9
    ]


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
    for complaint in complaints:
        print(f"WORSE by more than {TOLERANCE:.0%}: {complaint}")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
