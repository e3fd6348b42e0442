"""Goods from one location to another (platform 2): what lies where changes, the sum does not."""

from __future__ import annotations

from decimal import Decimal

from bc_pipeline.sandbox.bookkeeping.documents import Refused, decimal, resolve, today
from bc_pipeline.sandbox.bookkeeping.numbers import next_number
from bc_pipeline.sandbox.company.company import Company, Row

DIRECT_TRANSFER = "Direct_x0020_Transfer"


def transfer_stock(
    company: Company,
    *,
    item: str,
    quantity: object,
    origin: str,
    destination: str,
    variant: str = "",
) -> Row:
    """A direct transfer, posted: two ledger entries, the item's row and its inventory stay as they
    are (behaviour.md 3.2).

    Args:
        quantity: in the base unit, above 0.
        origin: code of the location the goods leave.
        destination: code of another one.

    Returns:
        The entry at the destination.

    Raises:
        Refused: no inventory item that may move, no two locations, or less than that lies there.
    """
    row = resolve(company, "items", item)
    amount = decimal(quantity)
    if row["blocked"] or row["type"] != "Inventory" or amount <= 0:
        raise Refused(f"item {row['number']} takes no transfer of {amount}")
    codes = [resolve(company, "locations", code)["code"] for code in (origin, destination)]
    if codes[0] == codes[1]:
        raise Refused(f"goods cannot go from {codes[0]} to {codes[1]}")
    if company.stock(row["id"]).get((codes[0], variant), Decimal(0)) < amount:
        raise Refused(f"You have insufficient quantity of Item {row['number']} on inventory.")
    number = next_number(company, "direct transfer")
    posted = [
        company.post_ledger(
            row["id"],
            moved,
            entry_type="Transfer",
            document_number=number,
            posting_date=today(company),
            location_code=code,
            variant_code=variant,
            documentType=DIRECT_TRANSFER,
        )
        for code, moved in zip(codes, (-amount, amount), strict=True)
    ]
    return posted[1]
