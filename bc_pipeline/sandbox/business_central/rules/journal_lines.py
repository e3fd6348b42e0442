"""Rules of ``journalLines`` (rules.md 6.3-6.9) and what all lines of a batch share."""

from __future__ import annotations

from bc_pipeline.sandbox.bookkeeping.amounts import cents
from bc_pipeline.sandbox.bookkeeping.dimension_sets import replace_dimensions
from bc_pipeline.sandbox.bookkeeping.documents import LINE_STEP
from bc_pipeline.sandbox.business_central.rules.dimension_sets import inherited
from bc_pipeline.sandbox.business_central.rules.journal_accounts import (
    GENERAL_LEDGER,
    account_of,
    account_values,
    check_bookable,
)
from bc_pipeline.sandbox.business_central.rules.references import check_code, parent_of
from bc_pipeline.sandbox.business_central.writes import RULES, EntityRules, Parent, WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.company.values import ZERO_DATE, ZERO_GUID
from bc_pipeline.sandbox.odata_errors import dialog, same_key

# Entity sets whose rows are lines of one batch, numbered together.
LINE_SETS = ("journalLines", "vendorPayments")
ACCOUNT = ("accountId", "accountNumber")
BALANCING = ("balancingAccountId", "balancingAccountNumber")
# What a new line takes over from the one before it (6.8).
COPIED_FROM_PREVIOUS = ("postingDate", "documentNumber")
_JOURNAL = (
    "The journal batch id and name do not match to a specific journal batch.",
    "You must specify a journal batch ID or a journal ID to create a line.",
    "The journal ID does not match a journal.",
)
# Sent blank, these leave a new line what it starts with (6.6).
KEPT_WHEN_BLANK = {"postingDate": ZERO_DATE, "description": ""}


class JournalLines(EntityRules):
    """Lines of general journals. Values of a POST are replayed in an order of their own (6.6)."""

    def insert(self, ctx: WriteContext, given: Row, parent: Parent | None) -> Row:
        """POST."""
        journal = journal_of(ctx, given, parent)
        if "journalDisplayName" in given:
            raise dialog("The journal batch name of a journal line cannot be edited.")
        check_tax_code(ctx, given)
        kind = given.get("accountType", GENERAL_LEDGER)
        values: Row = {
            "journalId": journal["id"],
            "journalDisplayName": journal["code"],
            "lineNumber": line_number(ctx, journal, given),
            "accountType": kind,
            "externalDocumentNumber": "",
        }
        values |= from_previous(ctx, journal)
        account = account_values(ctx, kind, given, ACCOUNT)
        master = account_of(ctx, kind, account["accountNumber"])
        values |= account | {"description": master["displayName"] if master else ""}
        values |= plain(given, new=True) | self._balancing(ctx, journal, given)
        values |= document_number(ctx, journal, values, given)
        row = ctx.insert("journalLines", values)
        _inherit(ctx, row)
        return row

    def update(self, ctx: WriteContext, row: Row, given: Row, parent: Parent | None) -> Row:
        """PATCH: the row is written as is (6.7)."""
        if "journalDisplayName" in given:
            raise dialog("The journal batch name of a journal line cannot be edited.")
        check_same_journal(row, given)
        check_tax_code(ctx, given)
        values = plain(given) | new_place(ctx, row, given)
        kind = str(given.get("accountType", row["accountType"]))
        if kind != row["accountType"] or any(name in given for name in ACCOUNT):
            values |= {"accountType": kind} | account_values(ctx, kind, given, ACCOUNT)
        own = str(given.get("balanceAccountType", row["balanceAccountType"]))
        if own != row["balanceAccountType"] or any(name in given for name in BALANCING):
            values |= {"balanceAccountType": own} | account_values(ctx, own, given, BALANCING)
        changed = any(values.get(name, row[name]) != row[name] for name in ACCOUNT)
        row = ctx.modify("journalLines", row, **values)
        if changed:
            _inherit(ctx, row)
        return row

    def remove(self, ctx: WriteContext, row: Row, parent: Parent | None) -> None:
        """DELETE."""
        ctx.delete("journalLines", row)

    def _balancing(self, ctx: WriteContext, journal: Row, given: Row) -> Row:
        """The balancing account of the batch, then the line's own (6.6)."""
        of_batch = bookable_balancing_of(ctx, journal)
        if any(given.get(name, "") not in ("", ZERO_GUID) for name in BALANCING):
            kind = given.get("balanceAccountType", GENERAL_LEDGER)
            return {"balanceAccountType": kind} | account_values(ctx, kind, given, BALANCING)
        return of_batch


def journal_of(ctx: WriteContext, given: Row, parent: Parent | None) -> Row:
    """The batch a new line is for, from the URL or the body (6.3, 7.2).

    Raises:
        BcError: none is given, it does not exist, or URL and body differ.
    """
    wanted = given.get("journalId", ZERO_GUID)
    return parent_of(ctx, parent.row if parent else None, "journals", wanted, _JOURNAL)


def check_same_journal(row: Row, given: Row) -> None:
    """Refuses to move a line to another batch (6.3)."""
    if given.get("journalId", row["journalId"]) != row["journalId"]:
        raise dialog("The journal batch ID of a line cannot be edited.")


def lines_of_batch(ctx: WriteContext, journal_id: str) -> list[tuple[str, Row]]:
    """All lines of a batch with the entity set they are in, in order."""
    lines = [(name, row) for name in LINE_SETS for row in ctx.find(name, journalId=journal_id)]
    return sorted(lines, key=lambda line: line[1]["lineNumber"])


def line_number(ctx: WriteContext, journal: Row, given: Row) -> int:
    """The line number sent, or the next free one (6.8). Raises BcError when it is taken (0.8)."""
    used = [row["lineNumber"] for _, row in lines_of_batch(ctx, journal["id"])]
    wanted = int(given.get("lineNumber") or 0) or max(used, default=0) + LINE_STEP
    if wanted in used:
        raise same_key("Gen. Journal Line", wanted)
    return wanted


def new_place(ctx: WriteContext, row: Row, given: Row) -> Row:
    """The line number after a PATCH: another one renames the line."""
    if given.get("lineNumber", row["lineNumber"]) == row["lineNumber"]:
        return {}
    return {"lineNumber": line_number(ctx, {"id": row["journalId"]}, given)}


def from_previous(ctx: WriteContext, journal: Row) -> Row:
    """What the line before leaves to a new one; the first is dated today (6.8)."""
    lines = lines_of_batch(ctx, journal["id"])
    if not lines:
        return {"postingDate": ctx.today}
    previous = lines[-1][1]
    return {name: previous[name] for name in COPIED_FROM_PREVIOUS}


def document_number(ctx: WriteContext, journal: Row, values: Row, given: Row) -> Row:
    """The document number: sent, or that of the line before, or the next of the batch's series
    when what stands there is balanced or the external number is another one (6.8)."""
    if given.get("documentNumber"):
        return {"documentNumber": given["documentNumber"]}
    lines = [row for _, row in lines_of_batch(ctx, journal["id"])]
    previous = lines[-1] if lines else None
    if previous is not None and previous["documentNumber"]:
        same = [r for r in lines if r["documentNumber"] == previous["documentNumber"]]
        own = [r for r in same if not r.get("balancingAccountNumber")]
        balanced = sum(r["amount"] for r in own) == 0 and any(r["amount"] for r in same)
        other = values["externalDocumentNumber"] != previous["externalDocumentNumber"]
        if not balanced and not other:
            return {"documentNumber": previous["documentNumber"]}
    return {"documentNumber": ctx.next_number("general journal")}


def balancing_of(ctx: WriteContext, journal: Row) -> Row:
    """The batch's balancing account as a line shows it; CRONUS's is a bank account."""
    number = journal["balancingAccountNumber"]
    if not number:
        return {}
    kind = GENERAL_LEDGER
    account = ctx.get("accounts", journal["balancingAccountId"])
    if account is None:
        kind = "Bank_x0020_Account"
        account = account_of(ctx, kind, number)
    if account is None:
        return {}
    return {
        "balanceAccountType": kind,
        "balancingAccountId": account["id"],
        "balancingAccountNumber": number,
    }


def bookable_balancing_of(ctx: WriteContext, journal: Row) -> Row:
    """As :func:`balancing_of`, for a new line. Raises BcError when nothing may be booked on the
    account (6.12)."""
    values = balancing_of(ctx, journal)
    if values:
        kind = values["balanceAccountType"]
        account = account_of(ctx, kind, values["balancingAccountNumber"])
        assert account is not None
        check_bookable(kind, account)
    return values


def check_tax_code(ctx: WriteContext, given: Row) -> None:
    """Refuses a tax code that is no VAT product posting group."""
    check_code(ctx, "taxGroups", given.get("taxCode", ""), "VAT Product Posting Group", "taxCode")


def plain(given: Row, *, new: bool = False) -> Row:
    """Properties that are stored as they come; a new line keeps what it starts with where blank
    was sent."""
    names = (
        "postingDate",
        "documentNumber",
        "externalDocumentNumber",
        "amount",
        "description",
        "comment",
        "taxCode",
    )
    values = {
        name: given[name]
        for name in names
        if name in given and not (new and given[name] == KEPT_WHEN_BLANK.get(name))
    }
    if "amount" in values:
        values["amount"] = cents(values["amount"])
    return values


def _inherit(ctx: WriteContext, row: Row) -> None:
    master = account_of(ctx, row["accountType"], row["accountNumber"])
    chosen = inherited(ctx, [master] if master else [])
    replace_dimensions(ctx.company, "journalLines", row, chosen)


RULES["journalLines"] = JournalLines()
