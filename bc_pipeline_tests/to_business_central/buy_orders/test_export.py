"""A buy order made in Optiply becomes a purchase order (mapping.md 8)."""

from __future__ import annotations

from decimal import Decimal

from bc_pipeline.to_business_central.buy_orders.buy_order import TASK
from bc_pipeline_tests.to_business_central.buy_orders.orders_world import OrdersWorld


def test_given_a_placed_order_when_exported_then_it_stands_in_bc_once_with_marker_and_lines(
    world: OrdersWorld,
) -> None:
    order_id = world.order((0, 10, "25.00"), (1, 4, "8.00"))

    result = world.export()

    assert (result.created, result.problems) == (1, [])
    made = world.purchase_order(order_id)
    assert made["vendorId"] == world.suppliers[0]["remoteId"]
    lines = world.lines(made)
    assert {(x["itemId"], x["quantity"]) for x in lines} == {
        (world.products[0]["remoteId"], Decimal(10)),
        (world.products[1]["remoteId"], Decimal(4)),
    }
    assert [x["description"] for x in world.all_lines(made)][-1] == f"OP-{order_id}"
    assert made["status"] == "Draft"


def test_given_an_export_then_both_sides_know_each_other(world: OrdersWorld) -> None:
    order_id = world.order()
    world.export()

    made = world.purchase_order(order_id)
    assert world.buy_order(order_id)["remoteId"] == made["id"]
    assert {x["remoteId"] for x in world.buy_order_lines(order_id)} == {
        x["id"] for x in world.lines(made)
    }
    entry = world.entry(order_id)
    assert entry is not None
    assert (entry.state, entry.bc_id, entry.bc_number) == ("done", made["id"], made["number"])


def test_given_an_exported_order_then_it_is_sent_in_one_request_and_never_again(
    world: OrdersWorld,
) -> None:
    order_id = world.order()
    world.export()
    assert len(world.sent("POST", "/purchaseOrders")) == 1

    again = world.export()

    assert (again.created, again.rows) == (0, 0)
    assert world.sent("POST", "/purchaseOrders") == []
    assert [e for e in world.sandbox.requests if e.system == "bc"] == []
    assert len(world.purchase_orders(order_id)) == 1


def test_what_is_no_candidate_is_not_exported(world: OrdersWorld) -> None:
    products, supplier = world.products, world.suppliers[0]["id"]
    line = {"productId": products[0]["id"], "quantity": 1, "subtotalValue": "1.00"}
    given = {"placed": world.now(), "totalValue": "1.00", "supplierId": supplier}
    orders = [
        world.order(completed=world.now()),
        world.order(assembly=True),
        world.order((0, 0, "0.00")),
        world.order(placed=world.now(days=-3)),
    ]
    through_api = world.shop.create(
        "buyOrders", {**given, "orderLines": [line]}, world.shop.coupling_id
    )

    result = world.export()

    assert result.rows == 0
    for order_id in (*orders, through_api["id"]):
        assert world.purchase_orders(order_id) == []


def test_given_an_order_whose_lines_come_later_then_it_is_exported_then(world: OrdersWorld) -> None:
    order = world.shop.add_by_user(
        "buyOrders",
        {"placed": world.now(), "totalValue": "0.00", "supplierId": world.suppliers[0]["id"]},
    )
    world.order()
    assert world.export().created == 1
    # The order itself does not change with its lines.
    order["updatedAt"] = world.now(hours=-1)
    line = {"productId": world.products[0]["id"], "quantity": 3, "subtotalValue": "3.00"}
    world.shop.add_by_user("buyOrderLines", {"buyOrderId": order["id"], **line})

    assert world.export().created == 1

    assert len(world.lines(world.purchase_order(order["id"]))) == 1


def test_given_an_assembly_without_a_supplier_then_nobody_is_bothered_with_it(
    world: OrdersWorld,
) -> None:
    order_id = world.order(assembly=True)
    row, supplier = world.shop.get("buyOrders", order_id), world.suppliers[0]["id"]
    row["supplierId"] = None

    result = world.export()

    row["supplierId"] = supplier
    assert (result.rows, result.problems) == (0, [])


def test_given_a_dry_run_of_everything_then_what_it_pretends_is_no_edit_in_optiply(
    world: OrdersWorld,
) -> None:
    world.order()
    world.export()

    summary = world.sync(dry_run=True)

    assert summary.entities["optiply/buy_orders"].updated >= 1
    assert summary.entities[TASK].problems == []


def test_given_a_dry_run_then_the_exact_body_is_shown_and_nothing_is_sent(
    world: OrdersWorld,
) -> None:
    order_id = world.order((0, 10, "25.00"))

    world.configure(buy_order_dimensions={"department": "WEB"})

    summary = world.sync(entities=(TASK,), dry_run=True)

    assert summary.entities[TASK].created == 1
    order, *dimensions = summary.as_json()["requests_noted"]
    assert (order["method"], order["path"].split("/")[-1]) == ("POST", "purchaseOrders")
    assert order["body"]["purchaseOrderLines"][-1] == {
        "sequence": 20000,
        "lineType": "Comment",
        "description": f"OP-{order_id}",
    }
    assert order["body"]["purchaseOrderLines"][0]["quantity"] == 10
    assert [noted["path"].split("/")[-1] for noted in dimensions] == ["dimensionSetLines"] * 2
    assert world.sent("POST", "/purchaseOrders") == []
    assert world.purchase_orders(order_id) == []
    assert world.entry(order_id) is None
    assert world.buy_order(order_id)["remoteId"] is None
    assert world.export().created == 1
    assert len(world.purchase_orders(order_id)) == 1


def test_given_the_settings_of_the_payload_then_the_order_carries_them(world: OrdersWorld) -> None:
    location = next(iter(world.company.tables["locations"].values()))
    world.configure(
        export_line_price=False, send_posting_date=True, export_location_id=location["code"]
    )
    day = world.now(days=9)[:10]
    order_id = world.order((0, 10, "25.00"), expectedDeliveryDate=f"{day}T00:00:00Z")

    world.export()

    (body,) = world.posted()
    assert body["postingDate"] == body["orderDate"]
    assert body["requestedReceiptDate"] == day
    (line,) = world.lines(world.purchase_order(order_id))
    assert line["locationId"] == location["id"]
    assert "directUnitCost" not in body["purchaseOrderLines"][0]
