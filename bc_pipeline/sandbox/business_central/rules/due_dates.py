"""When a document is due (rules.md 5.7)."""

from __future__ import annotations

from datetime import date

from bc_pipeline.sandbox.business_central.date_formula import later
from bc_pipeline.sandbox.business_central.writes import WriteContext
from bc_pipeline.sandbox.company.values import ZERO_DATE


def due_date(ctx: WriteContext, shown: str, terms_id: str) -> str:
    """The due date of a document of a date under payment terms: that date where there are none."""
    terms = ctx.get("paymentTerms", terms_id)
    if shown == ZERO_DATE:
        return ZERO_DATE
    start = date.fromisoformat(shown)
    due = later(start, terms["dueDateCalculation"]) if terms else None
    return (due or start).isoformat()
