"""What a company accepts in a new order is tried, remembered, and done without where it is refused
(mapping.md 8.2 step 4, 8.3)."""

from __future__ import annotations

from contextlib import suppress

import pytest

from bc_pipeline.errors import RequestFailed
from bc_pipeline.to_business_central.buy_orders import marker_places
from bc_pipeline.to_business_central.buy_orders.marker_places import Shape
from bc_pipeline_tests.slow import deep_but
from bc_pipeline_tests.to_business_central.buy_orders.orders_world import (
    CREATION,
    Killed,
    OrdersWorld,
)


def test_given_numbers_are_read_only_then_the_marker_is_a_comment_and_it_is_not_tried_again(
    world: OrdersWorld,
) -> None:
    world.configure(export_reference_number=True)
    order_id = world.order()

    assert world.export().created == 1

    tried = world.posted()
    assert [body.get("number") for body in tried] == [f"OP-{order_id}", None]
    assert len(world.purchase_orders(order_id)) == 1
    world.order()
    world.export()
    assert len(world.posted()) == 1


def test_given_the_number_may_be_given_then_it_is_the_marker_and_no_comment_is_needed(
    world: OrdersWorld,
) -> None:
    world.configure(export_reference_number=False)
    world.export()
    world.configure(export_reference_number=True)
    world.company.settings.writable["purchaseOrders"] = {"number"}
    world.company.settings.manual_numbers.add("purchaseOrders")
    order_id = world.order()

    assert world.export().created == 1

    made = world.purchase_order(order_id)
    assert made["number"] == f"OP-{order_id}"
    assert [x["lineType"] for x in world.all_lines(made)] == ["Item", "Item"]
    assert world.buy_order(order_id)["remoteId"] == made["id"]


def test_given_deep_insert_is_refused_then_the_lines_follow_in_one_transaction(
    world: OrdersWorld,
) -> None:
    world.forget("DELETE FROM ops.meta WHERE key LIKE 'outbound.purchase_orders.accepts.%'")
    world.company.settings.deep_insert = False
    order_id = world.order()

    assert world.export().created == 1

    made = world.purchase_order(order_id)
    assert len(world.lines(made)) == 2
    assert world.buy_order(order_id)["remoteId"] == made["id"]
    batches = [e for e in world.sent("POST", "$batch") if b'"method":"POST"' in e.body]
    assert [e.headers.get("isolation") for e in batches] == ["snapshot"]


def test_given_deep_insert_is_refused_and_a_line_too_then_the_header_is_taken_away_again(
    world: OrdersWorld,
) -> None:
    world.forget("DELETE FROM ops.meta WHERE key LIKE 'outbound.purchase_orders.accepts.%'")
    world.company.settings.deep_insert = False
    before = len(world.company.tables["purchaseOrders"])
    order_id = world.order()
    world.sandbox.faults.add(
        "bc",
        action="status",
        status=400,
        body={"error": {"code": "Application_DialogException", "message": "No posting group."}},
        method="POST",
        path="/purchaseOrderLines",
        operation=True,
        after=1,
    )

    result = world.export()

    assert (result.created, result.deferred) == (0, 1)
    assert [(p.kind, p.reason) for p in result.problems] == [
        ("blocked", "Business Central refuses it: No posting group.")
    ]
    assert len(world.company.tables["purchaseOrders"]) == before
    assert world.export().created == 1
    assert len(world.purchase_orders(order_id)) == 1


def test_given_neither_deep_insert_nor_line_numbers_are_accepted_then_it_goes_without_both(
    world: OrdersWorld,
) -> None:
    world.forget("DELETE FROM ops.meta WHERE key LIKE 'outbound.purchase_orders.accepts.%'")
    world.company.settings.deep_insert = False
    before = len(world.company.tables["purchaseOrders"])
    order_id = world.order()
    world.sandbox.faults.add(
        "bc",
        action="status",
        status=400,
        body={"error": {"code": "BadRequest_InvalidOperation", "message": "sequence"}},
        method="POST",
        path="/purchaseOrderLines",
        operation=True,
    )

    assert world.export().created == 1

    made = world.purchase_order(order_id)
    assert len(world.lines(made)) == 2
    assert len(world.company.tables["purchaseOrders"]) == before + 1
    assert {x["remoteId"] for x in world.buy_order_lines(order_id)} == {
        x["id"] for x in world.lines(made)
    }


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("at", deep_but([1, 2, 3], 1))
def test_given_a_process_that_ends_between_header_and_lines_then_the_order_is_whole_afterwards(
    world: OrdersWorld, at: int, answered: bool
) -> None:
    world.forget("DELETE FROM ops.meta WHERE key LIKE 'outbound.purchase_orders.accepts.%'")
    world.company.settings.deep_insert = False
    world.order()
    world.export()  # deep insert is known to be refused from here on
    order_id = world.order()
    before = len(world.company.tables["purchaseOrders"])
    # The header; the lines, as the third batch; the look at what was made.
    path, number = {1: ("/purchaseOrders", 1), 2: ("$batch", 3), 3: ("/purchaseOrders(", 1)}[at]
    with world.dying(number, answered=answered, path=path) as died:
        with suppress(Killed):
            world.export()
        assert died()

    runs = [world.export() for _ in range(3)]

    if at == 1 and answered:
        # A header without a marker: nobody but a person can tell whose it is.
        assert runs[0].problems[0].kind == "ambiguous"
        (left,) = [
            o for o in world.company.tables["purchaseOrders"].values() if not world.all_lines(o)
        ]
        world.company.delete("purchaseOrders", left["id"])
        for _ in range(3):
            world.export()
    assert len(world.purchase_orders(order_id)) == 1
    assert len(world.lines(world.purchase_order(order_id))) == 2
    assert len(world.company.tables["purchaseOrders"]) == before + 1


def test_given_an_unknown_field_for_the_marker_then_the_marker_is_a_comment(
    world: OrdersWorld,
) -> None:
    world.configure(marker_field="shopReference")
    order_id = world.order()
    fault = world.sandbox.faults.add(
        "bc",
        action="status",
        status=200,
        body={
            "responses": [{"id": str(n), "status": 200, "body": {"value": []}} for n in range(3)]
        },
        path=r"\$batch",
        after=1,
    )

    assert world.export().created == 1

    assert fault.hits == 1
    assert [body.get("shopReference") for body in world.posted()] == [f"OP-{order_id}", None]
    assert len(world.purchase_orders(order_id)) == 1


@pytest.mark.parametrize(
    ("error", "shape", "another"),
    [
        (RequestFailed("", status=400, code="BadRequest_InvalidOperation"), Shape(), True),
        (RequestFailed("", status=501, code=None), Shape(), True),
        (RequestFailed("", status=400, code="Application_DialogException"), Shape(), False),
        (
            RequestFailed("", status=400, code="Application_DialogException"),
            Shape("number", doubted=True),
            True,
        ),
        (RequestFailed("", status=429), Shape("number", doubted=True), False),
        (RequestFailed("", status=500, uncertain=True), Shape("number", doubted=True), False),
    ],
)
def test_only_a_refusal_of_the_form_is_worth_another_form(
    error: RequestFailed, shape: Shape, another: bool
) -> None:
    assert marker_places.worth_another(error, shape) is another


def test_given_a_busy_business_central_then_the_order_waits_and_is_not_blocked(
    world: OrdersWorld,
) -> None:
    order_id = world.order()
    world.sandbox.faults.add(
        "bc",
        action="status",
        status=409,
        body={"error": {"code": "Internal_ServerError", "message": "deadlock, try again"}},
        method="POST",
        path=CREATION,
    )
    result = world.export()

    assert (result.deferred, [p.kind for p in result.problems]) == (1, ["deferred"])
    assert world.export().created == 1
    assert len(world.purchase_orders(order_id)) == 1
