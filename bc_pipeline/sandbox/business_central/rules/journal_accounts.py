"""Accounts of journal lines: of the G/L, bank accounts, vendors, customers (rules.md 6.4, 6.5,
6.12)."""

from __future__ import annotations

from bc_pipeline.sandbox.business_central.writes import WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.company.values import BLANK_ENUM, ZERO_GUID
from bc_pipeline.sandbox.odata_errors import dialog, field_error, no_relation

GENERAL_LEDGER = "G_x002F_L_x0020_Account"
BANK_ACCOUNT = "Bank_x0020_Account"
VENDOR = "Vendor"
CUSTOMER = "Customer"
TABLES = {
    GENERAL_LEDGER: "accounts",
    BANK_ACCOUNT: "bankAccounts",
    VENDOR: "vendors",
    CUSTOMER: "customers",
}
# Only these are found by their id (6.5).
BY_ID = (GENERAL_LEDGER, BANK_ACCOUNT)


def account_of(ctx: WriteContext, kind: str, number: str) -> Row | None:
    """The record behind an account type and number, if there is one."""
    found = ctx.find(TABLES[kind], number=number) if kind in TABLES and number else []
    return found[0] if found else None


def account_values(ctx: WriteContext, kind: str, given: Row, names: tuple[str, str]) -> Row:
    """Id and number of an account after one or both were sent.

    Args:
        kind: account type.
        given: the body.
        names: what id and number are called in it.

    Raises:
        BcError: unknown account, id and number of different ones, or nothing may be booked on it.
    """
    by_id, by_number = names
    account: Row | None = None
    if given.get(by_id, ZERO_GUID) != ZERO_GUID:
        if kind not in BY_ID:
            raise dialog(f"The {by_id} can be used for G/L accounts and bank accounts only.")
        account = ctx.get(TABLES[kind], given[by_id])
        if account is None:
            raise dialog(f'The "{by_id}" does not match an Account.')
    number = given.get(by_number, "")
    if number:
        found = account_of(ctx, kind, number)
        if found is None:
            raise no_relation(kind, "Account No.", number)
        if account is not None and account["id"] != found["id"]:
            raise dialog("The account values do not match to a specific Account.")
        account = found
    if account is None:
        return {by_id: ZERO_GUID, by_number: ""}
    check_bookable(kind, account)
    shown = account["id"] if kind in BY_ID else ZERO_GUID
    return {by_id: shown, by_number: account["number"]}


def check_bookable(kind: str, account: Row) -> None:
    """Refuses an account as soon as a line names it, not only when it is posted (6.12)."""
    number = account["number"]
    blocked = account.get("blocked", False)
    if kind == GENERAL_LEDGER:
        if account["accountType"] != "Posting" or blocked:
            raise no_relation("G/L Account", "Account No.", number)
        if not account["directPosting"]:
            raise field_error(f"Direct Posting must be Yes in G/L Account No.={number}.")
    elif kind == BANK_ACCOUNT and blocked not in (BLANK_ENUM, False):
        raise field_error(f"Blocked must be equal to 'No' in Bank Account: No.={number}.")
    elif (kind == VENDOR and blocked == "All") or (
        kind == CUSTOMER and blocked in ("All", "Invoice")
    ):
        raise dialog(
            f"You cannot create this type of document when {kind} {number} is blocked with type "
            f"{blocked}"
        )
