"""Assembly BOMs as product compositions (mapping.md 10)."""

from __future__ import annotations

from typing import Any

import pytest

from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.documents import guid
from bc_pipeline_tests.mapping.mirror import Company

UNITS = frozenset({"bc.item_units_of_measure"})


@pytest.fixture
def shop(company: Company) -> Company:
    """Items SET, A and B stand in Optiply."""
    company.product("SET", 1)
    company.product("A", 2)
    company.product("B", 3)
    return company


def build(shop: Company, options: SyncOptions | None = None, **inputs: Any) -> dict[str, Any]:
    return shop.build("product_compositions", options, **{"bom": True, **inputs})


def test_given_a_bom_line_when_mapped_then_each_attribute_has_its_source(shop: Company) -> None:
    key = shop.bom("SET", "A", 6)
    row = build(shop)[key]
    assert (row["reference"], row["decision"]) == ("SET / A", "write")
    assert (row["composedProductId"], row["partProductId"], row["partQuantity"]) == (1, 2, 6)


def test_given_a_resource_line_then_it_is_no_part(shop: Company) -> None:
    shop.bom("SET", "A", 6, componentType="Resource")
    assert build(shop) == {}


def test_given_another_unit_then_its_factor_is_used(shop: Company) -> None:
    shop.unit("A", "BOX", 12)
    key = shop.bom("SET", "A", 2, unitOfMeasureCode="BOX")
    assert build(shop, sources=UNITS)[key]["partQuantity"] == 24


def test_given_an_unknown_unit_then_the_line_is_quarantined(shop: Company) -> None:
    key = shop.bom("SET", "A", 2, unitOfMeasureCode="BOX")
    row = build(shop)[key]
    assert (row["decision"], "unit BOX of item A" in row["reason"]) == ("quarantine", True)


@pytest.mark.parametrize("quantity", ["0.5", "1.5", "0", "-1"])
def test_given_a_quantity_that_is_no_whole_number_of_parts_then_skipped_and_warned(
    shop: Company, quantity: str
) -> None:
    key = shop.bom("SET", "A", quantity)
    row = build(shop)[key]
    assert (row["decision"], row["partQuantity"]) == ("skip", None)
    assert shop.report.warnings == {"fractional_quantity": 1}


def test_given_a_quantity_scale_of_the_part_then_a_fraction_becomes_whole(
    company: Company,
) -> None:
    company.product("SET", 1)
    company.product("FLOUR", 2, itemCategoryCode="BULK")
    key = company.bom("SET", "FLOUR", "0.25")
    options = SyncOptions(quantity_scale={"BULK": 1000})
    assert build(company, options)[key]["partQuantity"] == 250


def test_given_a_quantity_scale_of_the_parent_then_parts_are_per_smallest_unit(
    company: Company,
) -> None:
    company.product("DOUGH", 1, itemCategoryCode="BULK")
    company.product("FLOUR", 2, itemCategoryCode="BULK")
    company.product("EGG", 3)
    flour, egg = company.bom("DOUGH", "FLOUR", 2), company.bom("DOUGH", "EGG", 3)
    rows = build(company, SyncOptions(quantity_scale={"BULK": 1000}))
    assert rows[flour]["partQuantity"] == 2
    assert rows[egg]["decision"] == "skip"  # three eggs for 1000 grams


def test_given_one_part_on_two_lines_then_the_first_carries_the_sum(shop: Company) -> None:
    keys = sorted([shop.bom("SET", "A", 2, "one"), shop.bom("SET", "A", 3, "two")])
    rows = build(shop)
    assert (rows[keys[0]]["decision"], rows[keys[0]]["partQuantity"]) == ("write", 5)
    assert rows[keys[1]]["decision"] == "remove"


def test_given_one_of_two_lines_stands_already_then_that_one_carries_the_sum(
    shop: Company,
) -> None:
    keys = sorted([shop.bom("SET", "A", 2, "one"), shop.bom("SET", "A", 3, "two")])
    shop.stands("product_compositions", keys[1], 9)
    rows = build(shop)
    assert (rows[keys[1]]["decision"], rows[keys[1]]["partQuantity"]) == ("write", 5)


def test_given_halves_on_two_lines_then_the_sum_decides(shop: Company) -> None:
    keys = sorted([shop.bom("SET", "A", "0.5", "one"), shop.bom("SET", "A", "0.5", "two")])
    assert build(shop)[keys[0]]["partQuantity"] == 1


def test_given_items_that_contain_each_other_then_both_are_skipped_and_reported(
    shop: Company,
) -> None:
    one, other, good = shop.bom("A", "B", 1), shop.bom("B", "A", 1), shop.bom("SET", "A", 1)
    rows = build(shop)
    assert [rows[key]["decision"] for key in (one, other, good)] == ["skip", "skip", "write"]
    assert shop.report.warnings == {"circular_composition": 2}


def test_given_an_item_that_contains_itself_then_it_is_skipped_and_reported(shop: Company) -> None:
    key = shop.bom("A", "A", 1)
    assert build(shop)[key]["decision"] == "skip"
    assert shop.report.warnings == {"circular_composition": 1}


def test_given_a_product_that_failed_then_the_line_waits(shop: Company) -> None:
    shop.item("C")
    shop.build("products")
    key = shop.bom("SET", "C", 1)
    row = build(shop)[key]
    assert (row["decision"], row["reason"]) == ("defer", "item C is not in Optiply yet")


@pytest.mark.parametrize(("parent", "part", "named"), [("X", "A", "X"), ("SET", "X", "X")])
def test_given_a_product_out_of_scope_then_the_line_is_skipped(
    shop: Company, parent: str, part: str, named: str
) -> None:
    key = shop.bom(parent, part, 1)
    row = build(shop)[key]
    assert (row["decision"], row["reason"]) == ("skip", f"item {named} is not in Optiply")


def test_given_variant_mode_then_a_part_may_be_a_variant(shop: Company) -> None:
    red = shop.variant("A", "RED")
    shop.stands("products", f"{guid('A')}_{red}", 20)
    key = shop.bom("SET", "A", 1, variantCode="RED")
    assert build(shop)[key]["partProductId"] == 2
    assert build(shop, SyncOptions(variant_mode="variant"))[key]["partProductId"] == 20


def test_given_no_source_then_what_stands_stays(shop: Company) -> None:
    sent = {"composedProductId": 1, "partProductId": 2, "partQuantity": 6}
    shop.stands("product_compositions", guid("line"), 9, last_sent=sent)
    shop.bom("SET", "B", 1)
    (row,) = build(shop, bom=False).values()
    assert (row["remote_id"], row["decision"], row["partQuantity"]) == (guid("line"), "write", 6)


def test_given_a_line_is_gone_from_the_source_then_it_is_not_listed(shop: Company) -> None:
    shop.stands("product_compositions", guid("line"), 9)
    assert build(shop) == {}


VARIANTS = SyncOptions(variant_mode="variant")


@pytest.fixture
def colours(shop: Company) -> Company:
    """Item A has the variants RED and BLUE, which stand in Optiply."""
    for place, code in enumerate(("RED", "BLUE")):
        variant = shop.variant("A", code)
        shop.stands("products", f"{guid('A')}_{variant}", 20 + place)
    return shop


@pytest.mark.covers("decision 40")
def test_given_lines_with_a_variant_when_variants_are_products_then_part_is_that_variant(
    colours: Company,
) -> None:
    red = colours.bom("SET", "A", 2, "red", variantCode="RED")
    blue = colours.bom("SET", "A", 3, "blue", variantCode=" blue ".upper())
    plain = colours.bom("SET", "A", 4, "plain", variantCode="")
    rows = build(colours, VARIANTS)
    parts = {key: (row["partProductId"], row["partQuantity"]) for key, row in rows.items()}
    assert parts == {red: (20, 2), blue: (21, 3), plain: (2, 4)}
    assert {row["decision"] for row in rows.values()} == {"write"}
    assert rows[red]["reference"] == "SET / A-RED"


@pytest.mark.covers("decision 40")
def test_given_lines_with_variants_when_items_are_products_then_they_are_one_part(
    colours: Company,
) -> None:
    keys = sorted(
        [
            colours.bom("SET", "A", 2, "red", variantCode="RED"),
            colours.bom("SET", "A", 3, "blue", variantCode="BLUE"),
        ]
    )
    rows = build(colours)
    assert (rows[keys[0]]["partProductId"], rows[keys[0]]["partQuantity"]) == (2, 5)
    assert rows[keys[1]]["decision"] == "remove"


@pytest.mark.covers("decision 40")
def test_given_a_variant_that_does_not_exist_then_the_line_is_never_about_the_item_itself(
    colours: Company,
) -> None:
    keys = [
        colours.bom("SET", "A", 2, "green", variantCode="GREEN"),
        colours.bom("SET", "A", 2, "pink", variantCode="PINK"),
    ]
    rows = build(colours, VARIANTS)
    assert [(rows[key]["decision"], rows[key]["reason"]) for key in keys] == [
        ("skip", "item A-GREEN is not in Optiply"),
        ("skip", "item A-PINK is not in Optiply"),
    ]
