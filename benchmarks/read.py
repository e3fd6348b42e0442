"""How fast and in how much memory sales invoices come into the mirror.

Compares, over the same URLs of the same server process, our read with the floor: paging with
``requests`` and ``json.loads`` that keeps nothing. Each measurement is a fresh process; they take
turns. Goals: at most 1.3 times the floor, peak resident memory of the process under 500 MB.

    python benchmarks/read.py [--documents 50000] [--lines 20] [--rounds 3] [--json]
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
import uuid
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import requests

from bc_pipeline.business_central.client import BusinessCentral, query_url
from bc_pipeline.catalogue.entities import ENTITIES
from bc_pipeline.reading.entity import read_entity
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.settings import Tenant

GOAL_RATIO = 1.3
GOAL_MEGABYTES = 500
COMPANY = "11111111-1111-1111-1111-111111111111"
PAGE_DOCUMENTS = 2000
NO_GUID = "00000000-0000-0000-0000-000000000000"


# --- the server: pages rendered once, then only sent -------------------------------------------


def _guid(kind: int, number: int) -> str:
    # Spread like real ones, so that nothing compresses better here than it would there.
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind}/{number}"))


def _line(document: str, number: int, sequence: int) -> dict[str, Any]:
    quantity = 1 + number % 40
    price = round(1.05 + number % 9973 / 7, 5)
    return {
        "@odata.etag": f'W/"JzE5OzE2NjM5NDU4MDMwMTk{number:012d}MTswMDsn"',
        "id": _guid(2, number),
        "documentId": document,
        "sequence": sequence * 10000,
        "itemId": _guid(3, number % 5000),
        "itemVariantId": NO_GUID,
        "lineType": "Item",
        "lineObjectNumber": f"{10000 + number % 5000}",
        "unitOfMeasureCode": "PCS",
        "quantity": quantity,
        "netAmount": round(quantity * price, 2),
        "amountExcludingTax": round(quantity * price, 2),
        "invoiceDiscountAllocation": 0,
        "unitPrice": price,
        "locationId": NO_GUID,
        "shipmentDate": "2026-02-03",
    }


def _document(number: int, lines: int) -> dict[str, Any]:
    id = _guid(1, number)
    return {
        "@odata.etag": f'W/"JzIwOzE2NjM5NDU4MDMwMTk{number:012d}MTswMDsn"',
        "id": id,
        "number": f"PS-INV{number:07d}",
        "invoiceDate": "2026-02-03",
        "postingDate": "2026-02-03",
        "status": "Paid",
        "orderNumber": f"S-ORD{number:07d}",
        "currencyCode": "EUR",
        "pricesIncludeTax": False,
        "totalAmountExcludingTax": 1234.56,
        "lastModifiedDateTime": f"2026-02-03T10:{number % 60:02d}:11.{1 + number % 9}Z",
        "salesInvoiceLines": [_line(id, number * lines + n, n + 1) for n in range(lines)],
    }


def _render(directory: Path, documents: int, lines: int, base: str) -> None:
    pages = -(-documents // PAGE_DOCUMENTS)
    for page in range(pages):
        numbers = range(page * PAGE_DOCUMENTS, min(documents, (page + 1) * PAGE_DOCUMENTS))
        envelope: dict[str, Any] = {
            "@odata.context": f"{base}/v2.0/Production/api/v2.0/$metadata#salesInvoices",
            "value": [_document(number, lines) for number in numbers],
        }
        if page + 1 < pages:
            envelope["@odata.nextLink"] = (
                f"{base}/v2.0/Production/api/v2.0/companies({COMPANY})/salesInvoices"
                f"?aid=FIN&$skiptoken={page + 1}"
            )
        (directory / f"{page}.json").write_bytes(orjson.dumps(envelope))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, directory: Path, *arguments: object) -> None:
        self._pages = directory
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path.endswith("/companies"):
            row = {"id": COMPANY, "name": "BENCH", "displayName": "BENCH"}
            return self._send(orjson.dumps({"value": [row]}))
        page = parse_qs(parts.query).get("$skiptoken", ["0"])[0]
        return self._send((self._pages / f"{page}.json").read_bytes())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._send(b'{"access_token": "token", "expires_in": 3599}')

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Silent."""


def serve(documents: int, lines: int) -> None:
    """Renders the pages, prints the base URL, serves until killed."""
    with tempfile.TemporaryDirectory() as name:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, Path(name)))
        base = f"http://127.0.0.1:{server.server_port}"
        _render(Path(name), documents, lines, base)
        print(base, flush=True)
        server.serve_forever()


# --- what is measured ----------------------------------------------------------------------------


def floor(base: str, url: str) -> int:
    """Pages with requests and json.loads, keeps nothing; returns the number of lines seen."""
    session = requests.Session()
    headers = {"Prefer": f"odata.maxpagesize={PAGE_DOCUMENTS}", "Accept-Encoding": "gzip"}
    lines = 0
    following: str | None = url
    while following:
        page = json.loads(session.get(following, headers=headers, timeout=600).content)
        lines += sum(len(row["salesInvoiceLines"]) for row in page["value"])
        following = page.get("@odata.nextLink")
    return lines


def mirror(base: str, url: str) -> int:
    """Our read into a new snapshot; returns the number of lines in it."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        tenant = _tenant(base, home)
        with Snapshot.open(home) as snapshot, BusinessCentral(tenant, TokenStore(home)) as bc:
            return read_entity(bc, snapshot, ENTITIES["bc/sales_invoices"], run_no=1).lines


def _tenant(base: str, home: Path) -> Tenant:

    return Tenant.model_validate(
        {
            "name": "bench",
            "home": home,
            "snapshot_dir": home,
            "business_central": {
                "environment_name": "Production",
                "company": "BENCH",
                "client_id": "id",
                "client_secret": "secret",
                "api_url": base,
                "login_url": base,
            },
            "optiply": {
                "client_id": "id",
                "client_secret": "secret",
                "username": "user",
                "password": "password",
                "account_id": 1,
                "coupling_id": 1,
            },
        }
    )


def first_url(base: str) -> str:
    """The URL our reader starts with, so that both page the same."""
    entity = ENTITIES["bc/sales_invoices"]
    assert entity.lines
    expand = f"{entity.expand}($select={','.join(entity.lines.selected)})"
    options = {"$select": ",".join(entity.table.selected), "$expand": expand}
    return query_url(f"{base}/v2.0/Production/api/v2.0/companies({COMPANY})/{entity.path}", options)


SUBJECTS = {"floor": floor, "mirror": mirror}


def measure(subject: str, base: str) -> None:
    """Runs one subject in this process and prints what it took."""
    url = first_url(base)
    started, cpu = time.perf_counter(), time.process_time()
    lines = SUBJECTS[subject](base, url)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts kilobytes, macOS bytes.
    megabytes = peak / 1024 if sys.platform != "darwin" else peak / 1024**2
    result = {
        "lines": lines,
        "seconds": seconds,
        "cpu": cpu,
        "megabytes": megabytes,
    }
    print(json.dumps(result))


def _again(*arguments: str) -> list[str]:
    return [sys.executable, __file__, *arguments]


def compare(documents: int, lines: int, rounds: int) -> dict[str, Any]:
    """Lets the subjects take turns; returns medians, the ratio and whether the goals are met."""
    command = _again("--serve", "--documents", str(documents), "--lines", str(lines))
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        base = server.stdout.readline().strip()
        taken: dict[str, list[dict[str, float]]] = {subject: [] for subject in SUBJECTS}
        for _ in range(rounds):
            for subject, results in taken.items():
                done = subprocess.run(
                    _again("--measure", subject, "--base", base),
                    check=True,
                    capture_output=True,
                    text=True,
                )
                result = json.loads(done.stdout)
                if result["lines"] != documents * lines:
                    raise SystemExit(f"{subject} saw {result['lines']} lines")
                results.append(result)
    finally:
        server.terminate()
        server.wait()
    report: dict[str, Any] = {"documents": documents, "lines": documents * lines}
    for subject, results in taken.items():
        seconds = statistics.median(result["seconds"] for result in results)
        report[subject] = {
            "seconds": round(seconds, 2),
            "cpu_seconds": round(statistics.median(result["cpu"] for result in results), 2),
            "lines_per_second": round(documents * lines / seconds),
            "peak_megabytes": round(max(result["megabytes"] for result in results)),
        }
    report["ratio"] = round(report["mirror"]["seconds"] / report["floor"]["seconds"], 2)
    report["goals_met"] = (
        report["ratio"] <= GOAL_RATIO and report["mirror"]["peak_megabytes"] < GOAL_MEGABYTES
    )
    return report


def _print_table(report: dict[str, Any]) -> None:
    print(f"{report['lines']:,} lines in {report['documents']:,} sales invoices\n")
    print(f"{'':28}{'seconds':>9}{'cpu s':>8}{'lines/s':>12}{'peak MB':>9}")
    for subject, label in (("floor", "requests + json.loads"), ("mirror", "read into the mirror")):
        row = report[subject]
        print(
            f"{label:28}{row['seconds']:9.2f}{row['cpu_seconds']:8.2f}"
            f"{row['lines_per_second']:12,}{row['peak_megabytes']:9}"
        )
    print(f"\nratio {report['ratio']} (goal at most {GOAL_RATIO})")
    print(f"peak memory {report['mirror']['peak_megabytes']} MB (goal under {GOAL_MEGABYTES})")
    print("goals met" if report["goals_met"] else "GOALS MISSED")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--documents", type=int, default=50_000)
    parser.add_argument("--lines", type=int, default=20, help="per document")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--measure", choices=SUBJECTS, help=argparse.SUPPRESS)
    parser.add_argument("--base", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.documents, arguments.lines)
    elif arguments.measure:
        measure(arguments.measure, arguments.base)
    else:
        report = compare(arguments.documents, arguments.lines, arguments.rounds)
        if arguments.json:
            print(json.dumps(report))
        else:
            _print_table(report)


if __name__ == "__main__":
    main()
