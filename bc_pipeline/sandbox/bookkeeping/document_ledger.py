"""General ledger entries of posted documents: what was bought or sold, its VAT, and what is owed.

They stand beside every document that is posted in a company with a posting set-up. What goods cost
is not booked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bc_pipeline.sandbox.bookkeeping.amounts import NOTHING, cents
from bc_pipeline.sandbox.bookkeeping.dimension_sets import dimensions_of
from bc_pipeline.sandbox.bookkeeping.documents import lines_of
from bc_pipeline.sandbox.bookkeeping.exchange import local_per_foreign
from bc_pipeline.sandbox.bookkeeping.kinds import SALES_CREDIT_MEMO, Kind
from bc_pipeline.sandbox.bookkeeping.ledger import (
    INPUT_TAX,
    OUTPUT_TAX,
    PAYABLES,
    PURCHASES,
    RECEIVABLES,
    SALES,
    LedgerLine,
    post_entries,
    role_account,
)
from bc_pipeline.sandbox.company.company import Company, Row


@dataclass(frozen=True)
class Roles:
    """The accounts of the posting set-up for documents of one side.

    Attributes:
        goods: of item lines.
        tax, party: of VAT, and of the vendor or customer.
    """

    goods: str
    tax: str
    party: str


BOUGHT = Roles(PURCHASES, INPUT_TAX, PAYABLES)
SOLD = Roles(SALES, OUTPUT_TAX, RECEIVABLES)
_CREDITS = (SALES_CREDIT_MEMO,)


def roles_of(kind: Kind) -> Roles:
    """The accounts documents of a kind are booked on."""
    return BOUGHT if kind.is_purchase else SOLD


def ledger_lines(
    company: Company, kind: Kind, header: Row, lines: Sequence[Row]
) -> list[LedgerLine]:
    """What a posted document is booked as; balanced. The last line is what is owed.

    Args:
        lines: of the document, with their final amounts.
    """
    day = date.fromisoformat(header["postingDate"])
    rate = local_per_foreign(company, header["currencyCode"], day)
    sign = (1 if kind.is_purchase else -1) * (-1 if kind in _CREDITS else 1)
    roles = roles_of(kind)
    text = f"{'Credit Memo' if kind in _CREDITS else 'Invoice'} {header['number']}"
    own = dimensions_of(company, header)
    booked = [
        LedgerLine(account, sign * amount, text, dimensions)
        for account, amount, dimensions in _goods(company, roles, lines, rate)
    ]
    tax = sum((cents(line["netTaxAmount"] * rate) for line in lines), NOTHING)
    if tax:
        booked.append(LedgerLine(_account(company, roles.tax), sign * tax, text, own))
    owed = sum((line.amount for line in booked), NOTHING)
    return [*booked, LedgerLine(_account(company, roles.party), -owed, text, own)]


def post_document(
    company: Company,
    kind: Kind,
    header: Row,
    *,
    stamp: str | None = None,
    id_of: Callable[[int], str] | None = None,
) -> None:
    """Adds the entries of a posted document; a company without a posting set-up keeps no books.

    Args:
        stamp, id_of: see ``post_entries``.
    """
    roles = roles_of(kind)
    if any(role_account(company, r) is None for r in (roles.goods, roles.tax, roles.party)):
        return
    post_lines(
        company,
        kind,
        header,
        ledger_lines(company, kind, header, lines_of(company, kind, header["id"])),
        stamp=stamp,
        id_of=id_of,
    )


def post_lines(
    company: Company,
    kind: Kind,
    header: Row,
    lines: Sequence[LedgerLine],
    *,
    stamp: str | None = None,
    id_of: Callable[[int], str] | None = None,
) -> None:
    """Adds what :func:`ledger_lines` gave as entries of a document."""
    post_entries(
        company,
        lines,
        posting_date=header["postingDate"],
        document_number=header["number"],
        document_type="Credit_x0020_Memo" if kind in _CREDITS else "Invoice",
        stamp=stamp,
        id_of=id_of,
    )


def _goods(
    company: Company, roles: Roles, lines: Sequence[Row], rate: Decimal
) -> list[tuple[Row, Decimal, dict[str, str]]]:
    """Account, amount and dimensions: one entry per account and set of dimensions."""
    accounts: dict[str, Row] = {}
    sums: dict[tuple[str, tuple[tuple[str, str], ...]], Decimal] = defaultdict(Decimal)
    for line in lines:
        if not line["netAmount"]:
            continue
        own = company.tables["accounts"].get(line["accountId"])
        account = own or _account(company, roles.goods)
        accounts[account["id"]] = account
        dimensions = tuple(dimensions_of(company, line).items())
        sums[account["id"], dimensions] += cents(line["netAmount"] * rate)
    return [
        (accounts[account_id], amount, dict(dimensions))
        for (account_id, dimensions), amount in sums.items()
    ]


def _account(company: Company, role: str) -> Row:
    account = role_account(company, role)
    if account is None:
        raise LookupError(f"{company.name} has no account for {role}")
    return account
