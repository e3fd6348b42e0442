"""The asset ``tenants``: every tenant at a glance, and no storage where nothing happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dagster import DagsterInstance

from bc_pipeline import clock
from bc_pipeline.cli.runs import RunOptions, not_runnable
from bc_pipeline.definitions import defs
from bc_pipeline.orchestration import tenants_asset as page
from bc_pipeline.run.freshness import Freshness
from bc_pipeline.run.overview import ages, next_tick, overview
from bc_pipeline.run.tenant_state import read_state
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

    rows = {row["tenant"]: row for row in overview(registry.load(), NOW)}

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
