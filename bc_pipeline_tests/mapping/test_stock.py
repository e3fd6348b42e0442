"""Free stock (mapping.md 2.1)."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.documents import guid, line
from bc_pipeline_tests.mapping.mirror import Company, new_company
from bc_pipeline_tests.mapping.test_properties import few

UNITS = frozenset({"bc.item_units_of_measure"})
PAGE = frozenset({"bc.item_page"})
BY_LOCATION = frozenset({"bc.inventory_by_locations"})


def stock(company: Company, **build: Any) -> int | None:
    return company.build("products", **build)[guid("A")]["stockLevel"]


def test_given_open_sales_orders_of_any_status_then_what_is_not_shipped_is_deducted(
    company: Company,
) -> None:
    company.item("A", inventory=10)
    company.sales_order("1", line("A", 3, shippedQuantity=1), line(None))
    company.sales_order("2", line("A", 2, shippedQuantity=0), status="Open")
    assert stock(company) == 6


def test_given_more_shipped_than_ordered_then_nothing_is_added(company: Company) -> None:
    company.item("A", inventory=10)
    company.sales_order("1", line("A", 3, shippedQuantity=5))
    assert stock(company) == 10


@pytest.mark.parametrize(("fully_shipped", "left"), [(False, 7), (True, 10)])
def test_given_no_shipped_quantity_then_an_order_counts_in_full_until_fully_shipped(
    company: Company, fully_shipped: bool, left: int
) -> None:
    company.item("A", inventory=10)
    company.sales_order("1", line("A", 3, shippedQuantity=None), fullyShipped=fully_shipped)
    assert stock(company) == left


def test_given_more_sold_than_there_is_then_stock_is_negative(company: Company) -> None:
    company.item("A", inventory=1)
    company.sales_order("1", line("A", 3, shippedQuantity=0))
    assert stock(company) == -2


@pytest.mark.parametrize(("inventory", "level"), [("2.9", 2), ("-0.5", -1)])
def test_given_a_fraction_then_stock_is_rounded_down_and_warned(
    company: Company, inventory: str, level: int
) -> None:
    company.item("A", inventory=inventory)
    assert stock(company) == level
    assert company.report.warnings == {"fractional_quantity": 1}


def test_given_another_unit_then_its_factor_is_used(company: Company) -> None:
    company.item("A", inventory=100)
    company.unit("A", "BOX", 12)
    company.sales_order("1", line("A", 2, shippedQuantity=0, unitOfMeasureCode="BOX"))
    assert stock(company, sources=UNITS) == 76


def test_given_an_unknown_unit_then_only_that_line_is_left_out_and_named(company: Company) -> None:
    company.item("A", inventory=100)
    company.sales_order(
        "S1",
        line("A", 2, shippedQuantity=0, unitOfMeasureCode="BOX"),
        line("A", 3, shippedQuantity=0),
    )
    row = company.build("products")[guid("A")]
    assert (row["stockLevel"], row["decision"], row["reason"]) == (97, "write", None)
    assert company.report.warnings == {"unknown_unit": 1}
    assert company.warnings("unknown_unit") == [
        (
            guid("A"),
            "sales order S1, line 10000: unit BOX of item A is not known, "
            "the line is not deducted from stock",
        )
    ]


@pytest.mark.parametrize(
    ("page", "shipped", "options"),
    [
        (4, 0, SyncOptions()),  # the page's figure counts, not the line
        (None, 2, SyncOptions()),  # nothing is outstanding
        (None, 0, SyncOptions(deduct_sales_orders=False)),
    ],
)
def test_given_a_line_of_unknown_unit_that_does_not_count_then_nothing_is_said(
    company: Company, page: int | None, shipped: int, options: SyncOptions
) -> None:
    company.item("A", inventory=100)
    company.page("A", Qty_on_Sales_Order=page)
    company.sales_order("1", line("A", 2, shippedQuantity=shipped, unitOfMeasureCode="BOX"))
    assert stock(company, options=options, sources=PAGE) == 100 - (page or 0)
    assert company.report.warnings == {}


@pytest.mark.parametrize(
    ("inventory", "level", "warnings"),
    [
        ("9999999", 9_999_999, {}),
        ("10000000", 9_999_999, {"stock_too_high": 1}),
        ("1000000000000000000000000", 9_999_999, {"stock_too_high": 1}),
    ],
)
def test_given_more_stock_than_optiply_takes_then_it_is_capped_and_warned(
    company: Company, inventory: str, level: int, warnings: dict[str, int]
) -> None:
    company.item("A", inventory=inventory)
    assert stock(company) == level
    assert company.report.warnings == warnings


def test_given_stock_that_was_not_read_then_known_products_go_without_and_new_ones_wait(
    company: Company,
) -> None:
    company.product("KNOWN")
    company.item("A")
    rows = company.build("products", stock_complete=False)
    assert (rows[guid("KNOWN")]["stockLevel"], rows[guid("KNOWN")]["decision"]) == (None, "write")
    assert (rows[guid("A")]["stockLevel"], rows[guid("A")]["decision"]) == (None, "defer")
    assert rows[guid("A")]["reason"] == "stock was not read"


def test_given_no_figure_at_all_then_the_last_value_stays_and_it_is_said(company: Company) -> None:
    company.product("A", inventory=None)
    row = company.build("products")[guid("A")]
    assert (row["stockLevel"], row["decision"]) == (None, "write")
    assert company.report.warnings == {"stock_missing": 1}


def test_given_a_shop_whose_stock_is_net_then_nothing_is_deducted(company: Company) -> None:
    company.item("A", inventory=10)
    company.sales_order("1", line("A", 3, shippedQuantity=0))
    assert stock(company, options=SyncOptions(deduct_sales_orders=False)) == 10


def test_given_the_item_page_then_its_figure_of_sold_goods_wins(company: Company) -> None:
    company.item("A", inventory=10)
    company.page("A", Qty_on_Sales_Order=4)
    company.sales_order("1", line("A", 3, shippedQuantity=0))
    assert stock(company, sources=PAGE) == 6


def test_given_an_item_page_without_that_figure_then_the_order_lines_count(
    company: Company,
) -> None:
    company.item("A", inventory=10)
    company.page("A", Qty_on_Sales_Order=None)
    company.sales_order("1", line("A", 3, shippedQuantity=0))
    assert stock(company, sources=PAGE) == 7


def test_given_locations_then_only_their_stock_and_their_orders_count(company: Company) -> None:
    company.item("A", inventory=999)
    main, west = company.location("MAIN"), company.location("WEST")
    company.page("A", Qty_on_Sales_Order=50)  # covers all locations, so it is not used
    company.stock("A", "MAIN", 10)
    company.stock("A", "WEST", 20)
    company.stock("A", "", 40)
    company.sales_order(
        "1",
        line("A", 1, shippedQuantity=0, locationId=main),
        line("A", 2, shippedQuantity=0, locationId=west),
        line("A", 4, shippedQuantity=0),
    )
    sources = PAGE | BY_LOCATION
    assert stock(company, options=SyncOptions(locations=("main",)), sources=sources) == 9
    assert stock(company, options=SyncOptions(locations=("MAIN", "")), sources=sources) == 45


def test_given_locations_and_an_item_without_rows_there_then_it_has_none(company: Company) -> None:
    company.item("A", inventory=999)
    options = SyncOptions(locations=("MAIN",))
    assert stock(company, options=options, sources=BY_LOCATION) == 0


def test_given_locations_but_no_rows_per_location_read_then_no_stock_is_sent(
    company: Company,
) -> None:
    company.item("A", inventory=999)
    assert stock(company, options=SyncOptions(locations=("MAIN",))) is None


def test_given_variant_mode_then_sold_goods_are_deducted_from_their_variant(
    company: Company,
) -> None:
    company.item("A")
    red = company.variant("A", "RED")
    company.stock("A", "MAIN", 5, "RED")
    company.stock("A", "MAIN", 7)
    company.sales_order(
        "1",
        line("A", 2, shippedQuantity=0, itemVariantId=red),
        line("A", 3, shippedQuantity=0),
    )
    options = SyncOptions(variant_mode="variant")
    rows = company.build("products", options, sources=BY_LOCATION)
    assert rows[f"{guid('A')}_{red}"]["stockLevel"] == 3
    assert rows[guid("A")]["stockLevel"] == 4


def test_given_inbound_purchases_then_stock_does_not_change(company: Company) -> None:
    company.item("A", inventory=10)
    company.purchase_order("P1", line("A", 5))
    assert stock(company) == 10


@pytest.mark.covers("decision 18")
def test_given_an_order_line_at_a_location_that_is_not_listed_then_no_stock_rather_than_half(
    company: Company,
) -> None:
    company.product("A")
    company.item("NEW")
    company.location("MAIN")
    company.stock("A", "MAIN", 10)
    company.stock("NEW", "MAIN", 10)
    for number in ("A", "NEW"):
        company.sales_order(
            f"S{number}", line(number, 3, shippedQuantity=0, locationId=guid("location GONE"))
        )
    options = SyncOptions(locations=("MAIN",))
    rows = company.build("products", options, sources=BY_LOCATION)
    assert (rows[guid("A")]["stockLevel"], rows[guid("A")]["decision"]) == (None, "write")
    assert (rows[guid("NEW")]["stockLevel"], rows[guid("NEW")]["decision"]) == (None, "defer")
    assert rows[guid("NEW")]["reason"] == (
        "a sales order names a location that Business Central does not list"
    )
    assert company.report.warnings == {"stock_missing": 2}
    # Without a choice of locations it does not matter where.
    assert stock(company, sources=frozenset()) == 7


@few
@given(seed=st.integers(0, 2**32))
def test_given_any_part_of_a_term_is_unknown_then_stock_is_whole_or_not_sent(seed: int) -> None:
    random, company = Random(seed), new_company()
    places = ["MAIN", "WEST", ""]
    options = SyncOptions(locations=tuple(random.sample(places, random.randint(1, 3))))
    unlisted = {place for place in places if place and random.random() < 0.3}
    expected: dict[str, int | None] = {}
    for place in set(places) - unlisted - {""}:
        company.location(place)
    for number in ("A", "B", "C", "D"):
        company.item(number)
        level: int | None = 0
        for place in places:
            inventory = random.choice([0, 5, 9, None])
            company.stock(number, place, inventory)
            if place in options.locations:
                level = None if level is None or inventory is None else level + inventory
        for order in range(random.randint(0, 2)):
            place, sold = random.choice(places), random.randint(1, 4)
            location = {"locationId": guid(f"location {place}")} if place else {}
            company.sales_order(
                f"S{number}{order}", line(number, sold, shippedQuantity=0, **location)
            )
            if place in unlisted:
                level = None
            elif place in options.locations:
                level = None if level is None else level - sold
        expected[guid(number)] = level
    rows = company.build("products", options, sources=BY_LOCATION)
    assert {key: row["stockLevel"] for key, row in rows.items()} == expected
    company.cursor.close()
