"""What posting a purchase document checks and books, whether an invoice or an order (rules.md
3.18, 3.19, 5.9-5.14)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from bc_pipeline.sandbox.business_central.company import Row
from bc_pipeline.sandbox.business_central.errors import dialog, field_error
from bc_pipeline.sandbox.business_central.rules.dimension_sets import (
    check_posting,
    dimensions_of,
)
from bc_pipeline.sandbox.business_central.rules.exchange import local_per_foreign
from bc_pipeline.sandbox.business_central.rules.ledger import (
    INPUT_TAX,
    PAYABLES,
    PURCHASES,
    LedgerLine,
    account_for,
    check_posting_date,
    post_entries,
)
from bc_pipeline.sandbox.business_central.rules.line_objects import check_account, check_item
from bc_pipeline.sandbox.business_central.rules.purchase_headers import check_vendor_allowed
from bc_pipeline.sandbox.business_central.values import ZERO_GUID
from bc_pipeline.sandbox.business_central.writes import WriteContext
from bc_pipeline.sandbox.changes.amounts import NOTHING, cents

# What is still to be paid of a posted invoice, in its own currency; the API does not show it.
REMAINING = "#remainingAmount"
_REVERSED = {"Canceled", "Corrective"}
_POSTED = {"Open", "Paid", "Canceled", "Corrective"}


def check_document(ctx: WriteContext, header: Row, lines: Sequence[Row], number: str) -> None:
    """All that is looked at before a document is posted.

    Args:
        lines: those that are posted now.
        number: the vendor's invoice number.

    Raises:
        BcError: it cannot be posted.
    """
    check_posting_date(ctx, header["postingDate"])
    vendors = [ctx.company.tables["vendors"][header[n]] for n in ("vendorId", "payToVendorId")]
    for vendor in vendors:
        check_vendor_allowed(vendor)
    _check_number(ctx, vendors[1], number)
    for line in lines:
        _check_line(ctx, line)
    check_posting(ctx, dimensions_of(ctx, header), {v["id"]: v for v in vendors}.values())


def _check_number(ctx: WriteContext, vendor: Row, number: str) -> None:
    """The vendor's own number: there, and not used for another posted invoice (5.9)."""
    if not number:
        if ctx.settings.vendor_invoice_number_mandatory:
            raise dialog("You need to enter the document number of the document from the vendor.")
        return
    for invoice in ctx.find("purchaseInvoices", vendorInvoiceNumber=number):
        same_vendor = invoice["payToVendorNumber"] == vendor["number"]
        if same_vendor and invoice["status"] in _POSTED - _REVERSED:
            raise dialog(f"Purchase Invoice {number} already exists for this vendor.")


def _check_line(ctx: WriteContext, line: Row) -> None:
    if line["lineType"] == "Comment" or not line["quantity"]:
        return
    item = ctx.get("items", line["itemId"])
    account = ctx.get("accounts", line["accountId"])
    master = item or account
    if master is None and line["lineType"] in ("Item", "Account"):
        raise field_error(f"No. must have a value in Purchase Line: Line No.={line['sequence']}.")
    if item is not None:
        check_item(item)
        if item.get("#variantMandatory") and line["itemVariantId"] == ZERO_GUID:
            raise field_error(f"Variant Code must have a value in Item No.={item['number']}.")
    if account is not None:
        check_account(account)
    check_posting(ctx, dimensions_of(ctx, line), [master] if master else [])


def book(ctx: WriteContext, invoice: Row, lines: Sequence[Row]) -> None:
    """General ledger entries of a posted invoice and what the vendor is owed.

    Args:
        invoice: posted header, with its final number and totals.
    """
    day = date.fromisoformat(invoice["postingDate"])
    rate = local_per_foreign(ctx, invoice["currencyCode"], day)
    booked = [*_expenses(ctx, lines, rate), *_tax(ctx, invoice, lines, rate)]
    owed = sum((line.amount for line in booked), NOTHING)
    if owed < 0:
        raise field_error("Amount must be negative in Gen. Journal Line: Document Type=Invoice.")
    payables = LedgerLine(account_for(ctx, PAYABLES), -owed, dimensions=dimensions_of(ctx, invoice))
    post_entries(
        ctx,
        [_described(line, invoice) for line in (*booked, payables)],
        posting_date=invoice["postingDate"],
        document_number=invoice["number"],
        document_type="Invoice",
    )
    vendor = ctx.company.tables["vendors"][invoice["payToVendorId"]]
    ctx.modify("vendors", vendor, touch=False, balance=vendor["balance"] + owed)
    remaining = invoice["totalAmountIncludingTax"]
    ctx.modify("purchaseInvoices", invoice, **{REMAINING: remaining})


def _expenses(ctx: WriteContext, lines: Sequence[Row], rate: Decimal) -> list[LedgerLine]:
    """One entry per account and set of dimensions."""
    accounts: dict[str, Row] = {}
    sums: dict[tuple[str, tuple[tuple[str, str], ...]], Decimal] = defaultdict(Decimal)
    for line in lines:
        if not line["netAmount"]:
            continue
        own = ctx.get("accounts", line["accountId"])
        account = own or account_for(ctx, PURCHASES)
        accounts[account["id"]] = account
        dimensions = tuple(dimensions_of(ctx, line).items())
        sums[account["id"], dimensions] += cents(line["netAmount"] * rate)
    return [
        LedgerLine(accounts[account_id], amount, dimensions=dict(dimensions))
        for (account_id, dimensions), amount in sums.items()
    ]


def _tax(ctx: WriteContext, invoice: Row, lines: Sequence[Row], rate: Decimal) -> list[LedgerLine]:
    tax = sum((cents(line["netTaxAmount"] * rate) for line in lines), NOTHING)
    if not tax:
        return []
    dimensions = dimensions_of(ctx, invoice)
    return [LedgerLine(account_for(ctx, INPUT_TAX), tax, dimensions=dimensions)]


def _described(line: LedgerLine, invoice: Row) -> LedgerLine:
    text = f"Invoice {invoice['number']}"
    return LedgerLine(line.account, line.amount, text, line.dimensions)
