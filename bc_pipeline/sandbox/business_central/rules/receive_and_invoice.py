"""``receiveAndInvoice`` of a purchase order (rules.md 3.17-3.19)."""

from __future__ import annotations

from collections.abc import Sequence

from bc_pipeline.sandbox.bookkeeping.deliveries import (
    COPIED_TO_PURCHASE_INVOICE,
    copy_to_receipt,
    posted_receipt,
)
from bc_pipeline.sandbox.bookkeeping.kinds import PURCHASE_INVOICE, PURCHASE_ORDER
from bc_pipeline.sandbox.business_central.rules.order_posting import OrderPosting
from bc_pipeline.sandbox.business_central.rules.purchase_posting import book, check_document
from bc_pipeline.sandbox.business_central.writes import WriteContext
from bc_pipeline.sandbox.company.company import Row

# What a person types in the client: the API has no property for it (3.6, 3.18).
VENDOR_INVOICE_NUMBER = "#vendorInvoiceNumber"


def _check(ctx: WriteContext, order: Row, lines: Sequence[Row]) -> None:
    check_document(ctx, order, lines, order.get(VENDOR_INVOICE_NUMBER, ""))


def _receive(ctx: WriteContext, order: Row, lines: Sequence[Row]) -> None:
    vendor = ctx.company.tables["vendors"][order["vendorId"]]
    receipt = posted_receipt(ctx.company, vendor, order=order, posting_date=order["postingDate"])
    for line in lines:
        quantity = line["receiveQuantity"]
        copy_to_receipt(ctx.company, receipt, line, quantity, line["directUnitCost"])
        received = line["receivedQuantity"] + quantity
        ctx.modify("purchaseOrderLines", line, receivedQuantity=received)


def _own(order: Row) -> Row:
    return {"vendorInvoiceNumber": order.get(VENDOR_INVOICE_NUMBER, "")}


receive_and_invoice = OrderPosting(
    PURCHASE_ORDER,
    PURCHASE_INVOICE,
    series="purchase invoice",
    copied=COPIED_TO_PURCHASE_INVOICE,
    check=_check,
    move=_receive,
    own=_own,
    book=book,
).post
