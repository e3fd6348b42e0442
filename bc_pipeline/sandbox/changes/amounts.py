"""Amounts of a document line: gross, discounts, tax.

All are Decimal in the document's currency, rounded to 2; without tax unless their name says
otherwise. Percentages are 0 to 100.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from bc_pipeline.sandbox.business_central.company import Row

CENT = Decimal("0.01")
UNIT_AMOUNT = Decimal("0.00001")
NOTHING = Decimal(0)


def amounts(
    quantity: Decimal,
    price: Decimal,
    *,
    discount_percent: Decimal,
    invoice_discount_percent: Decimal,
    tax_percent: Decimal,
    includes_tax: bool,
) -> Row:
    """The amounts of a line: before the invoice discount, and net of it; all without tax unless
    their name says otherwise."""
    gross = cents(quantity * price)
    discount = cents(gross * discount_percent / 100)
    return {"discountPercent": discount_percent} | net_amounts(
        gross,
        discount,
        invoice_discount_percent=invoice_discount_percent,
        tax_percent=tax_percent,
        includes_tax=includes_tax,
    )


def net_amounts(
    gross: Decimal,
    discount: Decimal,
    *,
    invoice_discount_percent: Decimal,
    tax_percent: Decimal,
    includes_tax: bool,
) -> Row:
    """The amounts of a line that is worth ``gross``, less its own discount."""
    rate = tax_percent / 100
    excluding = cents((gross - discount) / (1 + rate)) if includes_tax else gross - discount
    allocation = cents(excluding * invoice_discount_percent / 100)
    return {
        "discountAmount": discount,
        "taxPercent": tax_percent,
        "amountExcludingTax": excluding,
        "totalTaxAmount": cents(excluding * rate),
        "amountIncludingTax": excluding + cents(excluding * rate),
    } | allocated(excluding, allocation, tax_percent)


def allocated(excluding: Decimal, allocation: Decimal, tax_percent: Decimal) -> Row:
    """What is left of a line after its part of the invoice discount."""
    net = excluding - allocation
    net_tax = cents(net * tax_percent / 100)
    return {
        "invoiceDiscountAllocation": allocation,
        "netAmount": net,
        "netTaxAmount": net_tax,
        "netAmountIncludingTax": net + net_tax,
    }


def cents(amount: Decimal) -> Decimal:
    """An amount rounded as documents round it."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def unit_amount(number: Decimal) -> Decimal:
    """A quantity or a price of one unit, rounded as documents round it."""
    return number.quantize(UNIT_AMOUNT, rounding=ROUND_HALF_UP)
