"""Price lists: what a vendor asks, or a customer pays, for an item (rules.md 4.9).

The API shows no price lists. The lines of an item's are kept on its row, those of vendors under
``#purchasePrices`` and those of customers under ``#salesPrices``.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bc_pipeline.sandbox.bookkeeping.documents import factor
from bc_pipeline.sandbox.bookkeeping.kinds import Kind
from bc_pipeline.sandbox.company.company import Row

PRICE_LISTS = {"vendor": "#purchasePrices", "customer": "#salesPrices"}


@dataclass(frozen=True)
class ListedPrice:
    """A line of a price list, in local currency and without tax.

    Attributes:
        party: number of the vendor or customer; blank: of all.
        unit: unit of measure the price is for; blank: the base unit, converted to others.
        minimum: quantity, in the line's unit, from which it holds.
        amount: price of one unit.
        discount: percent.
    """

    party: str
    unit: str
    minimum: Decimal
    amount: Decimal
    discount: Decimal

    def per_unit(self, item: Row, unit: str) -> Decimal:
        """The price of one ``unit``."""
        return self.amount if self.unit else self.amount * factor(item, unit)


def listed_price(
    kind: Kind, party: str, item: Row, unit: str, quantity: Decimal
) -> ListedPrice | None:
    """The best price lists offer a vendor's or customer's line, None when they offer none."""
    offers = [
        line
        for line in item.get(PRICE_LISTS[kind.party], ())
        if line.party in ("", party) and line.unit in ("", unit) and line.minimum <= abs(quantity)
    ]
    return min(offers, key=lambda line: line.per_unit(item, unit), default=None)
