"""How much of the rate Optiply permits a first load uses.

The sandbox's Optiply has its limit on, a second's worth of requests that fills up steadily, and
takes a while for each answer. Products that Business Central has and Optiply does not are loaded in
a process of its own; from Optiply's first to its last request its log tells the rate.

    python -m benchmarks.first_load [--products 1200] [--rate 20] [--latency 0.1] [--json]
"""

from __future__ import annotations

import argparse
import bisect
import json
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

import yaml

from bc_pipeline.report import Launch
from bc_pipeline.run.execute import run_tenant
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.companies import wholesale
from bc_pipeline.sandbox.request_log import LoggedRequest
from bc_pipeline.tenants import registry
from benchmarks import goals, profiling
from benchmarks.measuring import Figures, own, served, told

TENANT = "wholesale"
WINDOW_SECONDS = 10.0
API = "/optiply/v1"


def serve(home: Path, products: int, rate: float, latency: float) -> None:
    """A company with so many products, and an Optiply that permits so many requests a second.

    A line on stdin: tell on stdout what was asked of Optiply.
    """
    with Sandbox(wholesale_items=20) as sandbox:
        company = sandbox.business_central.companies[wholesale.NAME]
        for number in range(len(company.tables["items"]), products):
            company.insert("items", _item(number))
        sandbox.optiply.behaviour.requests_per_second = rate
        sandbox.faults.add(action="delay", system="optiply", times=None, seconds=latency)
        path = sandbox.write_tenants(home)
        document = yaml.safe_load(path.read_text("utf-8"))
        document["tenants"][TENANT]["optiply"]["requests_per_second"] = rate
        path.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
        arrivals: dict[int, float] = {}
        start = sandbox.requests.start

        def noted(*request: str) -> LoggedRequest:
            entry = start(*request)  # type: ignore[arg-type]
            arrivals[entry.number] = time.monotonic()
            return entry

        sandbox.requests.start = noted  # type: ignore[method-assign, assignment]
        print("ready", flush=True)
        sys.stdin.readline()
        asked = [each for each in sandbox.requests.of("optiply") if each.path.startswith(API)]
        moments = [arrivals[each.number] for each in asked]
        statuses = [each.status for each in asked]
        print(json.dumps({"moments": moments, "statuses": statuses}), flush=True)


def _item(number: int) -> dict[str, object]:
    return {
        "number": f"L{number:06d}",
        "displayName": f"Garden chair of teak, model {number}",
        "type": "Inventory",
        "baseUnitOfMeasureCode": "STUKS",
        "unitPrice": Decimal(number % 500) + Decimal("0.95"),
    }


def load(home: Path) -> None:
    """The run that is measured."""
    tenant = registry.load(home).get(TENANT)
    summary = run_tenant(tenant, Launch(entities=("products",)))
    result = summary.entities["optiply/products"]
    print(json.dumps({"created": result.created, "throttled": summary.optiply.throttled}))


def measure(products: int, rate: float, latency: float) -> Figures:
    """One first load; it is as long as many rounds of anything else."""
    with tempfile.TemporaryDirectory() as home:
        options = ("--products", products, "--rate", rate, "--latency", latency)
        server, _ = served(own("first_load", "--serve", home, *options))
        try:
            loaded = told(own("first_load", "--load", home))
            assert server.stdin and server.stdout
            server.stdin.write("\n")
            server.stdin.flush()
            asked = json.loads(server.stdout.readline())
        finally:
            server.terminate()
            server.wait()
    report: Figures = {"products": products, "rate": rate, "latency": latency, **loaded}
    return report | _told(asked["moments"], asked["statuses"], rate)


def _told(moments: list[float], statuses: list[int], rate: float) -> Figures:
    seconds = moments[-1] - moments[0]
    in_windows = [
        bisect.bisect_left(moments, moment + WINDOW_SECONDS) - first
        for first, moment in enumerate(moments)
    ]
    return {
        "requests": len(moments),
        "seconds": round(seconds, 1),
        # A second's worth is there at the beginning.
        "share": round(len(moments) / ((seconds + 1.0) * rate), 3),
        "most_in_10_seconds": round(max(in_windows) / WINDOW_SECONDS / rate, 3),
        "refused": statuses.count(429),
    }


def profile(products: int, rate: float, latency: float) -> list[profiling.Share]:
    """Where the time of the run goes, besides waiting."""
    with tempfile.TemporaryDirectory() as home:
        options = ("--products", products, "--rate", rate, "--latency", latency)
        server, _ = served(own("first_load", "--serve", home, *options))
        try:
            return profiling.of(["-m", "benchmarks.first_load", "--load", home])
        finally:
            server.terminate()
            server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--products", type=int, default=1200)
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second permitted")
    parser.add_argument("--latency", type=float, default=0.1, help="seconds, of each request")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--profile", action="store_true", help="only where the time goes, as JSON")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--load", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    size = (arguments.products, arguments.rate, arguments.latency)
    if arguments.serve:
        serve(arguments.serve, *size)
    elif arguments.load:
        load(arguments.load)
    elif arguments.profile:
        print(json.dumps(profile(*size)))
    else:
        report = measure(*size)
        if arguments.json:
            print(json.dumps(report))
            return
        print(
            f"{report['created']:,} products created with {report['requests']:,} requests in "
            f"{report['seconds']} s at {report['rate']:g} a second permitted: "
            f"{report['share']:.1%}, most in ten seconds {report['most_in_10_seconds']:.1%}\n"
        )
        print(goals.table("first_load", report))


if __name__ == "__main__":
    main()
