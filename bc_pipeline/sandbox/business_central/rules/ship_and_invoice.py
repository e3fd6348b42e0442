"""``shipAndInvoice`` of a sales order (rules.md 11.4, 11.7, 11.8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from bc_pipeline.sandbox.bookkeeping.deliveries import (
    COPIED_TO_SALES_INVOICE,
    copy_to_shipment,
    posted_shipment,
)
from bc_pipeline.sandbox.bookkeeping.documents import factor
from bc_pipeline.sandbox.bookkeeping.kinds import SALES_INVOICE, SALES_ORDER
from bc_pipeline.sandbox.business_central.rules.ledger import book_owed
from bc_pipeline.sandbox.business_central.rules.order_posting import OrderPosting
from bc_pipeline.sandbox.business_central.rules.posting_checks import check_postable
from bc_pipeline.sandbox.business_central.rules.sales_headers import CUSTOMER
from bc_pipeline.sandbox.business_central.writes import WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.odata_errors import dialog


def _check(ctx: WriteContext, order: Row, lines: Sequence[Row]) -> None:
    check_postable(ctx, SALES_ORDER, CUSTOMER, order, lines)
    if ctx.settings.prevent_negative_inventory:
        _check_stock(ctx, lines)


def _check_stock(ctx: WriteContext, lines: Sequence[Row]) -> None:
    """Refuses to ship more of an item than there is at a location (11.7)."""
    wanted: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in lines:
        item = ctx.get("items", line["itemId"])
        if item is not None and item["type"] == "Inventory":
            location = ctx.get("locations", line["locationId"])
            place = (item["id"], location["code"] if location else "")
            wanted[place] += line["shipQuantity"] * factor(item, line["unitOfMeasureCode"])
    for (item_id, code), quantity in wanted.items():
        if 0 < quantity > ctx.company.inventory(item_id, code):
            number = ctx.company.tables["items"][item_id]["number"]
            raise dialog(f"You have insufficient quantity of Item {number} on inventory.")


def _ship(ctx: WriteContext, order: Row, lines: Sequence[Row]) -> None:
    customer = ctx.company.tables["customers"][order["customerId"]]
    shipment = posted_shipment(
        ctx.company, customer, order=order, posting_date=order["postingDate"]
    )
    for line in lines:
        copy_to_shipment(ctx.company, shipment, line, line["shipQuantity"])
        shipped = line["shippedQuantity"] + line["shipQuantity"]
        ctx.modify("salesOrderLines", line, shippedQuantity=shipped)


def _book(ctx: WriteContext, invoice: Row, lines: Sequence[Row]) -> None:
    """General ledger entries of a posted invoice and what the customer owes."""
    book_owed(ctx, SALES_INVOICE, "billTo", invoice, lines)
    remaining = invoice["totalAmountIncludingTax"]
    ctx.modify("salesInvoices", invoice, remainingAmount=remaining)


ship_and_invoice = OrderPosting(
    SALES_ORDER,
    SALES_INVOICE,
    series="sales invoice",
    copied=COPIED_TO_SALES_INVOICE,
    check=_check,
    move=_ship,
    book=_book,
).post
