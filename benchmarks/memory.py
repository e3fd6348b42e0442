"""Whether a process that goes from tick to tick keeps growing.

One process and one Dagster instance, as a sweep has them: each tick looks at a tenant in which
something has just changed, and has its run nested in the process. Told is the resident memory
after each tenth tick.

    python -m benchmarks.memory [--ticks 200] [--tenants 4] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from dagster import RunConfig

from bc_pipeline.cli.runs import add_partitions, instance_for
from bc_pipeline.definitions import defs
from bc_pipeline.orchestration.assets.keys import asset_key
from bc_pipeline.orchestration.jobs import SYNC
from bc_pipeline.orchestration.nested_run import NestedRun
from bc_pipeline.orchestration.sweep import sweep
from bc_pipeline.orchestration.tags import TENANT_TAG
from bc_pipeline.report import RunSummary
from bc_pipeline.run.execute import tick_tenant
from bc_pipeline.run.tick import Tick
from bc_pipeline.tenants import registry
from benchmarks import goals
from benchmarks.many_tenants import Server
from benchmarks.measuring import Figures, own, told

EVERY = 10
FIRST = 20
"""By then all is imported and every cache is full."""
PAGE_KILOBYTES = 4


def resident() -> float:
    """Megabytes of this process in memory now."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * PAGE_KILOBYTES / 1024


def tick_along(home: Path, ticks: int, tenants: int) -> list[tuple[int, float]]:
    """The ticks, in this process; (tick, megabytes) after each tenth."""
    server = Server(home, tenants, 0.0)
    try:
        found = registry.load(home)
        names = found.names()
        for name in names:
            tick_tenant(found.get(name))
        with instance_for(home) as instance:
            add_partitions(instance, found)

            def run(tick: Tick) -> RunSummary:
                return NestedRun(
                    defs.resolve_job_def(SYNC),
                    tick.tenant.name,
                    [asset_key(each) for each in sorted(tick.due)],
                    RunConfig(loggers={"console": {"config": {"log_level": "CRITICAL"}}}),
                    {TENANT_TAG: tick.tenant.name},
                    tick=tick,
                ).execute(instance)

            taken = []
            for number in range(1, ticks + 1):
                name = names[number % len(names)]
                server.tell(do="change", tenants=[name], seed=number, count=1, kinds=["move_stock"])
                for summary in sweep([found.get(name)], run):
                    if summary.status == "failed" or not summary.run_id:
                        raise SystemExit(f"tick {number}: {summary.status}: {summary.reason}")
                if number % EVERY == 0:
                    taken.append((number, round(resident(), 1)))
            return taken
    finally:
        server.close()


def measure(ticks: int, tenants: int) -> Figures:
    """In a fresh process."""
    with tempfile.TemporaryDirectory() as home:
        command = own("memory", "--along", home, "--ticks", ticks, "--tenants", tenants)
        report = told(command, BC_PIPELINE_HOME=home)
    by_tick = dict(report["resident"])
    first = by_tick[min(FIRST, ticks // EVERY * EVERY)]
    growth = report["resident"][-1][1] - first
    return {**report, "growth_megabytes": round(growth, 1), "megabytes": report["resident"][-1][1]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--ticks", type=int, default=200)
    parser.add_argument("--tenants", type=int, default=4)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--along", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not sys.platform.startswith("linux"):
        raise SystemExit("resident memory is read from /proc, which only Linux has")
    if arguments.along:
        taken = tick_along(arguments.along, arguments.ticks, arguments.tenants)
        print(
            json.dumps({"ticks": arguments.ticks, "tenants": arguments.tenants, "resident": taken})
        )
        return
    report = measure(arguments.ticks, arguments.tenants)
    if arguments.json:
        print(json.dumps(report))
        return
    for tick, size in report["resident"]:
        print(f"tick {tick:4}{size:10.1f} MB")
    print(goals.table("memory", report))


if __name__ == "__main__":
    main()
