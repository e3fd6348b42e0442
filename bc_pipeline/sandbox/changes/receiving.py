"""Goods coming in: receipts, their undoing, and the purchase invoice that ends an order
(rules.md 3.17, 3.20, 12)."""

from __future__ import annotations

from collections.abc import Sequence

from bc_pipeline.sandbox.bookkeeping import documents, goods
from bc_pipeline.sandbox.bookkeeping.deliveries import (
    COPIED_TO_PURCHASE_INVOICE,
    copy_to_receipt,
    posted_receipt,
)
from bc_pipeline.sandbox.bookkeeping.document_ledger import post_document
from bc_pipeline.sandbox.bookkeeping.documents import LINE_STEP, NOTHING, LineSpec, Refused
from bc_pipeline.sandbox.bookkeeping.kinds import PURCHASE_INVOICE, PURCHASE_ORDER, PURCHASE_RECEIPT
from bc_pipeline.sandbox.company.company import Company, Row


def receive_purchase_order(
    company: Company, *, order: str, quantities: dict[str, object] | None = None
) -> Row:
    """Receives goods without invoicing them; returns the posted receipt.

    The receipt's lines carry the order lines' sequence; the order lines' ``receivedQuantity`` and
    the stock move.

    Args:
        quantities: sequence -> quantity in the line's unit; None receives all that is left.

    Raises:
        Refused: nothing to receive, more than is left, a blocked vendor or item.
    """
    header = documents.resolve(company, "purchaseOrders", order)
    vendor = documents.open_party(company, PURCHASE_ORDER, header["vendorId"])
    taken = documents.outstanding(company, PURCHASE_ORDER, header, quantities)
    if not any(quantity for _, quantity in taken):
        raise Refused(f"there is nothing to receive on {header['number']}")
    goods.check_postable(company, (line for line, quantity in taken if quantity))
    receipt = posted_receipt(company, vendor, order=header)
    for line, quantity in taken:
        if not quantity and line["lineType"] != "Comment":
            continue
        copy_to_receipt(company, receipt, line, quantity, line["directUnitCost"])
        documents.handled(company, PURCHASE_ORDER, line, line["receivedQuantity"] + quantity)
    documents.retotal(company, PURCHASE_ORDER, header["id"])
    return receipt


def undo_receipt(
    company: Company, *, receipt: str, sequence: int, touch_header: bool = True
) -> Row:
    """Undoes one line of a receipt whose goods are not invoiced: a negative line with a sequence
    of its own appears below it, the order line is open again. Returns the negative line.

    Args:
        touch_header: also move the receipt's stamp.
    """
    header = documents.resolve(company, "purchaseReceipts", receipt)
    lines = documents.lines_of(company, PURCHASE_RECEIPT, header["id"])
    undone = next((r for r in lines if r["sequence"] == sequence), None)
    if undone is None or undone["quantity"] <= 0 or undone.get("#undone"):
        raise Refused(f"line {sequence} of receipt {header['number']} cannot be undone")
    orders = company.find("purchaseOrders", number=header["orderNumber"])
    if not header["orderNumber"] or not orders:
        raise Refused(f"receipt {header['number']} is invoiced")
    line = company.tables["purchaseOrderLines"].get(undone.get("#orderLineId", ""))
    if line is None or line["receivedQuantity"] - line["invoicedQuantity"] < undone["quantity"]:
        raise Refused(f"line {sequence} of receipt {header['number']} is invoiced")
    goods.check_postable(company, [line])
    after = next((r["sequence"] for r in lines if r["sequence"] > sequence), None)
    own = sequence + (LINE_STEP if after is None else (after - sequence) // 2)
    company.modify("purchaseReceiptLines", undone["id"], **{"#undone": True})
    negative = copy_to_receipt(
        company, header, line | {"sequence": own}, -undone["quantity"], undone["unitCost"]
    )
    documents.handled(company, PURCHASE_ORDER, line, line["receivedQuantity"] - undone["quantity"])
    documents.retotal(company, PURCHASE_ORDER, orders[0]["id"])
    company.modify("purchaseReceipts", header["id"], touch=touch_header)
    return negative


def invoice_purchase_order(company: Company, *, order: str) -> Row:
    """Invoices a fully received order: the order is gone, the posted invoice carries its number
    and id. Returns the invoice. Raises Refused when something is still to come."""
    header = documents.resolve(company, "purchaseOrders", order)
    lines = documents.lines_of(company, PURCHASE_ORDER, header["id"])
    goods = [line for line in lines if line["lineType"] != "Comment"]
    if not goods or any(line["receivedQuantity"] < line["quantity"] for line in goods):
        raise Refused(f"purchase order {header['number']} is not fully received")
    vendor = documents.open_party(company, PURCHASE_INVOICE, header["vendorId"])
    invoice = documents.posted_invoice(
        company,
        PURCHASE_INVOICE,
        vendor,
        orderId=header["id"],
        orderNumber=header["number"],
        **{"#invoiceDiscountPercent": header.get("#invoiceDiscountPercent", NOTHING)},
    )
    for line in lines:
        values = {name: line[name] for name in COPIED_TO_PURCHASE_INVOICE}
        priced = line | {"unitCost": line["directUnitCost"]}
        values |= documents.reprice(PURCHASE_INVOICE, invoice, priced)
        values |= {"documentId": invoice["id"], "sequence": line["sequence"]}
        company.insert("purchaseInvoiceLines", values)
    company.delete("purchaseOrders", header["id"])
    return _close(company, invoice)


def new_purchase_invoice(company: Company, *, vendor: str, lines: Sequence[LineSpec]) -> Row:
    """A posted purchase invoice without an order; its receipt has no order number
    (rules.md 5.10). Returns the invoice."""
    party = documents.open_party(company, PURCHASE_INVOICE, vendor)
    documents.check_specs(company, PURCHASE_INVOICE, lines)
    invoice = documents.posted_invoice(company, PURCHASE_INVOICE, party)
    for spec in lines:
        documents.add_line(company, PURCHASE_INVOICE, invoice, spec)
    receipt = posted_receipt(company, party, order=None)
    for line in documents.lines_of(company, PURCHASE_INVOICE, invoice["id"]):
        copy_to_receipt(company, receipt, line, line["quantity"], line["unitCost"])
    return _close(company, invoice)


# -- pieces ---------------------------------------------------------------------------------------


def _close(company: Company, invoice: Row) -> Row:
    header = documents.retotal(company, PURCHASE_INVOICE, invoice["id"])
    post_document(company, PURCHASE_INVOICE, header)
    return header
