"""Customers after lost answers and killed processes: each exactly once, complete."""

from __future__ import annotations

import pytest

from bc_pipeline_tests.slow import deep_but
from bc_pipeline_tests.to_business_central.accounting_world import AccountingWorld
from bc_pipeline_tests.to_business_central.customers_vendors.twenty import (
    SEEDED,
    assert_exactly_once,
    records,
)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("request_number", deep_but(range(2, 5), 3))
def test_killed_while_creating(world: AccountingWorld, request_number: int, moment: str) -> None:
    world.run_killed(request_number, moment, "customers", *records())

    result = world.run("customers", *records())

    assert set(result.counts) <= {"created", "unchanged"}
    assert_exactly_once(world, result.ends, "SALES")


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("request_number", deep_but(range(4, 9), 5, 7))
def test_killed_while_creating_where_dimensions_follow(
    world: AccountingWorld, request_number: int, moment: str
) -> None:
    world.company.settings.deep_insert = False
    world.run_killed(request_number, moment, "customers", *records())

    result = world.run("customers", *records())

    assert set(result.counts) <= {"created", "unchanged"}
    assert_exactly_once(world, result.ends, "SALES")


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("request_number", deep_but(range(2, 5), 3))
def test_killed_while_updating(world: AccountingWorld, request_number: int, moment: str) -> None:
    world.run("customers", *records())
    changed = records(departmentNumber="ADM", website="w.example")
    world.run_killed(request_number, moment, "customers", *changed)

    result = world.run("customers", *changed)

    assert set(result.counts) <= {"updated", "unchanged"}
    assert_exactly_once(world, result.ends, "ADM")
    assert all(row["website"] == "w.example" for row in world.rows("customers")[SEEDED:])


def test_refused_before_anybody_looked_what_a_lost_request_has_made_is_not_forgotten(
    world: AccountingWorld,
) -> None:
    record = {"externalId": "x", "companyName": "Unnumbered"}
    world.run_killed(3, "after", "customers", record)

    refused = world.run("customers", {**record, "departmentNumber": "NO SUCH"})
    result = world.run("customers", record)

    assert refused.counts == {"quarantined": 1}
    (row,) = world.rows("customers", displayName="Unnumbered")
    assert result.ends["x"]["id"] == row["id"]


@pytest.mark.covers("drills")
@pytest.mark.parametrize("number", [None, "R-1"])
def test_refused_after_it_was_made_a_record_that_comes_again_is_that_one(
    world: AccountingWorld, number: str | None
) -> None:
    record = {"externalId": "x", "companyName": "Refused", "customerNumber": number}
    world.sandbox.faults.add("bc", action="apply_then_refuse", operation=True, method="POST")

    refused = world.run("customers", record)
    result = world.run("customers", record)

    assert refused.counts == {"quarantined": 1}
    (row,) = world.rows("customers", displayName="Refused")
    assert result.ends["x"]["id"] == row["id"]


def test_refused_for_good_reason_a_record_that_comes_mended_is_made(
    world: AccountingWorld,
) -> None:
    world.sandbox.faults.add("bc", action="status", status=400, operation=True, method="POST")
    record = {"externalId": "x", "companyName": "Mended"}

    refused = world.run("customers", record)
    result = world.run("customers", record)

    assert (refused.counts, result.counts) == ({"quarantined": 1}, {"created": 1})
    assert len(world.rows("customers", displayName="Mended")) == 1
