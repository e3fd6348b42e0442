"""``post`` of a journal batch: checks, general ledger entries, paid invoices (rules.md 6.10-6.13,
7.7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bc_pipeline.sandbox.bookkeeping.amounts import NOTHING, cents
from bc_pipeline.sandbox.bookkeeping.dimension_sets import dimensions_of
from bc_pipeline.sandbox.bookkeeping.exchange import local_per_foreign
from bc_pipeline.sandbox.bookkeeping.ledger import (
    BANK,
    PAYABLES,
    RECEIVABLES,
    LedgerLine,
    post_entries,
)
from bc_pipeline.sandbox.business_central.rules.dimension_sets import check_posting
from bc_pipeline.sandbox.business_central.rules.journal_accounts import (
    BANK_ACCOUNT,
    CUSTOMER,
    GENERAL_LEDGER,
    VENDOR,
    account_of,
)
from bc_pipeline.sandbox.business_central.rules.journal_lines import balancing_of, lines_of_batch
from bc_pipeline.sandbox.business_central.rules.ledger import account_for, check_posting_date
from bc_pipeline.sandbox.business_central.rules.line_objects import check_account
from bc_pipeline.sandbox.business_central.rules.purchase_posting import REMAINING
from bc_pipeline.sandbox.business_central.writes import WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.company.values import BLANK_ENUM, ZERO_GUID
from bc_pipeline.sandbox.odata_errors import dialog, field_error

# Account types that are no account of the general ledger themselves.
_SUBLEDGERS = {VENDOR, CUSTOMER}


@dataclass(frozen=True)
class _Side:
    """One side of a line: what is booked on which account; debit positive."""

    line: Row
    kind: str
    number: str
    amount: Decimal
    is_payment: bool


def post_journal(ctx: WriteContext, journal: Row) -> None:
    """Posts all lines of a batch, whoever put them there, and leaves the batch empty.

    Raises:
        BcError: nothing to post, out of balance, an account or date or dimension that cannot be
            posted to; then nothing is posted.
    """
    batch = lines_of_batch(ctx, journal["id"])
    lines = [(entity_set, row) for entity_set, row in batch if row["amount"]]
    if not lines:
        raise dialog("There is nothing to post because the journal does not contain any lines.")
    sides = [side for entity_set, row in lines for side in _sides(ctx, journal, entity_set, row)]
    for _, line in lines:
        _check_line(ctx, line)
    _check_balance(sides)
    masters = [_check_side(ctx, side) for side in sides]
    for side, master in zip(sides, masters, strict=True):
        _book(ctx, side, master)
    for entity_set, row in lines:
        if entity_set == "vendorPayments":
            _apply(ctx, row)
    for entity_set, row in batch:
        ctx.delete(entity_set, row)


def _sides(ctx: WriteContext, journal: Row, entity_set: str, line: Row) -> Iterator[_Side]:
    is_payment = entity_set == "vendorPayments"
    if is_payment:
        yield _Side(line, VENDOR, line["vendorNumber"], line["amount"], is_payment)
        other = balancing_of(ctx, journal)  # it comes from the batch (7.6)
    else:
        kind = line["accountType"]
        yield _Side(line, kind, line["accountNumber"], line["amount"], is_payment)
        other = line
    number = other.get("balancingAccountNumber", "")
    if number:
        yield _Side(line, other["balanceAccountType"], number, -line["amount"], is_payment)


# --- checks --------------------------------------------------------------------------------------


def _check_line(ctx: WriteContext, line: Row) -> None:
    check_posting_date(ctx, line["postingDate"])
    if not line["documentNumber"]:
        raise field_error(f"Document No. must have a value in line {line['lineNumber']}.")


def _check_balance(sides: Sequence[_Side]) -> None:
    """In total zero per posting date, and per document number, which the general and payment
    templates force (6.11)."""
    by_date: dict[str, Decimal] = defaultdict(Decimal)
    by_document: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for side in sides:
        day, number = side.line["postingDate"], side.line["documentNumber"]
        by_date[day] += side.amount
        by_document[day, number] += side.amount
    for (day, number), difference in by_document.items():
        if difference:
            raise dialog(
                f"Document No. {number} is out of balance by {difference} on {day}. Please check "
                "that Posting Date, Document No. and Amount are correct for each line."
            )
    for day, difference in by_date.items():
        if difference:
            raise dialog(f"As of {day}, the lines are out of balance by {difference}.")


def _check_side(ctx: WriteContext, side: _Side) -> Row:
    """The record the side is booked on, if it may be posted to (6.12)."""
    where = f"line {side.line['lineNumber']}"
    if not side.number:
        raise field_error(f"Account No. must have a value in {where}.")
    master = account_of(ctx, side.kind, side.number)
    if master is None:
        raise field_error(f"The account {side.number} of {where} does not exist.")
    other = side.line.get("balanceAccountType") if side.line.get("balancingAccountNumber") else ""
    if {side.line.get("accountType", VENDOR), other} <= _SUBLEDGERS:
        raise dialog(f"Either the account or the balancing account of {where} must be a G/L one.")
    if side.kind == GENERAL_LEDGER:
        check_account(master)
    elif side.kind == VENDOR and (
        master["blocked"] == "All" or (side.is_payment and master["blocked"] != BLANK_ENUM)
    ):
        raise dialog(f"Vendor {master['number']} is blocked with type {master['blocked']}.")
    elif side.kind == VENDOR and side.is_payment and side.amount < 0:
        raise field_error(f"Amount must be positive in {where}: Document Type=Payment.")
    elif side.kind in (CUSTOMER, BANK_ACCOUNT) and master["blocked"] not in (BLANK_ENUM, False):
        raise field_error(f"Blocked must be No in {side.kind} {master['number']}.")
    check_posting(ctx, dimensions_of(ctx.company, side.line), [master])
    return master


# --- booking -------------------------------------------------------------------------------------


def _book(ctx: WriteContext, side: _Side, master: Row) -> None:
    line = side.line
    account = master if side.kind == GENERAL_LEDGER else _collective(ctx, side.kind, master)
    entry = LedgerLine(account, side.amount, line["description"], dimensions_of(ctx.company, line))
    post_entries(
        ctx.company,
        [entry],
        posting_date=line["postingDate"],
        document_number=line["documentNumber"],
        document_type="Payment" if side.is_payment else BLANK_ENUM,
    )
    if side.kind == VENDOR:
        balance = master["balance"] - side.amount
        ctx.modify("vendors", master, touch=False, balance=balance)


def _collective(ctx: WriteContext, kind: str, master: Row) -> Row:
    """The general ledger account behind a vendor, customer or bank account."""
    own = account_of(ctx, GENERAL_LEDGER, master.get("#glAccount", ""))
    role = {VENDOR: PAYABLES, CUSTOMER: RECEIVABLES}.get(kind, BANK)
    return own or account_for(ctx, role)


def _apply(ctx: WriteContext, payment: Row) -> None:
    """What a payment pays of its invoice; paid in full it is Paid (5.4, 7.7)."""
    if not payment["appliesToInvoiceNumber"]:
        return
    invoice = ctx.get("purchaseInvoices", payment["appliesToInvoiceId"])
    if invoice is None or payment["appliesToInvoiceId"] == ZERO_GUID:
        raise dialog(f"The invoice {payment['appliesToInvoiceNumber']} does not exist.")
    if invoice["payToVendorId"] != payment["vendorId"]:
        raise dialog(f"The invoice {invoice['number']} is not of vendor {payment['vendorNumber']}.")
    if invoice["status"] != "Open":
        raise dialog(f"The invoice {invoice['number']} is {invoice['status']}.")
    day = date.fromisoformat(payment["postingDate"])
    rate = local_per_foreign(ctx.company, invoice["currencyCode"], day)
    paid = cents(payment["amount"] / rate)
    left = invoice[REMAINING if REMAINING in invoice else "totalAmountIncludingTax"]
    if not NOTHING < paid <= left:
        raise dialog(f"The amount to apply must be between 0 and {left}.")
    status = "Paid" if paid == left else "Open"
    changes: Row = {"status": status, REMAINING: left - paid}
    ctx.modify("purchaseInvoices", invoice, **changes)
