"""The unified records that files carry (target_behaviour.md 4-8), one model each with its lines.

Fields are called as in the files in camelCase, here in snake_case. Everything is optional: what an
entity cannot do without is its writer's rule. Types are strict: a number is no text and a text no
flag. Blank text counts as not given, so it never clears anything.

Besides its declared fields a record may carry ``<prefix>Id``, ``<prefix>Number`` and
``<prefix>Name`` for each mapped dimension; they are kept in ``dimension_fields``.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

DIMENSION_SUFFIXES = ("Id", "Number", "Name")
WHOLE_FLOATS = 2**53
"""Whole numbers below are exact as binary fractions."""
MOST_DIGITS = 400
"""Digits of a number before or after the point; a binary fraction has up to 324."""


_NOTHING = re.compile(
    r"\{?(0{8}-(0{4}-){3}0{12}|0{32})\}?|0001-01-01([T ].*)?|(_x0020_)+", re.IGNORECASE
)
"""What Business Central shows for no id, no date and a blank enum member (decisions 8, 9)."""


def is_given(value: object) -> bool:
    """Whether a value says anything: blank, and what Business Central has for nothing, do not."""
    if not isinstance(value, str):
        return value is not None
    text = value.strip()
    return bool(text) and _NOTHING.fullmatch(text) is None


def _text(value: object) -> object:
    return value if is_given(value) else None


def _whole(value: object) -> object:
    """A whole number may be written as text or as a number; frames with gaps have 7.0 for 7."""
    if isinstance(value, float | Decimal) and -WHOLE_FLOATS < value < WHOLE_FLOATS:
        return str(int(value)) if value == int(value) else value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _text(value)


def _decimal(value: object) -> object:
    """Exact: a text or number as written; a binary fraction by its shortest notation."""
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else value
    if isinstance(value, int) and not isinstance(value, bool):
        return _sensible(Decimal(value))
    if isinstance(value, str) and is_given(value):
        try:
            number = Decimal(value.strip())
        except InvalidOperation:
            return value
        return _sensible(number) if number.is_finite() else value
    return _sensible(value) if isinstance(value, Decimal) else _text(value)


def _sensible(number: Decimal) -> Decimal:
    """``number``, unless nothing could calculate with it, such as 1e999999999."""
    if number and number.is_finite() and abs(number.adjusted()) > MOST_DIGITS:
        raise ValueError(f"more than {MOST_DIGITS} digits")
    return number


def _day(value: object) -> object:
    """Of a moment the date as written counts (target_behaviour.md 3)."""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return None if value == date.min else value
    if isinstance(value, str) and is_given(value):
        try:
            return datetime.fromisoformat(value.strip()).date()
        except ValueError:
            return value
    return _text(value)


def _listed(value: object) -> object:
    """A list that is null is an empty one."""
    return () if value is None else tuple(value) if isinstance(value, list) else value


Item = TypeVar("Item")
Listed = Annotated[tuple[Item, ...], BeforeValidator(_listed)]
Text = Annotated[str | None, BeforeValidator(_text)]
WholeText = Annotated[str | None, BeforeValidator(_whole)]
Amount = Annotated[Decimal | None, BeforeValidator(_decimal)]
Day = Annotated[date | None, BeforeValidator(_day)]
Flag = Annotated[bool | None, BeforeValidator(_text)]


class Unified(BaseModel):
    """Base of records and their parts: strict types, camelCase outside."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )


class DimensionEntry(Unified):
    """One entry of ``dimensions``: which dimension, which value."""

    id: Text = None
    number: Text = None
    name: Text = None
    value_id: Text = None
    value_number: Text = None
    value: Text = None


class WithDimensions(Unified):
    """Something that carries dimensions, as fields of its own and as a list."""

    dimensions: Listed[DimensionEntry] = ()
    dimension_fields: Mapping[str, str] = Field(
        default_factory=dict, description="the <prefix>Id|Number|Name fields given"
    )

    def dimension_list(self) -> tuple[dict[str, str], ...]:
        """The entries of ``dimensions`` as in the file, without what is not given."""
        return tuple(
            entry.model_dump(by_alias=True, exclude_none=True) for entry in self.dimensions
        )


class WithCurrency(Unified):
    """A currency by id, code or name."""

    currency_id: Text = None
    currency: Text = None
    currency_name: Text = None


class WithVendor(Unified):
    """A vendor by id, number or name."""

    vendor_id: Text = None
    vendor_number: Text = None
    vendor_name: Text = None


class WithAccount(Unified):
    """A general ledger account by id, number or name."""

    account_id: Text = None
    account_number: Text = None
    account_name: Text = None


class WithLocation(Unified):
    """A location by id, code or name."""

    location_id: Text = None
    location_number: Text = None
    location_name: Text = None


class UnifiedRecord(WithDimensions, WithCurrency):
    """What every record may carry."""

    id: Text = None
    external_id: WholeText = None
    subsidiary_id: Text = None
    subsidiary_name: Text = None


class PhoneNumber(Unified):
    type: Text = None
    phone_number: Text = None


class Address(Unified):
    address_type: Text = None
    line1: Text = None
    line2: Text = None
    city: Text = None
    state: Text = None
    country: Text = None
    postal_code: Text = None


class Party(UnifiedRecord):
    """What customers and vendors share."""

    email: Text = None
    website: Text = None
    is_active: Flag = None
    phone_numbers: Listed[PhoneNumber] = ()
    addresses: Listed[Address] = ()


class Customer(Party):
    """Stream ``Customers``."""

    customer_number: Text = None
    company_name: Text = None
    taxable: Flag = None
    is_person: Flag = None
    payment_method: Text = None


class Vendor(Party):
    """Stream ``Vendors``."""

    vendor_number: Text = None
    vendor_name: Text = None


class BillLine(WithDimensions, WithLocation):
    """What the two kinds of bill lines share."""

    external_id: WholeText = None
    description: Text = None
    discount: Amount = None
    tax_code: Text = None


class BillItem(BillLine):
    """One of ``lineItems``."""

    item_id: Text = None
    item_number: Text = None
    item_name: Text = None
    item_external_name: Text = None
    quantity: Amount = None
    unit_price: Amount = None

    @property
    def name(self) -> str | None:
        """The item's name, which has two names of its own."""
        return self.item_external_name or self.item_name


class BillExpense(BillLine, WithAccount):
    """One of ``expenses``."""

    amount: Amount = None


class Bill(UnifiedRecord, WithVendor):
    """Stream ``Bills``."""

    transaction_number: Text = None
    bill_number: Text = None
    issue_date: Day = None
    due_date: Day = None
    posting_date: Day = None
    is_draft: Flag = None
    line_items: Listed[BillItem] = ()
    expenses: Listed[BillExpense] = ()


class BillPayment(UnifiedRecord, WithVendor):
    """Stream ``BillPayments``."""

    journal_id: Text = None
    journal_external_id: WholeText = None
    payment_number: Text = None
    transaction_number: WholeText = None
    payment_date: Day = None
    amount: Amount = None
    bill_id: Text = None
    bill_number: Text = None
    bill_external_id: WholeText = None


class JournalLine(WithDimensions, WithAccount, WithCurrency):
    """One of ``lineItems`` of a journal entry."""

    external_id: WholeText = None
    entry_type: Text = None
    debit_amount: Amount = None
    credit_amount: Amount = None
    description: Text = None


class JournalEntry(UnifiedRecord):
    """Stream ``JournalEntries``."""

    journal_entry_number: Text = None
    transaction_date: Day = None
    is_draft: Flag = None
    line_items: Listed[JournalLine] = ()


def as_payload(record: Unified) -> dict[str, Any]:
    """The record as in a file, with JSON values (decimals as text), without what is not given."""
    return _with_fields_in_place(
        record.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    )


def _with_fields_in_place(dumped: Mapping[str, Any]) -> dict[str, Any]:
    payload: dict[str, Any] = {}
    for name, value in dumped.items():
        if name == "dimensionFields":
            payload |= value
        elif isinstance(value, list):
            payload[name] = [_with_fields_in_place(part) for part in value]
        else:
            payload[name] = value
    return payload


def payload_hash(record: Unified) -> str:
    """The same for records that mean the same: 1.50 is 1.5, and not given is not given."""
    dumped = record.model_dump(by_alias=True, exclude_defaults=True)
    text = json.dumps(_normal(dumped), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _normal(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value.normalize() + 0, "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _normal(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_normal(part) for part in value]
    return value
