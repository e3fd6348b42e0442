"""An exported order comes back as the same buy order: what Business Central makes of it changes
Optiply's own rows and never creates others (mapping.md 5, 7, 8.2)."""

from __future__ import annotations

from decimal import Decimal

from bc_pipeline.sandbox.changes.receiving import receive_purchase_order
from bc_pipeline_tests.to_business_central.buy_orders.orders_world import OrdersWorld


def test_given_an_exported_order_when_imported_then_it_is_changed_and_never_created(
    world: OrdersWorld,
) -> None:
    order_id = world.order((0, 7, "10.00"))
    world.export()
    before = len(world.shop.rows("buyOrders")), len(world.shop.rows("buyOrderLines"))

    summary = world.sync()

    assert summary.entities["optiply/buy_orders"].created == 0
    assert summary.entities["optiply/buy_order_lines"].created == 0
    assert (len(world.shop.rows("buyOrders")), len(world.shop.rows("buyOrderLines"))) == before
    assert world.sync().entities["optiply/buy_orders"].updated == 0
    assert world.buy_order(order_id)["completed"] is None


def test_given_changes_in_bc_then_they_flow_back_to_optiplys_own_lines(world: OrdersWorld) -> None:
    order_id = world.order((0, 10, "25.00"), (1, 4, "8.00"))
    world.export()
    made = world.purchase_order(order_id)
    first, second = world.lines(made)
    world.company.modify("purchaseOrderLines", first["id"], quantity=Decimal(6))
    world.company.delete("purchaseOrderLines", second["id"])

    world.sync()

    (left,) = world.buy_order_lines(order_id)
    assert (left["remoteId"], left["quantity"]) == (first["id"], 6)


def test_given_goods_received_then_the_receipt_hangs_on_optiplys_own_line(
    world: OrdersWorld,
) -> None:
    order_id = world.order((0, 10, "25.00"), (1, 4, "8.00"))
    world.export()
    made = world.purchase_order(order_id)
    own = {x["remoteId"]: x["id"] for x in world.buy_order_lines(order_id)}

    receive_purchase_order(world.company, order=made["number"])
    world.sync()

    for line in world.lines(made):
        (receipt,) = world.receipt_lines(own[line["id"]])
        assert receipt["quantity"] == int(line["quantity"])
    assert world.buy_order(order_id)["completed"] is not None


def test_given_an_order_deleted_in_bc_before_anything_came_then_it_goes_in_optiply_too(
    world: OrdersWorld,
) -> None:
    order_id = world.order()
    world.export()
    made = world.purchase_order(order_id)
    for line in world.all_lines(made):
        world.company.delete("purchaseOrderLines", line["id"])
    world.company.delete("purchaseOrders", made["id"])

    world.sync()

    assert order_id not in {row["id"] for row in world.shop.rows("buyOrders")}
    assert world.purchase_orders(order_id) == []
