"""A tick: one look at a tenant, and a run of what it finds due, or none (platform 3)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bc_pipeline import clock
from bc_pipeline.run import operator_actions, tick_memory
from bc_pipeline.run.execute import run_tenant
from bc_pipeline.run.tenant_state import read_state
from bc_pipeline.run.tick import look
from bc_pipeline.run.tick_outcome import noted
from bc_pipeline_tests.clocks import MovedClock
from bc_pipeline_tests.run.quiet import Quiet, ran
from bc_pipeline_tests.slow import deep_but


def test_given_nothing_changed_then_a_tick_asks_once_and_runs_nothing(quiet: Quiet) -> None:
    before = tick_memory.load(quiet.directory)
    assert before is not None

    summary = quiet.tick()

    assert not ran(summary)
    assert quiet.requests("bc") == ["POST $batch"]
    assert quiet.requests("optiply") == []
    assert "nothing has changed since" in (summary.reason or "")
    products = summary.entities["optiply/products"]
    assert products.unchanged == len(quiet.shop.rows("products"))
    after = tick_memory.load(quiet.directory)
    assert after is not None
    assert after.ticked_at > before.ticked_at
    assert after.idle == before.idle + 1


def test_given_a_vendor_changed_then_items_are_not_read(quiet: Quiet) -> None:
    vendor = next(iter(quiet.company.tables["vendors"].values()))
    quiet.change("rename_vendor", vendor=vendor["number"], name=f"{vendor['displayName']} BV")

    summary = quiet.tick()

    assert summary.entities["optiply/suppliers"].updated == 1
    assert "bc/items" not in summary.entities


def test_given_an_order_line_moved_without_a_stamp_then_it_is_found(quiet: Quiet) -> None:
    lines = quiet.company.tables["purchaseOrderLines"]
    line = next(each for each in lines.values() if each["receivedQuantity"] == 0)
    quiet.company.modify(
        "purchaseOrderLines", line["id"], touch=False, expectedReceiptDate="2027-03-01"
    )

    summary = quiet.tick()

    assert summary.entities["optiply/buy_order_lines"].updated == 1


@pytest.mark.parametrize("behind", [timedelta(0), timedelta(seconds=90)])
def test_given_a_stamp_no_newer_than_the_newest_then_it_is_found(
    quiet: Quiet, behind: timedelta
) -> None:
    # Given a change that is ticked, and one that becomes visible later with the same stamp, or an
    # older one: stamps are set when a row is written, and seen when the transaction ends.
    first, second, *_ = [
        row for row in quiet.company.tables["items"].values() if not row["blocked"]
    ]
    quiet.change("change_price", item=first["number"], price="5.55")
    newest = quiet.company.tables["items"][first["id"]]["lastModifiedDateTime"]
    quiet.tick()
    older = datetime.fromisoformat(newest) - behind
    quiet.company.modify(
        "items",
        second["id"],
        touch=False,
        displayName=f"{second['displayName']}!",
        lastModifiedDateTime=f"{older:%Y-%m-%dT%H:%M:%S}.{older.microsecond // 1000:03d}Z",
    )

    assert quiet.tick().entities["optiply/products"].updated == 1


TOUCHES: dict[str, Callable[[Quiet], object]] = {
    "operator": lambda quiet: operator_actions.resend(quiet.tenant, "products"),
    "settings": lambda quiet: quiet.settings(
        stock_every_minutes=quiet.tenant.sync.stock_every_minutes + 1
    ),
    "forgotten": lambda quiet: (quiet.directory / tick_memory.MEMORY_FILE).unlink(),
    "half written": lambda quiet: (quiet.directory / tick_memory.MEMORY_FILE).write_text(
        '{"made_by'
    ),
    "dimensions": lambda quiet: (quiet.directory / "tenant-config.json").write_text("{}"),
}


def test_given_anything_else_has_changed_then_everything_is_due(
    quiet: Quiet, tmp_path: Path
) -> None:
    for name, touch in TOUCHES.items():
        touched = Quiet(quiet.sandbox, tmp_path / name)
        shutil.copytree(quiet.home, touched.home)
        assert not look(touched.tenant).due, name

        touch(touched)

        due = look(touched.tenant).due
        assert {"bc/items", "bc/vendors", "optiply/receipt_lines"} <= set(due), name


@pytest.mark.parametrize("touch", deep_but(TOUCHES, "operator", "settings"))
def test_given_anything_else_has_changed_then_everything_is_read_once(
    quiet: Quiet, touch: str
) -> None:
    TOUCHES[touch](quiet)

    summary = quiet.tick()

    assert {"bc/items", "bc/vendors", "optiply/receipt_lines"} <= set(summary.entities)
    assert not ran(quiet.tick())


def test_given_a_run_that_somebody_asked_for_then_the_next_tick_finds_nothing_to_do(
    quiet: Quiet,
) -> None:
    run_tenant(quiet.tenant)

    assert not ran(quiet.tick())


def test_given_a_source_refused_then_every_tick_tries_it_again_and_nothing_else(
    quiet: Quiet,
) -> None:
    quiet.sandbox.faults.add("bc", action="status", status=403, path="/vendors", times=None)
    quiet.change("rename_vendor", vendor=first_vendor(quiet), name="Another name")

    assert "bc/vendors" in quiet.tick().failed
    again = quiet.tick()
    assert "bc/vendors" in again.failed
    assert "bc/items" not in again.entities

    quiet.sandbox.faults.clear()
    assert quiet.tick().entities["optiply/suppliers"].updated == 1


@pytest.mark.parametrize("status", [403, 500])
def test_given_a_look_that_fails_then_everything_is_read(quiet: Quiet, status: int) -> None:
    quiet.sandbox.faults.add("bc", action="status", status=status, path=r"/\$batch", times=20)

    found = look(quiet.tenant)

    assert {"bc/items", "bc/vendors", "optiply/receipt_lines"} <= found.due
    assert "the look failed" in found.why


def test_given_a_run_that_ended_while_a_look_was_made_then_what_it_left_stays(quiet: Quiet) -> None:
    found = look(quiet.tenant)
    run_tenant(quiet.tenant)
    after = tick_memory.load(quiet.directory)

    noted(found)

    assert tick_memory.load(quiet.directory) == after


def test_given_the_hour_of_the_sweep_has_come_then_everything_is_read_once(quiet: Quiet) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with clock.using(MovedClock(tomorrow)):
        found = look(quiet.tenant)

    assert found.sweep
    assert {"bc/items", "bc/locations", "optiply/receipt_lines"} <= found.due


def test_given_another_day_then_what_looks_at_the_day_is_mapped_again(quiet: Quiet) -> None:
    # Given a tick where it is noon, long after one sweep and before the next
    where_it_is_noon = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
    quiet.settings(sweep_hour=3, timezone=where_it_is_noon)
    quiet.tick()
    memory = tick_memory.load(quiet.directory)
    assert memory is not None

    tomorrow = memory.ticked_at.astimezone(ZoneInfo(where_it_is_noon)) + timedelta(days=1)
    midnight = tomorrow.replace(hour=0, minute=1).astimezone(UTC)
    with clock.using(MovedClock(midnight)):
        found = look(quiet.tenant)

    assert not found.sweep
    assert found.due == {"optiply/sell_orders", "optiply/receipt_lines"}
    quiet.settings(sweep_hour=3, timezone="Europe/Amsterdam")


def test_given_a_quarantined_record_then_it_is_tried_again_after_as_many_ticks(
    quiet: Quiet,
) -> None:
    # Given a product that Optiply refuses
    quiet.sandbox.faults.add("optiply", action="status", status=400, path="/products/", times=None)
    quiet.change("change_price", item=quiet.item(), price="77.01")
    assert quiet.tick().entities["optiply/products"].quarantined == 1

    # When ticks pass in which nothing changes
    tries = [tick for tick in range(1, 5) if ran(quiet.tick())]

    # Then it is tried at growing distances, and comes through once it may
    assert tries == [1, 3]
    quiet.sandbox.faults.clear()
    for _ in range(16):
        if (summary := quiet.tick()) and ran(summary):
            break
    assert summary.entities["optiply/products"].updated == 1
    assert not summary.entities["optiply/products"].quarantined


def test_given_a_process_that_died_in_a_run_then_everything_is_read(quiet: Quiet) -> None:
    quiet.sql("UPDATE sync.products SET content_hash = 'lost'")

    assert "bc/vendors" in quiet.tick().entities


def test_what_is_remembered_holds_no_secret(quiet: Quiet) -> None:
    told = (quiet.directory / tick_memory.MEMORY_FILE).read_text()

    tenant = quiet.tenant
    for secret in (tenant.business_central.client_secret, tenant.optiply.password):
        assert secret.get_secret_value() not in told
    assert (quiet.directory / tick_memory.MEMORY_FILE).stat().st_mode & 0o77 == 0
    assert json.loads(told)["snapshot"]


def first_vendor(quiet: Quiet) -> str:
    return str(next(iter(quiet.company.tables["vendors"].values()))["number"])


def test_given_ticks_without_a_run_then_nothing_is_late_and_the_stock_is_as_old_as_the_last(
    quiet: Quiet,
) -> None:
    now = datetime.now(UTC)
    memory = tick_memory.load(quiet.directory)
    assert memory is not None
    hours = timedelta(hours=5)

    # Given runs that lie hours back, and a tick that found nothing a few minutes ago
    with clock.using(MovedClock(now + hours)):
        later = replace(memory, ticked_at=now + hours, stock_at=now + hours)
        tick_memory.save(quiet.directory, later)
        state = read_state(quiet.tenant, now + hours + timedelta(minutes=4))

    assert not state.late
    assert state.stock is not None
    assert state.stock.in_words().startswith("stock at most 4 min old")
    assert state.as_json()["stock"]["age_minutes"] == 4.0

    # When no tick comes any more, then both are told
    state = read_state(quiet.tenant, now + hours + timedelta(minutes=50))
    assert any("stock at most 50 min old" in told for told in state.attention())
    assert read_state(quiet.tenant, now + hours + timedelta(hours=2)).late
    tick_memory.save(quiet.directory, memory)
