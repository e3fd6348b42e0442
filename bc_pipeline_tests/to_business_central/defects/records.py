"""Small unified records."""

from __future__ import annotations

from typing import Any

ITEMS = ("1896-S", "1900-S", "1906-S")
VENDOR, OTHER_VENDOR = "20000", "30000"
FREIGHT, CASH = "6710", "2910"
DAY = "2026-08-20"


def customer(id: str, **more: Any) -> dict[str, Any]:
    return {"externalId": id, "customerNumber": id, "companyName": f"Customer {id}", **more}


def vendor(id: str, **more: Any) -> dict[str, Any]:
    return {"externalId": id, "vendorNumber": id, "vendorName": f"Vendor {id}", **more}


def bill(id: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A bill, a draft unless it says otherwise."""
    given = {"externalId": id, "billNumber": id, "vendorNumber": VENDOR, "issueDate": DAY}
    return {**given, "lineItems": [*lines] or [line("1")], "isDraft": True, **more}


def line(id: str | None = None, item: str = ITEMS[0], **more: Any) -> dict[str, Any]:
    named = {"externalId": id} if id else {}
    return {**named, "itemNumber": item, "quantity": 1, "unitPrice": 10, **more}


def expense(id: str | None = None, account: str = FREIGHT, **more: Any) -> dict[str, Any]:
    named = {"externalId": id} if id else {}
    return {**named, "accountNumber": account, "amount": 5, **more}


def payment(id: str, **more: Any) -> dict[str, Any]:
    given = {
        "externalId": id,
        "paymentNumber": id,
        "journalExternalId": "GENERAL",
        "vendorNumber": VENDOR,
        "paymentDate": DAY,
        "amount": 12.5,
    }
    return {**given, **more}


def entry(id: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A journal entry that is to be posted; 100 from one account to another."""
    given = {"externalId": id, "journalEntryNumber": id, "transactionDate": DAY, "isDraft": False}
    return {**given, "lineItems": [*lines] or [debit(100), credit(100)], **more}


def debit(amount: object, account: str = FREIGHT, **more: Any) -> dict[str, Any]:
    return {"entryType": "Debit", "debitAmount": amount, "accountNumber": account, **more}


def credit(amount: object, account: str = CASH, **more: Any) -> dict[str, Any]:
    return {"entryType": "Credit", "creditAmount": amount, "accountNumber": account, **more}
