"""The general ledger: entries of one posting, and the accounts postings need.

Which account is for what is kept on the account under ``#role``: the API shows no posting set-up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from bc_pipeline.sandbox.business_central.company import Row
from bc_pipeline.sandbox.business_central.errors import field_error
from bc_pipeline.sandbox.business_central.rules.dimension_sets import put_dimension
from bc_pipeline.sandbox.business_central.values import BLANK_ENUM, ZERO_DATE
from bc_pipeline.sandbox.business_central.writes import WriteContext

ROLE = "#role"
PAYABLES = "payables"
RECEIVABLES = "receivables"
PURCHASES = "purchases"
INPUT_TAX = "inputTax"
BANK = "bank"


@dataclass(frozen=True)
class LedgerLine:
    """What one account gets: ``amount`` in local currency, debit positive."""

    account: Row
    amount: Decimal
    description: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)


def account_for(ctx: WriteContext, role: str) -> Row:
    """The account of the posting set-up.

    Raises:
        BcError: none is set up.
    """
    found = ctx.find("accounts", **{ROLE: role})
    if not found:
        raise field_error(f"An account for {role} must be set up in the posting setup.")
    return found[0]


def check_posting_date(ctx: WriteContext, day: str) -> None:
    """Refuses a posting without a date or outside the allowed range (rules.md 3.19, 6.12)."""
    if day == ZERO_DATE:
        raise field_error("Posting Date must have a value. It cannot be zero or empty.")
    posted = date.fromisoformat(day)
    start, end = ctx.settings.posting_allowed_from, ctx.settings.posting_allowed_to
    if (start is not None and posted < start) or (end is not None and posted > end):
        raise field_error("Posting Date is not within your range of allowed posting dates.")


def post_entries(
    ctx: WriteContext,
    lines: Iterable[LedgerLine],
    *,
    posting_date: str,
    document_number: str,
    document_type: str = BLANK_ENUM,
) -> list[Row]:
    """Adds general ledger entries with their dimensions; lines of nothing are left out."""
    return [
        _post_entry(ctx, line, posting_date, document_number, document_type)
        for line in lines
        if line.amount
    ]


def _post_entry(
    ctx: WriteContext, line: LedgerLine, posting_date: str, number: str, document_type: str
) -> Row:
    entry = ctx.insert(
        "generalLedgerEntries",
        {
            "entryNumber": len(ctx.company.tables["generalLedgerEntries"]) + 1,
            "postingDate": posting_date,
            "documentNumber": number,
            "documentType": document_type,
            "accountId": line.account["id"],
            "accountNumber": line.account["number"],
            "description": line.description,
            "debitAmount": max(line.amount, Decimal(0)),
            "creditAmount": max(-line.amount, Decimal(0)),
        },
    )
    for dimension_id, value_id in line.dimensions.items():
        put_dimension(ctx, "generalLedgerEntries", entry, dimension_id, value_id)
    return entry
