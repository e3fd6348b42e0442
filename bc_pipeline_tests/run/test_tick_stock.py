"""A tick of stock: what stock is made of is looked at and sent, and nothing else (platform 3)."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

from bc_pipeline.run import tick_memory
from bc_pipeline.run.execute import run_tenant, tick_tenant
from bc_pipeline.run.tick import look
from bc_pipeline.snapshot.store import FILE_NAME
from bc_pipeline.tenants import registry
from bc_pipeline_tests.run.quiet import Quiet, ran

STOCK_ALONE = {"bc/items", "bc/sales_orders", "bc/item_page", "optiply/products"}


def product_id(quiet: Quiet, number: str) -> str:
    (row,) = [r for r in quiet.shop.rows("products") if r["skuCode"] == number]
    return str(row["id"])


def test_given_stock_moved_then_just_what_stock_is_made_of_is_read_and_sent(quiet: Quiet) -> None:
    item = quiet.item()
    before = quiet.stock_sent(item)
    quiet.change("move_stock", item=item, quantity="7")

    summary = quiet.tick()

    assert set(summary.entities) == STOCK_ALONE
    assert quiet.requests("optiply") == [f"PATCH {product_id(quiet, item)}"]
    assert quiet.stock_sent(item) == before + 7
    assert not ran(quiet.tick())


def test_given_stock_moved_then_a_tick_of_stock_is_enough(quiet: Quiet) -> None:
    item = quiet.item()
    before = quiet.stock_sent(item)
    quiet.change("move_stock", item=item, quantity="-3")

    summary = quiet.tick(stock_only=True)

    assert set(summary.entities) == STOCK_ALONE
    assert quiet.stock_sent(item) == before - 3
    assert not ran(quiet.tick(stock_only=True))
    assert not ran(quiet.tick())
    memory = tick_memory.load(quiet.directory)
    assert memory is not None
    assert memory.stock_at is not None
    assert memory.stock_at >= memory.ticked_at - timedelta(seconds=1)


def test_given_a_price_changed_then_a_tick_of_stock_leaves_it_to_the_whole_one(
    quiet: Quiet,
) -> None:
    quiet.change("change_price", item=quiet.item(), price="12.34")

    assert not ran(quiet.tick(stock_only=True))
    summary = quiet.tick()

    assert summary.entities["optiply/products"].updated == 1
    assert "optiply/suppliers" not in summary.entities


def test_given_a_ledger_entry_with_a_lower_number_then_it_is_found(quiet: Quiet) -> None:
    # Given two postings at once: the higher number is there first
    item, entries = quiet.item(), quiet.company.tables["itemLedgerEntries"]
    quiet.change("move_stock", item=item, quantity="1")
    late = max(entries.values(), key=lambda entry: entry["entryNumber"])
    quiet.change("move_stock", item=item, quantity="1")
    gone = quiet.company.delete("itemLedgerEntries", late["id"])
    held = {name: value for name, value in gone.items() if "@" not in name}
    quiet.tick()
    assert look(quiet.tenant, stock_only=True).due == set()

    # When the lower one becomes visible, then stock is read
    quiet.company.insert("itemLedgerEntries", held, stamp=held["lastModifiedDateTime"])
    found = look(quiet.tenant, stock_only=True)

    assert found.changed == {"itemLedgerEntries"}
    assert "optiply/products" in found.due


def test_given_a_look_at_stock_that_fails_then_nothing_is_run_and_stock_is_no_fresher(
    quiet: Quiet,
) -> None:
    before = tick_memory.load(quiet.directory)
    quiet.sandbox.faults.add("bc", action="status", status=403, path=r"/\$batch", times=20)

    summary = quiet.tick(stock_only=True)

    assert (summary.status, summary.run_id) == ("failed", "")
    assert tick_memory.load(quiet.directory) == before


def test_given_a_name_business_central_does_not_have_then_stock_is_looked_at_at_every_tick(
    quiet: Quiet,
) -> None:
    quiet.settings(quantity_scale={"NOWHERE": "2"})
    try:
        quiet.tick()
        summary = quiet.tick()
        memory = tick_memory.load(quiet.directory)
    finally:
        quiet.settings(quantity_scale={})

    assert any(problem.kind == "config" for problem in summary.problems)
    assert {"bc/items", "optiply/products"} <= set(summary.entities)
    assert memory is not None
    assert memory.stock_at is None or memory.stock_at < memory.ticked_at


def test_given_a_stock_level_optiply_did_not_take_then_the_next_look_at_stock_sends_it(
    quiet: Quiet,
) -> None:
    # Given stock that moved while Optiply was down
    quiet.sandbox.faults.add("optiply", action="status", status=400, path="/products/", times=1)
    quiet.change("move_stock", item=quiet.item(), quantity="7")
    assert quiet.tick(stock_only=True).entities["optiply/products"].quarantined == 1

    # When stock is looked at again, though nothing moved since
    summary = quiet.tick(stock_only=True)

    # Then it is sent, and there it ends
    assert summary.entities["optiply/products"].updated == 1
    assert not ran(quiet.tick(stock_only=True))


def test_given_a_tenant_never_synced_then_a_tick_of_stock_leaves_it_to_the_first_sync(
    quiet: Quiet, tmp_path: Path
) -> None:
    quiet.sandbox.write_tenants(tmp_path)

    summary = tick_tenant(registry.load(tmp_path).get("cronus"), stock_only=True)

    assert summary.status == "skipped"
    assert "none has yet" in str(summary.reason)
    assert str(summary.reason).endswith("bc-pipeline sync --all")
    assert not (summary.entities or (tmp_path / "snapshots" / "cronus" / FILE_NAME).exists())


def test_given_a_sync_by_hand_alone_then_stock_that_is_asked_for_is_sent(quiet: Quiet):
    tick_memory.forget(quiet.directory)
    run_tenant(quiet.tenant)
    number = quiet.item()
    before = quiet.stock_sent(number)
    quiet.change("move_stock", item=number, quantity="7")

    assert not ran(quiet.tick(stock_only=True))  # the schedule's: it comes again
    summary = quiet.tick(stock_only=True, asked_for=True)

    assert summary.status == "success"
    assert set(summary.entities) <= STOCK_ALONE
    assert quiet.stock_sent(number) == before + 7


def test_given_no_sync_at_all_then_stock_that_is_asked_for_waits_for_it(quiet: Quiet):
    shutil.move(quiet.directory, quiet.home / "kept")
    try:
        summary = quiet.tick(stock_only=True, asked_for=True)
    finally:
        shutil.rmtree(quiet.directory, ignore_errors=True)
        shutil.move(quiet.home / "kept", quiet.directory)

    assert summary.status == "skipped"
    assert quiet.requests("bc") == []
