"""What goods come and go with: posted receipts and shipments, and what is copied to them and to
invoices (rules.md 11, 12)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from bc_pipeline.sandbox.bookkeeping import documents, goods
from bc_pipeline.sandbox.bookkeeping.kinds import PURCHASE_RECEIPT, SALES_SHIPMENT
from bc_pipeline.sandbox.company.company import Company, Row

COPIED_TO_RECEIPT = [
    "sequence",
    "lineObjectNumber",
    "description",
    "unitOfMeasureCode",
    "discountPercent",
    "taxPercent",
    "expectedReceiptDate",
]
COPIED_TO_PURCHASE_INVOICE = [
    *documents.ABOUT,
    "discountPercent",
    "taxCode",
    "taxPercent",
    "expectedReceiptDate",
    "itemVariantId",
    "locationId",
]
COPIED_TO_SALES_INVOICE = [
    *documents.ABOUT,
    "unitPrice",
    "discountPercent",
    "taxCode",
    "taxPercent",
    "shipmentDate",
    "itemVariantId",
    "locationId",
]
COPIED_TO_SHIPMENT = [
    "lineObjectNumber",
    "description",
    "unitOfMeasureCode",
    "unitPrice",
    "discountPercent",
    "taxPercent",
    "shipmentDate",
]
# Order lines and posted receipt lines are of other types (rules.md 12).
RECEIPT_LINE_TYPES = {
    "Comment": "_x0020_",
    "Account": "G_x002F_L_x0020_Account",
    "Charge": "Charge_x0020__x0028_Item_x0029_",
}
# Order and invoice lines are of other types than posted shipment lines (api: two enums).
SHIPMENT_LINE_TYPES = {"Comment": "_x0020_", "Account": "G_x002F_L_x0020_Account"}


def posted_receipt(
    company: Company, vendor: Row, *, order: Row | None, posting_date: date | str | None = None
) -> Row:
    """Adds the header of a posted receipt, dated today when no date is given."""
    day = posting_date or documents.today(company)
    currency = order["currencyCode"] if order else vendor["currencyCode"]
    return documents.create_header(
        company,
        PURCHASE_RECEIPT,
        vendor,
        invoiceDate=day,
        postingDate=day,
        orderNumber=order["number"] if order else "",
        currencyCode=currency,
    )


def copy_to_receipt(
    company: Company, receipt: Row, line: Row, quantity: Decimal, cost: Decimal
) -> Row:
    """Adds a line of an order or invoice to a receipt and moves the goods."""
    kind = line["lineType"]
    copied = {name: line[name] for name in COPIED_TO_RECEIPT}
    copied |= {
        "documentId": receipt["id"],
        "lineType": RECEIPT_LINE_TYPES.get(kind, kind),
        "quantity": quantity,
        "unitCost": cost,
        "#orderLineId": line["id"],
    }
    added = company.insert("purchaseReceiptLines", copied)
    goods.move_goods(
        company,
        line,
        quantity,
        document_number=receipt["number"],
        document_type="Purchase Receipt",
        posting_date=receipt["postingDate"],
    )
    return added


def posted_shipment(
    company: Company, party: Row, *, order: Row | None, posting_date: date | str | None = None
) -> Row:
    """Adds the header of a posted shipment, dated today when no date is given."""
    day = posting_date or documents.today(company)
    return documents.create_header(
        company,
        SALES_SHIPMENT,
        party,
        orderNumber=order["number"] if order else "",
        postingDate=day,
        invoiceDate=day,
    )


def copy_to_shipment(company: Company, shipment: Row, line: Row, quantity: Decimal) -> None:
    """Adds a line of an order or invoice to a shipment and moves the goods."""
    kind = line["lineType"]
    copied = {name: line[name] for name in COPIED_TO_SHIPMENT}
    company.insert(
        "salesShipmentLines",
        copied
        | {
            "documentId": shipment["id"],
            "documentNo": shipment["number"],
            "sequence": line["sequence"],
            "lineType": SHIPMENT_LINE_TYPES.get(kind, kind),
            "quantity": quantity,
        },
    )
    goods.move_goods(
        company,
        line,
        -quantity,
        document_number=shipment["number"],
        document_type="Sales Shipment",
        posting_date=shipment["postingDate"],
    )
