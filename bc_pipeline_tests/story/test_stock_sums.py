"""A stock level is explained as the very sum it was made of, wherever its terms come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.mapping import MappingInput
from bc_pipeline.story.stock import sum_of
from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.conftest import company, snapshot
from bc_pipeline_tests.mapping.documents import guid, line
from bc_pipeline_tests.mapping.mirror import NOW, TODAY, Company

__all__ = ["company", "snapshot"]

ENTRIES = frozenset({"bc.stock_by_location"})
ANALYTICS = ENTRIES | {"bc.outstanding_sales"}
EXTENSION = frozenset({"bc.inventory_by_locations"})
PAGE = frozenset({"bc.item_page"})
UNITS = frozenset({"bc.item_units_of_measure"})
AMS = ("AMS",)


@dataclass(frozen=True)
class Case:
    """One company, and how the stock of its item A is told."""

    told: str
    locations: tuple[str, ...] = ()
    sources: frozenset[str] = frozenset()
    inventory: Any = 510
    places: dict[str, int] = field(default_factory=dict)
    orders: tuple[tuple[str, int, str], ...] = ()
    sold: tuple[tuple[str, int], ...] = ()
    page: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    note: str = ""


CASES = {
    "nothing sold": Case("510 = 510 in inventory"),
    "two orders": Case(
        "504 = 510 in inventory - 6 on sales orders 101001, 101005",
        orders=(("101001", 4, "PCS"), ("101005", 2, "PCS")),
    ),
    "in boxes": Case(
        "498 = 510 in inventory - 12 on sales order 101001 (2 BOX)",
        sources=UNITS,
        orders=(("101001", 2, "BOX"),),
    ),
    "unit nobody knows": Case(
        "510 = 510 in inventory",
        orders=(("101001", 2, "PALLET"),),
        note="Sales order 101001: 2 PALLET are not taken off",
    ),
    "not taken off": Case(
        "510 = 510 in inventory",
        orders=(("101001", 4, "PCS"),),
        options={"deduct_sales_orders": False},
        note="sync.deduct_sales_orders is off",
    ),
    "item page": Case(
        "503 = 510 in inventory - 7 on sales orders, by the item's published page",
        sources=PAGE,
        page=7,
        orders=(("101001", 4, "PCS"),),
    ),
    "by location, analytics": Case(
        "26 = 12 at AMS + 20 at RTM - 6 on sales order S1",
        locations=("AMS", "rtm"),
        sources=ANALYTICS,
        places={"AMS": 12, "RTM": 20, "": 5},
        sold=(("S1", 6),),
    ),
    "without a location": Case(
        "5 = 5 at no location", locations=("",), sources=ENTRIES, places={"AMS": 12, "": 5}
    ),
    "nothing lies there": Case(
        "0 = 0 in inventory", locations=("LEER",), sources=ENTRIES, places={"AMS": 12}
    ),
    "by location, extension": Case(
        "12 = 12 at AMS",
        locations=AMS,
        sources=EXTENSION,
        places={"AMS": 12, "RTM": 20},
        options={"stock_source": "extension"},
    ),
    "analytics asked for without locations": Case(
        "37 = 5 at no location + 12 at AMS + 20 at RTM",
        sources=ENTRIES,
        places={"AMS": 12, "RTM": 20, "": 5},
        options={"stock_source": "analytics"},
    ),
    "kilograms as grams": Case(
        "1500 = 2.5 KG in inventory x 1000 - 1000 on sales order 101001 (1 KG)",
        inventory=Decimal("2.5"),
        orders=(("101001", 1, "KG"),),
        options={"quantity_scale": {"LOOSE": 1000}},
    ),
    "a fraction": Case(
        "2 = 2.5 in inventory (exactly 2.5, rounded down)", inventory=Decimal("2.5")
    ),
    "oversold": Case(
        "-4 = 0 in inventory - 4 on sales order 101001", inventory=0, orders=(("101001", 4, "PCS"),)
    ),
}


def fill(company: Company, case: Case) -> None:
    weighed = "quantity_scale" in case.options
    more = {"itemCategoryCode": "LOOSE", "baseUnitOfMeasureCode": "KG"} if weighed else {}
    company.item("A", inventory=case.inventory, **more)
    company.unit("A", "BOX", 6)
    for code, quantity in case.places.items():
        company.entry("A", code, quantity)
        company.stock("A", code, quantity)
    for number, quantity, unit in case.orders:
        ordered = line("A", quantity, shippedQuantity=0, unitOfMeasureCode=unit)
        company.sales_order(number, ordered)
    for number, quantity in case.sold:
        company.sold("A", "AMS", quantity, documentNo=number)
    if case.page is not None:
        company.page("A", Qty_on_Sales_Order=case.page)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_sum_that_is_told_is_the_level_that_is_sent(company: Company, case: Case) -> None:
    fill(company, case)
    options = SyncOptions(locations=case.locations, **case.options)
    sent = company.build("products", options, sources=case.sources)[guid("A")]["stockLevel"]
    inputs = MappingInput(run_no=1, today=TODAY, now=NOW, sources=case.sources)

    found = sum_of(company.cursor, options, inputs, guid("A"), sent)

    assert found.text == case.told
    assert found.text.startswith(f"{sent} = ")
    assert case.note in " ".join(found.notes)
    assert bool(case.note) == bool(found.notes)


def test_variants_have_each_a_sum_of_their_own(company: Company) -> None:
    company.item("A", inventory=9)
    red = company.variant("A", "RED")
    company.stock("A", "AMS", 4, variant="RED")
    company.stock("A", "AMS", 5)
    company.sales_order("S1", line("A", 1, shippedQuantity=0, itemVariantId=red))
    options = SyncOptions(variant_mode="variant", locations=AMS)
    company.location("AMS")
    rows = company.build("products", options, sources=EXTENSION)
    inputs = MappingInput(run_no=1, today=TODAY, now=NOW, sources=EXTENSION)

    told = {
        remote_id: sum_of(company.cursor, options, inputs, remote_id, row["stockLevel"]).text
        for remote_id, row in rows.items()
    }

    assert told == {guid("A"): "5 = 5 at AMS", f"{guid('A')}_{red}": "4 = 4 at AMS"}


def test_given_a_source_without_variants_then_it_is_said_that_no_stock_is_sent(
    company: Company,
) -> None:
    company.item("A", inventory=9)
    red = company.variant("A", "RED")
    company.entry("A", "AMS", 9)
    options = SyncOptions(variant_mode="variant", locations=AMS, stock_source="analytics")
    inputs = MappingInput(run_no=1, today=TODAY, now=NOW, sources=ENTRIES)
    company.build("products", options, sources=ENTRIES)

    found = sum_of(company.cursor, options, inputs, f"{guid('A')}_{red}", None)

    assert found.text == "unknown: Business Central does not tell what is in stock"
    assert "not of their variants" in found.notes[0]


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        ({"stock_complete": False}, "were not read in one run"),
        ({"stock_held": "sync.locations: no location 'X'"}, "no location 'X'"),
    ],
)
def test_given_stock_that_may_not_be_sent_then_the_reason_stands_beside_the_sum(
    company: Company, inputs: dict[str, Any], why: str
) -> None:
    company.item("A", inventory=9)
    company.build("products", SyncOptions(), **inputs)
    given = MappingInput(run_no=1, today=TODAY, now=NOW, **inputs)

    found = sum_of(company.cursor, SyncOptions(), given, guid("A"), None)

    assert found.text == "unknown = 9 in inventory"
    assert why in found.notes[0]
