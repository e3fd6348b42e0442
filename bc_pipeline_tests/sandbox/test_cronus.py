"""CRONUS: Microsoft's demo company as the sandbox serves it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bc_pipeline.sandbox.clock import Clock
from bc_pipeline.sandbox.companies import cronus
from bc_pipeline.sandbox.company.metadata import entities
from bc_pipeline.sandbox.company.values import ZERO_STAMP
from bc_pipeline_tests.sandbox.conftest import BcClient

COUNTS = {
    "items": 64,
    "itemVariants": 3,
    "vendors": 7,
    "customers": 5,
    "locations": 10,
    "salesInvoices": 303,
    "salesInvoiceLines": 523,
    "salesOrders": 20,
    "salesOrderLines": 34,
    "purchaseOrders": 8,
    "purchaseOrderLines": 13,
    "purchaseReceipts": 224,
    "purchaseReceiptLines": 258,
    "purchaseInvoices": 226,
    "itemLedgerEntries": 799,
    "dimensions": 7,
    "dimensionValues": 29,
    "currencyExchangeRates": 167,
    "companyInformation": 1,
}


@pytest.mark.parametrize(("variant", "currency"), [("w1", "GBP"), ("nl", "EUR")])
def test_each_variant_is_complete(variant: cronus.Variant, currency: str) -> None:
    company = cronus.build(Clock(), variant=variant)
    assert {name: len(company.tables[name]) for name in COUNTS} == COUNTS
    assert company.currency_code == currency
    assert {row["currencyCode"] for row in company.find("salesInvoices")} == {currency}


def test_well_known_rows() -> None:
    company = cronus.build(Clock())
    desk = company.find("items", number="1896-S")[0]
    assert desk["id"] == "63328c0f-7af2-5fde-876c-6a937c4bc5f8"
    assert desk["displayName"] == "ATHENS Desk"
    assert (desk["unitPrice"], desk["unitCost"]) == (Decimal("649.4"), Decimal("506.6"))
    assert company.inventory(desk["id"]) == 510
    order = company.find("purchaseOrders", number="106001")[0]
    assert order["vendorName"] == "Fabrikam, Inc."


def test_stock_is_the_sum_of_ledger_entries_and_known_per_opening_location() -> None:
    company = cronus.build(Clock())
    for item in company.find("items"):
        entries = company.find("itemLedgerEntries", itemNumber=item["number"])
        assert company.inventory(item["id"]) == sum(entry["quantity"] for entry in entries)
    somewhere = {code for item in company.tables["items"] for code, _ in company.stock(item)}
    assert {"", "MAIN"} <= somewhere


def test_every_reference_between_lines_items_and_headers_resolves() -> None:
    company = cronus.build(Clock())
    documents = {
        "salesInvoices": "salesInvoiceLines",
        "salesOrders": "salesOrderLines",
        "purchaseOrders": "purchaseOrderLines",
    }
    for headers, lines in documents.items():
        for line in company.find(lines):
            assert line["documentId"] in company.tables[headers]
            if line["lineType"] == "Item":
                assert line["itemId"] in company.tables["items"]


def test_stamps_are_repeatable_spread_shared_and_sometimes_missing() -> None:
    first, second = cronus.build(Clock()), cronus.build(Clock())
    for name in ("items", "salesInvoices", "vendors", "purchaseOrders"):
        stamps = {key: row["lastModifiedDateTime"] for key, row in first.tables[name].items()}
        again = {key: row["lastModifiedDateTime"] for key, row in second.tables[name].items()}
        assert stamps == again
    items = [row["lastModifiedDateTime"] for row in first.find("items")]
    assert ZERO_STAMP in items
    stamped = [stamp for stamp in items if stamp != ZERO_STAMP]
    assert 10 < len(set(stamped)) < len(stamped)
    invoices = [row["lastModifiedDateTime"] for row in first.find("salesInvoices")]
    assert all(stamp <= "2026-08-22T06:38:40Z" for stamp in invoices)


def test_rows_hold_exactly_the_stored_properties() -> None:
    company = cronus.build(Clock())
    for name, table in company.tables.items():
        known = set(entities()[name].fields) | {"@odata.etag"}
        for row in table.values():
            assert {key for key in row if not key.startswith("#")} <= known


def test_only_the_standard_api_is_there_unless_pages_are_published(bc: BcClient) -> None:
    assert bc.company.pages == {}
    cronus.publish_pages(bc.company, item_page="Items", item_units_page="Units")
    rows = bc.rows(f"{bc.odata}/Items?company={bc.company.name}&$filter=Vendor_No eq '30000'")
    assert "1896-S" in {row["No"] for row in rows}
    units = bc.rows(f"{bc.odata}/Units?company={bc.company.name}")
    assert len(units) == 82
    assert {row["Qty_per_Unit_of_Measure"] for row in units} >= {1, 48, 0.005}


@pytest.mark.covers("sandbox: seeded companies")
def test_what_is_blocked_has_no_groups_or_waits_refuses_as_in_business_central(
    bc: BcClient,
) -> None:
    field, dialog = (
        (400, "Application_FieldValidationException"),
        (400, "Application_DialogException"),
    )
    assert bc.refused("POST", "purchaseOrders", {"vendorNumber": "83000"}) == dialog
    assert bc.created("purchaseOrders", {"vendorNumber": "82000"})["vendorNumber"] == "82000"
    for customer in ("40000", "50000"):
        assert bc.refused("POST", "salesOrders", {"customerNumber": customer}) == dialog
    order = bc.created("purchaseOrders", {"vendorNumber": "10000"})
    lines = f"purchaseOrders({order['id']})/purchaseOrderLines"
    made = bc.created("items", {"displayName": "Made without a template"})
    for number in ("F-100", "F-101", made["number"]):
        body = {"lineType": "Item", "lineObjectNumber": number}
        assert bc.refused("POST", lines, body) == field
    for number in ("106003", "106004"):
        released = bc.rows(f"purchaseOrders?$filter=number eq '{number}'")[0]
        assert released["status"] == "Open"
        path = f"purchaseOrders({released['id']})/purchaseOrderLines"
        line = bc.rows(path)[0]
        assert bc.refused("PATCH", f"{path}({line['id']})", {"quantity": 99}) == field


def test_the_company_itself_was_not_made_in_the_future() -> None:
    company = cronus.build(lambda: datetime(2026, 9, 1, tzinfo=UTC))
    assert company.created_at == "2026-09-01T00:00:00Z"
