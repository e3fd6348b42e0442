"""What a tick over many tenants costs: nothing changed, a few changed, all changed, stock moved.

The sandbox, in a process of its own, plays one environment of Business Central and one account of
Optiply for each tenant, and lets every request wait. A tick is ``bc-pipeline sync --all`` or
``stock --all`` in one process, start-up included; its requests are those the sandbox has seen.
With ``--storage both`` Dagster keeps its state in SQLite and in PostgreSQL by turns, for the same
tenants; where PostgreSQL is not installed and cannot be that is left out, and said.

    python -m benchmarks.tick [--tenants 50] [--rounds 3] [--latency 0.1] [--json]
        [--storage files|postgres|both] [--all-rounds 1]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bc_pipeline.orchestration.instance import HOME_VARIABLE
from bc_pipeline.run.execute import tick_tenant
from bc_pipeline.snapshot.shared_lock import DATABASE_VARIABLE
from bc_pipeline.tenants import registry
from bc_pipeline_tests.machines import environment as machines
from bc_pipeline_tests.machines import services
from benchmarks import goals, profiling
from benchmarks.many_tenants import ITEMS, Server
from benchmarks.measuring import Figures, environment

CHANGES = 20
ALL = "all changed"
SUBJECTS = ("idle", "5 % changed", ALL, "stock of 10 % moved")
FILES, POSTGRES = "files", "postgres"
NOISE = 0.05
"""Of start-up: what is less than that says nothing of a tenant. More tenants do."""
_START_UP = (
    "import pathlib, sys; from bc_pipeline.cli.runs import defs, instance_for\n"
    "with instance_for(pathlib.Path(sys.argv[1])): defs.resolve_job_def('sync')"
)


class Installation:
    """One home whose Dagster keeps its state in one kind of storage.

    Args:
        home: BC_PIPELINE_HOME, the same for all kinds: tenants, snapshots and marks are.
        python: the Python that has what the storage needs.
        variables: what says where the state is.
    """

    def __init__(self, home: Path, python: Path, variables: Mapping[str, str]) -> None:
        self._home, self._python = home, python
        self._variables = {**variables, "BC_PIPELINE_HOME": f"{home}"}

    def command(self, *arguments: str) -> dict[str, float]:
        """Run a command as people do; its wall and CPU seconds."""
        done, taken = self._run("-m", "bc_pipeline", *arguments, "--json")
        outcome = json.loads(done.stdout)["tenants"]
        failed = [name for name, each in outcome.items() if each["status"] == "failed"]
        if failed:
            raise SystemExit(f"failed: {', '.join(failed)}: {outcome[failed[0]]['reason']}")
        return taken

    def start_up(self) -> dict[str, float]:
        """Of a command that finds nobody to work on, Dagster's instance included."""
        done, taken = self._run("-c", _START_UP, f"{self._home}")
        if done.returncode:
            raise SystemExit(done.stderr)
        return taken

    def profile(self, *arguments: str) -> list[profiling.Share]:
        """Where the time of such a command goes."""
        command = ["-m", "bc_pipeline", *arguments, "--json"]
        return profiling.of(command, **self._variables)

    def _run(self, *words: str) -> tuple[subprocess.CompletedProcess[str], dict[str, float]]:
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(
            [f"{self._python}", *words],
            env=environment(**self._variables),
            capture_output=True,
            text=True,
        )
        seconds, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return done, {"seconds": seconds, "cpu": cpu}


@contextmanager
def installations(home: Path, storage: str) -> Iterator[dict[str, Installation]]:
    """Storage -> an installation that uses it; all with the same Python."""
    files = {HOME_VARIABLE: f"{home / 'dagster-files'}"}
    if storage == FILES:
        yield {FILES: Installation(home, Path(sys.executable), files)}
        return
    try:
        python = machines.machines_python()
        with services.postgres() as address:
            found = {FILES: Installation(home, python, files)} if storage == "both" else {}
            postgres = {HOME_VARIABLE: f"{home / 'dagster-postgres'}", DATABASE_VARIABLE: address}
            yield {**found, POSTGRES: Installation(home, python, postgres)}
            return
    except machines.Missing as error:
        sys.stderr.write(f"{error}\nTHE TICK WITH POSTGRESQL IS LEFT OUT.\n")
    yield {FILES: Installation(home, Path(sys.executable), files)}


def measure(
    tenants: int, rounds: int, latency: float, storage: str, all_rounds: int | None = None
) -> Figures:
    """Medians of each tick with each storage.

    Args:
        all_rounds: rounds of the tick in which all have changed, which takes the longest.
    """
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        server = Server(home, tenants, latency)
        try:
            names = _first_loads(home)
            with installations(home, storage) as found:
                for each in found.values():
                    each.command("sync", "--all")
                server.tell(do="wait")
                often = dict.fromkeys(SUBJECTS, rounds) | {ALL: all_rounds or rounds}
                return _ticks(found, server, names, often)
        finally:
            server.close()


def _first_loads(home: Path) -> list[str]:
    """The first syncs are not what is measured, so they go without Dagster and latency."""
    found = registry.load(home)
    for name in found.names():
        tick_tenant(found.get(name))
    return found.names()


def _changes(server: Server, names: list[str]) -> dict[str, Callable[[int], object]]:
    """What happens in the companies before a tick; no two turns do the same."""

    def changed(which: list[str], count: int, *kinds: str) -> Callable[[int], object]:
        return lambda turn: server.tell(
            do="change", tenants=which, seed=turn, count=count, kinds=kinds or None
        )

    return {
        "5 % changed": changed(names[::20], CHANGES),
        ALL: changed(names, CHANGES),
        "stock of 10 % moved": changed(names[::10], 1, "move_stock"),
    }


def _ticks(
    found: Mapping[str, Installation], server: Server, names: list[str], often: Mapping[str, int]
) -> Figures:
    changes = _changes(server, names)
    start_up = {storage: each.start_up() for storage, each in found.items()}
    report: Figures = {
        "tenants": len(names),
        "rounds": max(often.values()),
        "rounds_all_changed": often[ALL],
        "storages": {s: {"start_up_cpu": round(each["cpu"], 2)} for s, each in start_up.items()},
    }
    for subject in SUBJECTS:
        taken: dict[str, list[dict[str, float]]] = {storage: [] for storage in found}
        for turn in range(often[subject]):
            for number, (storage, each) in enumerate(found.items()):
                if subject in changes:
                    changes[subject](turn * len(found) + number)
                server.tell(do="count")
                figures = each.command(_command_of(subject), "--all")
                taken[storage].append(figures | server.tell(do="count"))
        for storage, rows in taken.items():
            row = _row(rows, len(names), start_up[storage])
            report["storages"][storage][subject] = row
    return report


def _command_of(subject: str) -> str:
    return "stock" if subject.startswith("stock") else "sync"


def _row(
    taken: list[dict[str, float]], tenants: int, start_up: Mapping[str, float]
) -> dict[str, float]:
    def median(key: str) -> float:
        return statistics.median(each[key] for each in taken)

    row = {
        "seconds": round(median("seconds"), 1),
        "bc_requests_per_tenant": round(median("bc") / tenants, 2),
        "optiply_requests_per_tenant": round(median("optiply") / tenants, 2),
    }
    seconds, cpu = median("seconds") - start_up["seconds"], median("cpu") - start_up["cpu"]
    if min(seconds, cpu) > NOISE * start_up["cpu"]:
        # A process starts once, however many tenants it goes through.
        row["seconds_per_1000"] = round(start_up["seconds"] + seconds / tenants * 1000, 1)
        row["cpu_per_tenant"] = round(cpu / tenants, 4)
    return row


def profile(tenants: int) -> list[profiling.Share]:
    """Where the time goes when all have changed, which is what costs most."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        server = Server(home, tenants, 0.0)
        try:
            names = _first_loads(home)
            with installations(home, FILES) as found:
                found[FILES].command("sync", "--all")
                _changes(server, names)[ALL](0)
                return found[FILES].profile("sync", "--all")
        finally:
            server.close()


def _print_table(report: Figures) -> None:
    for storage, ticks in report["storages"].items():
        print(
            f"{report['tenants']} tenants of {ITEMS} items, Dagster's state in {storage}, "
            f"{ticks['start_up_cpu']} CPU s start-up\n"
        )
        print(
            f"{'tick':22}{'seconds':>9}{'s/1000':>9}{'cpu s':>9}{'BC':>7}{'Optiply':>9}"
            "   per tenant"
        )
        for subject in SUBJECTS:
            row = ticks[subject]
            scaled = row.get("seconds_per_1000", float("nan"))
            cpu = row.get("cpu_per_tenant", float("nan"))
            print(
                f"{subject:22}{row['seconds']:9.1f}{scaled:9.1f}"
                f"{cpu:9.3f}{row['bc_requests_per_tenant']:7.2f}"
                f"{row['optiply_requests_per_tenant']:9.2f}"
            )
        print()
    print(goals.table("tick", report))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tenants", type=int, default=50, help="the goals are for 1000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--all-rounds", type=int, help="of the tick in which all have changed")
    parser.add_argument("--latency", type=float, default=0.1, help="seconds, of each request")
    parser.add_argument("--storage", choices=(FILES, POSTGRES, "both"), default="both")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--profile", action="store_true", help="only where the time goes, as JSON")
    arguments = parser.parse_args()
    if arguments.profile:
        print(json.dumps(profile(min(arguments.tenants, 10))))
        return
    report = measure(
        arguments.tenants,
        arguments.rounds,
        arguments.latency,
        arguments.storage,
        arguments.all_rounds,
    )
    if arguments.json:
        print(json.dumps(report))
    else:
        _print_table(report)


if __name__ == "__main__":
    main()
