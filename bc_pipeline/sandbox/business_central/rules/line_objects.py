"""Items and accounts on document lines: whether they may be used, and when an item comes or goes
(rules.md 4.8, 4.17, 11.6)."""

from __future__ import annotations

from datetime import date

from bc_pipeline.sandbox.bookkeeping.kinds import Kind
from bc_pipeline.sandbox.business_central.date_formula import later
from bc_pipeline.sandbox.business_central.writes import WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.company.values import ZERO_DATE
from bc_pipeline.sandbox.odata_errors import BcError, field_error

# The work date an invoice was made with; the API does not show it.
WORK_DATE = "#workDate"


def check_item(kind: Kind, item: Row) -> None:
    """Refuses an item that cannot be bought, or sold (4.8)."""
    if item["blocked"]:
        raise field_error(f"Blocked must be equal to 'No' in Item: No.={item['number']}.")
    if kind.is_purchase and item.get("#purchasingBlocked"):
        raise _blocked("Purchasing Blocked", item)
    if not kind.is_purchase and item.get("#salesBlocked"):
        raise _blocked("Sales Blocked", item)
    if not item["generalProductPostingGroupCode"]:
        raise _empty("Gen. Prod. Posting Group", item)
    if item["type"] == "Inventory" and not item["inventoryPostingGroupCode"]:
        raise _empty("Inventory Posting Group", item)


def check_account(account: Row) -> None:
    """Refuses a G/L account nobody may post to: a heading, a blocked one, one without direct
    posting."""
    if account["accountType"] != "Posting":
        raise field_error(f"Account Type must be Posting in G/L Account No.={account['number']}.")
    if account["blocked"]:
        raise _blocked("Blocked", account, "G/L Account")
    if not account["directPosting"]:
        raise field_error(f"Direct Posting must be Yes in G/L Account No.={account['number']}.")


def line_date(ctx: WriteContext, kind: Kind, header: Row, item: Row | None) -> str:
    """When goods are expected or go out: when they were asked for, else, of bought ones, after
    the lead time (4.17); on invoices on the work date they were made with (5.12)."""
    wanted = "requestedReceiptDate" if kind.is_purchase else "requestedDeliveryDate"
    if wanted not in header:
        return str(header.get(WORK_DATE, ctx.today))
    if header[wanted] != ZERO_DATE:
        return str(header[wanted])
    day = document_day(ctx, header)
    lead_time = item.get("#leadTime", "") if item and kind.is_purchase else ""
    return max(later(day, lead_time) or day, day).isoformat()


def document_day(ctx: WriteContext, header: Row) -> date:
    """The date of a document, today where it has none."""
    shown = header["orderDate" if "orderDate" in header else "invoiceDate"]
    return ctx.today if shown == ZERO_DATE else date.fromisoformat(shown)


def _blocked(field: str, row: Row, table: str = "Item") -> BcError:
    return field_error(f"{field} must be equal to 'No' in {table}: No.={row['number']}.")


def _empty(field: str, item: Row) -> BcError:
    return field_error(f"{field} must have a value in Item: No.={item['number']}.")
