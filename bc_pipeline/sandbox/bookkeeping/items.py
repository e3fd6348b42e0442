"""Items: what uses them, and adjusting their stock (rules.md 10)."""

from __future__ import annotations

from decimal import Decimal

from bc_pipeline.sandbox.bookkeeping.documents import Refused, today
from bc_pipeline.sandbox.bookkeeping.numbers import next_number
from bc_pipeline.sandbox.company.company import Company, Row

ITEM_LINES = (
    "salesOrderLines",
    "purchaseOrderLines",
    "salesInvoiceLines",
    "purchaseInvoiceLines",
)


def is_used(company: Company, item: Row) -> bool:
    """Whether entries, documents or bills of materials refer to an item."""
    return (
        bool(company.find("itemLedgerEntries", itemNumber=item["number"]))
        or any(company.find(lines, itemId=item["id"]) for lines in ITEM_LINES)
        or any(
            part["no"] == item["number"]
            for parent in company.tables["items"].values()
            for part in parent.get("#bom", ())
        )
    )


def check_adjustable(item: Row, amount: Decimal) -> None:
    """Refuses to adjust the stock of an item that is blocked or has none, or by nothing."""
    if item["blocked"] or item["type"] != "Inventory" or not amount:
        raise Refused(f"item {item['number']} takes no adjustment of {amount}")


def adjust_stock(
    company: Company, item: Row, amount: Decimal, location: str = "", variant: str = ""
) -> Row:
    """A ledger entry; the item's row stays as it is (behaviour.md 3.2). Raises Refused.

    Args:
        amount: signed, in the base unit.
    """
    check_adjustable(item, amount)
    return company.post_ledger(
        item["id"],
        amount,
        entry_type="Positive Adjmt." if amount > 0 else "Negative Adjmt.",
        document_number=next_number(company, "adjustment"),
        posting_date=today(company),
        location_code=location,
        variant_code=variant,
    )
