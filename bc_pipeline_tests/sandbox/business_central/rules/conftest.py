"""A small company without documents, in which every rule of writing them can be tried over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.companies.books import add_rows, default_dimension
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.company.settings import DEFAULT_TEMPLATES
from bc_pipeline_tests.sandbox.conftest import BcClient, sign_in

NAME = "Acme B.V."
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ZERO = "00000000-0000-0000-0000-000000000000"
NOWHERE = "12345678-1234-1234-1234-123456789abc"
DIALOG = (400, "Application_DialogException")
FIELD = (400, "Application_FieldValidationException")
RELATION = (400, "Internal_InvalidTableRelation")
SAME_KEY = (400, "Internal_EntityWithSameKeyExists")


def moment(row: dict[str, Any]) -> datetime:
    """When a row was last modified; as text such stamps do not sort."""
    return datetime.fromisoformat(row["lastModifiedDateTime"])


class Acme(BcClient):
    """A client that knows the company's records by their number or code."""

    def id(self, entity_set: str, key: str) -> str:
        """The id behind a number or a code."""
        numbered = ("vendors", "customers", "items", "accounts")
        name = "number" if entity_set in numbered else "code"
        return str(self.company.find(entity_set, **{name: key})[0]["id"])

    def value(self, dimension: str, code: str) -> str:
        """The id of a dimension value."""
        owner = self.id("dimensions", dimension)
        found = self.company.find("dimensionValues", dimensionId=owner, code=code)
        return str(found[0]["id"])

    def change(self, entity_set: str, key: str, **changes: Any) -> Row:
        """Changes a record behind the API's back."""
        return self.company.modify(entity_set, self.id(entity_set, key), **changes)

    # -- documents ----------------------------------------------------------------------------

    def order(self, *lines: dict[str, Any], **header: Any) -> dict[str, Any]:
        """A new order of vendor V1 with its lines."""
        body = {"vendorNumber": "V1"} | header | {"purchaseOrderLines": list(lines)}
        return self.created("purchaseOrders?$expand=purchaseOrderLines", body)

    def invoice(self, *lines: dict[str, Any], **header: Any) -> dict[str, Any]:
        """A new draft of vendor V1 with its lines."""
        body = {"vendorNumber": "V1"} | header | {"purchaseInvoiceLines": list(lines)}
        return self.created("purchaseInvoices?$expand=purchaseInvoiceLines", body)

    def posted(self, *lines: dict[str, Any], **header: Any) -> dict[str, Any]:
        """A posted invoice."""
        draft = self.invoice(*lines, **header)
        self.act(f"purchaseInvoices({draft['id']})/Microsoft.NAV.post")
        return self.json(f"purchaseInvoices({draft['id']})")

    def act(self, path: str) -> None:
        """A bound action, answered without content."""
        response = self.send("POST", path)
        assert (response.status_code, response.content) == (204, b""), response.text

    def item(self, number: str = "A", **line: Any) -> dict[str, Any]:
        """An item line."""
        return {"itemId": self.id("items", number), "quantity": 1} | line

    def account(self, number: str = "4000", **line: Any) -> dict[str, Any]:
        """An account line."""
        return {"accountId": self.id("accounts", number), "quantity": 1} | line

    def sales_order(self, *lines: dict[str, Any], **header: Any) -> dict[str, Any]:
        """A new sales order of customer K1 with its lines."""
        body = {"customerNumber": "K1"} | header | {"salesOrderLines": list(lines)}
        return self.created("salesOrders?$expand=salesOrderLines", body)

    # -- what came of it ----------------------------------------------------------------------

    def dimensions(self, path: str) -> dict[str, str]:
        """Dimension code -> value code of a document or line."""
        return {row["code"]: row["valueCode"] for row in self.rows(f"{path}/dimensionSetLines")}

    def entries(self, number: str) -> list[tuple[str, Decimal, dict[str, str]]]:
        """General ledger entries of a document: account, signed amount, dimensions."""
        path = f"generalLedgerEntries?$filter=documentNumber eq '{number}'"
        path += "&$expand=dimensionSetLines"
        return [
            (
                row["accountNumber"],
                Decimal(str(row["debitAmount"])) - Decimal(str(row["creditAmount"])),
                {line["code"]: line["valueCode"] for line in row["dimensionSetLines"]},
            )
            for row in self.rows(path)
        ]


def build(clock: Any) -> Company:
    """The company; amounts in EUR."""
    company = Company(NAME, currency_code="EUR", clock=clock)
    company.settings.property_order = "page"
    company.insert("companyInformation", {"displayName": "Acme", "country": "NL", "city": "Ede"})
    add_rows(company, "currencies", "code", [{"code": "USD"}, {"code": "TRY"}])
    rate = {"exchangeRateAmount": 100, "relationalExchangeRateAmount": 80}
    company.insert(
        "currencyExchangeRates", {"currencyCode": "USD", "startingDate": "2026-01-01"} | rate
    )
    add_rows(company, "locations", "code", [{"code": "AMS"}, {"code": "RTM"}])
    units = [{"code": "STUK"}, {"code": "DOOS"}, {"code": "UUR"}]
    add_rows(company, "unitsOfMeasure", "code", units)
    terms = {"code": "14D", "displayName": "14 days", "dueDateCalculation": "14D"}
    add_rows(company, "paymentTerms", "code", [terms])
    tax = {"code": "HOOG", "#percent": Decimal(21), "#identifier": "BTW21"}
    add_rows(company, "taxGroups", "code", [tax, {"code": "NUL", "#percent": Decimal(0)}])
    _accounts(company)
    _dimensions(company)
    _partners(company)
    _items(company)
    return company


def _accounts(company: Company) -> None:
    posting = {"accountType": "Posting", "directPosting": True}
    rows = [
        {"number": "4000", "displayName": "Costs"} | posting,
        {"number": "4100", "displayName": "Travel"} | posting,
        {"number": "4900", "displayName": "Old costs", "blocked": True} | posting,
        {"number": "4999", "displayName": "Total", "accountType": "Total"},
        {"number": "1010", "displayName": "Cash"} | posting,
        {"number": "1000", "#role": "bank"},
        {"number": "1100", "#role": "receivables"},
        {"number": "1520", "#role": "inputTax"},
        {"number": "1600", "#role": "payables"},
        {"number": "7100", "#role": "purchases"},
        {"number": "8000", "#role": "sales"},
        {"number": "1500", "#role": "outputTax"},
    ]
    add_rows(company, "accounts", "number", rows)
    add_rows(company, "bankAccounts", "number", [{"number": "BANK", "#glAccount": "1000"}])
    cash = company.find("accounts", number="1010")[0]
    payment = {
        "code": "PAY",
        "balancingAccountId": cash["id"],
        "balancingAccountNumber": cash["number"],
    }
    add_rows(company, "vendorPaymentJournals", "code", [payment])
    own = company.find("vendorPaymentJournals", code="PAY")[0]["id"]
    journal = payment | {"id": own, "templateDisplayName": "PAYMENT"}
    company.insert("journals", journal)
    company.insert("journals", {"code": "DEFAULT", "templateDisplayName": "GENERAL"})


def _dimensions(company: Company) -> None:
    for code, values in {
        "DEPARTMENT": ("SALES", "WEB", "SHUT", "TOTAL"),
        "CLASS": ("X", "Y"),
        "PROJECT": ("P1",),
    }.items():
        add_rows(company, "dimensions", "code", [{"code": code, "displayName": code.title()}])
        owner = company.find("dimensions", code=code)[0]
        for value in values:
            facts = {
                "#blocked": value == "SHUT",
                "#valueType": "Total" if value == "TOTAL" else "Standard",
            }
            company.insert("dimensionValues", {"code": value, "dimensionId": owner["id"]} | facts)
    company.modify(
        "dimensions", company.find("dimensions", code="PROJECT")[0]["id"], **{"#blocked": True}
    )


def _partners(company: Company) -> None:
    terms = company.find("paymentTerms", code="14D")[0]["id"]
    dollar = company.find("currencies", code="USD")[0]["id"]
    groups = DEFAULT_TEMPLATES["vendors"]
    for number, more in {
        "V1": {"paymentTermsId": terms, "city": "Delft", "addressLine1": "Markt 1"},
        "V2": {},
        "USA": {"currencyId": dollar, "currencyCode": "USD", "country": "US"},
        "GROSS": {"#pricesIncludeTax": True},
        "DIM": {},
        "PAID": {"#payToVendorNumber": "V1"},
        "SHUT": {"blocked": "All"},
        "UNPAID": {"blocked": "Payment"},
    }.items():
        row = {"number": number, "displayName": f"Vendor {number}", **more}
        add_rows(company, "vendors", "number", [row | dict(groups)])
    add_rows(company, "vendors", "number", [{"number": "BARE"}])
    vendor = company.find("vendors", number="DIM")[0]
    default_dimension(company, "Vendor", vendor, "DEPARTMENT", "SALES")
    groups = DEFAULT_TEMPLATES["customers"]
    for number, more in {
        "K1": {"paymentTermsId": terms, "city": "Delft", "addressLine1": "Markt 1"},
        "K2": {},
        "USA": {"currencyId": dollar, "currencyCode": "USD", "country": "US"},
        "GROSS": {"#pricesIncludeTax": True},
        "DIM": {},
        "BILLED": {"#billToCustomerNumber": "K1"},
        "SHUT": {"blocked": "All"},
        "NO-SHIP": {"blocked": "Ship"},
        "NO-INVOICE": {"blocked": "Invoice"},
    }.items():
        row = {"number": number, "displayName": f"Customer {number}", **more}
        add_rows(company, "customers", "number", [row | dict(groups)])
    add_rows(company, "customers", "number", [{"number": "BARE"}])
    customer = company.find("customers", number="DIM")[0]
    default_dimension(company, "Customer", customer, "DEPARTMENT", "SALES")


def _items(company: Company) -> None:
    groups = {"generalProductPostingGroupCode": "TRADE", "inventoryPostingGroupCode": "TRADE"}
    for number, more in {
        "A": {"#units": {"STUK": Decimal(1), "DOOS": Decimal(12)}, "#lastDirectCost": Decimal("5")},
        "B": {"#units": {"STUK": Decimal(1), "DOOS": Decimal(6)}, "#purchaseUnit": "DOOS"},
        "C": {"#leadTime": "2W"},
        "D": {},
        "SERVICE": {"type": "Service", "inventoryPostingGroupCode": ""},
        "BLOCKED": {"blocked": True},
        "NOT-SOLD": {"#salesBlocked": True},
        "NOT-BOUGHT": {"#purchasingBlocked": True},
        "NO-GROUP": {"generalProductPostingGroupCode": ""},
        "NO-STOCK-GROUP": {"inventoryPostingGroupCode": ""},
        "VARIANTS": {"#variantMandatory": True},
    }.items():
        row = {
            "number": number,
            "displayName": f"Item {number}",
            "baseUnitOfMeasureCode": "STUK",
            "unitCost": Decimal(4),
            "unitPrice": Decimal(8),
            "taxGroupCode": "HOOG",
            **groups,
            **more,
        }
        add_rows(company, "items", "number", [row])
    for item, code in (("A", "RED"), ("VARIANTS", "BLUE")):
        owner = company.find("items", number=item)[0]
        company.insert(
            "itemVariants",
            {"itemId": owner["id"], "itemNumber": item, "code": code, "description": code.title()},
        )
    default_dimension(company, "Item", company.find("items", number="D")[0], "CLASS", "X")


@pytest.fixture
def json_order(acme: Acme) -> None:
    """Properties are applied in the order of the body, not in that of the page."""
    acme.company.settings.property_order = "json"


@pytest.fixture
def acme(sandbox: Sandbox) -> Iterator[Acme]:
    """A client of a fresh company, on the 2nd of March 2026."""
    sandbox.faults.clear()
    sandbox.clock.set(NOW)
    sandbox.business_central.add(build(sandbox.clock))
    client = sign_in(sandbox)
    yield Acme(sandbox, client.session.headers["Authorization"].split()[1], NAME)
    sandbox.clock.reset()


@pytest.fixture
def order(acme: Acme) -> dict[str, Any]:
    return acme.order()


@pytest.fixture
def lines(order: dict[str, Any]) -> str:
    return f"purchaseOrders({order['id']})/purchaseOrderLines"
