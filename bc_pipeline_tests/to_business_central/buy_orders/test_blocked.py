"""Orders that cannot be exported as things are, and those that are not clear (mapping.md 8.2,
flows.md 5)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bc_pipeline_tests.to_business_central.buy_orders.orders_world import CREATION, OrdersWorld


def test_given_a_supplier_that_is_not_linked_then_the_buyer_is_told_once_and_again_after_three_runs(
    world: OrdersWorld,
) -> None:
    supplier = world.shop.add_by_user("suppliers", {"name": "Not in BC"})
    order_id = world.order(supplierId=supplier["id"])

    runs = [world.export() for _ in range(4)]

    assert [run.deferred for run in runs] == [1, 1, 1, 1]
    assert [[p.kind for p in run.problems] for run in runs] == [["blocked"], [], ["blocked"], []]
    assert runs[0].problems[0].reason == (
        "supplier 'Not in BC' is not linked to a vendor of Business Central"
    )
    assert "3 runs" in runs[2].problems[0].reason
    assert runs[2].warnings == {"blocked_for_three_runs": 1}
    assert world.purchase_orders(order_id) == []
    world.shop.remove("buyOrders", order_id)
    assert world.export().skipped == 1


def test_given_what_blocked_it_is_put_right_then_it_is_exported_without_being_touched(
    world: OrdersWorld,
) -> None:
    vendor = world.suppliers[0]["remoteId"]
    world.company.modify("vendors", vendor, blocked="All")
    supplier = next(r for r in world.shop.rows("suppliers") if r["remoteId"] == vendor)
    order_id = world.order(supplierId=supplier["id"])
    assert "is blocked in Business Central" in world.export().problems[0].reason

    world.company.modify("vendors", vendor, blocked="_x0020_")

    assert world.export().created == 1
    assert len(world.purchase_orders(order_id)) == 1


def test_given_another_reason_then_the_buyer_is_told_again(world: OrdersWorld) -> None:
    first, second = world.products[0], world.products[1]
    order_id = world.order()
    world.company.modify("items", first["remoteId"], blocked=True)
    assert first["skuCode"] in world.export().problems[0].reason
    world.company.modify("items", first["remoteId"], blocked=False)
    world.company.modify("items", second["remoteId"], blocked=True)

    (problem,) = world.export().problems

    assert second["skuCode"] in problem.reason
    world.company.modify("items", second["remoteId"], blocked=False)
    assert world.export().created == 1
    assert len(world.purchase_orders(order_id)) == 1


def test_given_one_order_that_fails_then_the_next_one_is_exported(world: OrdersWorld) -> None:
    product = world.shop.add_by_user(
        "products", {"name": "Unlinked", "stockLevel": 0, "unlimitedStock": False}
    )
    line = {"productId": product["id"], "quantity": 1, "subtotalValue": "1.00"}
    bad = world.order(orderLines=[line])
    good = world.order()

    result = world.export()

    assert (result.created, result.deferred) == (1, 1)
    assert world.purchase_orders(bad) == []
    assert len(world.purchase_orders(good)) == 1
    world.shop.remove("buyOrders", bad)


@pytest.mark.parametrize("lost", [False, True])
def test_given_partial_then_the_rest_is_exported_with_a_warning(
    world: OrdersWorld, lost: bool
) -> None:
    world.configure(on_line_error="partial")
    if lost:
        world.sandbox.faults.add("bc", action="apply_then_drop", method="POST", path=CREATION)
    blocked = world.products[0]
    world.company.modify("items", blocked["remoteId"], blocked=True)
    lines = [
        {"productId": p["id"], "quantity": 2, "subtotalValue": "2.00"}
        for p in (blocked, world.products[0])
    ]
    order_id = world.order(orderLines=lines)

    result = world.export()
    world.company.modify("items", blocked["remoteId"], blocked=False)

    assert len(world.lines(world.purchase_order(order_id))) == 1
    assert result.warnings == {"line_left_out": 1}
    assert "exported without a line" in result.problems[-1].reason


def test_given_bc_refuses_the_order_then_it_is_blocked_with_its_words_and_nothing_is_left(
    world: OrdersWorld,
) -> None:
    order_id = world.order()
    fault = world.sandbox.faults.add(
        "bc",
        action="status",
        status=400,
        body={"error": {"code": "Application_DialogException", "message": "VAT code blocked."}},
        method="POST",
        path=CREATION,
    )
    (problem,) = world.export().problems

    assert problem.reason == "Business Central refuses it: VAT code blocked."
    assert fault.hits == 1  # a business error is not a question of form
    entry = world.entry(order_id)
    assert entry is not None and entry.state == "blocked"
    assert world.export().created == 1
    assert len(world.purchase_orders(order_id)) == 1


def test_given_a_lost_answer_and_an_order_changed_in_bc_then_it_is_ambiguous_and_not_written(
    world: OrdersWorld,
) -> None:
    order_id = world.order((0, 10, "25.00"))
    world.sandbox.faults.add("bc", action="apply_then_drop", method="POST", path=CREATION)
    world.sandbox.faults.add("bc", action="status", status=400, path=r"\$batch", after=2)
    world.export()
    world.sandbox.faults.clear()
    made = world.purchase_order(order_id)
    (line,) = world.lines(made)
    world.company.modify("purchaseOrderLines", line["id"], quantity=Decimal(9))

    (problem,) = world.export().problems

    assert problem.kind == "ambiguous"
    assert made["number"] in problem.reason and "was not ordered" in problem.reason
    assert world.sent("POST", "/purchaseOrders") == []
    # The import neither takes it for a new order nor decides by itself.
    summary = world.sync()
    assert summary.entities["optiply/buy_orders"].created == 0
    assert len(world.purchase_orders(order_id)) == 1
    world.company.modify("purchaseOrderLines", line["id"], quantity=Decimal(10))
    assert world.export().created == 1
    assert world.buy_order(order_id)["remoteId"] == made["id"]


def test_given_an_edit_or_a_deletion_in_optiply_after_the_export_then_it_is_told_once(
    world: OrdersWorld,
) -> None:
    edited, deleted = world.order(), world.order()
    world.export()
    made = world.purchase_order(deleted)
    world.shop.change("buyOrders", edited, {"totalValue": "999.00"}, world.shop.coupling_id)
    world.shop.remove("buyOrders", deleted)

    told = [problem.reason for problem in world.export().problems]

    assert len(told) == 2
    assert any("was changed in Optiply after it was exported (totalValue" in t for t in told)
    assert any(f"purchase order {made['number']} stays in Business Central" in t for t in told)
    assert world.export().problems == []
    assert world.sent("PATCH", "/purchaseOrders") == []
    assert len(world.purchase_orders(deleted)) == 1


def test_given_an_optiply_that_does_not_say_who_made_an_order_then_a_deletion_is_told_all_the_same(
    world: OrdersWorld,
) -> None:
    deleted = world.order()
    world.export()
    world.shop.remove("buyOrders", deleted)
    order_id = world.order()
    world.sandbox.faults.add(
        "optiply", action="status", status=400, path="createdFromPublicApi", times=None
    )

    result = world.export()

    assert result.created == 1
    assert [f"buy order {deleted} was deleted" in p.reason for p in result.problems] == [True]
    assert len(world.purchase_orders(order_id)) == 1


def test_given_a_line_added_or_the_order_closed_in_optiply_after_the_export_then_it_is_told_once(
    world: OrdersWorld,
) -> None:
    extended, closed = world.order((0, 10, "25.00"), (2, 0, "0.00")), world.order()
    world.export()
    assert world.export().problems == []
    line = {"productId": world.products[1]["id"], "quantity": 3, "subtotalValue": "3.00"}
    added = world.shop.add_by_user("buyOrderLines", {"buyOrderId": extended, **line})
    world.shop.change("buyOrders", closed, {"completed": world.now()}, world.shop.coupling_id)

    told = [problem.reason for problem in world.export().problems]

    assert len(told) == 2
    assert f"line {added['id']} was added" in told[0]
    assert "completed: None -> " in told[1]
    assert world.export().problems == []
    assert len(world.lines(world.purchase_order(extended))) == 1


def test_given_a_line_added_in_bc_then_it_is_not_taken_for_an_edit_in_optiply(
    world: OrdersWorld,
) -> None:
    order_id = world.order((0, 10, "25.00"))
    world.export()
    made = world.purchase_order(order_id)
    (line,) = world.lines(made)
    hidden = ("id", "@odata.etag")
    values = {k: v for k, v in line.items() if k not in hidden}
    world.company.insert("purchaseOrderLines", values | {"sequence": 30000})

    world.sync()

    assert len(world.buy_order_lines(order_id)) == 2
    assert world.export().problems == []


def test_given_a_line_edited_in_optiply_after_the_export_then_it_is_told_once(
    world: OrdersWorld,
) -> None:
    order_id = world.order((0, 10, "25.00"))
    world.export()
    (line,) = world.buy_order_lines(order_id)
    world.shop.change("buyOrderLines", line["id"], {"quantity": 12}, world.shop.coupling_id)

    (problem,) = world.export().problems

    assert f"line {line['id']} quantity: 10 -> 12" in problem.reason
    assert world.export().problems == []
    (kept,) = world.lines(world.purchase_order(order_id))
    assert kept["quantity"] == 10
