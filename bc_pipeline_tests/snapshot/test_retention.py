"""Old books go, and nobody who asks them notices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pandas
import pytest

from bc_pipeline.orchestration.checks.stored import last_result
from bc_pipeline.reading import mirror_state
from bc_pipeline.run.dependencies import dependencies
from bc_pipeline.run.records import records
from bc_pipeline.run.tenant_state import TenantState, read_state
from bc_pipeline.snapshot.retention import BOOKS, NEWEST_STAY, trim
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline_tests.orchestration.conftest import settings_of
from bc_pipeline_tests.slow import deep_but

NOW = datetime(2026, 8, 22, 12, tzinfo=UTC)
LIMIT = NOW - timedelta(days=30)
RUNS = 400


@pytest.fixture
def tenant(tmp_path: Path) -> Tenant:
    settings = settings_of("acme") | {"exports": {"accounting": True, "buy_orders": True}}
    settings["business_central"]["item_page_name"] = "Items"
    return Tenant(**settings, name="acme", home=tmp_path, snapshot_dir=tmp_path)


@pytest.fixture
def snapshot(tenant: Tenant) -> Iterator[Snapshot]:
    with Snapshot.open(tenant.snapshot_dir) as found:
        yield found


def fill(cursor: duckdb.DuckDBPyConnection, tenant: Tenant, random: Random) -> None:
    """A year of runs, one a day with gaps. What each reads and sends, how it ends, and which entity
    is forgotten for ever, is up to chance; so is a day from which on nothing is good any more."""
    names = list(dependencies(tenant))
    last = {name: random.randrange(1, RUNS) for name in names}
    spoilt = random.choice([RUNS + 1, 150, 200])
    books: dict[str, list[dict[str, Any]]] = {name: [] for name in BOOKS}
    outcomes = []
    for run_no in range(1, RUNS + 1):
        began = NOW - timedelta(hours=24 * (RUNS - run_no) + random.uniform(0, 20))
        problems = [
            {"entity": name, "remote_id": None, "kind": "config", "reason": f"r{run_no}"}
            for name in random.sample(names, 2)
        ]
        books["runs"].append(
            {
                "run_no": run_no,
                "run_id": f"id-{run_no}",
                "started_at": began,
                "ended_at": None if random.random() < 0.02 else began,
                "status": random.choice(["success", "partial", "failed"])
                if run_no < spoilt
                else "failed",
                "dry_run": random.random() < 0.1,
                "summary": json.dumps({"problems": problems}),
            }
        )
        for name in names:
            if run_no <= last[name] and random.random() < 0.3:
                note(books, run_no, name, random, good=run_no < spoilt or spoilt == 150)
        if random.random() < 0.05:
            outcomes.append((f"f{run_no}", random.choice(["customers", "vendors"]), began))
    for table, told in books.items():
        frame = pandas.DataFrame(told)  # noqa: F841 - DuckDB finds it by its name
        cursor.execute(f"INSERT INTO ops.{table} BY NAME FROM frame")
    cursor.executemany(
        "INSERT INTO outbound.outcomes (name, generation, line, entity, success, action, "
        "settled_at) VALUES (?, 1, 1, ?, false, 'skipped', ?)",
        outcomes,
    )


def note(
    books: dict[str, list[dict[str, Any]]], run_no: int, name: str, random: Random, *, good: bool
) -> None:
    of = {"run_no": run_no, "entity": name}
    if name.startswith("bc/"):
        whole = good and random.random() < 0.5
        reason = None if whole else f"why {run_no}"
        books["reads"].append({**of, "rows": 5, "complete": whole, "reason": reason})
        if not whole and random.random() < 0.3:
            books["warnings"].append({**of, "kind": "source_absent", "message": "gone"})
        return
    for kind in ("rows", "requests", *(["sent"] if good and random.random() < 0.4 else [])):
        books["entity_counts"].append({**of, "kind": kind, "count": 1})


def asked(snapshot: Snapshot, tenant: Tenant) -> dict[str, Any]:
    """All that anybody asks the books for."""
    bc = [name for name in dependencies(tenant) if name.startswith("bc/")]
    with snapshot.cursor() as cursor:
        told: dict[str, Any] = {
            "ever complete": [mirror_state.ever_complete(cursor, [name]) for name in bc],
            "optional": mirror_state.optional(cursor, tenant),
            "stock": mirror_state.stock_complete(
                cursor, tenant, mirror_state.optional(cursor, tenant)
            ),
            "last results": [last_result(cursor, name) for name in dependencies(tenant)],
            "records": [
                records(cursor, f"outbound/{name}", ["skipped"])
                for name in ("customers", "vendors")
            ],
            "unfinished": cursor.execute(
                "SELECT * FROM ops.runs WHERE ended_at IS NULL ORDER BY run_no"
            ).fetchall(),
        }
        for days in (0.1, 7, *range(40, 340, 30)):
            moment = NOW - timedelta(days=days)
            told[f"since {days}"] = [
                (
                    mirror_state.read_since(cursor, name, moment),
                    mirror_state.settled_since(cursor, name, moment),
                )
                for name in bc
            ]
    return told


def standing(tenant: Tenant) -> TenantState:
    """How the tenant stands, but for the number of runs in the books."""
    state = read_state(tenant, NOW)
    return replace(state, figures={**state.figures, "outcomes": None})


@pytest.mark.parametrize("seed", deep_but(range(4), 1))
def test_given_books_of_a_year_when_they_are_trimmed_then_nobody_who_asks_notices(
    tenant: Tenant, snapshot: Snapshot, seed: int
):
    with snapshot.transaction() as cursor:
        fill(cursor, tenant, Random(seed))
    before = asked(snapshot, tenant)
    snapshot.close()
    state = standing(tenant)

    with Snapshot.open(tenant.snapshot_dir) as opened:
        with opened.cursor() as cursor:
            gone = trim(cursor, LIMIT)
            assert all(
                cursor.execute(f"SELECT count(*) FROM ops.{table}").fetchone() > (0,)
                for table in BOOKS
            )
            left = cursor.execute("SELECT count(*) FROM ops.runs").fetchall()
        after = asked(opened, tenant)

    assert after == before
    assert standing(tenant) == state
    assert gone > RUNS / 2
    assert left == [(RUNS - gone,)]


def test_given_a_tenant_that_is_off_for_a_year_then_its_newest_runs_stay(
    tenant: Tenant, snapshot: Snapshot
):
    with snapshot.cursor() as cursor:
        fill(cursor, tenant, Random(1))

        trim(cursor, NOW + timedelta(days=365))

        newest = cursor.execute(
            "SELECT count(*), max(run_no) FROM ops.runs WHERE run_no > ?", [RUNS - NEWEST_STAY]
        ).fetchall()
    assert newest == [(NEWEST_STAY, RUNS)]


def test_given_books_that_are_trimmed_again_then_nothing_more_goes(
    tenant: Tenant, snapshot: Snapshot
):
    with snapshot.cursor() as cursor:
        fill(cursor, tenant, Random(2))
        trim(cursor, LIMIT)

        assert trim(cursor, LIMIT) == 0


@pytest.mark.parametrize(("dry_run", "left"), [(False, ["new"]), (True, ["new", "old"])])
def test_given_what_was_sent_long_ago_then_it_goes_although_no_run_does(
    snapshot: Snapshot, dry_run: bool, left: list[str]
):
    with snapshot.cursor() as cursor:
        for remote_id, at in (("old", LIMIT - timedelta(days=1)), ("new", LIMIT)):
            cursor.execute(
                "INSERT INTO ops.sent (remote_id, sent_at) VALUES (?, ?)", [remote_id, at]
            )

        trim(cursor, LIMIT, dry_run=dry_run)

        found = cursor.execute("SELECT remote_id FROM ops.sent ORDER BY ALL").fetchall()
    assert [remote_id for (remote_id,) in found] == left
