"""Where each field of a unified record arrives in Business Central (target_behaviour.md 4-8).

Two tables per entity: a record with every field that is written, and what BC has to show.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bc_pipeline_tests.to_business_central.defects.records import CASH, FREIGHT, ITEMS, VENDOR
from bc_pipeline_tests.to_business_central.defects.world import World

Fields = dict[str, Any]

_ADDRESS = {
    "addressType": "shipping",
    "line1": "Street 1",
    "line2": "Door 2",
    "city": "Leeds",
    "state": "West Yorkshire",
    "country": "GB",
    "postalCode": "LS1 1UR",
}
_ADDRESS_IN_BC = {
    "addressLine1": "Street 1",
    "addressLine2": "Door 2",
    "city": "Leeds",
    "state": "West Yorkshire",
    "country": "GB",
    "postalCode": "LS1 1UR",
}
_PARTY = {
    "email": "c18@example.com",
    "website": "c18.example.com",
    "isActive": False,
    "phoneNumbers": [{"type": "fax", "phoneNumber": "1"}, {"type": "unknown", "phoneNumber": "2"}],
    "addresses": [{"addressType": "billing"}, _ADDRESS],
    "currency": "EUR",
    "departmentNumber": "SALES",
}
_PARTY_IN_BC = {
    "email": "c18@example.com",
    "website": "c18.example.com",
    "blocked": "All",
    "phoneNumber": "2",
    **_ADDRESS_IN_BC,
    "currencyCode": "EUR",
}

CUSTOMER: Fields = {
    **_PARTY,
    "externalId": "C18",
    "customerNumber": "C18",
    "companyName": "Contract",
    "taxable": True,
    "isPerson": True,
    "paymentMethod": "Bank Transfer",
}
CUSTOMER_IN_BC: Fields = {
    **_PARTY_IN_BC,
    "number": "C18",
    "displayName": "Contract",
    "taxLiable": True,
    "type": "Person",
}

VENDOR_RECORD: Fields = {
    **_PARTY,
    "externalId": "C18v",
    "vendorNumber": "C18V",
    "vendorName": "Contract",
}
VENDOR_IN_BC: Fields = {**_PARTY_IN_BC, "number": "C18V", "displayName": "Contract"}

BILL: Fields = {
    "externalId": "C18b",
    "billNumber": "C18b",
    "transactionNumber": "never written",
    "vendorNumber": VENDOR,
    "issueDate": "2026-08-20T10:00:00Z",
    "dueDate": "2026-09-19",
    "postingDate": "2026-08-21",
    "currency": "EUR",
    "isDraft": False,
    "departmentNumber": "ADM",
    "lineItems": [
        {
            "externalId": "10",
            "itemNumber": ITEMS[0],
            "quantity": 3,
            "unitPrice": 12.5,
            "discount": 1.25,
            "description": "An item",
            "locationNumber": "EAST",
            "groupNumber": "LARGE",
        }
    ],
    "expenses": [
        {
            "externalId": "20",
            "accountNumber": FREIGHT,
            "amount": 7.75,
            "description": "An expense",
        }
    ],
}
BILL_IN_BC: Fields = {
    "vendorInvoiceNumber": "C18B",
    "vendorNumber": VENDOR,
    "invoiceDate": "2026-08-20",
    "dueDate": "2026-09-19",
    "postingDate": "2026-08-21",
    "currencyCode": "EUR",
    "status": "Open",
}
BILL_LINES_IN_BC: tuple[Fields, ...] = (
    {
        "lineType": "Item",
        "lineObjectNumber": ITEMS[0],
        "sequence": 10,
        "quantity": 3,
        "unitCost": Decimal("12.5"),
        "discountAmount": Decimal("1.25"),
        "description": "An item",
    },
    {
        "lineType": "Account",
        "lineObjectNumber": FREIGHT,
        "sequence": 20,
        "quantity": 1,
        "unitCost": Decimal("7.75"),
        "description": "An expense",
    },
)

PAYMENT: Fields = {
    "externalId": "C18p",
    "paymentNumber": "C18p",
    "transactionNumber": "70000",
    "journalExternalId": "general",
    "vendorNumber": VENDOR,
    "paymentDate": "2026-08-22",
    "amount": 12.34,
    "departmentNumber": "ADM",
}
PAYMENT_IN_BC: Fields = {
    "documentNumber": "C18P",
    "lineNumber": 70000,
    "vendorNumber": VENDOR,
    "postingDate": "2026-08-22",
    "amount": Decimal("12.34"),
}

JOURNAL: Fields = {
    "externalId": "C18j",
    "journalEntryNumber": "C18j",
    "transactionDate": "2026-08-23",
    "isDraft": True,
    "lineItems": [
        {
            "entryType": "Debit",
            "debitAmount": 4.5,
            "accountNumber": FREIGHT,
            "description": "Left",
            "departmentNumber": "SALES",
        },
        {"entryType": "Credit", "creditAmount": 4.5, "accountName": "Cash"},
    ],
}
JOURNAL_LINES_IN_BC: tuple[Fields, ...] = (
    {
        "documentNumber": "C18J",
        "postingDate": "2026-08-23",
        "accountNumber": FREIGHT,
        "amount": Decimal("4.5"),
        "description": "Left",
    },
    {"documentNumber": "C18J", "accountNumber": CASH, "amount": Decimal("-4.5")},
)


def check_masters(world: World) -> None:
    """Customer and vendor stand there as told above."""
    customer = world.row("customers", number="C18")
    vendor = world.row("vendors", number="C18V")
    methods = world.row("paymentMethods", code="BANK")
    assert _part(customer, CUSTOMER_IN_BC) == CUSTOMER_IN_BC
    assert customer["paymentMethodId"] == methods["id"]
    assert _part(vendor, VENDOR_IN_BC) == VENDOR_IN_BC
    for row in (customer, vendor):
        assert world.default_dimensions(row["id"])["DEPARTMENT"] == "SALES"


def check_documents(world: World) -> None:
    """Bill, payment and journal stand there as told above."""
    bill = world.bill("C18B")
    assert _part(bill, BILL_IN_BC) == BILL_IN_BC
    assert world.dimensions(bill["id"])["DEPARTMENT"] == "ADM"
    lines = _ordered(world, "purchaseInvoiceLines", "sequence", documentId=bill["id"])
    _check_all(lines, BILL_LINES_IN_BC)
    assert lines[0]["locationId"] == world.row("locations", code="EAST")["id"]
    assert world.dimensions(lines[0]["id"])["CUSTOMERGROUP"] == "LARGE"

    payment = world.row("vendorPayments", documentNumber="C18P")
    assert _part(payment, PAYMENT_IN_BC) == PAYMENT_IN_BC
    assert world.dimensions(payment["id"])["DEPARTMENT"] == "ADM"

    journal = world.row("journals", displayName="C18j")
    lines = _ordered(world, "journalLines", "lineNumber", journalId=journal["id"])
    _check_all(lines, JOURNAL_LINES_IN_BC)
    assert world.dimensions(lines[0]["id"])["DEPARTMENT"] == "SALES"


def _ordered(world: World, entity_set: str, by: str, **equal: Any) -> list[Fields]:
    return sorted(world.rows(entity_set, **equal), key=lambda row: int(row[by]))


def _check_all(rows: list[Fields], expected: tuple[Fields, ...]) -> None:
    assert [_part(row, of) for row, of in zip(rows, expected, strict=True)] == [*expected]


def _part(row: Fields, expected: Fields) -> Fields:
    return {name: row[name] for name in expected}
