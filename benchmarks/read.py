"""How fast and in how much memory sales invoices come into the mirror.

Compares, over the same URLs of the same server process, our read with the floor: paging with
``requests`` and ``json.loads`` that keeps nothing. Each measurement is a fresh process; they take
turns. At a tenth of the size dlt (``rest_api`` to DuckDB) reads the same, from an environment of
its own that the script makes; where no package registry answers that is left out, and said.

    python -m benchmarks.read [--documents 50000] [--lines 20] [--rounds 3] [--json]
        [--dlt-rounds 3]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

import requests

from bc_pipeline.business_central.client import BusinessCentral
from bc_pipeline.catalogue.entities import ENTITIES
from bc_pipeline.reading.entity import read_entity
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.secrets import TokenStore
from benchmarks import dlt_environment, goals, pages, profiling
from benchmarks.measuring import Figures, Stopwatch, megabytes, own, served, told

DLT_SHARE = 10
"""dlt reads one in so many documents: all of them would take ten minutes a round."""
HERE = Path(__file__).parent


def floor(base: str, url: str) -> int:
    """Pages with requests and json.loads, keeps nothing; returns the number of lines seen."""
    session = requests.Session()
    headers = {"Prefer": f"odata.maxpagesize={pages.PAGE_DOCUMENTS}", "Accept-Encoding": "gzip"}
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
        tenant = pages.tenant(base, home)
        with Snapshot.open(home) as snapshot, BusinessCentral(tenant, TokenStore(home)) as bc:
            return read_entity(bc, snapshot, ENTITIES["bc/sales_invoices"], run_no=1).lines


SUBJECTS = {"floor": floor, "mirror": mirror}


def measure(subject: str, base: str) -> None:
    """Runs one subject in this process and prints what it took."""
    url = pages.first_url(base)
    watch = Stopwatch()
    lines = SUBJECTS[subject](base, url)
    print(json.dumps({"lines": lines, **watch.read(), "megabytes": megabytes()}))


def compare(documents: int, lines: int, rounds: int, dlt_rounds: int) -> Figures:
    """Lets the subjects take turns; returns medians and ratios.

    Args:
        dlt_rounds: of the comparison with dlt; 0: none.
    """
    report = _turns(documents, lines, rounds, {name: _ours(name) for name in SUBJECTS})
    report["ratio"] = round(report["mirror"]["seconds"] / report["floor"]["seconds"], 2)
    report["cpu_ratio"] = round(report["mirror"]["cpu_seconds"] / report["floor"]["cpu_seconds"], 2)
    python = dlt_environment.python() if dlt_rounds else None
    if python is not None:
        few = max(1, documents // DLT_SHARE)
        commands = {
            "mirror": _ours("mirror"),
            "dlt": lambda base: [f"{python}", f"{HERE / 'dlt_read.py'}", pages.first_url(base)],
        }
        report["tenth"] = tenth = _turns(few, lines, dlt_rounds, commands)
        tenth["ratio"] = round(tenth["dlt"]["seconds"] / tenth["mirror"]["seconds"], 1)
        # Whatever is the same at any size, such as making the snapshot, weighs ten times as much
        # at a tenth: seconds of a row there beside seconds of a row here.
        row = tenth["dlt"]["seconds"] / few * documents / report["mirror"]["seconds"]
        report["dlt_ratio"] = round(row, 1)
    return report


def _ours(subject: str) -> Any:  # noqa: ANN401 - a function of the base URL
    return lambda base: own("read", "--measure", subject, "--base", base)


def _turns(documents: int, lines: int, rounds: int, commands: dict[str, Any]) -> Figures:
    server, base = served(
        own("read", "--serve", "--documents", documents, "--lines", lines),
    )
    try:
        taken: dict[str, list[dict[str, float]]] = {subject: [] for subject in commands}
        for _ in range(rounds):
            for subject, results in taken.items():
                result = told(commands[subject](base))
                if result["lines"] != documents * lines:
                    raise SystemExit(f"{subject} saw {result['lines']} lines")
                results.append(result)
    finally:
        server.terminate()
        server.wait()
    report: Figures = {"documents": documents, "lines": documents * lines, "rounds": rounds}
    for subject, results in taken.items():
        seconds = statistics.median(result["seconds"] for result in results)
        report[subject] = {
            "seconds": round(seconds, 2),
            "cpu_seconds": round(statistics.median(result["cpu"] for result in results), 2),
            "lines_per_second": round(documents * lines / seconds),
            "peak_megabytes": round(max(result["megabytes"] for result in results)),
        }
    return report


def profile(documents: int, lines: int) -> list[profiling.Share]:
    """Where the time of our read goes."""
    server, base = served(own("read", "--serve", "--documents", documents, "--lines", lines))
    try:
        return profiling.without_imports(
            profiling.of(["-m", "benchmarks.read", "--measure", "mirror", "--base", base])
        )
    finally:
        server.terminate()
        server.wait()


def _print_table(report: Figures) -> None:
    labels = {"floor": "requests + json.loads", "mirror": "read into the mirror", "dlt": "dlt"}
    for part in (report, report.get("tenth")):
        if part is None:
            continue
        print(f"{part['lines']:,} lines in {part['documents']:,} sales invoices\n")
        print(f"{'':28}{'seconds':>9}{'cpu s':>8}{'lines/s':>12}{'peak MB':>9}")
        for subject, label in labels.items():
            if subject in part:
                row = part[subject]
                print(
                    f"{label:28}{row['seconds']:9.2f}{row['cpu_seconds']:8.2f}"
                    f"{row['lines_per_second']:12,}{row['peak_megabytes']:9}"
                )
        print(f"\nratio {part['ratio']}\n")
    print(goals.table("read", report))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--documents", type=int, default=50_000)
    parser.add_argument("--lines", type=int, default=20, help="per document")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dlt-rounds", type=int, default=3, help="0: dlt is left out")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--profile", action="store_true", help="only where the time goes, as JSON")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--measure", choices=SUBJECTS, help=argparse.SUPPRESS)
    parser.add_argument("--base", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        pages.serve(arguments.documents, arguments.lines)
    elif arguments.measure:
        measure(arguments.measure, arguments.base)
    elif arguments.profile:
        print(json.dumps(profile(arguments.documents, arguments.lines)))
    else:
        size = (arguments.documents, arguments.lines)
        report = compare(*size, arguments.rounds, arguments.dlt_rounds)
        if arguments.json:
            print(json.dumps(report))
        else:
            _print_table(report)


if __name__ == "__main__":
    main()
