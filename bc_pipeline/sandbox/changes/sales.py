"""Business on the sales side: orders, shipments, invoices (rules.md 11)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from bc_pipeline.sandbox.bookkeeping import documents, goods
from bc_pipeline.sandbox.bookkeeping.deliveries import (
    COPIED_TO_SALES_INVOICE,
    copy_to_shipment,
    posted_shipment,
)
from bc_pipeline.sandbox.bookkeeping.document_ledger import post_document
from bc_pipeline.sandbox.bookkeeping.documents import NOTHING, LineSpec, Refused
from bc_pipeline.sandbox.bookkeeping.kinds import (
    SALES_CREDIT_MEMO,
    SALES_INVOICE,
    SALES_ORDER,
)
from bc_pipeline.sandbox.company.company import Company, Row

POSTED = ("Open", "Paid")


def new_sales_order(
    company: Company,
    *,
    customer: str,
    lines: Sequence[LineSpec],
    order_date: date | str | None = None,
    status: str = "Draft",
    **other: object,
) -> Row:
    """A new sales order. Raises Refused for a blocked customer or item."""
    header = documents.new_order(
        company, SALES_ORDER, customer, lines, order_date, status=status, **other
    )
    for spec in lines:
        documents.add_line(company, SALES_ORDER, header, spec)
    return documents.retotal(company, SALES_ORDER, header["id"])


def change_sales_order_line(
    company: Company, *, order: str, sequence: int, quantity: object, touch_header: bool = True
) -> Row:
    """Another quantity on a line of an order that is not released."""
    header = documents.resolve(company, "salesOrders", order)
    line = documents.line_at(company, SALES_ORDER, header, sequence)
    wanted = documents.decimal(quantity)
    if header["status"] != "Draft" or wanted < line["shippedQuantity"] or wanted <= 0:
        raise Refused(f"line {sequence} of sales order {header['number']} cannot become {wanted}")
    changes = documents.reprice(SALES_ORDER, header, line, quantity=wanted)
    changes |= documents.open_quantities(company, SALES_ORDER, line | changes)
    company.modify("salesOrderLines", line["id"], **changes)
    return documents.retotal(company, SALES_ORDER, header["id"], touch=touch_header)


def ship_sales_order(
    company: Company, *, order: str, quantities: dict[str, object] | None = None
) -> Row:
    """Ships an order without invoicing it; returns the posted shipment.

    Args:
        quantities: sequence -> quantity in the line's unit; None ships all that is left.
    """
    header = documents.resolve(company, "salesOrders", order)
    shipped = documents.outstanding(company, SALES_ORDER, header, quantities)
    if not any(quantity for _, quantity in shipped):
        raise Refused(f"there is nothing to ship on sales order {header['number']}")
    goods.check_postable(company, (line for line, quantity in shipped if quantity))
    return _ship(company, header, shipped)


def post_sales_order(company: Company, *, order: str) -> Row:
    """Ships what is left and invoices all that is not invoiced yet: the order is gone, the
    posted invoice carries its number. Returns the invoice (rules.md 11.4)."""
    header = documents.resolve(company, "salesOrders", order)
    left = documents.outstanding(company, SALES_ORDER, header, None)
    if not any(line["quantity"] for line, _ in left):
        raise Refused(f"there is nothing to post on sales order {header['number']}")
    goods.check_postable(company, (line for line, _ in left))
    if any(quantity for _, quantity in left):
        _ship(company, header, left)
    lines = documents.lines_of(company, SALES_ORDER, header["id"])
    invoice = _posted_invoice(
        company,
        company.tables["customers"][header["customerId"]],
        order=header,
        discount=header.get("#invoiceDiscountPercent", NOTHING),
    )
    for line in lines:
        _copy_to_invoice(company, invoice, line, line["quantity"] - line["invoicedQuantity"])
    company.delete("salesOrders", header["id"])
    return _close(company, invoice)


def delete_sales_order(company: Company, *, order: str) -> Row:
    """Cancels an order. Raises Refused when goods were shipped that are not invoiced."""
    header = documents.resolve(company, "salesOrders", order)
    lines = documents.lines_of(company, SALES_ORDER, header["id"])
    if any(line["shippedQuantity"] > line["invoicedQuantity"] for line in lines):
        raise Refused(f"sales order {header['number']} was shipped but not invoiced")
    return company.delete("salesOrders", header["id"])


def new_sales_invoice(
    company: Company,
    *,
    customer: str,
    lines: Sequence[LineSpec],
    discount: object = 0,
    status: str = "Open",
    draft: bool = False,
) -> Row:
    """An invoice without an order: posted with its shipment, or a draft that moves nothing.

    Args:
        discount: invoice discount in percent.
        status: of a posted one, Open or Paid.
    """
    party = documents.open_party(company, SALES_INVOICE, customer)
    documents.check_specs(company, SALES_INVOICE, lines)
    invoice = _posted_invoice(company, party, discount=documents.decimal(discount))
    if draft:
        company.modify("salesInvoices", invoice["id"], status="Draft")
    for spec in lines:
        documents.add_line(company, SALES_INVOICE, invoice, spec)
    if not draft:
        shipment = posted_shipment(company, party, order=None)
        for line in documents.lines_of(company, SALES_INVOICE, invoice["id"]):
            copy_to_shipment(company, shipment, line, line["quantity"])
        company.modify("salesInvoices", invoice["id"], status=status)
    return _close(company, invoice)


def pay_sales_invoice(company: Company, *, invoice: str) -> Row:
    """The customer paid: Open becomes Paid."""
    header = documents.resolve(company, "salesInvoices", invoice)
    if header["status"] != "Open":
        raise Refused(f"sales invoice {header['number']} is {header['status']}")
    return company.modify("salesInvoices", header["id"], status="Paid", remainingAmount=NOTHING)


def cancel_sales_invoice(company: Company, *, invoice: str) -> Row:
    """Cancels a posted invoice: it becomes Canceled, a corrective credit memo takes the goods
    back. Returns the credit memo."""
    header = documents.resolve(company, "salesInvoices", invoice)
    if header["status"] not in POSTED:
        raise Refused(f"sales invoice {header['number']} is {header['status']}")
    goods.check_postable(company, documents.lines_of(company, SALES_INVOICE, header["id"]))
    party = company.tables["customers"][header["customerId"]]
    memo = documents.create_header(
        company,
        SALES_CREDIT_MEMO,
        party,
        creditMemoDate=documents.today(company),
        postingDate=documents.today(company),
        status="Corrective",
        invoiceId=header["id"],
        invoiceNumber=header["number"],
    )
    for line in documents.lines_of(company, SALES_INVOICE, header["id"]):
        copied = {n: v for n, v in line.items() if n not in ("id", "@odata.etag")}
        company.insert("salesCreditMemoLines", copied | {"documentId": memo["id"]})
        goods.move_goods(
            company,
            line,
            line["quantity"],
            document_number=memo["number"],
            document_type="Sales Credit Memo",
        )
    company.modify("salesInvoices", header["id"], status="Canceled", remainingAmount=NOTHING)
    memo = documents.retotal(company, SALES_CREDIT_MEMO, memo["id"])
    post_document(company, SALES_CREDIT_MEMO, memo)
    return memo


# -- pieces ---------------------------------------------------------------------------------------


def _ship(company: Company, header: Row, shipped: list[tuple[Row, Decimal]]) -> Row:
    party = company.tables["customers"][header["customerId"]]
    shipment = posted_shipment(company, party, order=header)
    for line, quantity in shipped:
        if not quantity and line["lineType"] != "Comment":
            continue
        copy_to_shipment(company, shipment, line, quantity)
        documents.handled(company, SALES_ORDER, line, line["shippedQuantity"] + quantity)
    documents.retotal(company, SALES_ORDER, header["id"])
    return shipment


def _posted_invoice(
    company: Company, party: Row, *, discount: Decimal, order: Row | None = None
) -> Row:
    return documents.posted_invoice(
        company,
        SALES_INVOICE,
        party,
        orderId=order["id"] if order else None,
        orderNumber=order["number"] if order else "",
        **{"#invoiceDiscountPercent": discount},
    )


def _copy_to_invoice(company: Company, invoice: Row, line: Row, quantity: Decimal) -> None:
    values = {name: line[name] for name in COPIED_TO_SALES_INVOICE}
    values |= documents.reprice(SALES_INVOICE, invoice, line, quantity=quantity)
    company.insert(
        "salesInvoiceLines",
        values | {"documentId": invoice["id"], "sequence": line["sequence"]},
    )


def _close(company: Company, invoice: Row) -> Row:
    totals = documents.retotal(company, SALES_INVOICE, invoice["id"])
    if totals["status"] in POSTED:
        post_document(company, SALES_INVOICE, totals)
    owed = totals["totalAmountIncludingTax"] if totals["status"] == "Open" else NOTHING
    return company.modify("salesInvoices", invoice["id"], remainingAmount=owed)
