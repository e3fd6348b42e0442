"""What a tick over many tenants costs: nothing changed, a few changed, all changed, stock moved.

The sandbox, in a process of its own, plays one environment of Business Central and one account of
Optiply for each tenant, and lets every request wait. A tick is ``bc-pipeline sync --all`` or
``stock --all`` in one process, start-up included; its requests are those the sandbox has seen.

    python benchmarks/tick.py [--tenants 200] [--rounds 3] [--latency 0.1] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from bc_pipeline.run.execute import tick_tenant
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.changes import random_changes
from bc_pipeline.sandbox.companies import wholesale
from bc_pipeline.tenants import registry

ITEMS = 20
CHANGES = 20
GOAL_SECONDS = {"idle": 180, "5 % changed": 300, "all changed": 1200, "stock of 10 % moved": 240}
"""For 1,000 tenants."""
GOAL_IDLE_CPU, GOAL_IDLE_REQUESTS = 0.10, 2.0
COMMAND = (sys.executable, "-m", "bc_pipeline")


# --- the sandbox, told on stdin what to do -------------------------------------------------------


def serve(home: Path, tenants: int, latency: float) -> None:
    with Sandbox(wholesale_items=ITEMS) as sandbox:
        _many(sandbox, home, tenants)
        _answer({"ready": True})
        environments = sandbox.business_central.environments
        seen = 0
        for line in sys.stdin:
            order = json.loads(line)
            if order["do"] == "wait":
                sandbox.faults.add(action="delay", times=None, seconds=latency)
            elif order["do"] == "change":
                for name in order["tenants"]:
                    company = environments[name].companies[wholesale.NAME]
                    random_changes(company, order["seed"], order["count"], kinds=order.get("kinds"))
            entries = list(sandbox.requests)
            new, seen = entries[seen:], len(entries)
            _answer({system: sum(e.system == system for e in new) for system in ("bc", "optiply")})


def _many(sandbox: Sandbox, home: Path, tenants: int) -> None:
    """One environment and one account for each tenant, like those of the sandbox's own."""
    sandbox.write_tenants(home)
    path = home / "tenants.yaml"
    pattern = yaml.safe_load(path.read_text("utf-8"))["tenants"]["wholesale"]
    entries = {}
    for number in range(tenants):
        name = f"t{number:04}"
        sandbox.business_central.environments.copy_to(name)
        shop = sandbox.optiply.add_shop(name)
        account = {
            key: getattr(shop, key)
            for key in ("client_id", "client_secret", "username", "password")
        } | {"account_id": shop.account_id, "coupling_id": shop.coupling_id}
        entries[name] = pattern | {
            "business_central": pattern["business_central"] | {"environment_name": name},
            "optiply": pattern["optiply"] | account,
        }
    path.write_text(yaml.safe_dump({"tenants": entries}, allow_unicode=True), "utf-8")


def _answer(told: dict[str, Any]) -> None:
    print(json.dumps(told), flush=True)


# --- the measurements ----------------------------------------------------------------------------


class Server:
    """The sandbox's process."""

    def __init__(self, home: Path, tenants: int, latency: float) -> None:
        arguments = ["--serve", str(home), "--tenants", str(tenants), "--latency", str(latency)]
        self._process = subprocess.Popen(
            [sys.executable, __file__, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._told()

    def tell(self, **order: object) -> dict[str, Any]:
        """Have something done; how many requests there were since the last time."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._told()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()

    def _told(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return told


def command(home: Path, *arguments: str) -> dict[str, float]:
    """Run a command as people do; its wall and CPU seconds, and its peak memory in megabytes."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    environment = {**os.environ, "BC_PIPELINE_HOME": str(home)}
    done = subprocess.run(
        [*COMMAND, *arguments, "--json"], env=environment, capture_output=True, text=True
    )
    seconds, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    outcome = json.loads(done.stdout)["tenants"]
    failed = [name for name, each in outcome.items() if each["status"] == "failed"]
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}: {outcome[failed[0]]['reason']}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "cpu": cpu}


def measure(tenants: int, rounds: int, latency: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        server = Server(home, tenants, latency)
        try:
            # The first syncs are not what is measured, so they go without Dagster and latency.
            found = registry.load(home)
            for name in found.names():
                tick_tenant(found.get(name))
            command(home, "sync", "--all")
            server.tell(do="wait")
            return _ticks(home, server, found.names(), rounds)
        finally:
            server.close()


def _ticks(home: Path, server: Server, names: list[str], rounds: int) -> dict[str, Any]:
    start_up = statistics.median(_start_up(home) for _ in range(rounds))
    few, tenth = names[::20], names[::10]

    def changed(which: list[str], count: int, kinds: list[str] | None) -> Callable[[int], object]:
        return lambda turn: server.tell(
            do="change", tenants=which, seed=turn, count=count, kinds=kinds
        )

    plan: dict[str, tuple[Callable[[int], object] | None, str]] = {
        "idle": (None, "sync"),
        "5 % changed": (changed(few, CHANGES, None), "sync"),
        "all changed": (changed(names, CHANGES, None), "sync"),
        "stock of 10 % moved": (changed(tenth, 1, ["move_stock"]), "stock"),
    }
    report: dict[str, Any] = {"tenants": len(names), "start_up_cpu": round(start_up, 2)}
    for subject, (change, what) in plan.items():
        taken = []
        for turn in range(rounds):
            if change is not None:
                change(turn)
            server.tell(do="count")
            figures = command(home, what, "--all")
            taken.append(figures | server.tell(do="count"))
        report[subject] = _row(taken, len(names), start_up)
    return report


def _start_up(home: Path) -> float:
    """CPU seconds of a command that finds nobody to work on, Dagster and its instance included."""
    script = (
        "import pathlib, sys; from bc_pipeline.cli.runs import defs, instance_for\n"
        "with instance_for(pathlib.Path(sys.argv[1])): defs.resolve_job_def('sync')"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "BC_PIPELINE_HOME": str(home)}
    subprocess.run([sys.executable, "-c", script, str(home)], env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _row(taken: list[dict[str, float]], tenants: int, start_up: float) -> dict[str, float]:
    def median(key: str) -> float:
        return statistics.median(each[key] for each in taken)

    return {
        "seconds": round(median("seconds"), 1),
        "seconds_per_1000": round(median("seconds") / tenants * 1000, 1),
        "cpu_per_tenant": round((median("cpu") - start_up) / tenants, 4),
        "bc_requests_per_tenant": round(median("bc") / tenants, 2),
        "optiply_requests_per_tenant": round(median("optiply") / tenants, 2),
    }


def _print_table(report: dict[str, Any]) -> None:
    print(
        f"{report['tenants']} tenants of {ITEMS} items, {report['start_up_cpu']} CPU s start-up\n"
    )
    print(f"{'tick':22}{'seconds':>9}{'s/1000':>9}{'cpu s':>9}{'BC':>7}{'Optiply':>9}   per tenant")
    for subject in GOAL_SECONDS:
        row = report[subject]
        print(
            f"{subject:22}{row['seconds']:9.1f}{row['seconds_per_1000']:9.1f}"
            f"{row['cpu_per_tenant']:9.3f}{row['bc_requests_per_tenant']:7.2f}"
            f"{row['optiply_requests_per_tenant']:9.2f}"
        )
    print("goals met" if report["goals_met"] else "GOALS MISSED")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tenants", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency", type=float, default=0.1, help="seconds, of each request")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve, arguments.tenants, arguments.latency)
        return
    report = measure(arguments.tenants, arguments.rounds, arguments.latency)
    idle = report["idle"]
    report["goals_met"] = (
        idle["cpu_per_tenant"] <= GOAL_IDLE_CPU
        and idle["bc_requests_per_tenant"] <= GOAL_IDLE_REQUESTS
        and all(report[tick]["seconds_per_1000"] <= goal for tick, goal in GOAL_SECONDS.items())
    )
    if arguments.json:
        print(json.dumps(report))
    else:
        _print_table(report)


if __name__ == "__main__":
    main()
