"""Price lists: what a vendor asks, or a customer pays, for an item (rules.md 4.9).

The API shows no price lists. The lines of an item's are kept on its row, those of vendors under
``#purchasePrices`` and those of customers under ``#salesPrices``.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bc_pipeline.sandbox.changes.documents import NOTHING, Refused, decimal, factor, resolve
from bc_pipeline.sandbox.changes.kinds import Kind
from bc_pipeline.sandbox.company.company import Company, Row

_LISTS = {"vendor": "#purchasePrices", "customer": "#salesPrices"}


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
        for line in item.get(_LISTS[kind.party], ())
        if line.party in ("", party) and line.unit in ("", unit) and line.minimum <= abs(quantity)
    ]
    return min(offers, key=lambda line: line.per_unit(item, unit), default=None)


def new_purchase_price(company: Company, *, vendor: str = "", **offer: Any) -> Row:  # noqa: ANN401
    """A new line of a price list of vendors; ``vendor`` blank for all, else as ``_add``."""
    return _add(company, "vendor", vendor, **offer)


def new_sales_price(company: Company, *, customer: str = "", **offer: Any) -> Row:  # noqa: ANN401
    """A new line of a price list of customers; ``customer`` blank for all, else as ``_add``."""
    return _add(company, "customer", customer, **offer)


def _add(
    company: Company,
    role: str,
    party: str,
    *,
    item: str,
    price: object,
    unit: str = "",
    minimum: object = 0,
    discount: object = 0,
) -> Row:
    """Adds a line to the price lists of an item; ``discount`` is in percent."""
    number = resolve(company, f"{role}s", party)["number"] if party else ""
    row = resolve(company, "items", item)
    factor(row, unit)
    line = ListedPrice(number, unit, decimal(minimum), decimal(price), decimal(discount))
    if not NOTHING <= line.discount <= 100:
        raise Refused(f"{discount} is no discount in percent")
    lines = (*row.get(_LISTS[role], ()), line)
    return company.modify("items", row["id"], touch=False, **{_LISTS[role]: lines})
