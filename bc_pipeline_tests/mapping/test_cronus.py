"""The mapping of Microsoft's demo company: what real-looking data does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.catalogue.tables import TABLES
from bc_pipeline.sandbox.clock import Clock
from bc_pipeline.sandbox.companies import cronus
from bc_pipeline.sandbox.companies.cronus.loader import read_tables
from bc_pipeline_tests.mapping.documents import at
from bc_pipeline_tests.mapping.mirror import Company, new_company

PAGES = {
    "item_page": "itemPage",
    "item_units_of_measure": "itemUnitsOfMeasure",
    "bom_components": "bomComponents",
}
RENAMED = {
    "item_units_of_measure": {
        "Item_No": "itemNumber",
        "Code": "unitOfMeasureCode",
        "Qty_per_Unit_of_Measure": "qtyPerUnitOfMeasure",
    },
    "bom_components": {
        "parentItemNo": "parentItemNumber",
        "no": "number",
        "componentType": "type",
    },
}
WITH_PAGES = frozenset({"bc.item_page", "bc.item_units_of_measure", "bc.bom_components"})


def load(variant: cronus.Variant) -> Company:
    """The mirror as after reading every row of the company."""
    source = cronus.build(Clock(), variant=variant)
    pages = read_tables(variant)
    company = new_company()
    for name, table in TABLES.items():
        entity_set = PAGES.get(name, re.sub(r"_(\w)", lambda m: m[1].upper(), name))
        rows = pages[entity_set] if name in PAGES else list(source.tables[entity_set].values())
        found = []
        for number, row in enumerate(rows):
            values = {
                column: row.get(RENAMED.get(name, {}).get(column, column))
                for column in table.selected
            }
            if name == "items":
                values["inventory"] = source.inventory(row["id"])
            if name == "bom_components":
                values["id"] = f"00000000-0000-0000-0000-{number + 1:012d}"
            found.append(values)
        add_all(company, name, table.selected, found)
    return company


def add_all(
    company: Company, table: str, columns: Sequence[str], rows: list[dict[str, Any]]
) -> None:
    """All rows in one statement."""
    if rows:
        names = ", ".join(f'"{column}"' for column in columns)
        marks = ", ".join(["(" + ", ".join("?" for _ in columns) + ")"] * len(rows))
        company.cursor.execute(
            f"INSERT INTO bc.{table} ({names}) VALUES {marks}",
            [row[column] for row in rows for column in columns],
        )


@cache
def first_sync(variant: cronus.Variant, pages: bool) -> dict[str, dict[str, dict[str, Any]]]:
    """Wanted rows by resource and reference of a first sync in which every write succeeds."""
    company = load(variant)
    wanted = {}
    for resource in RESOURCES:
        rows = company.build(resource, sources=WITH_PAGES if pages else frozenset(), bom=pages)
        company.written(resource)
        wanted[resource] = {row["reference"]: row for row in rows.values()}
        assert len(wanted[resource]) == len(rows)
    company.cursor.close()
    return wanted


def decisions(rows: dict[str, dict[str, Any]]) -> dict[str, int]:
    return dict(Counter(row["decision"] for row in rows.values()))


@pytest.mark.parametrize("variant", ["w1", "nl"])
def test_given_cronus_without_pages_then_each_record_ends_where_the_rules_say(
    variant: cronus.Variant,
) -> None:
    wanted = first_sync(variant, False)
    assert decisions(wanted["products"]) == {"write": 56, "update_only": 8}
    assert decisions(wanted["suppliers"]) == {"write": 6, "update_only": 1}
    assert decisions(wanted["buy_orders"]) == {"write": 7, "skip": 1}
    assert wanted["buy_orders"]["106005"]["reason"] == "no lines for known products"
    bags = wanted["buy_order_lines"]["106008 line 10000"]
    assert (bags["decision"], "unit BAG of item WRB-1000" in bags["reason"]) == ("quarantine", True)
    assert decisions(wanted["sell_orders"]) == {"write": 296, "skip": 7}


def test_given_posted_invoices_then_every_total_equals_the_invoices_own() -> None:
    invoices = {row["number"]: row for row in read_tables("w1")["salesInvoices"]}
    orders = first_sync("w1", False)["sell_orders"]
    posted = {number: row for number, row in orders.items() if row["decision"] == "write"}
    assert {number: row["totalValue"] for number, row in posted.items()} == {
        number: invoices[number]["totalAmountExcludingTax"] for number in posted
    }


def test_given_cronus_then_the_services_and_parts_without_stock_are_never_created() -> None:
    products = first_sync("w1", False)["products"]
    kinds = Counter(row["reason"] for row in products.values() if row["decision"] != "write")
    assert kinds == {
        "the item is of type Service, not Inventory": 3,
        "the item is of type Non-Inventory, not Inventory": 4,
        "the item is blocked": 1,
    }


def test_given_a_well_known_item_then_its_product_is_as_expected() -> None:
    desk = first_sync("w1", False)["products"]["1896-S"]
    assert (desk["name"], desk["price"]) == ("ATHENS Desk", Decimal("649.40"))
    assert (desk["unlimitedStock"], desk["status"]) == (False, "enabled")
    # 510 in stock, less what open sales orders still have to ship.
    assert desk["stockLevel"] < 510


def test_given_a_well_known_invoice_then_its_sell_order_is_as_expected() -> None:
    order = first_sync("w1", False)["sell_orders"]["103019"]
    assert (order["placed"], order["completed"]) == (at(2025, 2, 16), at(2025, 2, 16))
    assert sorted((line["quantity"], line["subtotalValue"]) for line in order["orderLines"]) == [
        (3, Decimal("369.90")),
        (5, Decimal("625.50")),
        (5, Decimal("625.50")),
    ]
    assert order["totalValue"] == Decimal("1620.90")


def test_given_purchase_history_then_the_newest_vendor_is_preferred_not_the_item_cards() -> None:
    links = first_sync("w1", False)["supplier_products"]
    desk = {ref: row["preferred"] for ref, row in links.items() if ref.startswith("1896-S from")}
    assert set(desk) >= {"1896-S from 20000", "1896-S from 30000", "1896-S from 50000"}
    assert sum(desk.values()) == 1
    for item in {ref.split(" from ")[0] for ref in links}:
        preferred = [r for r, row in links.items() if r.startswith(f"{item} ") and row["preferred"]]
        assert len(preferred) == 1


def test_given_the_item_page_then_the_cards_vendor_is_preferred_for_each_item_that_has_one() -> (
    None
):
    links = first_sync("w1", True)["supplier_products"]
    assert len(links) == 43
    assert links["1896-S from 30000"]["preferred"] is True
    assert links["1896-S from 30000"]["price"] == Decimal("506.60")
    assert {row["deliveryTime"] for row in links.values()} == {None}


def test_given_item_units_then_the_order_in_bags_is_written_in_pieces() -> None:
    wanted = first_sync("w1", True)
    assert wanted["buy_orders"]["106008"]["decision"] == "write"
    lines = [row for ref, row in wanted["buy_order_lines"].items() if ref.startswith("106008 ")]
    (bags,) = [row for row in lines if row["extra"]["factor"] == "48"]
    assert (bags["extra"]["ordered_quantity"], bags["quantity"]) == ("2", 96)


def test_given_assembly_boms_then_bundles_are_composed_and_unlimited() -> None:
    wanted = first_sync("w1", True)
    composed = {ref for ref, row in wanted["products"].items() if row["assembled"]}
    assert composed
    assert all(wanted["products"][ref]["unlimitedStock"] for ref in composed)
    parts = wanted["product_compositions"]
    assert parts["1925-W / 1968-S"]["partQuantity"] == 6
    assert {ref.split(" / ")[0] for ref in parts} == composed


def test_given_receipts_of_orders_from_before_our_time_then_they_are_history() -> None:
    receipts = first_sync("w1", False)["receipt_lines"]
    assert decisions(receipts) == {"skip": 256, "write": 2}
    reasons = Counter(row["reason"] for row in receipts.values())
    assert reasons["the receipt has no purchase order"] > 200
