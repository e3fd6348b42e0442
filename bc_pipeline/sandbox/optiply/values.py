"""Checks of attribute values, and their stored form.

A stored value is what Optiply answers with: decimals are strings with 2 decimals, foreign keys
integers, date-times ``YYYY-MM-DDTHH:MM:SSZ`` in UTC (optiply.md 2).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from bc_pipeline.sandbox.optiply.errors import ApiError
from bc_pipeline.sandbox.optiply.schema import Attribute, Json

EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;.<>\"]+")
INTEGER = re.compile(r"-?\d{1,18}")
CENT = Decimal("0.01")
INTEGERS_END = 2**63


def decode(attribute: Attribute, raw: Json) -> Json:
    """Checks a value sent for an attribute and returns its stored form.

    Raises:
        ApiError: 400, naming the attribute and the rule that was broken.
    """
    if raw is None:
        if not attribute.nullable:
            raise _refusal(attribute, "must not be null")
        return None
    value = DECODERS[attribute.type](attribute, raw)
    _check_limits(attribute, value)
    return value


def utc_text(moment: datetime) -> str:
    """A moment as Optiply writes it, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)


def _refusal(attribute: Attribute, rule: str) -> ApiError:
    return ApiError(400, f"{attribute.name}: {rule}")


def _string(attribute: Attribute, raw: Json) -> str:
    if not isinstance(raw, str):
        raise _refusal(attribute, "must be a string")
    if attribute.required and not raw.strip():
        raise _refusal(attribute, "must not be blank")
    if attribute.max_length is not None and len(raw) > attribute.max_length:
        raise _refusal(attribute, f"must be at most {attribute.max_length} characters long")
    if len(raw) < attribute.min_length:
        raise _refusal(attribute, f"must be at least {attribute.min_length} characters long")
    return raw


def _integer(attribute: Attribute, raw: Json) -> int:
    # Clients send foreign keys as numbers and as numeric text; other integers only as numbers.
    if attribute.refers_to and isinstance(raw, str) and INTEGER.fullmatch(raw):
        return int(raw)
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise _refusal(attribute, "must be an integer")
    if abs(raw) >= INTEGERS_END:
        raise _refusal(attribute, "is out of range")
    return raw


def _boolean(attribute: Attribute, raw: Json) -> bool:
    if not isinstance(raw, bool):
        raise _refusal(attribute, "must be true or false")
    return raw


def _exact(attribute: Attribute, raw: Json) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str | Decimal):
        raise _refusal(attribute, "must be a number")
    try:
        number = Decimal(str(raw))
    except InvalidOperation:
        raise _refusal(attribute, "must be a number") from None
    if not number.is_finite():
        raise _refusal(attribute, "must be a finite number")
    return number


def _decimal(attribute: Attribute, raw: Json) -> str:
    number = _exact(attribute, raw)
    if abs(number) >= Decimal(10) ** 20:
        raise _refusal(attribute, "is out of range")
    rounded = number.quantize(CENT, rounding=ROUND_HALF_UP)
    if attribute.decimals is not None and rounded != number:
        raise _refusal(attribute, f"must have at most {attribute.decimals} decimals")
    return str(rounded)


def _number(attribute: Attribute, raw: Json) -> int | float:
    number = _exact(attribute, raw)
    if abs(number) >= INTEGERS_END:
        raise _refusal(attribute, "is out of range")
    return int(number) if number == number.to_integral_value() else float(number)


def _datetime(attribute: Attribute, raw: Json) -> str:
    if not isinstance(raw, str) or "T" not in raw:
        raise _refusal(attribute, "must be a date-time such as 2026-01-31T08:00:00Z")
    try:
        moment = datetime.fromisoformat(raw)
    except ValueError:
        raise _refusal(attribute, "must be a date-time such as 2026-01-31T08:00:00Z") from None
    if moment.tzinfo is None:
        raise _refusal(attribute, "must carry its offset from UTC")
    try:
        return utc_text(moment)
    except OverflowError:
        raise _refusal(attribute, "is out of range") from None


def _emails(attribute: Attribute, raw: Json) -> list[str]:
    if not isinstance(raw, list):
        raise _refusal(attribute, "must be a list of addresses")
    for address in raw:
        if not isinstance(address, str) or not EMAIL.fullmatch(address):
            raise _refusal(attribute, f"{address} is not a valid address")
    return list(raw)


def _as_is(attribute: Attribute, raw: Json) -> Json:
    return raw


DECODERS: dict[str, Callable[[Attribute, Json], Json]] = {
    "string": _string,
    "integer": _integer,
    "boolean": _boolean,
    "decimal": _decimal,
    "number": _number,
    "datetime": _datetime,
    "emails": _emails,
    "uuid": _string,
    "any": _as_is,
}


def _check_limits(attribute: Attribute, value: Json) -> None:
    if attribute.enum and value not in attribute.enum:
        allowed = ", ".join(str(member) for member in attribute.enum)
        raise _refusal(attribute, f"must be one of {allowed}")
    if attribute.min is not None and Decimal(str(value)) < attribute.min:
        raise _refusal(attribute, f"must be at least {attribute.min}")
    if attribute.max is not None and Decimal(str(value)) > attribute.max:
        raise _refusal(attribute, f"must be at most {attribute.max}")
