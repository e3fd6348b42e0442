"""Amounts of purchase documents: the header's totals and the discount over the whole document."""

from __future__ import annotations

from decimal import Decimal

from bc_pipeline.sandbox.bookkeeping import amounts
from bc_pipeline.sandbox.bookkeeping.amounts import NOTHING, cents
from bc_pipeline.sandbox.bookkeeping.documents import lines_of, totals
from bc_pipeline.sandbox.bookkeeping.kinds import Kind
from bc_pipeline.sandbox.business_central.writes import WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.odata_errors import dialog

INVOICE_DISCOUNT = "#invoiceDiscountPercent"


def retotal(ctx: WriteContext, kind: Kind, header: Row) -> Row:
    """Sums the lines into the header. A header whose totals stay as they are is not written:
    neither its tag nor its stamp moves (behaviour.md 3.2)."""
    summed = totals(ctx.company, kind, header["id"])
    if all(header[name] == value for name, value in summed.items()):
        return header
    return ctx.modify(kind.headers, header, **summed)


def discount_invoice(ctx: WriteContext, kind: Kind, header: Row, amount: Decimal) -> Row:
    """Spreads a discount over the lines by their amounts, to the cent; returns what changes on
    the header (rules.md 3.10).

    Raises:
        BcError: the discount is more than the lines are worth.
    """
    own = "amountIncludingTax" if header["pricesIncludeTax"] else "amountExcludingTax"
    lines = lines_of(ctx.company, kind, header["id"])
    worth = sum((line[own] for line in lines), NOTHING)
    if not 0 <= amount <= worth:
        raise dialog("The invoice discount amount is greater than the total of the lines.")
    percent = amount * 100 / worth if worth else NOTHING
    left = cents(amount)
    priced = [line for line in lines if line[own]]
    for place, line in enumerate(priced, start=1):
        share = cents(line[own] * percent / 100)
        share = left if place == len(priced) else min(share, left)
        left -= share
        part: Row = {amounts.INVOICE_DISCOUNT: share}
        ctx.modify(kind.lines, line, **part)
    return {INVOICE_DISCOUNT: percent} | totals(ctx.company, kind, header["id"])
