"""The asset ``tenants``: every tenant at a glance, and no storage where nothing happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance

from bc_pipeline import clock
from bc_pipeline.cli.runs import RunOptions, not_runnable
from bc_pipeline.definitions import defs
from bc_pipeline.orchestration import tenants_asset as page
from bc_pipeline.run.freshness import Freshness
from bc_pipeline.run.overview import STOCK, WHOLE, ages, next_run, next_tick, overview
from bc_pipeline.run.stock_age import StockAge
from bc_pipeline.run.tenant_state import TenantState, read_state
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants import pause, registry
from bc_pipeline_tests.orchestration.conftest import write_tenants
from bc_pipeline_tests.orchestration.test_sweep_job import due as due
from bc_pipeline_tests.orchestration.test_sweep_job import execute

NOW = datetime(2026, 8, 22, 12, 4, tzinfo=UTC)


def test_given_tenants_then_each_has_a_row_and_those_that_need_somebody_come_first(home: Path):
    write_tenants(home, acme={}, globex={"enabled": False}, broken={"nonsense": 1}, initech={})
    found = registry.load()
    pause.pause(found.get("initech").snapshot_dir, by="Anna")
    with Snapshot.open(found.get("acme").snapshot_dir) as snapshot, snapshot.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ops.runs (run_no, run_id, started_at, ended_at, status, dry_run) "
            "VALUES (1, 'r-1', $now, $now, 'partial', false)",
            {"now": NOW - timedelta(minutes=4)},
        )
        cursor.execute(
            "INSERT INTO sync.products (remote_id, state, reason) VALUES ('p', 'quarantined', 'x')"
        )
        cursor.execute(
            "INSERT INTO outbound.ledger (entity, key, state) VALUES ('customers', 'c', 'blocked')"
        )

    rows = {row["tenant"]: row for row in overview(registry.load(), NOW, [WHOLE])}

    assert list(rows)[:2] == ["acme", "broken"]
    assert rows["acme"]["last run"] == "partial, 2026-08-22 12:00 UTC"
    assert (rows["acme"]["held"], rows["acme"]["blocked"]) == ("1 quarantined", "1 blocked")
    assert rows["acme"]["next run"] == "2026-08-22 12:30 UTC"
    assert "never" in rows["acme"]["sent"]
    assert "nonsense" in rows["broken"]["needs somebody"]
    assert rows["globex"]["next run"] == "disabled"
    assert rows["initech"]["next run"].endswith("by Anna")


def test_ages_are_told_together_and_the_late_ones_are_marked():
    found = [
        Freshness("optiply/products", NOW - timedelta(minutes=4)),
        Freshness("optiply/suppliers", NOW - timedelta(minutes=4)),
        Freshness("optiply/sell_orders", NOW - timedelta(hours=3), late=True),
        Freshness("optiply/buy_orders", None, late=True),
        Freshness("bc/item_page", None, absent=True),
    ]

    assert ages(found, NOW) == "never: buy_orders!; 3 h: sell_orders!; 4 min: products, suppliers"


def expected(home: Path, state: TenantState, **options: Any) -> str:
    """When acme is looked at next."""
    return next_run(state, registry.load().get("acme"), NOW, **options)


def looked(whole: int, stock: int) -> TenantState:
    """Everything was looked at, and stock, so many minutes ago."""
    whole_at, stock_at = (NOW - timedelta(minutes=minutes) for minutes in (whole, stock))
    age = StockAge(max(whole_at, stock_at), NOW, timedelta(minutes=45))
    return TenantState(ticked_at=whole_at, stock=age)


def test_given_the_schedules_that_are_on_are_known_then_it_is_told_when_they_come(home: Path):
    write_tenants(home, acme={})
    state = looked(4, 4)

    assert expected(home, state, running=[WHOLE]) == "2026-08-22 12:30 UTC"
    assert expected(home, state, running=[WHOLE, STOCK]) == "2026-08-22 12:30 UTC, stock 12:05"
    assert expected(home, state, running=[]) == "none: the schedule every_30_minutes is off"


def test_given_stock_is_looked_at_less_often_then_its_next_time_is_told(home: Path):
    write_tenants(home, acme={"sync": {"stock_every_minutes": 10}})
    assert expected(home, looked(4, 4), running=[WHOLE, STOCK]).endswith("stock 12:10")

    write_tenants(home, acme={"sync": {"stock_every_minutes": 0}})
    assert expected(home, looked(4, 4), running=[WHOLE, STOCK]) == "2026-08-22 12:30 UTC"


def test_given_nobody_knows_which_are_on_then_those_count_that_came_by(home: Path):
    write_tenants(home, acme={})

    assert expected(home, looked(34, 4)) == "2026-08-22 12:30 UTC, stock 12:05"
    assert expected(home, looked(4, 34)) == "2026-08-22 12:30 UTC"
    assert expected(home, looked(120, 120)) == (
        "not known: no tick has come by since 2026-08-22 10:04 UTC; is every_30_minutes on?"
    )
    assert expected(home, TenantState()) == (
        "not known: no tick has come by yet; is every_30_minutes on?"
    )


def test_in_the_ui_the_schedules_are_asked(home: Path, disk_instance: DagsterInstance):
    write_tenants(home, acme={})

    shown = page._metadata(registry.load(), disk_instance)["overview"].value

    assert "none: the schedule every_30_minutes is off" in shown.replace("\\", "")


@pytest.mark.parametrize(("minute", "then"), [(4, "12:30"), (30, "13:00"), (59, "13:00")])
def test_the_next_tick_is_at_the_full_or_half_hour(minute: int, then: str):
    assert f"{next_tick(NOW.replace(minute=minute)):%H:%M}" == then


def booked(instance: DagsterInstance) -> int:
    """How often the overview has been materialised."""
    return len(instance.fetch_materializations(page.KEY, limit=10).records)


def test_given_somebody_materialises_it_then_it_shows_how_things_stand(home, instance):
    job = defs.resolve_implicit_global_asset_job_def().get_subset(asset_selection={page.KEY})

    result = job.execute_in_process(instance=instance)

    (event,) = result.asset_materializations_for_node("tenants")
    assert (event.metadata["tenants"].value, event.metadata["need_somebody"].value) == (2, 2)
    assert "| acme | late: it never ran |" in event.metadata["overview"].value
    assert "s3cr3t" not in event.metadata["overview"].value


def test_given_sweeps_then_one_that_ran_something_renews_it_once_an_hour(
    script, instance, due, monkeypatch
):
    execute(instance)
    assert booked(instance) == 0, "nothing happened, nothing is stored"

    due.add("acme")
    execute(instance)
    execute(instance)
    assert booked(instance) == 1

    later = clock.now() + page.EVERY
    monkeypatch.setattr(page.clock, "now", lambda: later)
    execute(instance)
    assert booked(instance) == 2


def test_given_a_pause_then_status_tells_it_and_sync_leaves_the_tenant_alone(home: Path):
    found = registry.load()
    pause.pause(found.get("acme").snapshot_dir, by="Anna")
    paused = registry.load()

    assert read_state(paused.get("acme")).paused.endswith("UTC by Anna")
    assert read_state(paused.get("globex")).paused is None
    skipped = not_runnable(paused, "acme", RunOptions())
    assert skipped.status == "skipped"
    assert skipped.reason.endswith("UTC by Anna")
