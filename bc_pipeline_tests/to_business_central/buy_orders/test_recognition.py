"""A purchase order that carries a marker belongs to that buy order even when the id map is lost
(mapping.md 8.3)."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

from bc_pipeline.report import RunSummary
from bc_pipeline_tests.to_business_central.buy_orders.orders_world import Killed, OrdersWorld

LOST = (
    "DELETE FROM sync.buy_orders",
    "DELETE FROM sync.buy_order_lines",
    "DELETE FROM sync.receipt_lines",
    "DELETE FROM outbound.ledger",
    "DELETE FROM ops.bookmarks",
)


def created(summary: RunSummary) -> int:
    names = ("optiply/buy_orders", "optiply/buy_order_lines")
    return sum(summary.entities[name].created for name in names)


def test_given_a_process_that_ended_before_linking_when_imported_first_then_no_duplicate(
    world: OrdersWorld,
) -> None:
    order_id = world.order()
    with world.dying(1, answered=True, path="/purchaseOrders") as died:
        with suppress(Killed):
            world.export()
        assert died()

    summary = world.sync()

    assert created(summary) == 0
    assert "stray_marker" not in summary.entities["optiply/buy_orders"].warnings
    made = world.purchase_order(order_id)
    assert world.buy_order(order_id)["remoteId"] == made["id"]
    entry = world.entry(order_id)
    assert entry is not None and (entry.state, entry.bc_id) == ("done", made["id"])


def test_given_an_edit_in_optiply_before_linking_then_what_bc_has_wins_and_it_is_told(
    world: OrdersWorld,
) -> None:
    order_id = world.order((0, 10, "25.00"))
    with world.dying(1, answered=True, path="/purchaseOrders"), suppress(Killed):
        world.export()
    (line,) = world.buy_order_lines(order_id)
    world.shop.change("buyOrderLines", line["id"], {"quantity": 12}, world.shop.coupling_id)

    summary = world.sync()

    assert [x["quantity"] for x in world.buy_order_lines(order_id)] == [10]
    assert summary.entities["optiply/buy_orders"].warnings["stray_marker"] == 1


def test_given_map_and_ledger_are_lost_then_the_order_is_neither_imported_nor_exported_again(
    world: OrdersWorld,
) -> None:
    order_id = world.order((0, 10, "25.00"), (1, 4, "8.00"))
    world.export()
    world.sync()
    made = world.purchase_order(order_id)
    first, _ = world.lines(made)
    world.company.modify("purchaseOrderLines", first["id"], quantity=Decimal(6))
    orders = len(world.shop.rows("buyOrders")), len(world.shop.rows("buyOrderLines"))
    world.forget(*LOST)

    summary = world.sync()

    assert created(summary) == 0
    assert (len(world.shop.rows("buyOrders")), len(world.shop.rows("buyOrderLines"))) == orders
    assert len(world.purchase_orders(order_id)) == 1
    own = {x["remoteId"]: x["quantity"] for x in world.buy_order_lines(order_id)}
    assert own[first["id"]] == 6
    assert summary.entities["optiply/buy_orders"].warnings["stray_marker"] == 1


def test_given_the_map_is_lost_when_exported_first_then_the_order_is_found_by_its_marker(
    world: OrdersWorld,
) -> None:
    order_id = world.order()
    world.export()
    world.forget(*LOST)

    result = world.export()

    assert result.created >= 1
    assert world.sent("POST", "/purchaseOrders") == []
    assert len(world.purchase_orders(order_id)) == 1
    world.sync()


def test_given_the_buy_order_was_deleted_in_optiply_then_it_is_imported_as_any_other_and_told(
    world: OrdersWorld,
) -> None:
    order_id = world.order()
    world.export()
    made = world.purchase_order(order_id)
    world.shop.remove("buyOrders", order_id)
    world.forget(f"DELETE FROM sync.buy_orders WHERE optiply_id = {order_id}")

    summary = world.sync()

    assert summary.entities["optiply/buy_orders"].created == 1
    assert summary.entities["optiply/buy_orders"].warnings["stray_marker"] == 1
    (again,) = [r for r in world.shop.rows("buyOrders") if r["remoteId"] == made["id"]]
    assert len(world.buy_order_lines(again["id"])) == 2
    assert "stray_marker" not in world.sync().entities["optiply/buy_orders"].warnings


def test_given_a_copied_purchase_order_then_the_copy_is_an_order_of_its_own(
    world: OrdersWorld,
) -> None:
    order_id = world.order()
    world.export()
    world.sync()
    made = world.purchase_order(order_id)
    hidden = ("id", "@odata.etag", "lastModifiedDateTime")
    copy = world.company.insert(
        "purchaseOrders",
        {k: v for k, v in made.items() if k not in hidden} | {"number": "COPY-1"},
    )
    for line in world.all_lines(made):
        values = {k: v for k, v in line.items() if k not in hidden}
        world.company.insert("purchaseOrderLines", values | {"documentId": copy["id"]})

    summary = world.sync()

    assert summary.entities["optiply/buy_orders"].created == 1
    assert summary.entities["optiply/buy_orders"].warnings["stray_marker"] == 1
    assert world.buy_order(order_id)["remoteId"] == made["id"]
    assert world.export().rows == 0


def test_given_optiply_cannot_be_asked_then_a_marked_order_waits_instead_of_being_created(
    world: OrdersWorld,
) -> None:
    order_id = world.order()
    world.export()
    world.forget(
        f"DELETE FROM sync.buy_orders WHERE optiply_id = {order_id}",
        "DELETE FROM outbound.ledger",
    )
    world.sandbox.faults.add(
        "optiply",
        action="status",
        status=500,
        method="GET",
        path=f"/buyOrders/{order_id}",
        times=None,
    )

    summary = world.sync(entities=("optiply/buy_orders",))

    assert summary.entities["optiply/buy_orders"].created == 0
    assert summary.entities["optiply/buy_orders"].deferred == 1
    world.sandbox.faults.clear()
    assert created(world.sync()) == 0
    assert world.buy_order(order_id)["remoteId"] == world.purchase_order(order_id)["id"]


def test_a_comment_never_becomes_a_line_of_the_buy_order(world: OrdersWorld) -> None:
    order_id = world.order()
    world.export()
    world.sync()

    made = world.purchase_order(order_id)
    assert len(world.all_lines(made)) == 3
    assert len(world.buy_order_lines(order_id)) == 2
