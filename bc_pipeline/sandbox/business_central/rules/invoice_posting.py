"""``post`` of a purchase invoice: receipt, ledgers, and a number of the posted series (rules.md
5.3, 5.4, 5.10)."""

from __future__ import annotations

from bc_pipeline.sandbox.bookkeeping.deliveries import copy_to_receipt, posted_receipt
from bc_pipeline.sandbox.bookkeeping.documents import lines_of
from bc_pipeline.sandbox.bookkeeping.kinds import PURCHASE_INVOICE
from bc_pipeline.sandbox.business_central.rules.purchase_posting import book, check_document
from bc_pipeline.sandbox.business_central.writes import WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.odata_errors import dialog


def post_invoice(ctx: WriteContext, invoice: Row) -> None:
    """Posts a draft: the id stays, the number changes, lines can no longer be changed."""
    if invoice["status"] != "Draft":
        raise dialog("The action can be applied to a draft invoice only.")
    lines = lines_of(ctx.company, PURCHASE_INVOICE, invoice["id"])
    posted = [line for line in lines if line["lineType"] != "Comment" and line["quantity"]]
    if not posted:
        raise dialog("There is nothing to post.")
    check_document(ctx, invoice, posted, invoice["vendorInvoiceNumber"])
    number = ctx.next_number("purchase invoice")
    invoice = ctx.modify("purchaseInvoices", invoice, number=number, status="Open")
    _receive(ctx, invoice, posted)
    book(ctx, invoice, posted)


def _receive(ctx: WriteContext, invoice: Row, lines: list[Row]) -> None:
    """Items come in with their invoice, on a receipt without order number (5.10)."""
    goods = [line for line in lines if line["lineType"] == "Item"]
    if not goods:
        return
    vendor = ctx.company.tables["vendors"][invoice["vendorId"]]
    receipt = posted_receipt(ctx.company, vendor, order=None, posting_date=invoice["postingDate"])
    for line in goods:
        copy_to_receipt(ctx.company, receipt, line, line["quantity"], line["unitCost"])
