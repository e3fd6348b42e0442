"""Ticks in trouble: what was not brought to its end comes again, and nothing goes back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bc_pipeline import clock
from bc_pipeline.business_central.batch import PartAnswer
from bc_pipeline.catalogue.entities import ENTITIES
from bc_pipeline.catalogue.probes import Question
from bc_pipeline.run import probe, tick_memory
from bc_pipeline.run.execute import run_tenant
from bc_pipeline.run.tick import look
from bc_pipeline.snapshot.store import FILE_NAME, Snapshot
from bc_pipeline_tests.run.quiet import Quiet, ran
from bc_pipeline_tests.slow import deep_but


@pytest.fixture
def lagging(quiet: Quiet) -> Iterator[Quiet]:
    quiet.sandbox.business_central.set_replica_lag(60, quiet.company.name)
    yield quiet
    quiet.sandbox.business_central.set_replica_lag(0)


def long_since_swept(quiet: Quiet) -> None:
    memory = tick_memory.load(quiet.directory)
    assert memory is not None
    tick_memory.save(quiet.directory, replace(memory, swept_at=clock.now() - timedelta(days=2)))


@pytest.mark.parametrize("by", deep_but(["the daily sweep", "somebody"], "the daily sweep"))
def test_given_a_replica_behind_what_was_sent_then_a_run_does_not_take_it_back(
    lagging: Quiet, by: str
) -> None:
    item = lagging.item()
    before = lagging.stock_sent(item)
    lagging.change("move_stock", item=item, quantity="7")
    lagging.tick(stock_only=True)
    assert lagging.stock_sent(item) == before + 7

    if by == "somebody":
        run_tenant(lagging.tenant)
    else:
        long_since_swept(lagging)
        assert ran(lagging.tick())

    assert lagging.stock_sent(item) == before + 7


def test_given_a_creation_of_which_nothing_is_known_then_the_next_tick_looks_again(
    quiet: Quiet,
) -> None:
    faults = quiet.sandbox.faults
    faults.add("optiply", action="apply_then_drop", method="POST", path="/suppliers", times=None)
    faults.add("optiply", action="unavailable", method="GET", path="/suppliers", times=None)
    quiet.change("new_vendor", name="Nobody knows")
    assert quiet.tick().entities["optiply/suppliers"].deferred == 1
    faults.clear()

    assert ran(quiet.tick())
    assert [r["name"] for r in quiet.shop.rows("suppliers")].count("Nobody knows") == 1


def test_given_a_process_killed_before_its_changes_were_in_the_file_then_everything_is_read(
    quiet: Quiet,
) -> None:
    at_rest, log = quiet.directory / FILE_NAME, quiet.directory / f"{FILE_NAME}.wal"
    with Snapshot.open(quiet.directory) as snapshot:
        with snapshot.transaction() as cursor:
            cursor.execute("UPDATE sync.products SET content_hash = 'lost'")
        assert log.exists()
        for path in (at_rest, log):
            shutil.copy2(path, path.with_suffix(".left"))
    for path in (at_rest, log):
        path.with_suffix(".left").replace(path)

    assert "bc/vendors" in look(quiet.tenant).due
    quiet.tick()


def test_given_a_term_of_stock_that_could_not_be_read_then_all_are_read_again(
    quiet: Quiet,
) -> None:
    quiet.sandbox.faults.add("bc", action="status", status=500, path=r"/salesOrders\?", times=None)
    long_since_swept(quiet)
    assert "bc/sales_orders" in quiet.tick().failed
    quiet.sandbox.faults.clear()

    assert {"bc/items", "bc/sales_orders", "bc/item_page"} <= set(quiet.tick().entities)


@pytest.mark.parametrize("count", ["many", None, "1.5"])
def test_given_a_count_that_is_none_then_what_it_counts_may_have_changed(count: object) -> None:
    vendors = Question("vendors", "stamps", ENTITIES["bc/vendors"])
    now = datetime(2026, 11, 30, tzinfo=UTC)
    rows, newest = (
        PartAnswer(part, 200, {"value": [], "@odata.count": count}) for part in ("v", "v#")
    )

    answer = probe.compared(vendors, rows, newest, now, now)

    assert answer.mark.differs(answer.mark)


def test_given_a_product_found_again_under_another_id_then_what_refers_to_it_is_looked_at(
    quiet: Quiet,
) -> None:
    # Given a product that somebody has made anew in Optiply
    quiet.change("new_item", number="ANEW", name="Anew", price="1.00", cost="1.00")
    quiet.tick()
    (row,) = [r for r in quiet.shop.rows("products") if r["skuCode"] == "ANEW"]
    quiet.shop.remove("products", row["id"])
    told = ("name", "skuCode", "price", "stockLevel", "unlimitedStock")
    quiet.shop.add_by_user("products", {name: row[name] for name in told})
    assert not ran(quiet.tick())

    # When a tick of stock finds that out
    quiet.change("move_stock", item="ANEW", quantity="1")
    assert quiet.tick(stock_only=True).entities["optiply/products"].updated == 1

    assert "optiply/supplier_products" in look(quiet.tenant).due
