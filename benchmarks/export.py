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
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

from bc_pipeline.report import Launch, RunSummary
from bc_pipeline.run.execute import run_tenant
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.tenants import registry

TENANT = "cronus"
MAPPINGS = {"department": "DEPARTMENT", "group": "CUSTOMERGROUP"}
ITEMS = ("1896-S", "1900-S", "1906-S", "1908-S", "1920-S")
VENDORS = ("10000", "20000", "30000", "40000", "50000")
KEPT_HEADERS = (
    "accept",
    "authorization",
    "content-type",
    "data-access-intent",
    "if-match",
    "isolation",
    "prefer",
)
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


# --- the server: passes requests on once, then only sends what was answered ----------------------


@dataclass
class Exchange:
    """A request and its answer."""

    method: str
    target: str
    body: bytes
    status: int
    content_type: str
    answer: bytes

    @property
    def key(self) -> str:
        return _key(self.method, self.target, self.body)


def _key(method: str, target: str, body: bytes) -> str:
    return f"{method} {target} {hashlib.sha256(body).hexdigest()}"


@dataclass
class Tape:
    """The exchanges of each phase; played, the same request gets its answers in order."""

    exchanges: defaultdict[str, list[Exchange]] = field(default_factory=lambda: defaultdict(list))
    phase: str = ""
    played: defaultdict[str, deque[Exchange]] | None = None
    guard: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, phase: str, *, play: bool) -> None:
        with self.guard:
            self.phase = phase
            self.played = None
            if play:
                self.played = defaultdict(deque)
                for exchange in self.exchanges[phase]:
                    self.played[exchange.key].append(exchange)

    def answer(self, method: str, target: str, body: bytes) -> Exchange | None:
        """What was answered to this request; None when it has to be passed on."""
        with self.guard:
            if self.played is None:
                return None
            answers = self.played[_key(method, target, body)]
            if not answers:
                return Exchange(method, target, body, 404, "text/plain", b"never asked before")
            return answers.popleft() if len(answers) > 1 else answers[0]

    def keep(self, exchange: Exchange) -> None:
        with self.guard:
            self.exchanges[self.phase].append(exchange)

    def requests(self, phase: str) -> list[tuple[str, str, str]]:
        return [(e.method, e.target, e.body.decode()) for e in self.exchanges[phase]]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, tape: Tape, behind: str, *arguments: object) -> None:
        self._tape = tape
        self._behind = behind
        super().__init__(*arguments)  # type: ignore[arg-type]

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/tape/"):
            return self._control(*self.path.split("/")[2:])
        found = self._tape.answer(self.command, self.path, body)
        if found is None:
            found = self._passed_on(body)
            self._tape.keep(found)
        return self._send(found.status, found.content_type, found.answer)

    do_GET = do_POST = do_PATCH = do_DELETE = _handle  # noqa: N815 - the names HTTP has

    def _control(self, action: str, phase: str) -> None:
        if action == "requests":
            told = json.dumps(self._tape.requests(phase)).encode()
            return self._send(200, "application/json", told)
        self._tape.begin(phase, play=action == "play")
        return self._send(204, "text/plain", b"")

    def _passed_on(self, body: bytes) -> Exchange:
        headers = {name: self.headers[name] for name in KEPT_HEADERS if name in self.headers}
        headers |= {"Host": self.headers["Host"], "Accept-Encoding": "identity"}
        answer = requests.request(
            self.command, self._behind + self.path, headers=headers, data=body, timeout=600
        )
        kind = answer.headers.get("Content-Type", "text/plain")
        return Exchange(self.command, self.path, body, answer.status_code, kind, answer.content)

    def _send(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Silent."""


def serve(directory: Path, homes: int) -> None:
    """Writes homes ``0``, ``1``, … below ``directory``, prints the base URL, serves until killed.

    Signing in goes to the sandbox directly.
    """
    with Sandbox(wholesale_items=20) as sandbox:
        handler = partial(_Handler, Tape(), sandbox.base_url)
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        base = f"http://127.0.0.1:{server.server_port}"
        for number in range(homes):
            home = directory / str(number)
            home.mkdir()
            path = sandbox.write_tenants(home, exports=True)
            text = path.read_text("utf-8")
            path.write_text(text.replace(f"{sandbox.base_url}/bc", f"{base}/bc"), "utf-8")
        print(base, flush=True)
        server.serve_forever()


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
        _control(base, "play" if arguments.play else "record", phase.name)
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
        _control(base, "play", phase.name)
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


def _control(base: str, action: str, phase: str) -> None:
    requests.post(f"{base}/tape/{action}/{phase}", timeout=60).raise_for_status()


def measure(subject: str, arguments: argparse.Namespace) -> None:
    """Runs one subject in this process and prints what it took."""
    print(json.dumps(SUBJECTS[subject](arguments.base, arguments.home, arguments)))


def compare(arguments: argparse.Namespace) -> dict[str, Any]:
    """Lets the subjects take turns; returns medians, ratios and whether the goals are met."""
    # The order of a set decides the order of a filter: the same one in every process.
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    size = [f"--{name}={getattr(arguments, name)}" for name in ("customers", "bills", "lines")]
    command = [sys.executable, __file__, *size]
    with tempfile.TemporaryDirectory() as directory:
        homes = f"--homes={1 + arguments.rounds}"
        server = subprocess.Popen(
            [*command, "--serve", f"--home={directory}", homes],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        try:
            assert server.stdout
            base = server.stdout.readline().strip()

            def measured(subject: str, home: int, *options: str) -> dict[str, Any]:
                place = [f"--base={base}", f"--home={directory}/{home}", f"--measure={subject}"]
                done = subprocess.run(
                    [*command, *place, *options], stdout=subprocess.PIPE, text=True, env=environment
                )
                if done.returncode:
                    raise SystemExit(f"{subject} failed")
                result: dict[str, Any] = json.loads(done.stdout)
                return result

            in_sandbox = measured("export", 0)
            taken = [
                {subject: measured(subject, number, "--play") for subject in SUBJECTS}
                for number in range(1, 1 + arguments.rounds)
            ]
        finally:
            server.terminate()
            server.wait()
    phases = {phase.name: _told(phase, arguments, in_sandbox, taken) for phase in PHASES}
    met = all(told["requests"] <= told["goal"] for told in phases.values())
    return {**phases, "goals_met": met}


def _told(
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
        told = report[phase.name]
        label = f"{told['records']:,} {phase.label}"
        print(f"{label:26}" + "".join(f"{told[name]:>11,}" for name in names))
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
