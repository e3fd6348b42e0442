"""What one unit of an item costs on a document line: by price list, else by the item card (rules.md
4.9, behaviour.md 4)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bc_pipeline.sandbox.bookkeeping.amounts import NOTHING, unit_amount
from bc_pipeline.sandbox.bookkeeping.documents import factor
from bc_pipeline.sandbox.bookkeeping.exchange import local_per_foreign
from bc_pipeline.sandbox.bookkeeping.kinds import Kind
from bc_pipeline.sandbox.bookkeeping.prices import listed_price
from bc_pipeline.sandbox.business_central.rules.line_objects import document_day
from bc_pipeline.sandbox.business_central.writes import WriteContext
from bc_pipeline.sandbox.company.company import Row


@dataclass(frozen=True)
class Price:
    """A price in the document's currency, with or without tax as the document has it.

    Attributes:
        discount: percent of the line.
        is_listed: it comes from a price list.
    """

    amount: Decimal
    discount: Decimal
    is_listed: bool


def price_of(ctx: WriteContext, kind: Kind, header: Row, item: Row, line: Row) -> Price:
    """The price of an item line, by its unit, quantity and tax.

    Args:
        line: its values so far.
    """
    unit = line["unitOfMeasureCode"]
    listed = listed_price(kind, header[f"{kind.party}Number"], item, unit, line["quantity"])
    if listed is not None:
        local, discount = listed.per_unit(item, unit), listed.discount
    else:
        local, discount = _card(kind, item, line["taxPercent"]) * factor(item, unit), NOTHING
    amount = local / local_per_foreign(
        ctx.company, header["currencyCode"], document_day(ctx, header)
    )
    if header["pricesIncludeTax"]:
        amount *= 1 + line["taxPercent"] / 100
    return Price(unit_amount(amount), discount, listed is not None)


def _card(kind: Kind, item: Row, tax_percent: Decimal) -> Decimal:
    """The item card's price of a base unit without tax: bought, the last direct cost, else the
    unit cost; sold, the unit price."""
    if kind.is_purchase:
        return Decimal(item.get("#lastDirectCost") or item["unitCost"])
    price: Decimal = item["unitPrice"]
    return price / (1 + tax_percent / 100) if item["priceIncludesTax"] else price
