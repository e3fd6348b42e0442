"""All benchmarks, one after another: a table with each goal, and JSON.

Of a goal that is missed it also says where the time goes. What was measured is written to
``measured.json`` beside this file with ``--write``; benchmarks that are not named keep what stands
there. ``charts.py`` makes docs/performance.md of it.

    python -m benchmarks.bench [--only read,tick] [--small] [--write]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import goals
from benchmarks.measuring import Figures, own, told

MEASURED = Path(__file__).parent / "measured.json"
SIZES: dict[str, tuple[str, ...]] = {
    "read": (),
    "incremental": (),
    "diff": (),
    "tick": (),
    "first_load": (),
    "memory": (),
    "export": (),
}
"""Benchmark -> its arguments at full size; all have that as their default."""
SMALL: dict[str, tuple[str, ...]] = {
    "read": ("--documents", "5000"),
    "incremental": ("--documents", "5000"),
    "diff": ("--rows", "100000"),
    "tick": ("--tenants", "10", "--rounds", "1"),
    "first_load": ("--products", "200"),
    "memory": ("--ticks", "40"),
    "export": ("--customers", "100", "--bills", "50"),
}
"""The same at about a tenth."""
PROFILED = ("read", "incremental", "tick", "first_load")
"""Those that say with ``--profile`` where their time goes; ``diff`` always does."""


def measured() -> Figures:
    """What was measured last: date and machine by benchmark, and its report."""
    found: Figures = json.loads(MEASURED.read_text("utf-8")) if MEASURED.exists() else {}
    return found


def run(bench: str, arguments: tuple[str, ...]) -> Figures:
    """One benchmark; with a profile, where a goal is missed."""
    report = told(own(bench, *arguments, "--json"))
    missed = any(row.met is False for row in goals.rows(bench, report))
    if missed and bench in PROFILED:
        report["profile"] = told_list(bench, arguments)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
        "report": report,
    }


def told_list(bench: str, arguments: tuple[str, ...]) -> list[Figures]:
    """The shares of a benchmark."""
    found: list[Figures] = told(own(bench, *arguments, "--profile"))  # type: ignore[assignment]
    return found


def table(found: Figures) -> str:
    """Every goal with its figure, and where the time goes of those that are missed."""
    lines = []
    for bench, entry in found.items():
        rows = goals.rows(bench, entry["report"])
        lines += [f"{bench:12}{goals.line(row)}" for row in rows]
        if any(row.met is False for row in rows):
            lines += [
                f"{'':12}  {each['share']:6.1%}  {each['where']}"
                for each in entry["report"].get("profile", ())
            ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", default="", help="names of benchmarks, with commas between")
    parser.add_argument("--small", action="store_true", help="a tenth of the size")
    parser.add_argument("--write", action="store_true", help=f"keep it in {MEASURED.name}")
    parser.add_argument("more", nargs="*", help="arguments for the benchmark, if it is only one")
    arguments = parser.parse_args()
    names = [name for name in arguments.only.split(",") if name] or list(SIZES)
    found: Figures = {}
    for name in names:
        sized = SMALL[name] if arguments.small else SIZES[name]
        found[name] = run(name, (*sized, *arguments.more))
        print(table({name: found[name]}), flush=True)
    print(json.dumps(found))
    if arguments.write:
        kept = measured() | found
        ordered = {name: kept[name] for name in SIZES if name in kept}
        MEASURED.write_text(json.dumps(ordered, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
