"""Stock by location from the Analytics API (mapping.md 2.1, platform 2)."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.mapping.stock import MOST_NAMED
from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.documents import guid, line
from bc_pipeline_tests.mapping.mirror import Company, new_company
from bc_pipeline_tests.mapping.test_properties import few

pytestmark = pytest.mark.covers("stock by location")
ENTRIES = frozenset({"bc.stock_by_location"})
ANALYTICS = ENTRIES | {"bc.outstanding_sales"}
EXTENSION = frozenset({"bc.inventory_by_locations"})
AMS = SyncOptions(locations=("ams",))


def stock(company: Company, options: SyncOptions = AMS, **build: Any) -> int | None:
    build.setdefault("sources", ANALYTICS)
    return company.build("products", options, **build)[guid("A")]["stockLevel"]


def three_places(company: Company) -> None:
    company.item("A", inventory=35)
    for location, remaining in (("AMS", 12), ("AMS", -2), ("RTM", 20), ("", 5)):
        company.entry("A", location, remaining)


@pytest.mark.parametrize(
    ("locations", "level"),
    [(("ams",), 10), (("AMS", " rtm "), 30), (("",), 5), (("AMS", "RTM", ""), 35)],
)
def test_given_open_entries_then_stock_is_their_sum_at_the_chosen_places(
    company: Company, locations: tuple[str, ...], level: int
) -> None:
    three_places(company)
    assert stock(company, SyncOptions(locations=locations)) == level


def test_given_no_entry_at_the_chosen_places_then_there_is_none(company: Company) -> None:
    three_places(company)
    assert stock(company, SyncOptions(locations=("LEER",))) == 0


def test_given_fractions_then_they_are_summed_exactly(company: Company) -> None:
    company.item("A", inventory=3)
    for _ in range(30):
        company.entry("A", "AMS", Decimal("0.1"))
    assert stock(company) == 3
    assert company.report.warnings == {}


def test_given_outstanding_sales_then_orders_at_the_chosen_places_are_deducted_in_base_units(
    company: Company,
) -> None:
    three_places(company)
    company.sold("A", "AMS", 4, unitOfMeasureCode="DOOS", qtyPerUnitOfMeasure=2)
    company.sold("A", "RTM", 8)
    company.sold("A", "AMS", 100, documentType="Return_x0020_Order")
    # The lines of the same orders count no second time, whatever their unit.
    company.sales_order("S1", line("A", 2, shippedQuantity=0, unitOfMeasureCode="DOOS"))
    assert stock(company) == 6
    assert company.report.warnings == {}
    assert stock(company, SyncOptions(locations=("AMS",), deduct_sales_orders=False)) == 10


def test_given_no_outstanding_sales_then_the_lines_of_orders_are_deducted(
    company: Company,
) -> None:
    three_places(company)
    there = company.location("AMS")
    company.sold("A", "AMS", 4)
    company.sales_order("S1", line("A", 3, shippedQuantity=0, locationId=there))
    assert stock(company, sources=ENTRIES) == 7


def test_given_a_factor_then_both_terms_are_scaled(company: Company) -> None:
    company.item("A", itemCategoryCode="FLOUR", inventory=2)
    company.entry("A", "AMS", Decimal("1.5"))
    company.sold("A", "AMS", Decimal("0.25"))
    options = SyncOptions(locations=("AMS",), quantity_scale={"FLOUR": 1000})
    assert stock(company, options) == 1250


@pytest.mark.parametrize("term", ["entry", "sold"])
def test_given_a_quantity_that_is_not_told_then_no_stock_rather_than_half(
    company: Company, term: str
) -> None:
    three_places(company)
    getattr(company, term)("A", "AMS", None)
    assert stock(company) is None


@pytest.mark.parametrize(
    ("options", "sources", "level"),
    [
        (SyncOptions(), ANALYTICS | EXTENSION, 35),  # the item's own figure
        (AMS, ANALYTICS | EXTENSION, 10),
        (AMS, EXTENSION, 1),
        (AMS, frozenset(), None),
        (SyncOptions(locations=("AMS",), stock_source="extension"), ANALYTICS | EXTENSION, 1),
        (SyncOptions(locations=("AMS",), stock_source="analytics"), EXTENSION, None),
        (SyncOptions(stock_source="analytics"), ANALYTICS, 35),
        (SyncOptions(stock_source="extension"), ANALYTICS | EXTENSION, 3),
        (SyncOptions(stock_source="items"), ANALYTICS | EXTENSION, 35),
    ],
)
def test_given_several_sources_then_the_setting_says_which_one_counts(
    company: Company, options: SyncOptions, sources: frozenset[str], level: int | None
) -> None:
    three_places(company)
    company.stock("A", "AMS", 1)
    company.stock("A", "RTM", 2)
    assert stock(company, options, sources=sources) == level


def test_given_the_item_page_beside_the_analytics_api_then_sold_goods_count_once(
    company: Company,
) -> None:
    three_places(company)
    company.sold("A", "AMS", 4)
    company.page("A", Qty_on_Sales_Order=9)
    options, sources = SyncOptions(stock_source="analytics"), ANALYTICS | {"bc.item_page"}
    assert stock(company, options, sources=sources) == 31
    assert stock(company, options, sources=sources - {"bc.outstanding_sales"}) == 35


def with_variants(company: Company) -> str:
    three_places(company)
    company.item("V", inventory=8)
    red = company.variant("V", "RED")
    company.entry("V", "AMS", 8)
    company.stock("V", "AMS", 3, "RED")
    company.stock("A", "AMS", 1)
    return f"{guid('V')}_{red}"


def test_given_variants_then_the_extension_serves_before_the_analytics_api(
    company: Company,
) -> None:
    red = with_variants(company)
    options = SyncOptions(locations=("AMS",), variant_mode="variant")
    rows = company.build("products", options, sources=ANALYTICS | EXTENSION)
    assert (rows[guid("A")]["stockLevel"], rows[red]["stockLevel"]) == (1, 3)
    assert company.report.warnings == {}


def test_given_variants_and_only_the_analytics_api_then_items_without_any_have_stock(
    company: Company,
) -> None:
    red = with_variants(company)
    options = SyncOptions(locations=("AMS",), variant_mode="variant")
    rows = company.build("products", options, sources=ANALYTICS)
    assert (rows[guid("A")]["stockLevel"], rows[guid("A")]["decision"]) == (10, "write")
    assert (rows[red]["stockLevel"], rows[red]["decision"]) == (None, "defer")
    assert "not of their variants" in rows[red]["reason"]
    assert rows[guid("V")]["stockLevel"] is None
    ((item, message),) = company.warnings("variants_without_stock")
    assert item == guid("V")
    assert message.startswith("item V has variants, its stock is left out: ")


def test_given_items_with_variants_as_one_product_then_all_its_entries_count(
    company: Company,
) -> None:
    with_variants(company)
    assert company.build("products", AMS, sources=ANALYTICS)[guid("V")]["stockLevel"] == 8


def test_given_sums_that_are_not_the_inventory_then_the_items_are_named(company: Company) -> None:
    three_places(company)
    company.item("B", inventory=3)
    company.item("SERVICE", type="Service", inventory=0)
    company.item("C", inventory=1)
    company.entry("C", "RTM", 2)
    company.build("products", AMS, sources=ANALYTICS, stock_compared=True)
    assert company.report.warnings["stock_sums_differ"] == 2
    told = company.warnings("stock_sums_differ")
    assert [item for item, _ in told] == [guid("B"), guid("C")]
    assert "item B: its inventory is 3, but 0 lie at all locations together" in told[0][1]
    # Of two reads of different runs nothing is said.
    company.build("products", AMS, sources=ANALYTICS)
    assert "stock_sums_differ" not in company.report.warnings


def test_given_many_sums_that_differ_then_most_are_told_as_a_number(company: Company) -> None:
    for number in range(MOST_NAMED + 7):
        company.item(f"{number:03}", inventory=1)
    company.build("products", AMS, sources=ANALYTICS, stock_compared=True)
    assert company.report.warnings["stock_sums_differ"] == MOST_NAMED + 7
    told = company.warnings("stock_sums_differ")
    assert len(told) == MOST_NAMED + 1
    message = "7 more items have another inventory than lies at all locations together"
    assert (None, message) in told


@few
@given(seed=st.integers(0, 2**32))
def test_given_any_entries_and_orders_then_stock_is_what_python_counts(seed: int) -> None:
    random, company = Random(seed), new_company()
    places = ["AMS", "RTM", ""]
    chosen = random.sample(places, random.randint(1, 3))
    expected = {}
    for number in ("A", "B", "C"):
        company.item(number)
        level = Decimal(0)
        for _ in range(random.randint(0, 8)):
            place, quantity = random.choice(places), Decimal(random.randint(-999, 9999)) / 1000
            company.entry(number, place, quantity)
            level += quantity if place in chosen else 0
        for order in range(random.randint(0, 3)):
            place, quantity = random.choice(places), Decimal(random.randint(1, 999)) / 100
            kind = random.choice(["Order", "Return_x0020_Order"])
            company.sold(number, place, quantity, documentNo=f"S{order}", documentType=kind)
            level -= quantity if place in chosen and kind == "Order" else 0
        expected[guid(number)] = level.__floor__()
    rows = company.build("products", SyncOptions(locations=tuple(chosen)), sources=ANALYTICS)
    assert {key: row["stockLevel"] for key, row in rows.items()} == expected
    company.cursor.close()
