"""``$filter`` as Business Central takes and refuses it (behaviour.md 3.1)."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import quote

import pytest

from bc_pipeline_tests.sandbox.conftest import BcClient


@pytest.fixture(autouse=True)
def rows(bc: BcClient) -> None:
    """Three vendors and three items of known content beside those of CRONUS."""
    for number, name in (("ZZ1", "O'Neil & Sons"), ("ZZ2", "Zoë"), ("ZZ3", "Plain")):
        bc.company.insert("vendors", {"number": number, "displayName": name})
    prices = ("1.5", "2", "2.50001")
    for index, price in enumerate(prices, start=1):
        row = {"number": f"ZZ{index}", "unitPrice": Decimal(price), "blocked": index == 3}
        stamp = f"2031-01-0{index}T00:00:00.{index}Z"
        bc.company.insert("items", row, stamp=stamp)


def numbers(bc: BcClient, entity_set: str, text: str, more: str = "") -> list[str]:
    rows = bc.rows(f"{entity_set}?$select=number&$filter={quote(text)}{more}")
    return sorted(row["number"] for row in rows)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("number eq 'ZZ1'", ["ZZ1"]),
        ("number eq 'zz1'", ["ZZ1"]),  # Code is compared without case
        ("number eq 'ZZ1' or number eq 'ZZ2'", ["ZZ1", "ZZ2"]),
        ("(number eq 'ZZ1' or number eq 'ZZ2') and blocked eq false", ["ZZ1", "ZZ2"]),
        ("startswith(number,'ZZ') and unitPrice gt 2", ["ZZ3"]),
        ("startswith(number,'ZZ') and unitPrice ge 2", ["ZZ2", "ZZ3"]),
        ("startswith(number,'ZZ') and unitPrice lt 2", ["ZZ1"]),
        ("startswith(number,'ZZ') and unitPrice le 2", ["ZZ1", "ZZ2"]),
        ("startswith(number,'ZZ') and unitPrice ne 2", ["ZZ1", "ZZ3"]),
        ("startswith(number,'ZZ') and blocked eq true", ["ZZ3"]),
        ("startswith(number,'ZZ') and type eq 'Inventory'", ["ZZ1", "ZZ2", "ZZ3"]),
        ("lastModifiedDateTime gt 2031-01-01T00:00:00.1Z", ["ZZ2", "ZZ3"]),
        ("lastModifiedDateTime ge 2031-01-02T00:00:00.200Z", ["ZZ2", "ZZ3"]),
        ("lastModifiedDateTime ge 2031-01-03T01:00:00.3+01:00", ["ZZ3"]),
        ("endswith(number,'Z3')", ["ZZ3"]),
        ("contains(number,'ZZ')", ["ZZ1", "ZZ2", "ZZ3"]),
        ("substring(number,0,2) eq 'ZZ'", ["ZZ1", "ZZ2", "ZZ3"]),
        ("substring(number,1) eq 'Z3'", ["ZZ3"]),
        ("tolower(number) eq 'zz2'", ["ZZ2"]),
    ],
)
def test_operators_and_functions(bc: BcClient, text: str, found: list[str]) -> None:
    assert numbers(bc, "items", text) == found


def test_quotes_are_doubled_and_text_is_compared_with_case(bc: BcClient) -> None:
    assert numbers(bc, "vendors", "displayName eq 'O''Neil & Sons'") == ["ZZ1"]
    assert numbers(bc, "vendors", "displayName eq 'Zoë'") == ["ZZ2"]
    assert numbers(bc, "vendors", "displayName eq 'plain'") == []
    assert numbers(bc, "vendors", "toupper(displayName) eq 'PLAIN'") == ["ZZ3"]


def test_blank_enums_are_compared_encoded(bc: BcClient) -> None:
    row = bc.rows("vendors?$filter=number eq 'ZZ3'")[0]
    assert row["blocked"] == "_x0020_"
    assert numbers(bc, "vendors", "number eq 'ZZ3' and blocked eq '_x0020_'") == ["ZZ3"]
    assert numbers(bc, "vendors", "number eq 'ZZ3' and blocked eq 'All'") == []


def test_flow_fields_can_be_filtered(bc: BcClient) -> None:
    assert "ZZ1" in numbers(bc, "vendors", "balance eq 0")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nonsense eq 1", "BadRequest"),
        ("Number eq 'ZZ1'", "BadRequest"),  # names are case-sensitive
        ("inventory gt 0", "BadRequest"),  # page variable
        ("number eq 5", "BadRequest"),
        ("unitPrice eq '5'", "BadRequest"),
        ("id eq '63328c0f-7af2-5fde-876c-6a937c4bc5f8'", "BadRequest"),
        ("lastModifiedDateTime gt '2031-01-01T00:00:00Z'", "BadRequest"),
        ("lastModifiedDateTime gt 2031-01-01", "BadRequest"),
        ("lastModifiedDateTime gt 2031-13-01T00:00:00Z", "BadRequest"),
        ("lastModifiedDateTime gt 2031-01-01T00:00:00", "BadRequest"),
        ("blocked gt false", "BadRequest"),
        ("blocked eq null", "BadRequest"),
        ("type eq 'Nonsense'", "Unknown"),
        ("contains(type,'Inv')", "BadRequest"),
        ("startswith(tolower(number),'zz')", "BadRequest"),
        ("length(number) eq 3", "BadRequest"),
        ("itemCategory/code eq 'X'", "BadRequest"),
        ("number eq number", "BadRequest"),
        ("number eq 'ZZ1' and", "BadRequest"),
        ("(number eq 'ZZ1'", "BadRequest"),
        ("number eq 'ZZ1", "BadRequest"),
        ("blocked", "BadRequest"),
        ("", "BadRequest"),
        ("number eq 'A23456789012345678901'", "Application_FilterErrorException"),
    ],
)
def test_what_is_refused(bc: BcClient, text: str, code: str) -> None:
    assert bc.error(f"items?$filter={quote(text)}") == (400, code)


@pytest.mark.covers("sandbox: filters")
@pytest.mark.parametrize(
    "text",
    [
        "number eq 'ZZ1' or blocked eq true",
        "not (number eq 'ZZ1')",
        "not startswith(number,'ZZ')",
        "number in ('ZZ1','ZZ2')",
    ],
)
def test_what_odata_has_and_business_central_does_not(bc: BcClient, text: str) -> None:
    assert bc.error(f"items?$filter={quote(text)}") == (501, "BadRequest_MethodNotImplemented")


@pytest.mark.covers("sandbox: filters")
def test_null_means_blank(bc: BcClient) -> None:
    bc.company.insert("vendors", {"number": "ZZ4", "displayName": ""})
    assert numbers(bc, "vendors", "startswith(number,'ZZ') and displayName eq null") == ["ZZ4"]
    named = numbers(bc, "vendors", "startswith(number,'ZZ') and displayName ne null")
    assert named == ["ZZ1", "ZZ2", "ZZ3"]


@pytest.mark.covers("sandbox: filters")
def test_an_unknown_member_is_refused(bc: BcClient) -> None:
    assert bc.error("vendors?$filter=blocked eq 'Nonsense'") == (400, "Unknown")


def test_document_currency_is_a_page_variable_and_cannot_be_filtered(bc: BcClient) -> None:
    assert bc.error("salesInvoices?$filter=currencyCode eq 'EUR'") == (400, "BadRequest")


def test_in_and_nested_calls_need_the_newer_schema(bc: BcClient) -> None:
    newer = "&$schemaversion=2.1"
    assert numbers(bc, "items", "number in ('ZZ1','ZZ2')", newer) == ["ZZ1", "ZZ2"]
    assert numbers(bc, "items", "startswith(tolower(number),'zz')", newer) == ["ZZ1", "ZZ2", "ZZ3"]


def test_a_lambda_is_ignored_and_the_unfiltered_set_comes_back(bc: BcClient) -> None:
    everything = len(bc.rows("salesOrders?$select=id"))
    text = quote("salesOrderLines/any(l:l/quantity gt 999999)")
    assert len(bc.rows(f"salesOrders?$select=id&$filter={text}")) == everything > 0
    with_more = quote("number eq '101001' and salesOrderLines/all(l:l/quantity gt 999999)")
    assert len(bc.rows(f"salesOrders?$select=id&$filter={with_more}")) == 1


def test_rows_never_stamped_are_missed_by_gt_and_found_by_eq(bc: BcClient) -> None:
    bc.company.insert("items", {"number": "OLD"}, stamp="0001-01-01T00:00:00Z")
    assert "OLD" not in numbers(bc, "items", "lastModifiedDateTime gt 0001-01-01T00:00:00Z")
    assert "OLD" in numbers(bc, "items", "lastModifiedDateTime eq 0001-01-01T00:00:00Z")


@pytest.mark.parametrize(
    "entity_set",
    [
        "purchaseOrderLines",
        "purchaseInvoiceLines",
        "purchaseCreditMemoLines",
        "salesOrderLines",
        "salesInvoiceLines",
        "salesCreditMemoLines",
        "salesQuoteLines",
    ],
)
def test_document_lines_are_listed_per_document_only(bc: BcClient, entity_set: str) -> None:
    assert bc.error(entity_set) == (400, "Application_DialogException")
    assert bc.error(f"{entity_set}?$filter=sequence eq 1") == (400, "Application_DialogException")


def test_document_lines_by_document_by_id_and_nested(bc: BcClient) -> None:
    order = bc.rows("purchaseOrders?$filter=number eq '106001'")[0]
    by_document = bc.rows(f"purchaseOrderLines?$filter=documentId eq {order['id']}")
    assert by_document
    assert bc.rows(f"purchaseOrders({order['id']})/purchaseOrderLines") == by_document
    line = by_document[0]
    assert bc.rows(f"purchaseOrderLines?$filter=id eq {line['id']}") == [line]
    assert [row["sequence"] for row in by_document] == sorted(
        row["sequence"] for row in by_document
    )


def test_posted_receipt_lines_need_no_document(bc: BcClient) -> None:
    assert len(bc.rows("purchaseReceiptLines?$select=id")) == 258


def test_dimension_set_lines_only_through_a_parent(bc: BcClient) -> None:
    order = bc.rows("purchaseOrders?$top=1")[0]
    assert bc.error("dimensionSetLines") == (400, "Application_DialogException")
    assert bc.rows(f"purchaseOrders({order['id']})/dimensionSetLines") == []


@pytest.mark.parametrize("entity_set", ["journalLines", "vendorPayments"])
def test_journal_lines_need_a_journal_once_there_are_any(bc: BcClient, entity_set: str) -> None:
    assert bc.rows(entity_set) == []
    journal = bc.company.find("journals", code="DEFAULT")[0]["id"]
    line = bc.company.insert(entity_set, {"journalId": journal, "amount": Decimal(5)})
    assert bc.error(entity_set) == (400, "Application_DialogException")
    found = bc.rows(f"{entity_set}?$filter=journalId eq {journal}")
    assert [row["id"] for row in found] == [line["id"]]


def test_journals_of_other_templates_are_listed_only_when_filtered(bc: BcClient) -> None:
    assert {row["templateDisplayName"] for row in bc.rows("journals")} == {"GENERAL"}
    assert bc.rows("journals?$filter=templateDisplayName eq 'ASSETS'")
    other = bc.company.find("journals", templateDisplayName="ASSETS")[0]
    assert bc.json(f"journals({other['id']})")["code"] == other["code"]
