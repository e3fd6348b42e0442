"""What posting a purchase document checks and books, whether an invoice or an order (rules.md
3.18, 3.19, 5.9-5.14)."""

from __future__ import annotations

from collections.abc import Sequence

from bc_pipeline.sandbox.bookkeeping.kinds import PURCHASE_INVOICE
from bc_pipeline.sandbox.business_central.rules.ledger import book_owed
from bc_pipeline.sandbox.business_central.rules.posting_checks import check_postable
from bc_pipeline.sandbox.business_central.rules.purchase_headers import VENDOR
from bc_pipeline.sandbox.business_central.writes import WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.odata_errors import dialog

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
    check_postable(ctx, PURCHASE_INVOICE, VENDOR, header, lines)
    _check_number(ctx, header["payToVendorNumber"], number)


def _check_number(ctx: WriteContext, vendor: str, number: str) -> None:
    """The vendor's own number: there, and not used for another posted invoice (5.9)."""
    if not number:
        if ctx.settings.vendor_invoice_number_mandatory:
            raise dialog("You need to enter the document number of the document from the vendor.")
        return
    for invoice in ctx.find("purchaseInvoices", vendorInvoiceNumber=number):
        same_vendor = invoice["payToVendorNumber"] == vendor
        if same_vendor and invoice["status"] in _POSTED - _REVERSED:
            raise dialog(f"Purchase Invoice {number} already exists for this vendor.")


def book(ctx: WriteContext, invoice: Row, lines: Sequence[Row]) -> None:
    """General ledger entries of a posted invoice and what the vendor is owed.

    Args:
        invoice: posted header, with its final number and totals.
    """
    book_owed(ctx, PURCHASE_INVOICE, "payTo", invoice, lines)
    remaining = invoice["totalAmountIncludingTax"]
    ctx.modify("purchaseInvoices", invoice, **{REMAINING: remaining})
