"""Settings of buy orders that name what Business Central does not have (decisions 18)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bc_pipeline.tenants.tenant_config import DimensionMappings
from bc_pipeline.to_business_central.buy_orders.settings import dimension_faults
from bc_pipeline_tests.to_business_central.buy_orders.orders_world import TENANT, OrdersWorld

pytestmark = pytest.mark.covers("decision 18")

DIMENSIONS = [
    {
        "code": "DEPARTMENT",
        "dimensionValues": [{"code": "SALES"}, {"code": "OLD", "blocked": True}],
    },
    {"code": "REGION", "dimensionValues": []},
]
MAPPINGS = DimensionMappings(
    {"department": "department", "region": "REGION", "class": "CLASS"},
    is_default=False,
    path=Path("tenant-config.json"),
)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"department": " sales"}, None),
        ({"department": "SALE"}, "DEPARTMENT has no value SALE; it has OLD, SALES"),
        ({"department": "OLD"}, "value OLD of DEPARTMENT is blocked"),
        ({"region": "EAST"}, "REGION has no value EAST; it has none"),
        ({"class": "A"}, "there is no dimension CLASS; there are: DEPARTMENT, REGION"),
        ({"shape": "A"}, "it names 'shape', which tenant-config.json does not map"),
    ],
)
def test_dimension_values_are_compared_with_those_there_are(
    given: dict[str, str], told: str | None
) -> None:
    found = dimension_faults(given, MAPPINGS, DIMENSIONS)

    if told is None:
        assert found == []
    else:
        assert f"exports.buy_order_dimensions: {told}" in found[0]


def test_given_a_location_that_is_not_there_then_all_orders_wait_and_one_problem_says_why(
    world: OrdersWorld,
) -> None:
    orders = [world.order(), world.order()]
    world.configure(export_location_id="AMSTERDAM")

    for _ in range(2):
        (problem,) = world.export().problems
        assert (problem.kind, problem.remote_id) == ("config", None)
        assert problem.reason == (
            "exports.export_location_id: Business Central has no location 'AMSTERDAM'; it has "
            "AMS, ONDERWEG, RTM, WINKEL. Buy orders wait until this is corrected"
        )
    assert [world.purchase_orders(order) for order in orders] == [[], []]

    world.configure(export_location_id=" ams")
    assert world.export().created == 2


@pytest.fixture
def scaled(world: OrdersWorld) -> Iterator[OrdersWorld]:
    yield world
    world.installation.change_settings(TENANT, "sync", quantity_scale={})


def test_given_a_category_that_is_not_there_then_items_it_may_mean_are_not_ordered(
    scaled: OrdersWorld,
) -> None:
    scaled.forget("UPDATE sync.products SET extra = json_object('category', 'BULK')")
    scaled.installation.change_settings(TENANT, "sync", quantity_scale={"BULK": 10})
    order = scaled.order()

    (problem,) = scaled.export().problems

    assert "sync.quantity_scale: Business Central has no item category 'BULK'" in problem.reason
    assert scaled.purchase_orders(order) == []
    scaled.installation.change_settings(TENANT, "sync", quantity_scale={})
    assert scaled.export().created == 1


def test_given_items_that_came_to_optiply_without_a_factor_then_they_are_ordered_as_ever(
    scaled: OrdersWorld,
) -> None:
    """Only what came under the category that is gone, or nobody knows under which, may be meant."""
    scaled.forget("UPDATE sync.products SET extra = json_object('category', 'DRY')")
    scaled.installation.change_settings(TENANT, "sync", quantity_scale={"BULK": 10})
    scaled.order()

    assert scaled.export().created == 1
