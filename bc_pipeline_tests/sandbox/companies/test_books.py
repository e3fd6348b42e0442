"""Both companies have what documents and journals need; the wholesaler's trade stays as it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bc_pipeline.sandbox.companies import cronus, wholesale
from bc_pipeline.sandbox.companies.dimension_pages import publish_dimensions
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline_tests.sandbox.consistency import faults

NOW = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)
ROLES = {"bank", "receivables", "payables", "inputTax", "outputTax", "purchases", "sales"}
DIMENSION_COLUMNS = [
    "Code",
    "Name",
    "Code_Caption",
    "Filter_Caption",
    "Description",
    "Blocked",
    "Map_to_IC_Dimension_Code",
    "Consolidation_Code",
]
VALUE_COLUMNS = [
    "Dimension_Code",
    "Code",
    "Name",
    "Dimension_Value_Type",
    "Totaling",
    "Blocked",
    "Map_to_IC_Dimension_Value_Code",
    "Consolidation_Code",
]


def build(name: str) -> Company:
    if name == "wholesale":
        return wholesale.build(clock=lambda: NOW, seed=1, items=20, months=1)
    return cronus.build(lambda: NOW, variant="nl" if name == "cronus nl" else "w1")


@pytest.fixture(scope="module", params=["wholesale", "cronus w1", "cronus nl"])
def company(request: Any) -> Company:
    return build(request.param)


def rows(company: Company, entity_set: str) -> list[Row]:
    return list(company.tables[entity_set].values())


def blocked(company: Company, entity_set: str) -> set[str]:
    return {str(row["code"]) for row in rows(company, entity_set) if row.get("#blocked")}


def test_given_accounts_then_all_kinds_and_every_role_are_there(company: Company):
    accounts = rows(company, "accounts")
    assert {row["accountType"] for row in accounts} > {"Posting", "Begin_x002D_Total"}
    assert any(row["blocked"] for row in accounts)
    posting = [row for row in accounts if row["accountType"] == "Posting"]
    assert {row["directPosting"] for row in posting} == {True, False}
    assert {row["#role"] for row in accounts if row.get("#role")} == ROLES


def test_given_payment_journals_then_they_are_journals_under_the_same_id(company: Company):
    payment = {row["id"] for row in rows(company, "vendorPaymentJournals")}
    twins = company.find("journals", templateDisplayName="PAYMENT")
    assert payment == {row["id"] for row in twins} != set()
    assert company.find("journals", templateDisplayName="GENERAL")
    for journal in rows(company, "vendorPaymentJournals"):
        number = journal["balancingAccountNumber"]
        found = company.find("accounts", number=number) or company.find(
            "bankAccounts", number=number
        )
        assert found


def test_given_dimensions_then_one_and_a_value_are_blocked_and_only_the_wholesaler_has_class(
    company: Company,
):
    codes = {row["code"] for row in rows(company, "dimensions")}
    assert "DEPARTMENT" in codes
    assert ("CLASS" in codes) == (company.name == wholesale.NAME)
    assert len(blocked(company, "dimensions")) == 1
    department = company.find("dimensions", code="DEPARTMENT")[0]
    values = company.find("dimensionValues", dimensionId=department["id"])
    assert {bool(row.get("#blocked")) for row in values} == {True, False}


def test_given_default_dimensions_then_they_name_real_values_and_have_posting_rules(
    company: Company,
):
    defaults = rows(company, "defaultDimensions")
    assert {row["parentType"] for row in defaults} >= {"Vendor"}
    assert len({row["postingValidation"] for row in defaults}) > 2
    for row in defaults:
        assert row["dimensionId"] in company.tables["dimensions"]
        if row["dimensionValueCode"]:
            assert row["dimensionValueId"] in company.tables["dimensionValues"]


@pytest.mark.covers("sandbox: ledger entries")
def test_given_posted_documents_then_balanced_ledger_entries_stand_beside_each(company: Company):
    assert faults(company) == []
    entries = rows(company, "generalLedgerEntries")
    numbers = {row["documentNumber"] for row in entries}
    for entity_set in ("salesInvoices", "salesCreditMemos", "purchaseInvoices"):
        for document in rows(company, entity_set):
            is_posted = document["status"] not in ("Draft", "In_x0020_Review")
            if document["totalAmountIncludingTax"] or not is_posted:
                assert (document["number"] in numbers) == is_posted
    assert [row["entryNumber"] for row in entries] == list(range(1, len(entries) + 1))
    days = [row["postingDate"] for row in entries]
    assert days == sorted(days)
    assert len({row["id"] for row in entries}) == len(entries)
    assert all(row["accountId"] in company.tables["accounts"] for row in entries)


def test_given_vendors_and_items_then_documents_can_be_made_with_them(company: Company):
    for partners in ("vendors", "customers"):
        assert all(row["#generalBusinessPostingGroup"] for row in rows(company, partners))
    items = rows(company, "items")
    without = {row["number"] for row in items if not row["generalProductPostingGroupCode"]}
    assert without == (set() if company.name == wholesale.NAME else {"F-100"})
    for item in items:
        counted = item["type"] == "Inventory" and item["number"] not in without
        assert bool(item["inventoryPostingGroupCode"]) == counted
    terms = {row["id"] for row in rows(company, "paymentTerms")}
    assert any(row["paymentTermsId"] in terms for row in rows(company, "vendors"))
    assert rows(company, "paymentMethods")
    assert any("#percent" in row for row in rows(company, "taxGroups"))


@pytest.mark.covers("sandbox: seeded companies")
def test_given_orders_then_some_are_released_and_some_received_in_part(company: Company):
    orders = rows(company, "purchaseOrders")
    parts = {
        line["documentId"]
        for line in rows(company, "purchaseOrderLines")
        if 0 < line["receivedQuantity"] < line["quantity"]
    }
    assert any(row["status"] == "Open" and row["id"] not in parts for row in orders)
    assert any(row["status"] == "Open" and row["id"] in parts for row in orders)
    received = {row["orderNumber"] for row in rows(company, "purchaseReceipts")}
    assert {row["number"] for row in orders if row["id"] in parts} <= received


@pytest.mark.covers("sandbox: seeded companies")
def test_given_vendors_customers_and_items_then_some_are_blocked(company: Company):
    assert {row["blocked"] for row in rows(company, "vendors")} == {"_x0020_", "Payment", "All"}
    assert "All" in {row["blocked"] for row in rows(company, "customers")}
    assert {row["blocked"] for row in rows(company, "items")} == {True, False}


@pytest.mark.covers("sandbox: seeded companies")
def test_given_both_companies_then_one_has_no_template_for_items_and_one_receives_blank():
    trial, trade = build("cronus w1"), build("wholesale")
    assert "items" not in trial.settings.templates
    assert trade.settings.templates["items"]
    assert trade.settings.default_quantity_to_receive == "Blank"
    lines = rows(trade, "purchaseOrderLines")
    assert lines
    assert {row["receiveQuantity"] for row in lines} == {row["invoiceQuantity"] for row in lines}
    assert {row["receiveQuantity"] for row in lines} == {0}


def test_given_published_dimensions_then_they_show_what_is_blocked(company: Company):
    publish_dimensions(company)
    dimensions = list(company.pages["Dimensions"](company))
    values = list(company.pages["Dimension_Values"](company))
    assert list(dimensions[0]) == DIMENSION_COLUMNS
    assert list(values[0]) == VALUE_COLUMNS
    assert {row["Code"] for row in dimensions if row["Blocked"]} == blocked(company, "dimensions")
    assert len(values) == len(rows(company, "dimensionValues"))
    assert {row["Dimension_Value_Type"] for row in values} > {"Standard"}
    assert any(row["Blocked"] for row in values)


def test_given_the_wholesaler_then_it_publishes_the_dimension_pages_itself():
    assert {"Dimensions", "Dimension_Values"} <= set(build("wholesale").pages)


def test_given_a_group_of_taxes_then_code_in_and_identifier_out_differ_at_the_wholesaler():
    groups = rows(build("wholesale"), "taxGroups")
    assert all(row["code"] != row["#identifier"] for row in groups)
