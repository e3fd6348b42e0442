"""Amounts of a document line: gross, discounts, tax.

All are Decimal in the document's currency, rounded to 2; without tax unless their name says
otherwise. Percentages are 0 to 100.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from bc_pipeline.sandbox.company.company import Row

CENT = Decimal("0.01")
UNIT_AMOUNT = Decimal("0.00001")
NOTHING = Decimal(0)


# A line's part of the discount over the whole document, with tax where prices have it; the API
# shows it without (``invoiceDiscountAllocation``).
INVOICE_DISCOUNT = "#invoiceDiscount"


def amounts(
    quantity: Decimal,
    price: Decimal,
    *,
    discount_percent: Decimal,
    invoice_discount_percent: Decimal,
    tax_percent: Decimal,
    includes_tax: bool,
) -> Row:
    """The amounts of a line by itself, its part of the invoice discount included."""
    gross = cents(quantity * price)
    discount = cents(gross * discount_percent / 100)
    return {"discountPercent": discount_percent} | line_amounts(
        gross,
        discount,
        invoice_discount_percent=invoice_discount_percent,
        tax_percent=tax_percent,
        includes_tax=includes_tax,
    )


def line_amounts(
    gross: Decimal,
    discount: Decimal,
    *,
    invoice_discount_percent: Decimal,
    tax_percent: Decimal,
    includes_tax: bool,
) -> Row:
    """The amounts of a line that is worth ``gross``, less its own discount. What prices include is
    never computed anew: with tax in them the line amount is the amount including tax."""
    worth = gross - discount
    factor = 1 + tax_percent / 100
    excluding = cents(worth / factor) if includes_tax else worth
    including = worth if includes_tax else cents(worth * factor)
    line: Row = {
        "discountAmount": discount,
        "taxPercent": tax_percent,
        "amountExcludingTax": excluding,
        "totalTaxAmount": including - excluding,
        "amountIncludingTax": including,
        INVOICE_DISCOUNT: cents(worth * invoice_discount_percent / 100),
    }
    return line | net_amounts([line], includes_tax=includes_tax)[0]


def net_amounts(lines: Sequence[Row], *, includes_tax: bool) -> list[Row]:
    """The net amounts of a document's lines, in their order (rules.md 5).

    Tax is rounded once over all lines of one VAT identifier: a line gets the rounded tax of all up
    to it, less what those before it got. So the lines sum up to the document to the cent.

    Args:
        lines: with their own amounts.
        includes_tax: whether prices do.
    """
    sums: dict[tuple[str, Decimal], _Sum] = defaultdict(_Sum)
    return [
        sums[line.get("taxCode", ""), line["taxPercent"]].add(line, includes_tax=includes_tax)
        for line in lines
    ]


class _Sum:
    """What the lines of one VAT identifier came to so far."""

    def __init__(self) -> None:
        self.worth = self.net = self.including = NOTHING

    def add(self, line: Row, *, includes_tax: bool) -> Row:
        """One more line; returns its net amounts."""
        factor = 1 + line["taxPercent"] / 100
        discount = invoice_discount(line, includes_tax=includes_tax)
        own = line["amountIncludingTax" if includes_tax else "amountExcludingTax"]
        self.worth += own - discount
        net = cents(self.worth / factor) if includes_tax else self.worth
        including = self.worth if includes_tax else cents(self.worth * factor)
        line_net, line_including = net - self.net, including - self.including
        self.net, self.including = net, including
        return {
            # Where prices include tax, what rounding moves between lines shows here too.
            "invoiceDiscountAllocation": line["amountExcludingTax"] - line_net,
            "netAmount": line_net,
            "netTaxAmount": line_including - line_net,
            "netAmountIncludingTax": line_including,
        }


def invoice_discount(line: Row, *, includes_tax: bool) -> Decimal:
    """A line's part of the invoice discount, with tax where prices include it."""
    if INVOICE_DISCOUNT in line:
        return Decimal(line[INVOICE_DISCOUNT])
    shown: Decimal = line.get("invoiceDiscountAllocation", NOTHING)
    return cents(shown * (1 + line["taxPercent"] / 100)) if includes_tax else shown


def cents(amount: Decimal) -> Decimal:
    """An amount rounded as documents round it."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def unit_amount(number: Decimal) -> Decimal:
    """A quantity or a price of one unit, rounded as documents round it."""
    return number.quantize(UNIT_AMOUNT, rounding=ROUND_HALF_UP)
