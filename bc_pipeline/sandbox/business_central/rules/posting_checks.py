"""What is looked at before a document is posted, on whichever side (rules.md 3.19, 11.4)."""

from __future__ import annotations

from collections.abc import Sequence

from bc_pipeline.sandbox.bookkeeping.dimension_sets import dimensions_of
from bc_pipeline.sandbox.bookkeeping.kinds import Kind
from bc_pipeline.sandbox.business_central.rules.dimension_sets import check_posting
from bc_pipeline.sandbox.business_central.rules.document_headers import Party
from bc_pipeline.sandbox.business_central.rules.ledger import check_posting_date
from bc_pipeline.sandbox.business_central.rules.line_objects import check_account, check_item
from bc_pipeline.sandbox.business_central.writes import WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.company.values import ZERO_GUID
from bc_pipeline.sandbox.odata_errors import field_error


def check_postable(
    ctx: WriteContext, kind: Kind, party: Party, header: Row, lines: Sequence[Row]
) -> None:
    """Refuses a document whose date, vendor or customer, items, accounts or dimensions do not
    let it be posted.

    Args:
        lines: those that are posted now.

    Raises:
        BcError: it cannot be posted.
    """
    check_posting_date(ctx, header["postingDate"])
    masters = [
        ctx.company.tables[kind.parties][header[pair.by_id]] for pair in (party.main, party.payer)
    ]
    for master in masters:
        party.check(master)
    for line in lines:
        _check_line(ctx, kind, line)
    involved = {master["id"]: master for master in masters}.values()
    check_posting(ctx, dimensions_of(ctx.company, header), involved)


def _check_line(ctx: WriteContext, kind: Kind, line: Row) -> None:
    if line["lineType"] == "Comment" or not line["quantity"]:
        return
    item = ctx.get("items", line["itemId"])
    account = ctx.get("accounts", line["accountId"])
    master = item or account
    if master is None and line["lineType"] in ("Item", "Account"):
        raise field_error(f"No. must have a value in {kind.table}: Line No.={line['sequence']}.")
    if item is not None:
        check_item(kind, item)
        if item.get("#variantMandatory") and line["itemVariantId"] == ZERO_GUID:
            raise field_error(f"Variant Code must have a value in Item No.={item['number']}.")
    if account is not None:
        check_account(account)
    check_posting(ctx, dimensions_of(ctx.company, line), [master] if master else [])
