"""What a bill says is what was sent, in whichever order the properties of a line are applied
(decisions 38)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bc_pipeline.sandbox.business_central.settings import PropertyOrder
from bc_pipeline_tests.outbound.documents_world import DocumentsWorld
from bc_pipeline_tests.outbound.purchase_invoices.records import line, record, told

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


def test_given_a_price_that_cannot_be_brought_about_then_both_values_are_named(
    world: DocumentsWorld,
) -> None:
    world.configure(post_documents=True)
    name = f"N-{world.company.settings.property_order}"
    world.run(ENTITY, record(name, line("a", unitPrice="10"), isDraft=False))

    result = world.run(ENTITY, record(name, line("a", unitPrice="12.34"), isDraft=False))

    (problem,) = result.problems
    assert "unitCost 10 instead of 12.34" in problem.reason
