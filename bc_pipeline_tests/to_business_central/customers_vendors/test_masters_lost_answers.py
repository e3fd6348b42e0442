"""Customers whose answers are lost: each exactly once, complete, in the same run if possible."""

from __future__ import annotations

from typing import Any

import pytest

from bc_pipeline_tests.to_business_central.accounting_world import AccountingWorld
from bc_pipeline_tests.to_business_central.customers_vendors.twenty import (
    SEEDED,
    assert_exactly_once,
    records,
)


@pytest.mark.parametrize("action", ["drop", "apply_then_drop", "apply_then_fail"])
@pytest.mark.parametrize("request_number", range(4))
def test_an_answer_lost_once_is_resolved_in_the_same_run(
    world: AccountingWorld, request_number: int, action: Any
) -> None:
    world.sandbox.faults.add("bc", action=action, after=request_number, status=504)

    result = world.run("customers", *records())

    assert result.counts == {"created": 20}
    assert_exactly_once(world, result.ends, "SALES")


@pytest.mark.parametrize("action", ["drop", "apply_then_drop", "apply_then_fail"])
def test_a_lost_answer_to_an_update_is_resolved_in_the_same_run(
    world: AccountingWorld, action: Any
) -> None:
    world.run("customers", *records())
    world.strike_writes(action, status=504)

    result = world.run("customers", *records(departmentNumber="ADM", website="w.example"))

    assert result.counts == {"updated": 20}
    assert_exactly_once(world, result.ends, "ADM")


@pytest.mark.parametrize("action", ["unavailable", "apply_then_fail"])
def test_a_part_that_says_nothing_certain_is_looked_up(world: AccountingWorld, action: Any) -> None:
    world.sandbox.faults.add(
        "bc",
        action=action,
        method="POST",
        path=r"/customers$",
        operation=True,
        times=3,
        status=504,
    )

    result = world.run("customers", *records())

    assert result.counts == {"created": 20}
    assert_exactly_once(world, result.ends, "SALES")


@pytest.mark.parametrize(
    ("action", "counts"), [("drop", {"deferred": 20}), ("apply_then_drop", {"created": 20})]
)
def test_answers_lost_again_and_again_leave_nothing_doubled(
    world: AccountingWorld, action: Any, counts: dict[str, int]
) -> None:
    world.strike_writes(action, times=None)
    result = world.run("customers", *records())
    assert result.counts == counts

    world.intercept = None
    result = world.run("customers", *records())

    assert set(result.counts) <= {"created", "unchanged"}
    assert_exactly_once(world, result.ends, "SALES")


def test_when_the_look_after_a_lost_answer_fails_the_records_wait(world: AccountingWorld) -> None:
    world.strike_writes("apply_then_drop")
    world.sandbox.faults.add(
        "bc",
        action="unavailable",
        method="GET",
        path=r"/customers\?",
        operation=True,
        after=1,
        times=None,
    )
    result = world.run("customers", *records())
    assert result.counts == {"deferred": 20}
    assert {problem.kind for problem in result.problems} == {"ambiguous"}

    world.sandbox.faults.clear()
    result = world.run("customers", *records())

    assert result.counts == {"created": 20}
    assert_exactly_once(world, result.ends, "SALES")


def test_more_look_alikes_than_records_is_ambiguous_and_nothing_is_written(
    world: AccountingWorld,
) -> None:
    record = {"externalId": "x", "companyName": "Twin"}
    while_posting = 2
    world.run_killed(while_posting, "before", "customers", record)
    for n in (1, 2):
        id = f"99999999-0000-0000-0000-00000000000{n}"
        world.add("customers", id=id, number=f"T{n}", displayName="Twin")

    result = world.run("customers", record)

    assert result.counts == {"deferred": 1}
    assert result.problems[0].kind == "ambiguous"
    assert len(world.rows("customers")) == SEEDED + 2


def test_where_bc_may_still_be_at_work_the_next_run_looks(world: AccountingWorld) -> None:
    """What is not there yet may come later: sending it at once could make it twice."""
    record = {"externalId": "x", "companyName": "Unnumbered"}
    world.strike_writes("status", status=504)

    slow = world.run("customers", record)
    world.intercept = None
    made_late = world.add("customers", id="", number="LATE", displayName="Unnumbered")
    result = world.run("customers", record)

    assert slow.counts == {"deferred": 1}
    assert len(world.operations("POST", "customers")) == 0
    assert result.ends["x"]["id"] == made_late["id"]


def test_in_one_batch_one_answer_is_lost_and_another_record_was_not_made(world: AccountingWorld):
    faults = world.sandbox.faults
    lost, refused = "apply_then_fail", "unavailable"
    for action in (lost, refused):
        faults.add("bc", action=action, method="POST", path=r"/customers$", operation=True, times=1)

    unnumbered = ({"externalId": f"u{n}", "companyName": f"Unnumbered {n}"} for n in range(4))
    result = world.run("customers", *unnumbered)

    assert result.counts == {"created": 4}
    names = sorted(row["displayName"] for row in world.rows("customers")[SEEDED:])
    assert names == [f"Unnumbered {n}" for n in range(4)]
