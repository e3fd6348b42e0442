"""What postings need of the set-up: accounts, and a posting date in the allowed range."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bc_pipeline.sandbox.bookkeeping.document_ledger import ledger_lines, post_lines, roles_of
from bc_pipeline.sandbox.bookkeeping.kinds import Kind
from bc_pipeline.sandbox.bookkeeping.ledger import role_account
from bc_pipeline.sandbox.business_central.writes import WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.company.values import ZERO_DATE
from bc_pipeline.sandbox.odata_errors import field_error


def account_for(ctx: WriteContext, role: str) -> Row:
    """The account of the posting set-up.

    Raises:
        BcError: none is set up.
    """
    account = role_account(ctx.company, role)
    if account is None:
        raise field_error(f"An account for {role} must be set up in the posting setup.")
    return account


def check_accounts(ctx: WriteContext, kind: Kind, lines: Sequence[Row]) -> None:
    """Refuses to post a document for which an account is missing in the set-up."""
    roles = roles_of(kind)
    account_for(ctx, roles.party)
    if any(line["netTaxAmount"] for line in lines):
        account_for(ctx, roles.tax)
    if any(line["netAmount"] and line["lineType"] != "Account" for line in lines):
        account_for(ctx, roles.goods)


def book_owed(
    ctx: WriteContext, kind: Kind, payer: str, invoice: Row, lines: Sequence[Row]
) -> None:
    """General ledger entries of a posted invoice, and what is owed for it.

    Args:
        payer: what properties about who pays or is paid begin with.

    Raises:
        BcError: an account is missing, or nothing would be owed.
    """
    check_accounts(ctx, kind, lines)
    booked = ledger_lines(ctx.company, kind, invoice, lines)
    owed = booked[-1].amount * (-1 if kind.is_purchase else 1)
    if owed < 0:
        sign = "negative" if kind.is_purchase else "positive"
        raise field_error(f"Amount must be {sign} in Gen. Journal Line: Document Type=Invoice.")
    post_lines(ctx.company, kind, invoice, booked)
    party = ctx.company.tables[kind.parties][invoice[f"{payer}{kind.party.capitalize()}Id"]]
    balance = "balance" if kind.is_purchase else "balanceDue"
    ctx.modify(kind.parties, party, touch=False, **{balance: party[balance] + owed})


def check_posting_date(ctx: WriteContext, day: str) -> None:
    """Refuses a posting without a date or outside the allowed range (rules.md 3.19, 6.12)."""
    if day == ZERO_DATE:
        raise field_error("Posting Date must have a value. It cannot be zero or empty.")
    posted = date.fromisoformat(day)
    start, end = ctx.settings.posting_allowed_from, ctx.settings.posting_allowed_to
    if (start is not None and posted < start) or (end is not None and posted > end):
        raise field_error("Posting Date is not within your range of allowed posting dates.")
