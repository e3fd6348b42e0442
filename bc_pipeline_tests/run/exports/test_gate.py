"""What a run is held at before it writes to Business Central, and what it tells there."""

from __future__ import annotations

import threading

import pytest

from bc_pipeline.errors import EntityFailed
from bc_pipeline.to_business_central.export_types import Preparation
from bc_pipeline_tests.run.exports.house import BILLS, CUSTOMERS, ORDERS, House
from bc_pipeline_tests.to_business_central.records import drop, left


def test_given_a_held_run_then_what_is_known_is_told_before_anything_is_written(house: House):
    house.writers["customers"].refused = {"b": "value NOWHERE is blocked"}
    drop(house.directory, "Customers.jsonl", {"externalId": "a"}, {"externalId": "b"})
    run = house.held(CUSTOMERS)

    told = run.prepared(CUSTOMERS)

    assert (told.entity, told.pending) == (CUSTOMERS, 2)
    assert told.mappings is not None
    assert (told.mappings.missing, told.mappings.blocking) == ({"class": "CLASS"}, False)
    (offender,) = told.offenders
    assert (offender.external_id, offender.file, offender.line) == ("b", "Customers.jsonl", 2)
    assert offender.reason == "value NOWHERE is blocked"
    assert house.writers["customers"].calls == []
    assert run.prepared(CUSTOMERS) is told

    run.release(CUSTOMERS)
    assert (run.wait(CUSTOMERS).created, run.wait(CUSTOMERS).quarantined) == (1, 1)
    run.finish()


def test_given_a_held_run_with_nothing_waiting_then_its_preparation_is_empty(house: House):
    run = house.held(CUSTOMERS, ORDERS)

    assert run.prepared(CUSTOMERS) == Preparation(CUSTOMERS)
    assert run.prepared(ORDERS) == Preparation(ORDERS)
    run.release(CUSTOMERS)
    run.release(ORDERS)
    assert run.wait(CUSTOMERS).rows == 0
    assert run.wait(ORDERS).mode == "not configured"
    run.finish()


def test_given_bills_that_wait_for_vendors_then_they_can_be_looked_at_before_these_are_written(
    house: House,
):
    drop(house.directory, "Vendors.jsonl", {"externalId": "v"})
    drop(house.directory, "Bills.jsonl", {"externalId": "b"})
    run = house.held("outbound/vendors", BILLS)

    assert run.prepared(BILLS).pending == 1
    assert run.prepared("outbound/vendors").pending == 1

    run.release("outbound/vendors")
    run.release(BILLS)
    assert run.wait(BILLS).created == 1
    run.finish()


def test_given_vendors_that_are_held_back_then_bills_that_are_released_do_not_wait_for_them(
    house: House,
):
    drop(house.directory, "Bills.jsonl", {"externalId": "b"})
    run = house.held("outbound/vendors", BILLS)

    run.release(BILLS)
    assert run.wait(BILLS).created == 1
    run.release("outbound/vendors")
    run.finish()


def test_given_a_blocking_mapping_then_a_held_task_ends_without_release(house: House):
    house.map_dimensions(region="REGION")
    drop(house.directory, "Customers.jsonl", {"externalId": "a"})
    run = house.held(CUSTOMERS)

    assert run.prepared(CUSTOMERS).mappings.blocking  # type: ignore[union-attr]
    with pytest.raises(EntityFailed, match="nothing was written"):
        run.wait(CUSTOMERS)
    run.finish()


def test_given_a_run_that_is_never_released_then_it_ends_and_the_file_waits(house: House):
    drop(house.directory, "Customers.jsonl", {"externalId": "a"})
    run = house.held(CUSTOMERS)
    run.prepared(CUSTOMERS)

    summary = run.finish()

    assert summary.failed == (CUSTOMERS,)
    assert house.writers["customers"].calls == []
    assert left(house.directory) == ["Customers.jsonl"]


def test_given_a_run_cancelled_at_the_gate_then_it_ends(house: House):
    drop(house.directory, "Customers.jsonl", {"externalId": "a"})
    run = house.held(CUSTOMERS)
    threading.Timer(0.2, run.cancel).start()

    with pytest.raises(Exception, match="cancelled"):
        run.wait(CUSTOMERS)
    run.finish()
