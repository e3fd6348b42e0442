"""Business on purchase orders up to the receipt of goods (rules.md 3, 4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bc_pipeline.sandbox.bookkeeping import documents
from bc_pipeline.sandbox.bookkeeping.documents import LINE_STEP, LineSpec, Refused
from bc_pipeline.sandbox.bookkeeping.kinds import PURCHASE_ORDER
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.company.values import ZERO_DATE

STATUSES = ("Draft", "In_x0020_Review", "Open")
# What a line keeps when the vendor of its order changes; the rest is made anew.
KEPT_ON_VENDOR_CHANGE = [
    "sequence",
    *documents.ABOUT,
    "itemVariantId",
    "locationId",
    "expectedReceiptDate",
    "quantity",
    "directUnitCost",
    "taxCode",
    "taxPercent",
    "discountPercent",
]


def new_purchase_order(
    company: Company,
    *,
    vendor: str,
    lines: Sequence[LineSpec],
    order_date: date | str | None = None,
    requested: date | str = ZERO_DATE,
    discount: object = 0,
    **other: object,
) -> Row:
    """A new purchase order in status Draft.

    Args:
        requested: requested receipt date; zero date for none.
        discount: invoice discount in percent.

    Raises:
        Refused: the vendor is blocked for All, an item is blocked.
    """
    header = documents.new_order(
        company,
        PURCHASE_ORDER,
        vendor,
        lines,
        order_date,
        requestedReceiptDate=requested,
        status="Draft",
        **{"#invoiceDiscountPercent": documents.decimal(discount)},
        **other,
    )
    for spec in lines:
        _add(company, header, spec)
    return documents.retotal(company, PURCHASE_ORDER, header["id"])


def add_purchase_line(
    company: Company, *, order: str, line: LineSpec, touch_header: bool = True
) -> Row:
    """A further line on an order in status Draft; returns the line."""
    header = editable(company, order)
    documents.check_specs(company, PURCHASE_ORDER, [line])
    added = _add(company, header, line)
    documents.retotal(company, PURCHASE_ORDER, header["id"], touch=touch_header)
    return added


def change_purchase_line(
    company: Company,
    *,
    order: str,
    sequence: int,
    quantity: object = None,
    cost: object = None,
    discount: object = None,
    date: date | str | None = None,
    touch_header: bool = True,
) -> Row:
    """Another quantity, cost, discount or expected receipt date on a line.

    ``touch_header=False`` plays the edit that leaves the header's stamp alone (behaviour.md 3.2).

    Raises:
        Refused: the order is not Draft (a date may still change, rules.md 3.12), or the quantity
            would go below what was received (rules.md 4.12).
    """
    header = documents.resolve(company, "purchaseOrders", order)
    found = documents.line_at(company, PURCHASE_ORDER, header, sequence)
    wanted = {
        name: documents.decimal(value)
        for name, value in (
            ("quantity", quantity),
            ("directUnitCost", cost),
            ("discountPercent", discount),
        )
        if value is not None
    }
    if wanted and header["status"] != "Draft":
        raise Refused(f"purchase order {header['number']} is {header['status']}")
    if "quantity" in wanted and (
        wanted["quantity"] <= 0 or wanted["quantity"] < found["receivedQuantity"]
    ):
        raise Refused(f"line {sequence} of {header['number']} was received beyond that")
    changes = documents.reprice(PURCHASE_ORDER, header, found, **wanted) if wanted else {}
    if "quantity" in wanted:
        changes |= documents.open_quantities(company, PURCHASE_ORDER, found | changes)
    if date is not None:
        changes["expectedReceiptDate"] = date
    company.modify("purchaseOrderLines", found["id"], **changes)
    return documents.retotal(company, PURCHASE_ORDER, header["id"], touch=touch_header)


def remove_purchase_line(
    company: Company, *, order: str, sequence: int, touch_header: bool = True
) -> Row:
    """Deletes a line. Raises Refused when goods came in that are not invoiced (rules.md 4.18)."""
    header = editable(company, order)
    found = documents.line_at(company, PURCHASE_ORDER, header, sequence)
    if found["receivedQuantity"] > found["invoicedQuantity"]:
        raise Refused(f"line {sequence} of {header['number']} was received")
    company.delete("purchaseOrderLines", found["id"])
    return documents.retotal(company, PURCHASE_ORDER, header["id"], touch=touch_header)


def change_vendor_of_purchase_order(company: Company, *, order: str, vendor: str) -> Row:
    """Another vendor: the lines are made anew, with new ids and the same sequences.

    Raises:
        Refused: goods were received already, or the vendor is blocked (rules.md 3.13).
    """
    header = editable(company, order)
    party = documents.open_party(company, PURCHASE_ORDER, vendor)
    if header["vendorId"] == party["id"]:
        raise Refused(f"{header['number']} is already with {party['number']}")
    lines = documents.lines_of(company, PURCHASE_ORDER, header["id"])
    if any(line["receivedQuantity"] for line in lines):
        raise Refused(f"{header['number']} was received in part")
    company.modify(
        "purchaseOrders",
        header["id"],
        vendorId=party["id"],
        vendorNumber=party["number"],
        vendorName=party["displayName"],
        payToVendorId=party["id"],
        payToVendorNumber=party["number"],
        payToName=party["displayName"],
        currencyId=party["currencyId"],
        currencyCode=party["currencyCode"],
    )
    for line in lines:
        company.delete("purchaseOrderLines", line["id"])
        kept = {name: line[name] for name in KEPT_ON_VENDOR_CHANGE}
        if line["lineType"] != "Comment":
            kept |= documents.reprice(PURCHASE_ORDER, header, line)
        kept |= documents.open_quantities(company, PURCHASE_ORDER, kept)
        company.insert("purchaseOrderLines", kept | {"documentId": header["id"]})
    return documents.retotal(company, PURCHASE_ORDER, header["id"])


def change_purchase_order_status(company: Company, *, order: str, status: str) -> Row:
    """Draft, In_x0020_Review or Open (BC: open, pending approval, released; rules.md 3.11)."""
    header = documents.resolve(company, "purchaseOrders", order)
    if status not in STATUSES or status == header["status"]:
        raise Refused(f"{header['number']} cannot become {status}")
    return company.modify("purchaseOrders", header["id"], status=status)


def change_requested_date(company: Company, *, order: str, date: date | str) -> Row:
    """Another requested receipt date, which cascades to the lines (rules.md 3.8)."""
    header = documents.resolve(company, "purchaseOrders", order)
    for line in documents.lines_of(company, PURCHASE_ORDER, header["id"]):
        if line["lineType"] == "Item" and line["receivedQuantity"] < line["quantity"]:
            company.modify("purchaseOrderLines", line["id"], expectedReceiptDate=date)
    return company.modify("purchaseOrders", header["id"], requestedReceiptDate=date)


def enter_vendor_invoice_number(company: Company, *, order: str, number: str) -> Row:
    """The vendor's invoice number, typed in the client: the API has no property for it, but
    posting an order may need it (rules.md 3.18)."""
    header = documents.resolve(company, "purchaseOrders", order)
    facts: Row = {"#vendorInvoiceNumber": number}
    return company.modify("purchaseOrders", header["id"], **facts)


def delete_purchase_order(company: Company, *, order: str) -> Row:
    """Deletes an order. Raises Refused when goods came in that are not invoiced
    (rules.md 3.16)."""
    header = documents.resolve(company, "purchaseOrders", order)
    lines = documents.lines_of(company, PURCHASE_ORDER, header["id"])
    if any(line["receivedQuantity"] > line["invoicedQuantity"] for line in lines):
        raise Refused(f"{header['number']} was received but not invoiced")
    return company.delete("purchaseOrders", header["id"])


# -- pieces ---------------------------------------------------------------------------------------


def editable(company: Company, order: str) -> Row:
    """The order, if its lines may change: status Draft (rules.md 3.12). Raises Refused."""
    header = documents.resolve(company, "purchaseOrders", order)
    if header["status"] != "Draft":
        raise Refused(f"purchase order {header['number']} is {header['status']}")
    return header


def _add(company: Company, header: Row, spec: LineSpec) -> Row:
    """Adds a line whose sequence no receipt of this order has used: a deleted line's number does
    not come back with other goods."""
    lines = documents.lines_of(company, PURCHASE_ORDER, header["id"])
    last = max((row["sequence"] for row in lines), default=0)
    used = max(last, header.get("#lastSequence", 0))
    line = documents.add_line(company, PURCHASE_ORDER, header, spec, sequence=used + LINE_STEP)
    company.modify(
        "purchaseOrders", header["id"], touch=False, **{"#lastSequence": line["sequence"]}
    )
    return line
