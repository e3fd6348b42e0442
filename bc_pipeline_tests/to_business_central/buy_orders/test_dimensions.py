"""The dimensions every purchase order gets (mapping.md 8.4, rules.md 5.13, 9)."""

from __future__ import annotations

from bc_pipeline_tests.to_business_central.buy_orders.orders_world import OrdersWorld


def no_default_of(world: OrdersWorld, parent_id: str) -> None:
    """Takes the default department of a vendor or item away."""
    for row in world.company.find("defaultDimensions", parentId=parent_id):
        if row["dimensionCode"] == "DEPARTMENT":
            world.company.delete("defaultDimensions", row["id"])


def default_of(world: OrdersWorld, parent_id: str, code: str) -> None:
    """Gives a vendor or item a default department."""
    (dimension,) = world.company.find("dimensions", code="DEPARTMENT")
    (value,) = world.company.find("dimensionValues", dimensionId=dimension["id"], code=code)
    no_default_of(world, parent_id)
    first = world.company.find("defaultDimensions")[0]
    world.company.insert(
        "defaultDimensions",
        {
            **{k: v for k, v in first.items() if k not in ("id", "@odata.etag")},
            "parentId": parent_id,
            "dimensionId": dimension["id"],
            "dimensionCode": "DEPARTMENT",
            "dimensionValueId": value["id"],
            "dimensionValueCode": code,
            "postingValidation": "_x0020_",
        },
    )


def test_given_a_dimension_then_header_and_lines_have_it(world: OrdersWorld) -> None:
    world.configure(buy_order_dimensions={"department": "WEB"})
    order_id = world.order()

    assert world.export().created == 1

    made = world.purchase_order(order_id)
    for part in (made, *world.lines(made)):
        assert world.dimensions(part["id"])["DEPARTMENT"] == "WEB"


def test_given_a_dimension_the_vendor_brings_then_it_is_changed_there_and_on_its_lines(
    world: OrdersWorld,
) -> None:
    world.configure(buy_order_dimensions={"department": "WEB"})
    supplier = world.suppliers[1]
    default_of(world, supplier["remoteId"], "SALES")
    order_id = world.order(supplier=1)

    assert world.export().created == 1

    made = world.purchase_order(order_id)
    assert {world.dimensions(x["id"])["DEPARTMENT"] for x in (made, *world.lines(made))} == {"WEB"}


def test_given_a_dimension_an_item_brings_of_its_own_then_that_line_keeps_it(
    world: OrdersWorld,
) -> None:
    world.configure(buy_order_dimensions={"department": "WEB"})
    own, other = world.products[2], world.products[1]
    no_default_of(world, world.suppliers[0]["remoteId"])
    no_default_of(world, other["remoteId"])
    default_of(world, own["remoteId"], "STORE")
    order_id = world.order((2, 1, "1.00"), (1, 2, "1.00"))

    assert world.export().created == 1

    made = world.purchase_order(order_id)
    by_item = {x["itemId"]: world.dimensions(x["id"])["DEPARTMENT"] for x in world.lines(made)}
    assert by_item == {own["remoteId"]: "STORE", other["remoteId"]: "WEB"}


def test_given_a_value_that_does_not_exist_then_nothing_is_written_and_the_buyer_is_told(
    world: OrdersWorld,
) -> None:
    world.configure(buy_order_dimensions={"department": "NOWHERE"})
    order_id = world.order()

    (problem,) = world.export().problems

    assert "DEPARTMENT has no value NOWHERE" in problem.reason
    assert world.purchase_orders(order_id) == []
    world.configure(buy_order_dimensions={})
    assert world.export().created == 1


def test_given_a_prefix_that_is_not_mapped_then_it_is_said(world: OrdersWorld) -> None:
    world.configure(buy_order_dimensions={"region": "WEB"})
    order_id = world.order()

    (problem,) = world.export().problems

    assert "names 'region', which tenant-config.json does not map" in problem.reason
    world.shop.remove("buyOrders", order_id)
    world.export()
