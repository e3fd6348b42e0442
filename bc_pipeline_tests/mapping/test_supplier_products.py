"""Supplier products from the item page and from purchase history (mapping.md 3.1)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.documents import guid, line
from bc_pipeline_tests.mapping.mirror import Company

PAGE = frozenset({"bc.item_page"})
PAGE_AND_UNITS = PAGE | {"bc.item_units_of_measure"}


def pair(item: str = "A", vendor: str = "V1") -> str:
    return f"{guid(item)}_{guid(f'vendor {vendor}')}"


@pytest.fixture
def shop(company: Company) -> Company:
    """Item A and vendors V1 and V2 stand in Optiply."""
    company.product("A", 1)
    company.supplier("V1", 101)
    company.supplier("V2", 102)
    return company


def link(shop: Company, vendor: str = "V1", **build: Any) -> dict[str, Any]:
    return shop.build("supplier_products", **build)[pair("A", vendor)]


def paged(shop: Company, options: SyncOptions | None = None, **page: Any) -> dict[str, Any]:
    shop.page("A", **{"Vendor_No": "V1", **page})
    return link(shop, options=options, sources=PAGE_AND_UNITS)


# -- source B: the item page ----------------------------------------------------------------------


def test_given_the_item_page_then_the_main_vendor_is_the_preferred_supplier(shop: Company) -> None:
    row = paged(
        shop,
        Description="Desk",
        Vendor_Item_No=" X-1 ",
        GTIN="401",
        Last_Direct_Cost="506.6",
        Minimum_Order_Quantity="2.5",
        Order_Multiple=4,
        Lead_Time_Calculation="2W",
    )
    assert {name: row[name] for name in list(row)[6:]} == {
        "name": "Desk",
        "productId": 1,
        "supplierId": 101,
        "skuCode": "X-1",
        "eanCode": "401",
        "price": Decimal("506.60"),
        "minimumPurchaseQuantity": 3,
        "lotSize": 4,
        "deliveryTime": 14,
        "preferred": True,
        "status": "enabled",
    }
    assert row["decision"] == "write"
    assert row["extra"] == {
        "product_remote_id": guid("A"),
        "supplier_remote_id": guid("vendor V1"),
        "derived": False,
    }
    assert shop.report.warnings == {"fractional_quantity": 1}


def test_given_a_blank_description_then_the_product_name_is_the_name(shop: Company) -> None:
    assert paged(shop, Description=" ")["name"] == "Name of A"


@pytest.mark.parametrize(
    ("last", "unit", "card", "sent"),
    [("7.005", "6", "5", "7.01"), ("0", "6", "5", "6.00"), (None, None, "5", "5.00"),
     ("0", "0", "0", None), ("0.004", "0", "0", None)],
)  # fmt: skip
def test_given_costs_then_the_first_known_one_is_the_price_and_zero_is_unknown(
    company: Company, last: str | None, unit: str | None, card: str, sent: str | None
) -> None:
    company.product("A", 1, unitCost=card)
    company.supplier("V1", 101)
    company.page("A", Vendor_No="V1", Last_Direct_Cost=last, Unit_Cost=unit)
    price = link(company, sources=PAGE)["price"]
    assert price == (Decimal(sent) if sent else None)


@pytest.mark.parametrize(("quantity", "sent"), [("0", None), (None, None), ("0.2", 1), ("7", 7)])
def test_given_order_quantities_then_they_are_rounded_up_and_under_one_is_null(
    shop: Company, quantity: str | None, sent: int | None
) -> None:
    row = paged(shop, Minimum_Order_Quantity=quantity, Order_Multiple=quantity)
    assert (row["minimumPurchaseQuantity"], row["lotSize"]) == (sent, sent)


@pytest.mark.parametrize(
    ("multiple", "switched_on", "lot"), [(0, True, 12), (5, True, 5), (0, False, None)]
)
def test_given_no_order_multiple_then_the_purchase_unit_is_the_lot_only_when_switched_on(
    shop: Company, multiple: int, switched_on: bool, lot: int | None
) -> None:
    shop.unit("A", "BOX", 12)
    options = SyncOptions(lot_size_from_purchase_unit=switched_on)
    row = paged(shop, options, Order_Multiple=multiple, Purch_Unit_of_Measure="BOX")
    assert row["lotSize"] == lot


def test_given_a_lead_time_of_one_day_then_it_is_sent(shop: Company) -> None:
    assert paged(shop, Lead_Time_Calculation="1D")["deliveryTime"] == 1


def test_given_a_lead_time_that_is_no_formula_then_null_and_warning(shop: Company) -> None:
    assert paged(shop, Lead_Time_Calculation="soon")["deliveryTime"] is None
    assert shop.report.warnings == {"lead_time_not_understood": 1}


@pytest.mark.parametrize("blocked", ["Blocked", "Purchasing_Blocked", None])
def test_given_any_block_then_the_pair_is_disabled(shop: Company, blocked: str | None) -> None:
    page = {blocked: True} if blocked else {}
    assert paged(shop, **page)["status"] == ("disabled" if blocked else "enabled")


def test_given_a_blocked_item_then_the_pair_is_disabled(company: Company) -> None:
    company.product("A", 1, blocked=True)
    company.supplier("V1", 101)
    company.page("A", Vendor_No="V1")
    assert link(company, sources=PAGE)["status"] == "disabled"


def test_given_a_vendor_that_does_not_exist_then_no_pair_and_a_warning(shop: Company) -> None:
    shop.page("A", Vendor_No="GONE")
    assert shop.build("supplier_products", sources=PAGE) == {}
    assert shop.report.warnings == {"unknown_vendor": 1}


def test_given_an_item_without_vendor_then_there_is_no_pair(shop: Company) -> None:
    shop.page("A", Vendor_No=" ")
    assert shop.build("supplier_products", sources=PAGE) == {}
    assert shop.report.warnings == {}


def test_given_the_main_vendor_changed_then_the_old_pair_is_disabled_and_the_new_preferred(
    shop: Company,
) -> None:
    shop.page("A", Vendor_No="V1", Description="Desk", Last_Direct_Cost=5, Order_Multiple=2)
    shop.build("supplier_products", sources=PAGE)
    shop.written("supplier_products")
    shop.cursor.execute("UPDATE bc.item_page SET Vendor_No = 'V2'")
    rows = shop.build("supplier_products", sources=PAGE)
    old, new = rows[pair(vendor="V1")], rows[pair(vendor="V2")]
    assert (old["decision"], old["status"], old["preferred"]) == ("update_only", "disabled", False)
    # Everything else stays as it is in Optiply.
    assert (old["name"], old["productId"], old["supplierId"]) == ("Desk", 1, 101)
    assert (old["price"], old["lotSize"]) == (Decimal("5.00"), 2)
    assert (new["decision"], new["status"], new["preferred"]) == ("write", "enabled", True)


def test_given_the_page_lost_its_vendor_then_the_pair_is_left_to_the_deletion_guard(
    shop: Company,
) -> None:
    shop.stands("supplier_products", pair(), 7, last_sent={"name": "Desk"})
    shop.page("A", Vendor_No="")
    assert shop.build("supplier_products", sources=PAGE) == {}


# -- parents --------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["quarantined", "deferred", "intent"])
def test_given_a_product_whose_creation_failed_then_the_pair_waits(
    shop: Company, state: str
) -> None:
    shop.item("B")
    shop.stands("products", guid("B"), None, state=state)
    shop.page("B", Vendor_No="V1")
    row = shop.build("supplier_products", sources=PAGE)[pair("B")]
    assert (row["decision"], row["reason"]) == ("defer", "item B is not in Optiply yet")


def test_given_a_vendor_that_is_wanted_but_not_written_then_the_pair_waits(shop: Company) -> None:
    shop.vendor("V3")
    shop.build("suppliers")
    shop.page("A", Vendor_No="V3")
    row = shop.build("supplier_products", sources=PAGE)[pair(vendor="V3")]
    assert (row["decision"], row["reason"]) == ("defer", "vendor V3 is not in Optiply yet")


def test_given_a_product_out_of_scope_then_the_pair_is_skipped(shop: Company) -> None:
    shop.item("B", type="Service")
    shop.build("products")
    shop.page("B", Vendor_No="V1")
    row = shop.build("supplier_products", sources=PAGE)[pair("B")]
    assert (row["decision"], row["reason"]) == ("skip", "item B is not in Optiply")


def test_given_a_product_deleted_in_optiply_then_it_is_no_parent(shop: Company) -> None:
    shop.stands("products", guid("A"), 1, state="deleted")
    assert paged(shop)["decision"] == "skip"


def test_given_variant_mode_then_every_variant_has_the_items_supplier(shop: Company) -> None:
    red = shop.variant("A", "RED")
    shop.stands("products", f"{guid('A')}_{red}", 2)
    shop.page("A", Vendor_No="V1")
    options = SyncOptions(variant_mode="variant")
    rows = shop.build("supplier_products", options, sources=PAGE)
    assert rows[f"{guid('A')}_{red}_{guid('vendor V1')}"]["productId"] == 2
    assert rows[pair()]["productId"] == 1


# -- source C: derived ----------------------------------------------------------------------------


def test_given_no_item_page_then_the_newest_purchase_gives_price_and_preferred_vendor(
    shop: Company,
) -> None:
    shop.purchase_order(
        "P1", line("A", 2, directUnitCost=10), vendor="V1", orderDate=date(2026, 1, 1)
    )
    shop.purchase_order(
        "P2", line("A", 2, directUnitCost=12), vendor="V1", orderDate=date(2026, 2, 1)
    )
    shop.receipt("R1", line("A", 2, unitCost=9), vendorNumber="V2", postingDate=date(2026, 1, 15))
    first, second = link(shop, "V1"), link(shop, "V2")
    assert (first["price"], first["preferred"]) == (Decimal("12.00"), True)
    assert (second["price"], second["preferred"]) == (Decimal("9.00"), False)
    assert first["extra"]["derived"] is True
    assert (first["name"], first["skuCode"], first["lotSize"]) == ("Name of A", None, None)


def test_given_a_line_discount_then_the_price_is_after_it(shop: Company) -> None:
    shop.receipt("R1", line("A", 3, unitCost="10.01", discountPercent="12.5"))
    assert link(shop)["price"] == Decimal("8.76")


def test_given_a_purchase_unit_then_the_price_is_per_base_unit(shop: Company) -> None:
    shop.unit("A", "BAG", 48)
    shop.purchase_order("P1", line("A", 2, directUnitCost=15, unitOfMeasureCode="BAG"))
    assert link(shop, sources=frozenset({"bc.item_units_of_measure"}))["price"] == Decimal("0.31")


def test_given_an_unknown_purchase_unit_then_no_price_and_a_warning(shop: Company) -> None:
    shop.purchase_order("P1", line("A", 2, directUnitCost=15, unitOfMeasureCode="BAG"))
    row = link(shop)
    assert (row["price"], row["decision"]) == (None, "write")
    assert shop.report.warnings == {"unknown_unit": 1}


def test_given_prices_with_vat_then_the_line_amount_gives_the_cost_without(shop: Company) -> None:
    shop.purchase_order(
        "P1",
        line("A", 2, directUnitCost=121, amountExcludingTax=200, netAmount=180),
        pricesIncludeTax=True,
    )
    assert link(shop)["price"] == Decimal("100.00")


def test_given_prices_with_vat_and_no_amount_before_discounts_then_the_net_amount_counts(
    shop: Company,
) -> None:
    shop.purchase_order(
        "P1", line("A", 2, directUnitCost=121, netAmount=200), pricesIncludeTax=True
    )
    assert link(shop)["price"] == Decimal("100.00")


def test_given_prices_without_vat_then_a_lower_line_amount_is_no_sign_of_vat(
    shop: Company,
) -> None:
    shop.purchase_order("P1", line("A", 2, directUnitCost=121, amountExcludingTax=200))
    assert link(shop)["price"] == Decimal("121.00")


def test_given_a_rounded_line_amount_then_the_direct_cost_counts(shop: Company) -> None:
    shop.purchase_order("P1", line("A", 3, directUnitCost="1.115", amountExcludingTax="3.34"))
    assert link(shop)["price"] == Decimal("1.12")


def test_given_a_foreign_purchase_then_the_price_is_in_company_currency(shop: Company) -> None:
    shop.rate("USD", date(2026, 1, 1), 100, 80)
    shop.purchase_order("P1", line("A", 2, directUnitCost=10), currencyCode="USD")
    assert link(shop)["price"] == Decimal("8.00")


def test_given_no_rate_then_a_foreign_amount_is_not_sent_as_a_price(shop: Company) -> None:
    shop.purchase_order("P1", line("A", 2, directUnitCost=10), currencyCode="USD")
    assert link(shop)["price"] is None
    assert shop.report.warnings == {"missing_rate": 1}


def test_given_a_newer_line_without_cost_then_the_last_known_cost_stays(shop: Company) -> None:
    shop.purchase_order("P1", line("A", 2, directUnitCost=10), orderDate=date(2026, 1, 1))
    shop.purchase_order("P2", line("A", 2, directUnitCost=0), orderDate=date(2026, 2, 1))
    assert link(shop)["price"] == Decimal("10.00")


def test_given_only_lines_without_cost_then_there_is_no_price(shop: Company) -> None:
    shop.receipt("R1", line("A", 2, unitCost=0))
    assert link(shop)["price"] is None


def test_given_an_undone_receipt_then_its_negative_line_is_no_purchase(shop: Company) -> None:
    shop.receipt("R1", line("A", 2, unitCost=5), vendorNumber="V1")
    shop.receipt("R2", line("A", -2, unitCost=6), vendorNumber="V2", postingDate=date(2026, 8, 9))
    rows = shop.build("supplier_products")
    assert list(rows) == [pair(vendor="V1")]
    assert rows[pair(vendor="V1")]["preferred"] is True


def test_given_two_vendors_on_one_day_then_the_later_number_is_preferred_in_any_row_order(
    shop: Company,
) -> None:
    shop.receipt("R2", line("A", 2, unitCost=5), vendorNumber="V1")
    shop.receipt("R1", line("A", 2, unitCost=6), vendorNumber="V2")
    rows = shop.build("supplier_products")
    assert [row["preferred"] for row in (rows[pair(vendor="V1")], rows[pair(vendor="V2")])] == [
        True,
        False,
    ]


def test_given_a_quantity_scale_then_the_price_is_per_smallest_unit(company: Company) -> None:
    company.product("A", 1, itemCategoryCode="BULK")
    company.supplier("V1", 101)
    company.receipt("R1", line("A", 2, unitCost=25))
    options = SyncOptions(quantity_scale={"BULK": 1000})
    assert link(company, options=options)["price"] == Decimal("0.03")
