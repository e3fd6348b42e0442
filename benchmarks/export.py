"""How many requests, and how much time of ours, writing to Business Central takes.

A sandbox handles every request once and its answers are kept. After that a server that only sends
what was kept answers both subjects, in fresh processes that take turns: whole runs of ours, from
the dropped file to its results, and the floor, the same requests one after the other with
``requests`` and ``json.loads``. Business Central's own time is in neither, so the ratio is what we
add at worst.

Goals: 1000 customers with dimensions at most 25 requests when new and 30 when updated; bills of 10
lines with dimensions on header and lines under 5 requests each.

    python -m benchmarks.export [--customers 1000] [--bills 500] [--lines 10] [--rounds 3] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from bc_pipeline.report import Launch, RunSummary
from bc_pipeline.run.execute import run_tenant
from bc_pipeline.tenants import registry
from benchmarks.measuring import own, served, told
from benchmarks.tape import control, serve

TENANT = "cronus"
MAPPINGS = {"department": "DEPARTMENT", "group": "CUSTOMERGROUP"}
ITEMS = ("1896-S", "1900-S", "1906-S", "1908-S", "1920-S")
VENDORS = ("10000", "20000", "30000", "40000", "50000")
Record = dict[str, Any]


# --- what is written -----------------------------------------------------------------------------


def new_customers(count: int, lines: int) -> list[Record]:
    """Customers with two dimensions each."""
    del lines
    return [
        {
            "externalId": f"customer-{n}",
            "customerNumber": f"CUST-{n:05}",
            "companyName": f"Customer & Sons {n}",
            "email": f"customer{n}@example.com",
            "departmentNumber": "SALES",
            "groupNumber": "LARGE",
        }
        for n in range(count)
    ]


def changed_customers(count: int, lines: int) -> list[Record]:
    """The same with another website and another value for one of the dimensions."""
    changes = {"website": "changed.example.com", "departmentNumber": "ADM"}
    return [customer | changes for customer in new_customers(count, lines)]


def bills(count: int, lines: int) -> list[Record]:
    """Draft bills with a dimension on the header and one on every line."""
    return [
        {
            "externalId": f"bill-{n}",
            "billNumber": f"BILL-{n:05}",
            "vendorNumber": VENDORS[n % len(VENDORS)],
            "issueDate": "2026-08-20",
            "isDraft": True,
            "departmentNumber": "SALES",
            "lineItems": [
                {
                    "externalId": str(10_000 * (line + 1)),
                    "itemNumber": ITEMS[line % len(ITEMS)],
                    "quantity": line + 1,
                    "unitPrice": "3.75",
                    "groupNumber": "LARGE",
                }
                for line in range(lines)
            ],
        }
        for n in range(count)
    ]


@dataclass(frozen=True)
class Phase:
    """One file and what becomes of it.

    Args:
        stream: the file's.
        entity: task that writes it.
        records: of how many records with how many lines.
        sized_by: argument that tells how many.
        outcome: how every record has to end.
        goal: requests that are few enough, for that many records.
    """

    name: str
    label: str
    stream: str
    entity: str
    records: Callable[[int, int], list[Record]]
    sized_by: str
    outcome: str
    goal: Callable[[int], float]


PHASES = (
    Phase(
        "customers_new",
        "new customers",
        "Customers",
        "outbound/customers",
        new_customers,
        "customers",
        "created",
        lambda count: 25,
    ),
    Phase(
        "customers_updated",
        "updated customers",
        "Customers",
        "outbound/customers",
        changed_customers,
        "customers",
        "updated",
        lambda count: 30,
    ),
    Phase(
        "bills",
        "bills",
        "Bills",
        "outbound/purchase_invoices",
        bills,
        "bills",
        "created",
        lambda count: 5 * count - 1,
    ),
)


# --- what is measured ----------------------------------------------------------------------------


def exported(base: str, home: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Whole runs of ours; seconds and requests of each phase."""
    tenant = registry.load(home).get(TENANT)
    config = {"dynamics-bc": {"dimension_mappings": MAPPINGS}}
    outbound = tenant.snapshot_dir / "outbound"
    outbound.mkdir(parents=True, exist_ok=True)
    (tenant.snapshot_dir / "tenant-config.json").write_text(json.dumps(config))
    measured = {}
    for phase in PHASES:
        records = phase.records(getattr(arguments, phase.sized_by), arguments.lines)
        text = "".join(json.dumps(record) + "\n" for record in records)
        (outbound / f"{phase.stream}.{phase.name}.jsonl").write_text(text)
        control(base, "play" if arguments.play else "record", phase.name)
        started = time.perf_counter()
        summary = run_tenant(tenant, Launch(entities=(phase.entity,)))
        seconds = time.perf_counter() - started
        _check(summary, phase, len(records))
        measured[phase.name] = {"seconds": seconds, "requests": summary.business_central.total}
    return measured


def _check(summary: RunSummary, phase: Phase, records: int) -> None:
    result = summary.entities.get(phase.entity)
    if result is None or getattr(result, phase.outcome) != records:
        problems = [problem.reason for problem in summary.problems[:3]]
        raise SystemExit(f"{phase.label}: {summary.reason} {problems}")


def floor(base: str, home: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """The same requests one after the other, with requests and json.loads."""
    del home, arguments
    measured = {}
    for phase in PHASES:
        wanted = requests.get(f"{base}/tape/requests/{phase.name}", timeout=600).json()
        control(base, "play", phase.name)
        session = requests.Session()
        headers = {"Content-Type": "application/json"}
        started = time.perf_counter()
        for method, target, body in wanted:
            answer = session.request(
                method, base + target, data=body.encode(), headers=headers, timeout=600
            )
            answer.raise_for_status()
            if answer.content:
                json.loads(answer.content)
        seconds = time.perf_counter() - started
        measured[phase.name] = {"seconds": seconds, "requests": len(wanted)}
    return measured


SUBJECTS = {"floor": floor, "export": exported}


def measure(subject: str, arguments: argparse.Namespace) -> None:
    """Runs one subject in this process and prints what it took."""
    print(json.dumps(SUBJECTS[subject](arguments.base, arguments.home, arguments)))


def compare(arguments: argparse.Namespace) -> dict[str, Any]:
    """Lets the subjects take turns; returns medians, ratios and whether the goals are met."""
    size = [f"--{name}={getattr(arguments, name)}" for name in ("customers", "bills", "lines")]
    with tempfile.TemporaryDirectory() as directory:
        homes = f"--homes={1 + arguments.rounds}"
        server, base = served(own("export", *size, "--serve", f"--home={directory}", homes))

        def measured(subject: str, home: int, *options: str) -> dict[str, Any]:
            place = [f"--base={base}", f"--home={directory}/{home}", f"--measure={subject}"]
            # The order of a set decides the order of a filter: the same one in every process.
            return told(own("export", *size, *place, *options), PYTHONHASHSEED="0")

        try:
            in_sandbox = measured("export", 0)
            taken = [
                {subject: measured(subject, number, "--play") for subject in SUBJECTS}
                for number in range(1, 1 + arguments.rounds)
            ]
        finally:
            server.terminate()
            server.wait()
    phases = {phase.name: _figures(phase, arguments, in_sandbox, taken) for phase in PHASES}
    met = all(each["requests"] <= each["goal"] for each in phases.values())
    return {**phases, "goals_met": met}


def _figures(
    phase: Phase,
    arguments: argparse.Namespace,
    in_sandbox: Mapping[str, Any],
    taken: list[dict[str, dict[str, Any]]],
) -> dict[str, Any]:
    count: int = getattr(arguments, phase.sized_by)
    ours, least = (
        statistics.median(turn[subject][phase.name]["seconds"] for turn in taken)
        for subject in ("export", "floor")
    )
    asked = in_sandbox[phase.name]["requests"]
    if any(turn["export"][phase.name]["requests"] != asked for turn in taken):
        raise SystemExit(f"{phase.label}: not the same requests each time")
    return {
        "records": count,
        "requests": asked,
        "goal": phase.goal(count),
        "requests_per_record": round(asked / count, 3),
        "sandbox_seconds": round(in_sandbox[phase.name]["seconds"], 2),
        "seconds": round(ours, 2),
        "records_per_second": round(count / ours),
        "floor_seconds": round(least, 2),
        "ratio": round(ours / least, 2),
    }


def print_table(report: dict[str, Any]) -> None:
    """For people."""
    titles = ("requests", "goal", "each", "sandbox s", "export s", "records/s", "floor s", "ratio")
    names = (
        "requests",
        "goal",
        "requests_per_record",
        "sandbox_seconds",
        "seconds",
        "records_per_second",
        "floor_seconds",
        "ratio",
    )
    print(f"{'':26}" + "".join(f"{title:>11}" for title in titles))
    for phase in PHASES:
        figures = report[phase.name]
        label = f"{figures['records']:,} {phase.label}"
        print(f"{label:26}" + "".join(f"{figures[name]:>11,}" for name in names))
    print("\nsandbox s: the run against the sandbox, which does Business Central's work as well")
    print("export s, floor s: the run, and requests + json.loads, against kept answers")
    print("goals met" if report["goals_met"] else "GOALS MISSED")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--customers", type=int, default=1000)
    parser.add_argument("--bills", type=int, default=500)
    parser.add_argument("--lines", type=int, default=10, help="per bill")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--measure", choices=SUBJECTS, help=argparse.SUPPRESS)
    parser.add_argument("--play", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--base", default="", help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--homes", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.home, arguments.homes)
    elif arguments.measure:
        measure(arguments.measure, arguments)
    else:
        report = compare(arguments)
        if arguments.json:
            print(json.dumps(report))
        else:
            print_table(report)


if __name__ == "__main__":
    main()
