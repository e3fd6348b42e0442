"""How long it takes to decide what has to happen to each of a million records.

As many products are wanted as Optiply has, all in step but one in a thousand. Measured is the plan
of a resource (``to_optiply/diff.py``), built again in one process; the first time, which reads the
rows from the file, is not counted.

    python -m benchmarks.diff [--rows 1000000] [--rounds 5] [--json]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.mapping.wanted import prepare
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.to_optiply.diff import Plan
from benchmarks import goals
from benchmarks.measuring import Figures, Stopwatch, medians, megabytes

RESOURCE = RESOURCES["products"]
CHANGED_EVERY = 1000
FILLING = "4GB"
"""Memory for making what is compared, which is not what is measured."""
_WANTED = """
INSERT INTO optiply.products BY NAME
SELECT uuid() AS remote_id, 'SKU-' || n AS reference, 'write' AS decision,
  TIMESTAMPTZ '2025-12-01 00:00:00Z' + to_seconds(n % 2592000) AS source_modified_at,
  'Garden chair of teak, model ' || n AS name, 'SKU-' || n AS skuCode,
  CAST(8710000000000 + n AS VARCHAR) AS eanCode, (n % 99991) / 100 AS price,
  n % 500 AS stockLevel, n % 50 = 0 AS unlimitedStock,
  CASE WHEN n % 20 = 0 THEN 'disabled' ELSE 'enabled' END AS status, false AS notBeingBought
FROM range(?) AS numbers(n)
"""
_IN_STEP = """
INSERT INTO sync.products BY NAME
SELECT remote_id, 1000000 + n AS optiply_id, uuid() AS optiply_uuid, content_hash,
  attributes AS last_sent, 'active' AS state, 0 AS attempts, source_modified_at
FROM plan
"""
_CHANGE = f"UPDATE optiply.products SET stockLevel = stockLevel + 1 WHERE hash(remote_id) % {CHANGED_EVERY} = 0"  # noqa: E501


def measure(rows: int, rounds: int) -> Figures:
    """Medians of building the plan."""
    with tempfile.TemporaryDirectory() as name:
        changed = _fill(Path(name), rows)
        with Snapshot.open(Path(name)) as snapshot, snapshot.cursor() as cursor:
            plan = _plan(cursor)
            plan.build()
            taken = []
            for _ in range(rounds):
                watch = Stopwatch()
                plan.build()
                taken.append(watch.read())
            if plan.counts() != {"unchanged": rows - changed, "update": changed}:
                raise SystemExit(f"{changed} of {rows} rows were changed: {plan.counts()}")
            shares = _shares(cursor, plan)
    report: Figures = {"rows": rows, "changed": changed, "rounds": rounds}
    report |= medians(taken, "seconds", "cpu")
    report["seconds_per_million"] = round(report["seconds"] / rows * 1_000_000, 3)
    return report | {"peak_megabytes": round(megabytes()), "profile": shares}


def _fill(directory: Path, rows: int) -> int:
    """A snapshot in which all is in step but a few; how many."""
    with Snapshot.open(directory) as snapshot, snapshot.cursor() as cursor:
        prepare(cursor)
        cursor.execute(f"SET memory_limit = '{FILLING}'")
        cursor.execute(_WANTED, [rows])
        _plan(cursor).build()
        cursor.execute(_IN_STEP)
        (changed,) = _row(cursor.execute(_CHANGE))
    return int(changed)


def _plan(cursor: duckdb.DuckDBPyConnection) -> Plan:
    return Plan(cursor, RESOURCE, run_no=2, version=1)


def _row(cursor: duckdb.DuckDBPyConnection) -> Any:  # noqa: ANN401 - a row of any types
    return cursor.fetchone()


def _shares(cursor: duckdb.DuckDBPyConnection, plan: Plan) -> list[dict[str, Any]]:
    """DuckDB's own account of the statement: kind of step -> its share of the time."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "profile.json"
        # Of the statements that follow, the last to be profiled is the plan's second, a count;
        # so the first is caught on its way.
        statements = _Caught(cursor)
        Plan(statements, plan.resource, plan.run_no, plan.version).build()  # type: ignore[arg-type]
        cursor.execute("PRAGMA enable_profiling = 'json'")
        cursor.execute(f"PRAGMA profiling_output = '{file}'")
        cursor.execute(*statements.first)
        cursor.execute("PRAGMA disable_profiling")
        told = json.loads(file.read_text("utf-8"))
    spent: dict[str, float] = {}
    _add(told, spent)
    total = sum(spent.values()) or 1.0
    most = sorted(spent.items(), key=lambda each: -each[1])[:6]
    return [{"where": name, "share": round(seconds / total, 3)} for name, seconds in most]


class _Caught:
    """A cursor that keeps the first statement it was given."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self.first: tuple[Any, ...] = ()

    def execute(self, *statement: object) -> duckdb.DuckDBPyConnection:
        self.first = self.first or statement
        return self._cursor.execute(*statement)  # type: ignore[arg-type]


def _add(node: dict[str, Any], spent: dict[str, float]) -> None:
    # The names of these members changed with DuckDB 2.
    name = node.get("name") or node.get("operator_name")
    if name:
        seconds = float(node.get("timing") or node.get("operator_timing") or 0)
        words = str(name).strip().lower().replace("_", " ")
        spent[words] = spent.get(words, 0.0) + seconds
    for child in (*node.get("operator", ()), *node.get("children", ())):
        _add(child, spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    arguments = parser.parse_args()
    report = measure(arguments.rows, arguments.rounds)
    if arguments.json:
        print(json.dumps(report))
        return
    print(f"{report['rows']:,} rows, {report['changed']:,} of them changed: "
          f"{report['seconds']:.2f} s, {report['cpu']:.2f} CPU-s, "
          f"{report['peak_megabytes']} MB at most\n")  # fmt: skip
    for each in report["profile"]:
        print(f"  {each['share']:6.1%}  {each['where']}")
    print(goals.table("diff", report))


if __name__ == "__main__":
    main()
