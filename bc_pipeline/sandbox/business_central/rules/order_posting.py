"""``receiveAndInvoice`` of a purchase order (rules.md 3.17-3.19)."""

from __future__ import annotations

from bc_pipeline.sandbox.business_central.company import Row
from bc_pipeline.sandbox.business_central.errors import dialog, field_error
from bc_pipeline.sandbox.business_central.metadata import entities
from bc_pipeline.sandbox.business_central.rules.purchase_posting import book, check_document
from bc_pipeline.sandbox.business_central.rules.purchase_totals import INVOICE_DISCOUNT, retotal
from bc_pipeline.sandbox.business_central.writes import WriteContext
from bc_pipeline.sandbox.changes.amounts import NOTHING
from bc_pipeline.sandbox.changes.dimension_sets import dimensions_of, replace_dimensions
from bc_pipeline.sandbox.changes.documents import (
    PURCHASE_INVOICE,
    PURCHASE_ORDER,
    lines_of,
    open_quantities,
    reprice,
)
from bc_pipeline.sandbox.changes.receiving import (
    COPIED_TO_INVOICE,
    copy_to_receipt,
    posted_receipt,
)

# What a person types in the client: the API has no property for it (3.6, 3.18).
VENDOR_INVOICE_NUMBER = "#vendorInvoiceNumber"
_NOT_COPIED = {"@odata.etag", "id", "number", "orderDate", "requestedReceiptDate", "fullyReceived"}


def receive_and_invoice(ctx: WriteContext, order: Row) -> None:
    """Posts what is to be received and to be invoiced of all lines. An order that is invoiced in
    full is gone."""
    if order["status"] == "In_x0020_Review":
        raise field_error(f"Status must be equal to 'Released' in Order {order['number']}.")
    lines = lines_of(ctx.company, PURCHASE_ORDER, order["id"])
    posted = [r for r in lines if r["receiveQuantity"] or r["invoiceQuantity"]]
    if not posted:
        raise dialog("There is nothing to post.")
    check_document(ctx, order, posted, order.get(VENDOR_INVOICE_NUMBER, ""))
    _receive(ctx, order, lines)
    ctx.end_part(lambda: _settle(ctx, order, lines))
    _invoice(ctx, order, lines)
    if all(line["invoicedQuantity"] >= line["quantity"] for line in lines):
        ctx.delete("purchaseOrders", order)
        return
    _settle(ctx, order, lines)


def _settle(ctx: WriteContext, order: Row, lines: list[Row]) -> None:
    for line in lines:
        ctx.modify("purchaseOrderLines", line, **open_quantities(ctx.company, line))
    retotal(ctx, PURCHASE_ORDER, order)


def _receive(ctx: WriteContext, order: Row, lines: list[Row]) -> None:
    come = [line for line in lines if line["receiveQuantity"]]
    if not come:
        return
    vendor = ctx.company.tables["vendors"][order["vendorId"]]
    receipt = posted_receipt(ctx.company, vendor, order=order, posting_date=order["postingDate"])
    for line in come:
        quantity = line["receiveQuantity"]
        copy_to_receipt(ctx.company, receipt, line, quantity, line["directUnitCost"])
        received = line["receivedQuantity"] + quantity
        ctx.modify("purchaseOrderLines", line, receivedQuantity=received)


def _invoice(ctx: WriteContext, order: Row, lines: list[Row]) -> None:
    if not any(line["invoiceQuantity"] for line in lines):
        return
    invoice = _invoice_header(ctx, order)
    for line in lines:
        values = {name: line[name] for name in COPIED_TO_INVOICE}
        priced = line | {"unitCost": line["directUnitCost"], "quantity": line["invoiceQuantity"]}
        values |= reprice(PURCHASE_INVOICE, invoice, priced)
        values |= {"documentId": invoice["id"], "sequence": line["sequence"]}
        copied = ctx.insert("purchaseInvoiceLines", values)
        replace_dimensions(
            ctx.company, "purchaseInvoiceLines", copied, dimensions_of(ctx.company, line)
        )
        invoiced = line["invoicedQuantity"] + line["invoiceQuantity"]
        ctx.modify("purchaseOrderLines", line, invoicedQuantity=invoiced)
    invoice = retotal(ctx, PURCHASE_INVOICE, invoice)
    book(ctx, invoice, lines_of(ctx.company, PURCHASE_INVOICE, invoice["id"]))


def _invoice_header(ctx: WriteContext, order: Row) -> Row:
    """A posted invoice with an id of its own (5.3) that names its order (5.11)."""
    fields = entities()["purchaseInvoices"].fields
    copied = {n: v for n, v in order.items() if n in fields and n not in _NOT_COPIED}
    invoice = ctx.insert(
        "purchaseInvoices",
        copied
        | {
            "number": ctx.next_number("purchase invoice"),
            "invoiceDate": order["orderDate"],
            "dueDate": order["orderDate"],
            "vendorInvoiceNumber": order.get(VENDOR_INVOICE_NUMBER, ""),
            "orderId": order["id"],
            "orderNumber": order["number"],
            "status": "Open",
            INVOICE_DISCOUNT: order.get(INVOICE_DISCOUNT, NOTHING),
        },
    )
    replace_dimensions(ctx.company, "purchaseInvoices", invoice, dimensions_of(ctx.company, order))
    return invoice
