"""Items as products (mapping.md 2)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.errors import ConfigError
from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.documents import MODIFIED, guid
from bc_pipeline_tests.mapping.mirror import Company


def product(company: Company, number: str, **build: Any) -> dict[str, Any]:
    """The wanted row of the item called ``number``."""
    return company.build("products", **build)[guid(number)]


def test_given_an_item_when_mapped_then_each_attribute_has_its_source(company: Company) -> None:
    item_id = company.item("1896-S", displayName="ATHENS Desk", gtin="4012345", inventory=7)
    row = product(company, "1896-S")
    assert row == {
        "remote_id": item_id,
        "reference": "1896-S",
        "decision": "write",
        "reason": None,
        "source_modified_at": MODIFIED,
        "extra": {
            "number": "1896-S",
            "base_unit": "PCS",
            "category": None,
            "variant_code": None,
        },
        "name": "ATHENS Desk",
        "skuCode": "1896-S",
        "articleCode": None,
        "eanCode": "4012345",
        "price": Decimal("5.00"),
        "stockLevel": 7,
        "unlimitedStock": False,
        "status": "enabled",
        "notBeingBought": None,
        "assembled": None,
        "minimumStock": None,
        "maximumStock": None,
        "stockMeasurementUnit": None,
        "createdAtRemote": None,
    }


def test_given_a_blank_name_then_the_number_is_the_name(company: Company) -> None:
    company.item("A", displayName="  ")
    assert product(company, "A")["name"] == "A"


def test_given_neither_name_nor_number_then_only_that_item_is_quarantined(
    company: Company,
) -> None:
    company.item("A")
    company.item("", id=guid("empty"), displayName="")
    rows = company.build("products")
    assert rows[guid("empty")]["decision"] == "quarantine"
    assert "neither a name nor a number" in rows[guid("empty")]["reason"]
    assert rows[guid("A")]["decision"] == "write"


def test_given_a_blank_gtin_then_no_ean_and_no_warning(company: Company) -> None:
    company.item("A")
    company.item("B")
    assert product(company, "A")["eanCode"] is None
    assert company.warnings("duplicate_gtin") == []


def test_given_two_items_with_one_gtin_then_both_are_written_and_both_are_warned_about(
    company: Company,
) -> None:
    company.item("A", gtin="123")
    company.item("B", gtin=" 123 ")
    rows = company.build("products")
    assert [row["eanCode"] for row in rows.values()] == ["123", "123"]
    assert [row["decision"] for row in rows.values()] == ["write", "write"]
    assert set(company.warnings("duplicate_gtin")) == {
        (guid("A"), "GTIN 123 is used by items A, B"),
        (guid("B"), "GTIN 123 is used by items A, B"),
    }
    assert company.report.warnings["duplicate_gtin"] == 2


def test_given_an_article_code_field_then_that_item_property_is_sent(company: Company) -> None:
    company.item("A", itemCategoryCode="DESK")
    options = SyncOptions(article_code_field="itemCategoryCode")
    assert product(company, "A", options=options)["articleCode"] == "DESK"


def test_given_an_article_code_field_items_do_not_have_then_a_config_error_names_it(
    company: Company,
) -> None:
    with pytest.raises(ConfigError, match=r"article_code_field.*nonsense"):
        company.build("products", SyncOptions(article_code_field="nonsense"))


# -- price ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "sent"),
    [
        ("0", "0.00"),
        ("-3", "0.00"),
        ("649.4", "649.40"),
        ("1.005", "1.01"),
        ("999999999.99", "999999999.99"),
    ],
)
def test_given_a_price_without_vat_then_it_is_rounded_and_never_negative(
    company: Company, price: str, sent: str
) -> None:
    company.item("A", unitPrice=price)
    assert product(company, "A")["price"] == Decimal(sent)


def test_given_a_price_above_what_optiply_takes_then_it_is_left_out_and_warned(
    company: Company,
) -> None:
    company.item("A", unitPrice="1000000000")
    assert product(company, "A")["price"] is None
    assert company.report.warnings == {"price_too_high": 1}


VAT = SyncOptions(vat_percent_by_tax_group={"standard": Decimal(21), "": Decimal("5.5")})


@pytest.mark.parametrize(
    ("tax_group", "price", "sent"),
    [("STANDARD", "121", "100.00"), ("STANDARD", "9.99", "8.26"), ("", "10.55", "10.00")],
)
def test_given_a_price_with_vat_then_vat_is_taken_out(
    company: Company, tax_group: str, price: str, sent: str
) -> None:
    company.item("A", unitPrice=price, priceIncludesTax=True, taxGroupCode=tax_group)
    assert product(company, "A", options=VAT)["price"] == Decimal(sent)


def test_given_a_price_with_vat_of_an_unknown_rate_then_it_is_left_out_and_warned(
    company: Company,
) -> None:
    company.item("A", unitPrice="121", priceIncludesTax=True, taxGroupCode="LOW")
    assert product(company, "A", options=VAT)["price"] is None
    assert "LOW" in company.warnings("unknown_vat_rate")[0][1]


def test_given_no_price_then_vat_of_an_unknown_rate_does_not_matter(company: Company) -> None:
    company.item("A", unitPrice=0, priceIncludesTax=True, taxGroupCode="LOW")
    assert product(company, "A", options=VAT)["price"] == 0
    assert company.report.warnings == {}


# -- status and stock kind ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "blocked", "status", "unlimited", "decision"),
    [
        ("Inventory", False, "enabled", False, "write"),
        ("Inventory", True, "disabled", False, "update_only"),
        ("Service", False, "disabled", True, "update_only"),
        ("Non_x002D_Inventory", False, "disabled", True, "update_only"),
        ("Non-Inventory", True, "disabled", True, "update_only"),
        ("_x0020_", False, "disabled", True, "update_only"),
        ("Added_By_An_App", False, "disabled", True, "update_only"),
    ],
)
def test_given_a_type_and_block_then_status_and_stock_kind_follow_and_only_enabled_ones_are_new(
    company: Company, kind: str, blocked: bool, status: str, unlimited: bool, decision: str
) -> None:
    company.item("A", type=kind, blocked=blocked)
    row = product(company, "A")
    assert (row["status"], row["unlimitedStock"], row["decision"]) == (status, unlimited, decision)
    assert bool(row["reason"]) == (decision == "update_only")


def test_given_a_known_item_that_became_a_service_then_it_is_updated_to_disabled_and_unlimited(
    company: Company,
) -> None:
    company.product("A", type="Service")
    row = product(company, "A")
    assert (row["status"], row["unlimitedStock"]) == ("disabled", True)
    assert row["decision"] == "update_only"  # stands, so it is updated


@pytest.mark.parametrize(("published", "sent"), [(True, True), (False, False), (None, None)])
def test_given_purchasing_blocked_on_the_item_page_then_it_is_not_being_bought(
    company: Company, published: bool | None, sent: bool | None
) -> None:
    company.item("A")
    company.page("A", Purchasing_Blocked=published)
    row = product(company, "A", sources=frozenset({"bc.item_page"}))
    assert row["notBeingBought"] is sent


def test_given_no_item_page_then_a_phase_out_in_optiply_survives(company: Company) -> None:
    company.item("A")
    company.page("A", Purchasing_Blocked=True)
    assert product(company, "A")["notBeingBought"] is None


# -- composed products ----------------------------------------------------------------------------


def test_given_a_bom_parent_then_it_is_assembled_unlimited_and_enabled(company: Company) -> None:
    company.item("SET")
    company.item("PART")
    company.bom("SET", "PART", 2)
    parent = product(company, "SET", bom=True)
    assert (parent["assembled"], parent["unlimitedStock"], parent["status"]) == (
        True,
        True,
        "enabled",
    )
    part = product(company, "PART", bom=True)
    assert (part["assembled"], part["unlimitedStock"]) == (False, False)


def test_given_assemble_to_stock_then_a_bom_parent_keeps_its_stock(company: Company) -> None:
    company.item("SET", inventory=4)
    company.bom("SET", "PART", 2)
    row = product(company, "SET", options=SyncOptions(assembled_keep_stock=True), bom=True)
    assert (row["assembled"], row["unlimitedStock"], row["stockLevel"]) == (True, False, 4)


def test_given_a_blocked_bom_parent_then_it_stays_disabled(company: Company) -> None:
    company.item("SET", blocked=True)
    company.bom("SET", "PART", 2)
    row = product(company, "SET", bom=True)
    assert (row["status"], row["assembled"], row["decision"]) == ("disabled", True, "update_only")


def test_given_a_bom_of_resources_only_then_the_item_is_not_composed(company: Company) -> None:
    company.item("SET")
    company.bom("SET", "HOURS", 2, componentType="Resource")
    row = product(company, "SET", bom=True)
    assert (row["assembled"], row["unlimitedStock"]) == (False, False)


def test_given_no_bom_source_then_assembled_is_left_out(company: Company) -> None:
    company.item("SET")
    company.bom("SET", "PART", 2)
    row = product(company, "SET", bom=False)
    assert (row["assembled"], row["unlimitedStock"]) == (None, False)


# -- units ----------------------------------------------------------------------------------------


def test_given_the_measurement_unit_is_wanted_then_it_is_the_base_unit_cut_at_ten(
    company: Company,
) -> None:
    company.item("A", baseUnitOfMeasureCode="KILOMETRES-X")
    assert product(company, "A")["stockMeasurementUnit"] is None
    options = SyncOptions(send_stock_measurement_unit=True)
    assert product(company, "A", options=options)["stockMeasurementUnit"] == "KILOMETRES"


def test_given_a_quantity_scale_then_stock_and_price_are_per_smallest_unit(
    company: Company,
) -> None:
    company.item("A", itemCategoryCode="Bulk", inventory="1.2345", unitPrice="25")
    options = SyncOptions(quantity_scale={"BULK": 1000}, send_stock_measurement_unit=True)
    row = product(company, "A", options=options)
    assert (row["stockLevel"], row["price"]) == (1234, Decimal("0.03"))
    assert row["stockMeasurementUnit"] is None  # the base unit would be wrong


def test_given_a_price_below_a_cent_per_smallest_unit_then_it_is_left_out_not_free(
    company: Company,
) -> None:
    company.item("A", itemCategoryCode="BULK", unitPrice="4")
    row = product(company, "A", options=SyncOptions(quantity_scale={"BULK": 1000}))
    assert row["price"] is None
    assert company.report.warnings == {"price_below_one_cent": 1}


# -- variants -------------------------------------------------------------------------------------

VARIANTS = SyncOptions(variant_mode="variant")
BY_LOCATION = frozenset({"bc.inventory_by_locations"})


def test_given_item_mode_then_variants_are_no_products_of_their_own(company: Company) -> None:
    company.item("A", inventory=9)
    company.variant("A", "RED")
    rows = company.build("products", sources=BY_LOCATION)
    assert list(rows) == [guid("A")]


def test_given_variant_mode_then_there_is_one_product_per_variant(company: Company) -> None:
    company.item("A", displayName="Shirt", gtin="1")
    company.variant("A", "RED", "red")
    company.variant("A", "BLUE", " ")
    company.stock("A", "MAIN", 4, "RED")
    company.stock("A", "WEST", 2, "RED")
    rows = company.build("products", VARIANTS, sources=BY_LOCATION)
    red = rows[f"{guid('A')}_{guid('A/RED')}"]
    assert (red["name"], red["skuCode"], red["articleCode"]) == ("Shirt - red", "A-RED", "A")
    assert (red["stockLevel"], red["decision"]) == (6, "write")
    blue = rows[f"{guid('A')}_{guid('A/BLUE')}"]
    assert (blue["name"], blue["stockLevel"]) == ("Shirt - BLUE", 0)


def test_given_variant_mode_and_an_item_without_variants_then_the_item_is_the_product(
    company: Company,
) -> None:
    company.item("A", inventory=3)
    row = product(company, "A", options=VARIANTS)
    assert (row["stockLevel"], row["decision"]) == (3, "write")


@pytest.mark.parametrize(
    ("loose", "decision"), [(None, "update_only"), (0, "update_only"), (5, "write")]
)
def test_given_variant_mode_then_the_bare_item_is_a_product_only_with_stock_under_no_variant(
    company: Company, loose: int | None, decision: str
) -> None:
    company.item("A")
    company.variant("A", "RED")
    if loose is not None:
        company.stock("A", "MAIN", loose)
    row = product(company, "A", options=VARIANTS, sources=BY_LOCATION)
    assert (row["decision"], row["stockLevel"]) == (decision, loose or 0)


def test_given_variant_mode_without_stock_per_variant_then_new_variants_wait(
    company: Company,
) -> None:
    company.item("A", inventory=9)
    company.variant("A", "RED")
    row = company.build("products", VARIANTS)[f"{guid('A')}_{guid('A/RED')}"]
    assert (row["stockLevel"], row["decision"]) == (None, "defer")


def test_given_a_long_item_name_in_variant_mode_then_the_whole_is_cut_at_255(
    company: Company,
) -> None:
    company.item("A", displayName="x" * 250)
    company.variant("A", "RED", "crimson red")
    rows = company.build("products", VARIANTS, sources=BY_LOCATION)
    assert len(rows[f"{guid('A')}_{guid('A/RED')}"]["name"]) == 255
