"""Goods that move when a document is posted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from bc_pipeline.sandbox.bookkeeping.documents import Refused, factor, today
from bc_pipeline.sandbox.company.company import Company, Row


def check_postable(company: Company, lines: Iterable[Row]) -> None:
    """Refuses to post goods of a blocked item or in a unit it has not, before anything moved."""
    for line in lines:
        if line["lineType"] == "Item" and line["quantity"]:
            item = company.tables["items"][line["itemId"]]
            if item["blocked"]:
                raise Refused(f"item {item['number']} is blocked")
            factor(item, line["unitOfMeasureCode"])


def move_goods(
    company: Company,
    line: Row,
    quantity: Decimal,
    *,
    document_number: str,
    document_type: str,
    posting_date: date | str | None = None,
) -> None:
    """Posts the stock movement of a document line: ``quantity`` in the line's unit, signed as
    stock sees it, today when no date is given. Lines of other types and items without stock move
    nothing."""
    if line["lineType"] != "Item" or not quantity:
        return
    item = company.tables["items"][line["itemId"]]
    if item["type"] != "Inventory":
        return
    location = company.tables["locations"].get(line["locationId"])
    variant = company.tables["itemVariants"].get(line["itemVariantId"])
    company.post_ledger(
        item["id"],
        quantity * factor(item, line["unitOfMeasureCode"]),
        entry_type="Purchase" if document_type.startswith("Purchase") else "Sale",
        document_number=document_number,
        posting_date=posting_date or today(company),
        location_code=location["code"] if location else "",
        variant_code=variant["code"] if variant else "",
        documentType=document_type.replace(" ", "_x0020_"),
    )
