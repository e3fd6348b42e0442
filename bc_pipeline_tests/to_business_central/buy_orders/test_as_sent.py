"""A purchase order says what the buyer approved, in whichever order Business Central applies the
properties of a line (decisions 38)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from unittest.mock import Mock

import pytest

from bc_pipeline.sandbox.company.settings import PropertyOrder
from bc_pipeline.sandbox.faults import Kind as FaultKind
from bc_pipeline.to_business_central.buy_orders.restate import Departure
from bc_pipeline.to_business_central.buy_orders.sent import SentLine
from bc_pipeline.to_business_central.writer import ExportContext
from bc_pipeline_tests.to_business_central.buy_orders.orders_world import OrdersWorld

pytestmark = pytest.mark.covers("decision 38")
LINES = r"/purchaseOrderLines\("


in_any_order = pytest.mark.parametrize("property_order", ["page", "json"])


@pytest.fixture
def property_order() -> str:
    return "page"


@pytest.fixture
def world(world: OrdersWorld, property_order: PropertyOrder) -> Iterator[OrdersWorld]:
    """All lines go to a location, which prices them anew."""
    location = min(row["code"] for row in world.company.tables["locations"].values())
    world.configure(export_location_id=location)
    world.company.settings.property_order = property_order
    yield world
    world.company.settings.property_order = "page"
    world.configure(export_location_id=None)


def costs(world: OrdersWorld, order_id: int) -> list[Decimal]:
    return [line["directUnitCost"] for line in world.lines(world.purchase_order(order_id))]


@in_any_order
def test_given_a_location_then_price_and_location_are_as_sent(world: OrdersWorld) -> None:
    order_id = world.order((0, 10, "123.40"), (1, 4, "8.00"))

    result = world.export()

    assert (result.created, result.problems) == (1, [])
    assert sorted(costs(world, order_id)) == [Decimal(2), Decimal("12.34")]
    (location,) = {line["locationId"] for line in world.lines(world.purchase_order(order_id))}
    assert location.strip("0-")


@in_any_order
def test_given_the_process_ends_right_after_the_order_was_made_then_the_next_run_restates_it(
    world: OrdersWorld,
) -> None:
    order_id = world.order((0, 10, "123.40"))
    world.sandbox.faults.add(
        "bc", action="apply_then_drop", method="POST", path=r"/purchaseOrders\?$"
    )

    world.export()
    world.export()

    assert costs(world, order_id) == [Decimal("12.34")]


@pytest.mark.parametrize("action", ["status", "try_again"])
def test_given_the_import_links_it_first_then_its_prices_are_restated_all_the_same(
    world: OrdersWorld, action: FaultKind
) -> None:
    order_id = world.order((0, 10, "123.40"), (1, 4, "8.00"))
    world.sandbox.faults.add("bc", action=action, path=LINES, operation=True, times=None)

    first = world.export()
    world.sandbox.faults.clear()
    world.sync()

    assert first.deferred == 1
    assert sorted(costs(world, order_id)) == [Decimal(2), Decimal("12.34")]


@pytest.mark.parametrize("action", ["try_again", "deadlock"])
def test_given_a_refusal_that_passes_then_the_next_run_restates_it(
    world: OrdersWorld, action: FaultKind
) -> None:
    order_id = world.order((0, 10, "123.40"), (1, 4, "8.00"))
    world.sandbox.faults.add("bc", action=action, path=LINES, operation=True, times=None)

    first = world.export()
    world.sandbox.faults.clear()
    second = world.export()

    assert (first.created, first.deferred) == (0, 1)
    assert (second.created, second.warnings) == (1, {})
    assert sorted(costs(world, order_id)) == [Decimal(2), Decimal("12.34")]


def test_given_a_price_that_does_not_stay_then_both_values_are_named(world: OrdersWorld) -> None:
    order_id = world.order((0, 10, "123.40"))
    world.sandbox.faults.add("bc", action="status", status=400, path=LINES, operation=True)

    result = world.export()

    (cost,) = costs(world, order_id)
    (problem,) = result.problems
    assert cost != Decimal("12.34")
    assert problem.kind == "ambiguous"
    assert f"price 12.34 was sent, it is {cost.normalize():f}" in problem.reason


def test_given_bc_made_it_free_of_charge_then_the_price_it_has_is_zero_not_blank() -> None:
    line = SentLine(
        line=1,
        sequence=10_000,
        item_id="i",
        item_number="1000",
        unit="PCS",
        quantity=Decimal(1),
        factor=Decimal(1),
        cost=Decimal("12.34"),
    )
    found = Departure(line, {}, "directUnitCost", line.cost, 0)

    told = found.in_words(Mock(ExportContext))

    assert told == "line 1, item 1000: price 12.34 was sent, it is 0"
