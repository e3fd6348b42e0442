"""The general ledger: entries of one posting, and the accounts postings need.

Which account is for what is kept on the account under ``#role``: the API shows no posting set-up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from bc_pipeline.sandbox.bookkeeping.dimension_sets import put_dimension
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.company.values import BLANK_ENUM

ROLE = "#role"
PAYABLES = "payables"
RECEIVABLES = "receivables"
PURCHASES = "purchases"
SALES = "sales"
INPUT_TAX = "inputTax"
OUTPUT_TAX = "outputTax"
BANK = "bank"


@dataclass(frozen=True)
class LedgerLine:
    """What one account gets: ``amount`` in local currency, debit positive."""

    account: Row
    amount: Decimal
    description: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)


def role_account(company: Company, role: str) -> Row | None:
    """The account the posting set-up names for a role, if it names one."""
    found = company.find("accounts", **{ROLE: role})
    return found[0] if found else None


def post_entries(
    company: Company,
    lines: Iterable[LedgerLine],
    *,
    posting_date: str,
    document_number: str,
    document_type: str = BLANK_ENUM,
    stamp: str | None = None,
    id_of: Callable[[int], str] | None = None,
) -> list[Row]:
    """Adds general ledger entries with their dimensions; lines of nothing are left out.

    Args:
        stamp: when they were made, the present when None.
        id_of: gives the id of an entry by its number; None: any.
    """
    entries = []
    for line in lines:
        if not line.amount:
            continue
        number = company.next_entry_number("generalLedgerEntries")
        values: Row = {
            "id": id_of(number) if id_of else None,
            "entryNumber": number,
            "postingDate": posting_date,
            "documentNumber": document_number,
            "documentType": document_type,
            "accountId": line.account["id"],
            "accountNumber": line.account["number"],
            "description": line.description,
            "debitAmount": max(line.amount, Decimal(0)),
            "creditAmount": max(-line.amount, Decimal(0)),
        }
        entry = company.insert("generalLedgerEntries", values, stamp=stamp)
        for dimension_id, value_id in line.dimensions.items():
            put_dimension(company, "generalLedgerEntries", entry, dimension_id, value_id)
        entries.append(entry)
    return entries
