"""Posting of orders: goods are moved, then invoiced (rules.md 3.17-3.19, 11.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bc_pipeline.sandbox.bookkeeping.amounts import NOTHING
from bc_pipeline.sandbox.bookkeeping.dimension_sets import dimensions_of, replace_dimensions
from bc_pipeline.sandbox.bookkeeping.documents import lines_of, open_quantities, reprice
from bc_pipeline.sandbox.bookkeeping.kinds import Kind
from bc_pipeline.sandbox.business_central.rules.document_totals import INVOICE_DISCOUNT, retotal
from bc_pipeline.sandbox.business_central.rules.due_dates import due_date
from bc_pipeline.sandbox.business_central.writes import WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.company.metadata import entities
from bc_pipeline.sandbox.odata_errors import dialog, field_error

_NOT_COPIED = {"@odata.etag", "id", "number", "lastModifiedDateTime"}


def _nothing(order: Row) -> Row:
    return {}


@dataclass(frozen=True)
class OrderPosting:
    """The bound action that posts one kind of order.

    Attributes:
        order, invoice: the documents.
        series: numbers posted invoices.
        copied: properties of lines that go on to the invoice.
        check: refuses an order, or its lines that are posted now.
        move: posts the goods of lines and counts them on the lines.
        book: what a posted invoice leaves in the ledgers.
        own: further values of the invoice.
    """

    order: Kind
    invoice: Kind
    series: str
    copied: Sequence[str]
    check: Callable[[WriteContext, Row, Sequence[Row]], None]
    move: Callable[[WriteContext, Row, Sequence[Row]], None]
    book: Callable[[WriteContext, Row, Sequence[Row]], None]
    own: Callable[[Row], Row] = _nothing

    def post(self, ctx: WriteContext, order: Row) -> None:
        """Posts what is to be moved and to be invoiced of all lines. An order that is invoiced in
        full is gone.

        Raises:
            BcError: it cannot be posted.
        """
        if order["status"] == "In_x0020_Review":
            raise field_error(f"Status must be equal to 'Released' in Order {order['number']}.")
        lines = lines_of(ctx.company, self.order, order["id"])
        posted = [r for r in lines if r[self.order.to_handle] or r["invoiceQuantity"]]
        if not posted:
            raise dialog("There is nothing to post.")
        self.check(ctx, order, posted)
        moved = [line for line in lines if line[self.order.to_handle]]
        if moved:
            self.move(ctx, order, moved)
        ctx.end_part(lambda: self._settle(ctx, order, lines))
        self._invoice(ctx, order, lines)
        if all(line["invoicedQuantity"] == line["quantity"] for line in lines):
            ctx.delete(self.order.headers, order)
            return
        self._settle(ctx, order, lines)

    def _settle(self, ctx: WriteContext, order: Row, lines: Sequence[Row]) -> None:
        for line in lines:
            left = open_quantities(ctx.company, self.order, line)
            ctx.modify(self.order.lines, line, **left)
        retotal(ctx, self.order, order)

    def _invoice(self, ctx: WriteContext, order: Row, lines: Sequence[Row]) -> None:
        if not any(line["invoiceQuantity"] for line in lines):
            return
        invoice = self._invoice_header(ctx, order)
        for line in lines:
            values: Row = {name: line[name] for name in self.copied}
            now = {
                self.invoice.price: line[self.order.price],
                "quantity": line["invoiceQuantity"],
            }
            values |= reprice(self.invoice, invoice, line | now)
            values |= {"documentId": invoice["id"], "sequence": line["sequence"]}
            copied = ctx.insert(self.invoice.lines, values)
            own = dimensions_of(ctx.company, line)
            replace_dimensions(ctx.company, self.invoice.lines, copied, own)
            invoiced = line["invoicedQuantity"] + line["invoiceQuantity"]
            ctx.modify(self.order.lines, line, invoicedQuantity=invoiced)
        invoice = retotal(ctx, self.invoice, invoice)
        self.book(ctx, invoice, lines_of(ctx.company, self.invoice, invoice["id"]))

    def _invoice_header(self, ctx: WriteContext, order: Row) -> Row:
        """A posted invoice with an id of its own (5.3) that names its order (5.11)."""
        fields = entities()[self.invoice.headers].fields
        copied = {n: v for n, v in order.items() if n in fields and n not in _NOT_COPIED}
        terms = str(order["paymentTermsId"])
        values: Row = {
            "number": ctx.next_number(self.series),
            "invoiceDate": order["orderDate"],
            "dueDate": due_date(ctx, order["orderDate"], terms),
            "orderId": order["id"],
            "orderNumber": order["number"],
            "status": "Open",
            INVOICE_DISCOUNT: order.get(INVOICE_DISCOUNT, NOTHING),
        }
        invoice = ctx.insert(self.invoice.headers, copied | values | self.own(order))
        own = dimensions_of(ctx.company, order)
        replace_dimensions(ctx.company, self.invoice.headers, invoice, own)
        return invoice
