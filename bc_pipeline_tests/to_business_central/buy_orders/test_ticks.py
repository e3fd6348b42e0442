"""Buy orders and ticks: what a look does not ask about is not left lying."""

from __future__ import annotations

import pytest

from bc_pipeline.report import RunSummary
from bc_pipeline.run.execute import tick_tenant
from bc_pipeline.sandbox.changes import apply_to
from bc_pipeline_tests.to_business_central.buy_orders.orders_world import (
    TASK,
    TENANT,
    OrdersWorld,
)


def tick(world: OrdersWorld) -> RunSummary:
    return tick_tenant(world.installation.tenant(TENANT))


@pytest.fixture
def quiet(world: OrdersWorld) -> OrdersWorld:
    """Nothing has changed since the last tick."""
    for _ in range(4):
        if not tick(world).run_id:
            break
    else:
        pytest.fail("every tick finds something to do")
    return world


def test_given_an_order_whose_lines_come_later_then_a_tick_exports_it_then(
    quiet: OrdersWorld,
) -> None:
    order = quiet.shop.add_by_user(
        "buyOrders",
        {"placed": quiet.now(), "totalValue": "0.00", "supplierId": quiet.suppliers[0]["id"]},
    )
    assert tick(quiet).entities[TASK].created == 0
    # The order itself does not change with its lines.
    changed = order["updatedAt"]
    line = {"productId": quiet.products[0]["id"], "quantity": 3, "subtotalValue": "3.00"}
    quiet.shop.add_by_user("buyOrderLines", {"buyOrderId": order["id"], **line})
    order["updatedAt"] = changed

    assert tick(quiet).entities[TASK].created == 1


def test_given_optiply_was_not_told_the_remote_ids_then_the_next_tick_tells_them(
    quiet: OrdersWorld,
) -> None:
    order_id = quiet.order()
    faults = quiet.sandbox.faults
    faults.add("optiply", action="status", status=500, method="PATCH", path="/buyOrder", times=None)
    assert tick(quiet).entities[TASK].created == 1
    assert quiet.buy_order(order_id)["remoteId"] is None
    faults.clear()

    tick(quiet)

    assert quiet.buy_order(order_id)["remoteId"] == quiet.purchase_order(order_id)["id"]


def test_given_a_blocked_order_then_every_tick_tries_it_again(quiet: OrdersWorld) -> None:
    vendor_id = quiet.suppliers[0]["remoteId"]
    vendor = {"vendor": quiet.company.tables["vendors"][vendor_id]["number"]}
    apply_to(quiet.company, "block_vendor", vendor)
    quiet.shop.add_by_user(
        "buyOrders",
        {
            "placed": quiet.now(),
            "totalValue": "3.00",
            "supplierId": next(
                row["id"] for row in quiet.shop.rows("suppliers") if row["remoteId"] == vendor_id
            ),
            "orderLines": [
                {"productId": quiet.products[0]["id"], "quantity": 3, "subtotalValue": "3.00"}
            ],
        },
    )
    tries = [tick(quiet).entities[TASK].deferred for _ in range(5)]
    assert tries == [1] * 5
    apply_to(quiet.company, "unblock_vendor", vendor)

    assert tick(quiet).entities[TASK].created == 1
