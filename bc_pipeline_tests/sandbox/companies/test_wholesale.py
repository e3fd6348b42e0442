"""The generated wholesaler has what makes synchronising one hard."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.sandbox.bookkeeping.documents import lines_of
from bc_pipeline.sandbox.bookkeeping.kinds import PURCHASE_ORDER, SALES_INVOICE
from bc_pipeline.sandbox.companies import wholesale
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline_tests.sandbox.consistency import faults

NOW = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)
ZERO_STAMP = "0001-01-01T00:00:00Z"
ZERO_GUID = "00000000-0000-0000-0000-000000000000"


def build(seed: int = 1, items: int = 300, **more: Any) -> Company:
    return wholesale.build(clock=lambda: NOW, seed=seed, items=items, **more)


@pytest.fixture(scope="module")
def company() -> Company:
    return build()


def rows(company: Company, entity_set: str) -> list[Row]:
    return list(company.tables[entity_set].values())


def page(company: Company, name: str) -> list[Row]:
    return list(company.pages[name](company))


def test_given_any_size_then_it_has_that_many_items_and_is_sound():
    for items, vendors in ((20, None), (150, 30)):
        company = build(items=items, vendors=vendors, months=3)
        assert len(rows(company, "items")) == items
        assert len(rows(company, "vendors")) == (vendors or 18)
        assert faults(company) == []
    with pytest.raises(ValueError, match="20 items"):
        build(items=5)


def test_given_the_same_seed_then_the_same_company_and_another_for_another_seed():
    first, second, other = (build(seed, items=60, months=2) for seed in (1, 1, 2))
    assert first.tables == second.tables
    assert rows(first, "items") != rows(other, "items")


def test_given_a_year_then_documents_and_stock_agree(company: Company):
    assert faults(company) == []
    assert (company.name, company.display_name) == (wholesale.NAME, wholesale.DISPLAY_NAME)
    assert company.name != company.display_name


def test_given_history_then_stamps_lie_on_its_days_and_the_clock_is_the_real_one_again(
    company: Company,
):
    days = {row["postingDate"] for row in rows(company, "salesInvoices")}
    assert min(days) < "2025-10-15"
    assert max(days) < "2026-09-01"
    for invoice in rows(company, "salesInvoices"):
        stamp = invoice["lastModifiedDateTime"]
        assert stamp == ZERO_STAMP or stamp[:10] >= invoice["postingDate"]
    assert company.clock() == NOW


def test_given_seasons_then_christmas_goods_sell_before_christmas(company: Company):
    christmas = {r["id"] for r in rows(company, "items") if r["itemCategoryCode"] == "KERST"}
    sold: Counter[str] = Counter()
    for invoice in rows(company, "salesInvoices"):
        for line in lines_of(company, SALES_INVOICE, invoice["id"]):
            if line["itemId"] in christmas:
                sold[invoice["postingDate"][5:7]] += 1
    assert sold["11"] + sold["12"] > 3 * (sold["04"] + sold["05"])


def test_given_items_then_types_blocks_and_tax_vary(company: Company):
    items = rows(company, "items")
    assert {row["type"] for row in items} == {"Inventory", "Service", "Non_x002D_Inventory"}
    assert any(row["blocked"] for row in items)
    assert any(row["#purchasingBlocked"] for row in items)
    assert {row["taxGroupCode"] for row in items if row["priceIncludesTax"]} >= {"HOOG", "LAAG"}
    assert any(row["unitPrice"] == 0 for row in items)
    assert any(row["lastModifiedDateTime"] == ZERO_STAMP for row in items)
    gtins = Counter(row["gtin"] for row in items if row["gtin"])
    assert any(count > 1 for count in gtins.values())
    assert any(not row["gtin"] for row in items)


def test_given_names_and_codes_then_they_hold_what_breaks_careless_code(company: Company):
    names = [row["displayName"] for row in rows(company, "items")]
    numbers = {row["number"] for row in rows(company, "items")}
    for text in ("O'Neill", "ß", "日本", "🌵", "\r\n", '"', "½"):
        assert any(text in name for name in names), text
    assert any(name != name.strip() for name in names)
    assert "" in names
    assert max(len(name) for name in names) == 100
    assert {"O'NEILL-07", "日本-12", "50%KORTING", "A&B/C #1", "CAFÉ_9+1", "NAN", "1E5"} <= numbers


def test_given_stock_then_it_is_spread_sometimes_negative_and_fractional_by_weight(
    company: Company,
):
    stock = page(company, "inventoryByLocations")
    assert {row["LocationCode"] for row in stock} >= {"", "AMS", "RTM", "WINKEL"}
    assert any(row["Inventory"] < 0 for row in stock)
    assert any(row["VariantCode"] and row["VariantId"] != ZERO_GUID for row in stock)
    totals: Counter[str] = Counter()
    for row in stock:
        totals[row["ItemId"]] += row["Inventory"]  # type: ignore[assignment]
    for item in rows(company, "items"):
        assert company.inventory(item["id"]) == totals.get(item["id"], 0)
        if item["baseUnitOfMeasureCode"] == "STUK" and item["type"] == "Inventory":
            assert company.inventory(item["id"]) % 1 == 0
    weighed = [i["id"] for i in rows(company, "items") if i["baseUnitOfMeasureCode"] == "KG"]
    assert any(company.inventory(id_) % 1 for id_ in weighed)


def test_given_vendors_then_blocks_currencies_and_addresses_vary(company: Company):
    vendors = rows(company, "vendors")
    assert {row["blocked"] for row in vendors} == {"_x0020_", "Payment", "All"}
    currencies = {row["currencyCode"] for row in vendors}
    rated = {row["currencyCode"] for row in rows(company, "currencyExchangeRates")}
    assert {"EUR", "USD", "TRY"} <= currencies
    assert "TRY" not in rated
    emails = [row["email"] for row in vendors]
    assert any(";" in email and "," in email for email in emails)
    assert "" in emails
    names = Counter(row["displayName"] for row in vendors)
    assert names["Same Name B.V."] == 2
    assert names[""] == 1


def test_given_sales_invoices_then_every_state_and_kind_of_line_occurs(company: Company):
    invoices = rows(company, "salesInvoices")
    states = {row["status"] for row in invoices}
    assert states >= {"Open", "Paid", "Canceled", "Corrective"}
    assert states & {"Draft", "In_x0020_Review"}
    assert any(row["invoiceDate"] == "0001-01-01" for row in invoices)
    assert {row["pricesIncludeTax"] for row in invoices} == {True, False}
    assert any(row["currencyCode"] != "EUR" for row in invoices)
    kinds: set[str] = set()
    twice = variants = packs = False
    for invoice in invoices:
        lines = lines_of(company, SALES_INVOICE, invoice["id"])
        kinds |= {line["lineType"] for line in lines}
        items = [line["itemId"] for line in lines if line["lineType"] == "Item"]
        twice |= len(items) > len(set(items))
        variants |= any(line["itemVariantId"] != ZERO_GUID for line in lines)
        packs |= any(line["unitOfMeasureCode"] == "DOOS" for line in lines)
    assert kinds == {"Item", "Comment", "Account", "Resource"}
    assert twice
    assert variants
    assert packs
    assert any(line["invoiceDiscountAllocation"] for line in rows(company, "salesInvoiceLines"))


def test_given_open_orders_then_every_status_and_partial_deliveries_occur(company: Company):
    orders = rows(company, "purchaseOrders")
    assert len(orders) >= 12
    assert {row["status"] for row in orders} == {"Draft", "In_x0020_Review", "Open"}
    assert any(row["orderDate"] == "0001-01-01" for row in orders)
    parts = [
        line
        for order in orders
        for line in lines_of(company, PURCHASE_ORDER, order["id"])
        if 0 < line["receivedQuantity"] < line["quantity"]
    ]
    assert parts
    assert any(0 < r["shippedQuantity"] < r["quantity"] for r in rows(company, "salesOrderLines"))


def test_given_receipts_then_some_belong_to_gone_orders_some_to_open_ones_some_to_none(
    company: Company,
):
    open_orders = {row["number"] for row in rows(company, "purchaseOrders")}
    referred = {row["orderNumber"] for row in rows(company, "purchaseReceipts")}
    assert "" in referred
    assert referred & open_orders
    assert referred - open_orders - {""}
    assert any(
        row["lastModifiedDateTime"] == ZERO_STAMP for row in rows(company, "purchaseReceipts")
    )


def test_given_unused_items_and_vendors_then_they_can_be_deleted(company: Company):
    used = {row["itemNumber"] for row in rows(company, "itemLedgerEntries")}
    assert any(r["#neverUsed"] and r["number"] not in used for r in rows(company, "items"))
    bought = {row["vendorNumber"] for row in rows(company, "purchaseOrders")}
    bought |= {row["vendorNumber"] for row in rows(company, "purchaseReceipts")}
    assert {row["number"] for row in rows(company, "vendors")} - bought


def test_given_the_item_page_then_supply_data_is_as_messy_as_people_leave_it(company: Company):
    cards = page(company, wholesale.ITEM_PAGE)
    assert len(cards) == len(rows(company, "items"))
    assert {row["Lead_Time_Calculation"] for row in cards} >= {"", "2W", "<10D>", "C10D", "J?"}
    assert any(row["Order_Multiple"] == Decimal("0.5") for row in cards)
    assert any(row["Minimum_Order_Quantity"] == Decimal("2.5") for row in cards)
    assert any(not row["Vendor_No"] for row in cards)
    assert any(row["Assembly_BOM"] for row in cards)


@pytest.mark.covers("sandbox: unit and tax ids")
def test_given_a_code_of_a_unit_tax_group_or_posting_group_then_its_id_is_there_too(
    company: Company,
):
    pairs = 0
    for entity_set, table in company.tables.items():
        for row in table.values():
            for code in (name for name in row if name.endswith("Code")):
                id = f"{code.removesuffix('Code')}Id"
                if row[code] and id in row and code != "currencyCode":
                    assert row[id] != ZERO_GUID, (entity_set, code, row[code])
                    pairs += 1
    assert pairs > 2000
    for row in rows(company, "items"):
        for kind in ("baseUnitOfMeasure", "taxGroup"):
            assert row[f"{kind}Code"]
            assert row[f"{kind}Id"] != ZERO_GUID


@pytest.mark.covers("sandbox: unit and tax ids")
def test_given_lines_then_they_show_the_vat_identifier_of_their_group(company: Company):
    groups = {row["code"] for row in rows(company, "taxGroups")}
    shown = {r["taxCode"] for r in rows(company, "salesInvoiceLines") if r["taxPercent"]}
    assert shown == {"BTW21", "BTW9"}
    assert not shown & groups


def test_given_sales_orders_then_the_item_page_tells_what_is_still_to_be_shipped(company: Company):
    line = next(
        row
        for row in rows(company, "salesOrderLines")
        if row["lineType"] == "Item" and row["quantity"] > row["shippedQuantity"]
    )
    card = next(
        r for r in page(company, wholesale.ITEM_PAGE) if r["No"] == line["lineObjectNumber"]
    )
    assert card["Qty_on_Sales_Order"] >= line["quantity"] - line["shippedQuantity"]


def test_given_the_units_page_then_factors_above_and_below_one_occur(company: Company):
    factors = {row["Qty_per_Unit_of_Measure"] for row in page(company, wholesale.ITEM_UNITS_PAGE)}
    assert {Decimal(1), Decimal(12), Decimal("0.5")} <= factors


def test_given_bills_of_materials_then_parts_repeat_and_differ_in_kind(company: Company):
    parts = page(company, "bomComponents")
    assert {row["componentType"] for row in parts} == {"Item", "Resource"}
    pairs = Counter((row["parentItemNo"], row["no"]) for row in parts)
    assert any(count > 1 for count in pairs.values())
    assert any(row["quantityPer"] % 1 for row in parts)
    assert len({row["id"] for row in parts}) == len(parts)
