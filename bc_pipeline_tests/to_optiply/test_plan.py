"""The plan of a resource: what is decided about each record, and how little of it is carried."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.to_optiply.diff import Plan
from bc_pipeline_tests.to_optiply.shop import Bench, product


@pytest.fixture
def plan(tenant: Bench) -> Iterator[Plan]:
    """Of forty products, when all are in step with Optiply."""
    tenant.want("products", [product(n) for n in range(40)])
    tenant.sync("products")
    with tenant.snapshot.cursor() as cursor:
        yield Plan(cursor, RESOURCES["products"], run_no=2, version=1)


def planned(plan: Plan) -> list[str]:
    """The records the plan's table holds."""
    rows = plan.cursor.execute("SELECT remote_id FROM plan ORDER BY n").fetchall()
    return [remote_id for (remote_id,) in rows]


def test_given_nothing_to_do_then_all_records_are_counted_and_none_is_carried(plan: Plan):
    plan.build()

    assert planned(plan) == []
    assert plan.counts() == {"unchanged": 40}


def test_given_one_of_many_has_changed_then_the_plan_holds_that_one(tenant: Bench, plan: Plan):
    tenant.want("products", [product(n, stockLevel=7 if n == 3 else 5) for n in range(40)])
    tenant.sync("products")
    tenant.want("products", [product(n, stockLevel=8 if n == 3 else 5) for n in range(40)])

    plan.build()

    (row,) = plan.rows("update")
    assert planned(plan) == [row.remote_id]
    assert plan.counts() == {"unchanged": 39, "update": 1}


def test_given_some_are_gone_then_the_guard_sees_how_many_stand(tenant: Bench, plan: Plan):
    tenant.want("products", [product(n) for n in range(37)])

    plan.build()

    deletions = plan.deletions()
    assert (deletions.gone, deletions.standing, deletions.staying) == (3, 40, 37)
    assert plan.counts() == {"unchanged": 37, "gone": 3}


def test_given_a_note_of_a_record_has_changed_then_it_is_carried_for_its_books(
    tenant: Bench, plan: Plan
):
    tenant.want("products", [product(n, extra='{"unit": "BOX"}') for n in range(40)])

    plan.build()

    assert len(planned(plan)) == 40
    assert plan.counts() == {"unchanged": 40}
