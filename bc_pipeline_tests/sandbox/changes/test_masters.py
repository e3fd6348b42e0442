"""Items and vendors (rules.md 2, 10)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bc_pipeline.sandbox.bookkeeping.documents import Refused, resolve
from bc_pipeline.sandbox.changes import masters, purchases, sales
from bc_pipeline.sandbox.company.company import Company


def test_given_stock_moves_then_inventory_follows_and_the_item_row_does_not_change(
    company: Company,
):
    item = resolve(company, "items", "A")
    before = dict(item)
    masters.move_stock(company, item="A", quantity="2.5", location="AMS")
    masters.move_stock(company, item="A", quantity=-1)
    assert item == before
    assert company.inventory(item["id"]) == Decimal("1.5")
    assert company.inventory(item["id"], "AMS") == Decimal("2.5")
    kinds = [row["entryType"] for row in company.tables["itemLedgerEntries"].values()]
    assert kinds == ["Positive_x0020_Adjmt_x002E_", "Negative_x0020_Adjmt_x002E_"]


@pytest.mark.parametrize(
    "params",
    [
        {"item": "SERVICE", "quantity": 1},
        {"item": "BLOCKED", "quantity": 1},
        {"item": "A", "quantity": 0},
        {"item": "A", "quantity": 1, "location": "MARS"},
        {"item": "A", "quantity": 1, "variant": "RED"},
    ],
    ids=str,
)
def test_given_an_adjustment_bc_refuses_then_no_entry_is_made(
    company: Company, params: dict[str, object]
):
    with pytest.raises(Refused):
        masters.move_stock(company, **params)
    assert not company.tables["itemLedgerEntries"]


def test_given_a_new_item_then_it_has_a_number_and_its_card(company: Company):
    item = masters.new_item(company, name="New", vendor="V2", lead_time="2W", order_multiple="6")
    assert item["number"] == "1001"
    assert (item["#vendorNumber"], item["#leadTime"], item["#orderMultiple"]) == ("V2", "2W", 6)
    with pytest.raises(Refused):
        masters.new_item(company, name="Again", number="1001")
    with pytest.raises(Refused):
        masters.new_item(company, name="Odd", colour="red")


def test_given_a_new_variant_then_the_item_row_does_not_change(company: Company):
    before = dict(resolve(company, "items", "A"))
    masters.new_variant(company, item="A", code="RED", description="Red")
    assert resolve(company, "items", "A") == before
    with pytest.raises(Refused):
        masters.new_variant(company, item="A", code="RED", description="Red")
    masters.move_stock(company, item="A", quantity=3, variant="RED")
    assert company.inventory(before["id"]) == 3


def test_given_item_changes_then_the_stamp_moves(company: Company):
    item = resolve(company, "items", "A")
    for change in (
        lambda: masters.rename_item(company, item="A", name="Other"),
        lambda: masters.change_price(company, item="A", price="12.345"),
        lambda: masters.change_gtin(company, item="A", gtin="8712345678901"),
        lambda: masters.change_item_card(company, item="A", lead_time="1M"),
        lambda: masters.change_main_vendor(company, item="A", vendor="V2"),
        lambda: masters.block_item(company, item="A"),
        lambda: masters.unblock_item(company, item="A"),
    ):
        stamp = item["lastModifiedDateTime"]
        change()
        assert item["lastModifiedDateTime"] > stamp
    assert (item["displayName"], item["unitPrice"]) == ("Other", Decimal("12.345"))
    assert item["#vendorNumber"] == "V2"


@pytest.mark.parametrize("gtin", ["123456789012345", "12A"])
def test_given_no_gtin_then_it_is_refused(company: Company, gtin: str):
    with pytest.raises(Refused):
        masters.change_gtin(company, item="A", gtin=gtin)


def test_given_an_unused_item_then_it_can_be_deleted_with_its_variants(company: Company):
    masters.new_variant(company, item="B", code="RED", description="Red")
    masters.change_item_type(company, item="B", type="Service")
    masters.delete_item(company, item="B")
    assert not company.find("items", number="B")
    assert not company.tables["itemVariants"]


@pytest.mark.parametrize("use", ["entry", "order", "purchase", "bill"])
def test_given_a_used_item_then_deletion_and_another_type_are_refused(company: Company, use: str):
    line = {"item": "B", "quantity": 1}
    if use == "entry":
        masters.move_stock(company, **line)
    elif use == "order":
        sales.new_sales_order(company, customer="K1", lines=[line])
    elif use == "purchase":
        purchases.new_purchase_order(company, vendor="V1", lines=[line])
    else:
        parent = resolve(company, "items", "A")["id"]
        company.modify("items", parent, **{"#bom": [{"no": "B"}]})
    with pytest.raises(Refused):
        masters.delete_item(company, item="B")
    with pytest.raises(Refused):
        masters.change_item_type(company, item="B", type="Service")


def test_given_vendor_changes_then_the_stamp_moves_and_blocks_have_kinds(company: Company):
    vendor = resolve(company, "vendors", "V1")
    stamp = vendor["lastModifiedDateTime"]
    masters.rename_vendor(company, vendor="V1", name="Other")
    masters.change_vendor_email(company, vendor="V1", email="a@b.nl;c@d.nl")
    assert vendor["lastModifiedDateTime"] > stamp
    masters.block_vendor(company, vendor="V1", kind="Payment")
    assert vendor["blocked"] == "Payment"
    masters.block_vendor(company, vendor="V1")
    assert vendor["blocked"] == "All"
    masters.unblock_vendor(company, vendor="V1")
    assert vendor["blocked"] == "_x0020_"
    for wrong in (
        lambda: masters.unblock_vendor(company, vendor="V1"),
        lambda: masters.block_vendor(company, vendor="V1", kind="Sometimes"),
    ):
        with pytest.raises(Refused):
            wrong()


def test_given_a_vendor_with_orders_then_deletion_is_refused(company: Company):
    purchases.new_purchase_order(company, vendor="V1", lines=[{"item": "B", "quantity": 1}])
    with pytest.raises(Refused):
        masters.delete_vendor(company, vendor="V1")
    masters.delete_vendor(company, vendor="V2")
    assert not company.find("vendors", number="V2")


def test_given_a_new_vendor_then_blank_currency_is_the_local_one(company: Company):
    local = masters.new_vendor(company, name="Local")
    foreign = masters.new_vendor(company, name="Foreign", currency="USD")
    assert (local["number"], local["currencyCode"]) == ("V5", "EUR")
    assert foreign["currencyCode"] == "USD"
    assert foreign["currencyId"] == company.find("currencies", code="USD")[0]["id"]
