"""What the wholesaler publishes has the columns that clients in the field select."""

from __future__ import annotations

import pytest

from bc_pipeline.sandbox.clock import Clock
from bc_pipeline.sandbox.companies import wholesale
from bc_pipeline.sandbox.companies.dimension_pages import DIMENSION_VALUES_PAGE, DIMENSIONS_PAGE
from bc_pipeline.sandbox.company.company import Company

SELECTED = {
    wholesale.ITEM_PAGE: "No Description Description_2 Blocked Type Last_Date_Modified "
    "Reordering_Policy Base_Unit_of_Measure Sales_Unit_of_Measure Purch_Unit_of_Measure "
    "Qty_on_Sales_Order Qty_on_Purch_Order Inventory Vendor_No Vendor_Item_No Unit_Cost "
    "Last_Direct_Cost Minimum_Order_Quantity Order_Multiple Lot_Size Lead_Time_Calculation "
    "Purchasing_Blocked GTIN Assembly_BOM Unit_Price Item_Category_Code",
    wholesale.ITEM_UNITS_PAGE: "Item_No Code Qty_per_Unit_of_Measure TINX_Is_Default "
    "XPRT_Qty_Rounding_Precision ItemUnitOfMeasure ItemBaseUOMQtyPrecision",
    "inventoryByLocations": "ItemId ItemNo VariantId VariantCode LocationCode Inventory "
    "SystemModifiedAt",
    "bomComponents": "id parentItemNo lineNo componentType no description quantityPer "
    "unitOfMeasureCode position variantCode systemCreatedAt systemModifiedAt",
    DIMENSIONS_PAGE: "Code Name Blocked Description Consolidation_Code",
    DIMENSION_VALUES_PAGE: "Dimension_Code Code Name Dimension_Value_Type Totaling Blocked "
    "Consolidation_Code",
}


@pytest.fixture(scope="module")
def company() -> Company:
    return wholesale.build(clock=Clock(), seed=1, items=20, months=2)


@pytest.mark.parametrize("page", SELECTED)
def test_given_what_clients_select_then_every_column_is_there(company: Company, page: str) -> None:
    rows = list(company.pages[page](company))
    assert rows
    for row in rows:
        assert set(SELECTED[page].split()) <= row.keys()


@pytest.mark.covers("decision 40")
def test_given_bills_of_materials_then_one_part_is_built_in_as_a_variant(company: Company) -> None:
    [line] = [row for row in company.pages["bomComponents"](company) if row["variantCode"]]
    [item] = company.find("items", number=line["no"])
    assert company.find("itemVariants", itemId=item["id"], code=line["variantCode"])
    assert line["description"] == item["displayName"]


def test_given_open_orders_then_the_item_card_sums_them_in_the_base_unit(company: Company) -> None:
    cards = {row["No"]: row for row in company.pages[wholesale.ITEM_PAGE](company)}
    assert any(card["Qty_on_Sales_Order"] for card in cards.values())
    assert any(card["Qty_on_Purch_Order"] for card in cards.values())
    for item in company.tables["items"].values():
        assert cards[item["number"]]["Inventory"] == company.inventory(item["id"])
