"""New lines of price lists (rules.md 4.9)."""

from __future__ import annotations

from typing import Any

from bc_pipeline.sandbox.bookkeeping.documents import NOTHING, Refused, decimal, factor, resolve
from bc_pipeline.sandbox.bookkeeping.prices import PRICE_LISTS, ListedPrice
from bc_pipeline.sandbox.company.company import Company, Row


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
    lines = (*row.get(PRICE_LISTS[role], ()), line)
    return company.modify("items", row["id"], touch=False, **{PRICE_LISTS[role]: lines})
