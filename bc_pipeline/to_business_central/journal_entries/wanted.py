"""What a unified journal entry is to be in Business Central (target_behaviour.md 8)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bc_pipeline.business_central.lookup.dimensions import DimensionValue
from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central.documents import amounts
from bc_pipeline.to_business_central.documents.lookups import account_of
from bc_pipeline.to_business_central.unified import JournalEntry, JournalLine, WithCurrency
from bc_pipeline.to_business_central.writer import ExportContext
from bc_pipeline.values import by_code, guid

LONGEST_NUMBER = 20
LONGEST_DESCRIPTION = 100
STEP = 10_000
"""Distance between line numbers, as in BC itself."""


@dataclass(frozen=True)
class WantedLine:
    """One journal line. Debit is positive, credit negative (rules.md 6.9)."""

    line_number: int
    account_id: str
    account_number: str
    amount: Decimal
    description: str | None
    dimensions: tuple[DimensionValue, ...]


@dataclass(frozen=True)
class WantedEntry:
    """A journal entry.

    Args:
        number: document number of every line, and display name of the journal.
        code: of the journal; the same for the same number.
        day: posting date of every line, ISO.
        without_amount: how many lines of the record have the amount zero; BC would skip them when
            posting (rules.md 6.11), so they are left out.
    """

    number: str
    code: str
    day: str
    lines: tuple[WantedLine, ...]
    without_amount: int = 0

    def bodies(self) -> list[dict[str, Any]]:
        """The lines as they are sent."""
        return [self.body(line) for line in self.lines]

    def body(self, line: WantedLine) -> dict[str, Any]:
        """One line as it is sent; its dimensions follow when the inherited ones are known."""
        body = {
            "lineNumber": line.line_number,
            "accountId": line.account_id,
            "postingDate": self.day,
            "documentNumber": self.number,
            "amount": line.amount,
        }
        return body if line.description is None else {**body, "description": line.description}


def journal_code(number: str) -> str:
    """Code of the journal for a document number, which is one in any letter case: BC keeps ten
    characters, in capitals."""
    return _hashed(by_code(number))


def former_code(number: str) -> str:
    """Code of the journal that version 0.1.0 made: it told ``je-1`` from ``JE-1``."""
    return _hashed(number)


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10].upper()


def wanted_entry(context: ExportContext, entry: JournalEntry) -> WantedEntry:
    """What ``entry`` is to be in Business Central.

    Raises:
        RecordError: it cannot be written as it is.
    """
    number = _number(entry)
    if entry.transaction_date is None:
        raise RecordError("MissingField", "a journal entry needs transactionDate")
    if not entry.line_items:
        raise RecordError("MissingField", "a journal entry needs lineItems")
    parts: list[WithCurrency] = [entry, *entry.line_items]
    for part in parts:
        _refuse_other_currency(context, part)
    places = _places(context)
    found = [_amount(line, places) for line in entry.line_items]
    if difference := sum(found):
        raise RecordError(
            "InvalidInputError", f"the lines are out of balance by {difference}; they must sum to 0"
        )
    counted = [
        (line, amount) for line, amount in zip(entry.line_items, found, strict=True) if amount
    ]
    if not counted:
        raise RecordError("InvalidInputError", "all lines have the amount 0: nothing to post")
    of_all = context.dimensions.wanted(entry.dimension_fields, entry.dimension_list())
    lines = tuple(
        _line(context, line, amount, position * STEP, of_all)
        for position, (line, amount) in enumerate(counted, start=1)
    )
    day = entry.transaction_date.isoformat()
    return WantedEntry(number, journal_code(number), day, lines, len(found) - len(counted))


def _number(entry: JournalEntry) -> str:
    number = entry.journal_entry_number
    if number is None:
        raise RecordError("MissingField", "a journal entry needs journalEntryNumber")
    if len(number) > LONGEST_NUMBER:
        raise RecordError(
            "InvalidInputError",
            f"journalEntryNumber {number} has more than {LONGEST_NUMBER} characters",
        )
    return number


def _line(
    context: ExportContext,
    line: JournalLine,
    amount: Decimal,
    line_number: int,
    of_all: Sequence[DimensionValue],
) -> WantedLine:
    """One line; a journal has no dimensions, so those of the entry are those of every line."""
    account = account_of(context, line, "a journal line")
    if line.description is not None and len(line.description) > LONGEST_DESCRIPTION:
        raise RecordError(
            "InvalidInputError",
            f"a description holds at most {LONGEST_DESCRIPTION} characters: {line.description}",
        )
    own = context.dimensions.wanted(line.dimension_fields, line.dimension_list())
    given = {value.dimension_id for value in own}
    return WantedLine(
        line_number,
        guid(account["id"]),
        str(account.get("number") or ""),
        amount,
        line.description,
        (*own, *(value for value in of_all if value.dimension_id not in given)),
    )


def _amount(line: JournalLine, places: int) -> Decimal:
    """Debit less credit, in the precision of the local currency (B7). A negative debit is a credit,
    so an entry with all signs turned takes back another one (decisions 17)."""
    match (line.entry_type or "").strip().casefold():
        case "debit":
            sign, name, given = 1, "debitAmount", line.debit_amount
        case "credit":
            sign, name, given = -1, "creditAmount", line.credit_amount
        case _:
            raise RecordError(
                "InvalidFieldValue", f"entryType is Debit or Credit, not {line.entry_type!r}"
            )
    if given is None:
        raise RecordError("InvalidFieldValue", f"a {line.entry_type} line needs {name}")
    return sign * amounts.exact(given, places, name)


def _places(context: ExportContext) -> int:
    local = context.reference.local_currency
    return amounts.places_of(context.reference.find("currencies", code=local) if local else None)


def _refuse_other_currency(context: ExportContext, part: WithCurrency) -> None:
    """Journal lines show no currency in the API: another one would be booked as local (D10)."""
    if not (part.currency_id or part.currency or part.currency_name):
        return
    local = by_code(context.reference.local_currency)
    if not part.currency_id and by_code(part.currency) == local:
        return
    row = context.reference.find(
        "currencies", id=part.currency_id, code=part.currency, name=part.currency_name
    )
    given = str(row["code"]) if row else part.currency or part.currency_name or part.currency_id
    if row is None or by_code(row["code"]) != local:
        raise RecordError(
            "InvalidInputError",
            f"currency {given}: the journal page has no currency, so the amounts would be booked "
            f"as {local}",
        )
