"""What a bill says is what was sent, in whichever order the properties of a line are applied
(decisions 38)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.sandbox.changes.prices import new_purchase_price
from bc_pipeline.sandbox.company.settings import PropertyOrder
from bc_pipeline_tests.to_business_central.bills.records import line, record, told
from bc_pipeline_tests.to_business_central.documents_world import ITEMS, DocumentsWorld

ENTITY = "purchase_invoices"
pytestmark = pytest.mark.covers("decision 38")


@pytest.fixture(params=["page", "json"])
def world(world: DocumentsWorld, request: pytest.FixtureRequest) -> DocumentsWorld:
    property_order: PropertyOrder = request.param
    world.company.settings.property_order = property_order
    return world


def test_given_locations_then_prices_and_discounts_are_as_sent(world: DocumentsWorld) -> None:
    lines = (
        line("a", unitPrice="12.34", discount="1.50", locationNumber="EAST"),
        line("b", unitPrice="7", quantity=3),
    )
    name = f"L-{world.company.settings.property_order}"

    result = world.run(ENTITY, record(name, *lines))
    again = world.run(ENTITY, record(name, *lines))

    assert (result.counts, again.counts) == ({"created": 1}, {"unchanged": 1})
    assert told(world, name, "unitCost", "discountAmount") == [
        (Decimal("12.34"), Decimal("1.50")),
        (Decimal(7), Decimal(0)),
    ]


def test_given_a_changed_location_then_the_price_is_as_sent(world: DocumentsWorld) -> None:
    name = f"M-{world.company.settings.property_order}"
    world.run(ENTITY, record(name, line("a", unitPrice="12.34")))

    result = world.run(ENTITY, record(name, line("a", unitPrice="12.34", locationNumber="EAST")))

    assert result.counts == {"updated": 1}
    assert told(world, name, "unitCost") == [(Decimal("12.34"),)]


@pytest.fixture
def price_list(world: DocumentsWorld) -> Iterator[None]:
    """A price list has another price for two items, and a discount."""
    for item in ITEMS[:2]:
        new_purchase_price(world.company, item=item, price=99, discount=10)
    yield
    for row in world.rows("items"):
        row.pop("#purchasePrices", None)


@pytest.mark.usefixtures("price_list")
def test_given_a_price_list_then_its_discount_does_not_come_off_the_price_of_the_record(
    world: DocumentsWorld,
) -> None:
    name = f"P-{world.company.settings.property_order}"

    def told_of(*lines: dict[str, Any]) -> list[tuple[Any, ...]]:
        world.run(ENTITY, record(name, *lines))
        return told(world, name, "quantity", "unitCost", "discountAmount")

    made = told_of(line("a", unitPrice="12.34"))
    more = told_of(line("a", unitPrice="12.34", quantity=4, locationNumber="EAST"))
    added = told_of(line("a", unitPrice="12.34", quantity=4), line("b", unitPrice="5"))
    other = told_of(line("a", ITEMS[1], unitPrice="12.34", quantity=4), line("b", unitPrice="5"))

    price = Decimal("12.34")
    assert made == [(1, price, 0)]
    assert more == [(4, price, 0)]
    assert added == other == [(4, price, 0), (1, 5, 0)]


@pytest.mark.usefixtures("price_list")
def test_given_a_discount_of_somebody_then_it_stays_while_the_record_says_nothing_of_it(
    world: DocumentsWorld,
) -> None:
    name = f"R-{world.company.settings.property_order}"
    world.run(ENTITY, record(name, line("a", unitPrice="12.34")))
    (row,) = world.lines(world.bill(name)["id"])
    world.person_sets("purchaseInvoiceLines", row, discountAmount=Decimal(2))

    world.run(ENTITY, record(name, line("a", unitPrice="12.34", description="Changed")))

    assert told(world, name, "description", "discountAmount") == [("Changed", 2)]


@pytest.mark.usefixtures("price_list")
def test_given_a_line_without_price_then_the_price_list_has_it(world: DocumentsWorld) -> None:
    name = f"Q-{world.company.settings.property_order}"
    listed = line("a")
    del listed["unitPrice"]

    world.run(ENTITY, record(name, listed))

    assert told(world, name, "unitCost", "discountAmount") == [(99, Decimal("9.9"))]


def test_given_a_price_that_cannot_be_brought_about_then_both_values_are_named(
    world: DocumentsWorld,
) -> None:
    world.configure(post_documents=True)
    name = f"N-{world.company.settings.property_order}"
    world.run(ENTITY, record(name, line("a", unitPrice="10"), isDraft=False))

    result = world.run(ENTITY, record(name, line("a", unitPrice="12.34"), isDraft=False))

    (problem,) = result.problems
    assert "unitCost 10 instead of 12.34" in problem.reason
