"""What a read costs when little has changed: 0, 0.1, 1 and 10 % of a million invoice lines.

The first read brings everything and is not measured. Each later one is a fresh process on the same
snapshot, from opening it to closing it, start-up left out. The lines of a step were changed in the
course of a day, as in a shop: the read after it brings those of the last ten minutes again.

    python -m benchmarks.incremental [--documents 50000] [--lines 20] [--rounds 3] [--json]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from bc_pipeline.business_central.client import BusinessCentral
from bc_pipeline.catalogue.entities import ENTITIES
from bc_pipeline.reading.entity import read_entity
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.secrets import TokenStore
from benchmarks import goals, pages, profiling
from benchmarks.measuring import Figures, Stopwatch, medians, megabytes, own, served, told

STEPS = {"0 %": 0.0, "0.1 %": 0.001, "1 %": 0.01, "10 %": 0.1}


def measure(base: str, home: Path) -> None:
    """One read on the snapshot in ``home``, and what it took."""
    tenant = pages.tenant(base, home)
    watch = Stopwatch()
    with Snapshot.open(home) as snapshot, BusinessCentral(tenant, TokenStore(home)) as bc:
        read = read_entity(bc, snapshot, ENTITIES["bc/sales_invoices"], run_no=1)
    taken = watch.read()
    print(json.dumps({"mode": read.mode, "changed": read.lines_changed, **taken,
                      "megabytes": megabytes()}))  # fmt: skip


def compare(documents: int, lines: int, rounds: int) -> Figures:
    """The medians of each step."""
    taken: dict[str, list[Figures]] = {step: [] for step in STEPS}
    server, base = served(own("read", "--serve", "--documents", documents, "--lines", lines))
    try:
        with tempfile.TemporaryDirectory() as home:
            command = own("incremental", "--base", base, "--home", home)
            told(command)
            for _ in range(rounds):
                for step, share in STEPS.items():
                    taken[step].append(_step(command, base, round(documents * share), lines))
    finally:
        server.terminate()
        server.wait()
    report: Figures = {"documents": documents, "lines": documents * lines, "rounds": rounds}
    names = ("seconds", "cpu", "requests", "bytes", "changed", "megabytes")
    report["steps"] = {step: medians(rows, *names) for step, rows in taken.items()}
    return report


def _step(command: list[str], base: str, changed: int, lines: int) -> Figures:
    if changed:
        pages.ask(base, "change", documents=changed)
    pages.ask(base, "count")
    result = told(command)
    if result["mode"] != "incremental" or result["changed"] != changed * lines:
        raise SystemExit(f"{changed * lines} lines were changed: {result}")
    return {**result, **pages.ask(base, "count")}


def profile(documents: int, lines: int) -> list[profiling.Share]:
    """Where the time of a read goes after no change."""
    server, base = served(own("read", "--serve", "--documents", documents, "--lines", lines))
    try:
        with tempfile.TemporaryDirectory() as home:
            told(own("incremental", "--base", base, "--home", home))
            return profiling.without_imports(
                profiling.of(["-m", "benchmarks.incremental", "--base", base, "--home", home])
            )
    finally:
        server.terminate()
        server.wait()


def _print_table(report: Figures) -> None:
    print(f"{report['lines']:,} lines in {report['documents']:,} sales invoices\n")
    print(f"{'changed':10}{'seconds':>9}{'cpu s':>8}{'requests':>10}{'bytes':>14}{'lines':>10}")
    for step, row in report["steps"].items():
        print(
            f"{step:10}{row['seconds']:9.2f}{row['cpu']:8.2f}{row['requests']:10.0f}"
            f"{row['bytes']:14,.0f}{row['changed']:10,.0f}"
        )
    print(goals.table("incremental", report))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--documents", type=int, default=50_000)
    parser.add_argument("--lines", type=int, default=20, help="per document")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--profile", action="store_true", help="only where the time goes, as JSON")
    parser.add_argument("--base", default="", help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.home:
        measure(arguments.base, arguments.home)
    elif arguments.profile:
        print(json.dumps(profile(arguments.documents, arguments.lines)))
    else:
        report = compare(arguments.documents, arguments.lines, arguments.rounds)
        if arguments.json:
            print(json.dumps(report))
        else:
            _print_table(report)


if __name__ == "__main__":
    main()
