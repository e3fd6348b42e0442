"""Small journal entries for tests."""

from __future__ import annotations

from typing import Any

from bc_pipeline_tests.to_business_central.documents_world import DIRECT_ACCOUNTS, DocumentsWorld

DAY = "2026-03-05"


def entry(number: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """100 from one account to another, unless lines are given."""
    given = [*lines] or [debit(100), credit(100)]
    fields = {"externalId": number, "journalEntryNumber": number, "transactionDate": DAY}
    return {**fields, "lineItems": given, **more}


def debit(amount: object, account: str = DIRECT_ACCOUNTS[0], **more: Any) -> dict[str, Any]:
    return {"entryType": "Debit", "debitAmount": amount, "accountNumber": account, **more}


def credit(amount: object, account: str = DIRECT_ACCOUNTS[2], **more: Any) -> dict[str, Any]:
    return {"entryType": "Credit", "creditAmount": amount, "accountNumber": account, **more}


def with_dimensions(number: str, **more: Any) -> dict[str, Any]:
    """Three lines, two of them with a dimension."""
    lines = (
        debit("60.10", description="First", departmentNumber="SALES"),
        debit("39.90", DIRECT_ACCOUNTS[1], groupNumber="LARGE"),
        credit(100),
    )
    return entry(number, *lines, **more)


def booked(world: DocumentsWorld, number: str) -> list[tuple[str, str]]:
    """Account and signed amount of each ledger entry of a document."""
    return [
        (row["accountNumber"], str(row["debitAmount"] - row["creditAmount"]))
        for row in world.entries(number)
    ]
