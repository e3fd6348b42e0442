"""Lost answers and processes that end: after the next run each order stands in Business Central
exactly once, linked, with its lines and dimensions (mapping.md 8.2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from bc_pipeline.run.operator_actions import resend
from bc_pipeline.to_business_central.buy_orders.buy_order import TASK
from bc_pipeline_tests.slow import deep_but
from bc_pipeline_tests.to_business_central.buy_orders.orders_world import (
    CREATION,
    TENANT,
    Killed,
    OrdersWorld,
)

REQUESTS = 14
"""Requests to Business Central of a run with two orders and dimensions, and one to spare."""


@pytest.fixture
def ready(world: OrdersWorld) -> OrdersWorld:
    world.configure(buy_order_dimensions={"department": "WEB"})
    return world


def assert_each_exactly_once(world: OrdersWorld, orders: list[int]) -> None:
    for order_id in orders:
        made = world.purchase_order(order_id)
        lines = world.lines(made)
        assert [int(x["quantity"]) for x in lines] in ([10, 4], [4, 10])
        assert len(world.all_lines(made)) == 3
        for part in (made, *lines):
            assert world.dimensions(part["id"])["DEPARTMENT"] == "WEB"
        assert world.buy_order(order_id)["remoteId"] == made["id"]
        own = {x["remoteId"] for x in world.buy_order_lines(order_id)}
        assert own == {x["id"] for x in lines}
        entry = world.entry(order_id)
        assert entry is not None and entry.state == "done"


@pytest.mark.parametrize("answered", [False, True], ids=["before sending", "before the answer"])
@pytest.mark.parametrize("at", deep_but(range(1, REQUESTS), 4, 8))
def test_a_process_that_ends_at_any_request_leaves_nothing_twice_and_nothing_out(
    ready: OrdersWorld, at: int, answered: bool
) -> None:
    orders = [ready.order(), ready.order(supplier=1)]
    with ready.dying(at, answered=answered) as died:
        with suppress(Killed):
            ready.export()
        if at < REQUESTS - 2:
            assert died()

    ready.export()

    assert_each_exactly_once(ready, orders)


@pytest.mark.parametrize("number", deep_but(range(5), 1, 3))
def test_a_lost_answer_is_looked_up_and_nothing_is_sent_twice(
    ready: OrdersWorld, number: int
) -> None:
    orders = [ready.order(), ready.order(supplier=1)]
    # Look-ups and creations; every other request is read again or comes after the orders.
    path = r"/(purchaseOrders|\$batch)"
    fault = ready.sandbox.faults.add(
        "bc", action="apply_then_drop", method="POST", path=path, after=number
    )

    ready.export()
    assert fault.hits == 1
    ready.sandbox.faults.clear()
    ready.export()

    assert_each_exactly_once(ready, orders)


@pytest.fixture(params=[True, False], ids=["parts heeded", "parts ignored"])
def lagging(ready: OrdersWorld, request: pytest.FixtureRequest) -> Iterator[OrdersWorld]:
    """Its replica shows nothing of what the test does."""
    ready.sandbox.business_central.set_replica_lag(3600, heeds_parts=request.param)
    yield ready
    ready.sandbox.business_central.set_replica_lag(0)


@pytest.mark.covers("decision 20")
@pytest.mark.parametrize("action", ["apply_then_drop", "apply_then_fail"])
def test_given_a_lagging_replica_and_a_lost_answer_then_the_order_is_found_and_linked_at_once(
    lagging: OrdersWorld, action: Any
) -> None:
    orders = [lagging.order(), lagging.order(supplier=1)]
    lagging.sandbox.faults.add("bc", action=action, method="POST", path=CREATION, times=2)

    result = lagging.export()

    assert (result.created, result.deferred) == (2, 0)
    assert_each_exactly_once(lagging, orders)


def test_given_the_answer_to_the_creation_is_lost_then_it_is_found_at_once(
    world: OrdersWorld,
) -> None:
    order_id = world.order()
    world.sandbox.faults.add("bc", action="apply_then_drop", method="POST", path=CREATION)

    result = world.export()

    assert (result.created, result.deferred) == (1, 0)
    assert len(world.sent("POST", "/purchaseOrders")) == 1
    assert len(world.purchase_orders(order_id)) == 1


def test_given_a_request_that_never_arrived_then_it_is_sent_again_in_the_third_run(
    world: OrdersWorld,
) -> None:
    order_id = world.order()
    world.sandbox.faults.add("bc", action="status", status=503, method="POST", path=CREATION)

    first = world.export()
    assert (first.created, first.deferred) == (0, 1)
    assert "may or may not" in first.problems[0].reason
    second = world.export()
    assert (second.created, second.deferred) == (0, 1)
    assert world.sent("POST", "/purchaseOrders") == []
    third = world.export()

    assert third.created == 1
    assert len(world.purchase_orders(order_id)) == 1


def test_given_an_order_deleted_in_bc_before_it_was_linked_then_only_a_person_has_it_made_again(
    world: OrdersWorld,
) -> None:
    order_id = world.order()
    world.sandbox.faults.add("bc", action="status", status=400, path=r"/purchaseOrders\(")
    assert world.export().deferred == 1
    made = world.purchase_order(order_id)
    for line in world.all_lines(made):
        world.company.delete("purchaseOrderLines", line["id"])
    world.company.delete("purchaseOrders", made["id"])

    for _ in range(4):
        (problem,) = world.export().problems
        assert problem.kind == "ambiguous"
        assert f"purchase order {made['number']} was made and is not there" in problem.reason
        assert world.sent("POST", "/purchaseOrders") == []
    assert resend(world.installation.tenant(TENANT), TASK) == 1

    assert world.export().created == 1
    assert len(world.purchase_orders(order_id)) == 1


def test_given_an_import_in_doubt_and_nobody_says_who_made_an_order_then_it_waits(
    world: OrdersWorld,
) -> None:
    order_id = world.order()
    row = world.shop.get("buyOrders", order_id)
    del row["createdFromPublicApi"]
    world.forget(
        "INSERT INTO sync.buy_orders (remote_id, last_sent, state, attempts) "
        "VALUES ('11111111-1111-1111-1111-111111111111', '{}', 'intent', 0)"
    )
    assert world.export().rows == 0

    world.forget("DELETE FROM sync.buy_orders WHERE optiply_id IS NULL")

    assert world.export().created == 1
    assert len(world.purchase_orders(order_id)) == 1
    row["createdFromPublicApi"] = False


def test_given_a_look_up_that_fails_then_nothing_is_sent(world: OrdersWorld) -> None:
    order_id = world.order()
    world.sandbox.faults.add("bc", action="status", status=503, method="POST", path=CREATION)
    world.export()
    for _ in range(4):
        fault = world.sandbox.faults.add(
            "bc", action="status", status=400, body={"error": {"code": "x"}}, path=r"\$batch"
        )
        fault.after = 1  # the reference data is read
        result = world.export()
        assert result.deferred == 1
        assert world.sent("POST", "/purchaseOrders") == []
        world.sandbox.faults.clear()

    entry = world.entry(order_id)
    assert entry is not None and (entry.state, entry.missed_lookups) == ("intent", 1)
    world.shop.remove("buyOrders", order_id)
    world.export()


def test_given_a_failed_patch_of_the_remote_id_then_it_is_told_later_without_a_second_order(
    world: OrdersWorld,
) -> None:
    order_id = world.order()
    world.sandbox.faults.add(
        "optiply", action="status", status=500, method="PATCH", path="/buyOrders/", times=None
    )
    result = world.export()

    assert result.created == 1
    assert "was not told its remote id" in result.problems[0].reason
    assert world.buy_order(order_id)["remoteId"] is None
    world.sandbox.faults.clear()
    world.export()

    assert world.buy_order(order_id)["remoteId"] == world.purchase_order(order_id)["id"]
    assert [e for e in world.sandbox.requests if e.system == "bc"] == []
