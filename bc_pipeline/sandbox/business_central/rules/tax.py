"""VAT of document lines: which percentage a VAT product posting group means for a vendor or
customer.

The groups are the rows of ``taxGroups``; what the API does not show of them - percentage and VAT
identifier - is kept under ``#percent`` and ``#identifier``.
"""

from __future__ import annotations

from decimal import Decimal

from bc_pipeline.sandbox.bookkeeping.amounts import NOTHING
from bc_pipeline.sandbox.bookkeeping.kinds import Kind
from bc_pipeline.sandbox.business_central.writes import WriteContext
from bc_pipeline.sandbox.company.company import Row


def tax_of(
    ctx: WriteContext, kind: Kind, header: Row, group: str, item: Row | None
) -> tuple[str, Decimal]:
    """The VAT identifier a line shows and its percentage.

    There is none between us and those abroad. A group that is not set up has the item's own
    percentage.
    """
    found = ctx.find("taxGroups", code=group) if group else []
    if not found:
        percent = item.get("#taxPercent", NOTHING) if item else NOTHING
        return group, percent if group else NOTHING
    percent = found[0].get("#percent", NOTHING) if _is_domestic(ctx, kind, header) else NOTHING
    return found[0].get("#identifier", group), percent


def _is_domestic(ctx: WriteContext, kind: Kind, header: Row) -> bool:
    own = {row["country"] for row in ctx.find("companyInformation")}
    return header[f"{kind.address}Country"] in own | {""}
