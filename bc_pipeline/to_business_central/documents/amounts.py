"""Exact amounts in the precision Business Central keeps (behaviour.md 7)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from bc_pipeline.business_central.lookup.reference_data import ReferenceData
from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central.unified import WithCurrency
from bc_pipeline.values import by_code

QUANTITY_PLACES = 5
UNIT_PLACES = 5
AMOUNT_PLACES = 2
"""Of a currency that does not say."""
_TOO_LARGE = Decimal("1e15")
"""More than any amount of Business Central; decimals would not be exact any more."""
_NOISE = Decimal("1e-9")
"""What a binary fraction leaves behind in a producer's file, such as 0.30000000000000004."""


def rounded(value: Decimal, places: int) -> Decimal:
    """``value`` as Business Central rounds it: half away from zero."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def exact(value: Decimal, places: int, what: str) -> Decimal:
    """``value`` with at most ``places`` decimals.

    Raises:
        RecordError: more decimals than Business Central keeps, so it would be another value.
    """
    _refuse_too_large(value, what)
    kept = rounded(value, places)
    if abs(kept - value) > _NOISE:
        raise RecordError("InvalidFieldValue", f"{what} {value} has more than {places} decimals")
    return kept


def unit_cost(price: Decimal, quantity: Decimal, amount_places: int, what: str) -> Decimal:
    """``price`` per unit in the precision of unit amounts.

    A price such as 10 / 3 is rounded as long as the amount of the line stays what it is.

    Raises:
        RecordError: rounding would change the amount of the line.
    """
    _refuse_too_large(price, what)
    _refuse_too_large(price * quantity, f"{what} times the quantity,")
    kept = rounded(price, UNIT_PLACES)
    if rounded(kept * quantity, amount_places) != rounded(price * quantity, amount_places):
        raise RecordError(
            "InvalidFieldValue",
            f"{what} {price} has more than {UNIT_PLACES} decimals, and rounding it would change "
            f"the amount of {quantity} units",
        )
    return kept


def _refuse_too_large(value: Decimal, what: str) -> None:
    if abs(value) >= _TOO_LARGE:
        raise RecordError("InvalidFieldValue", f"{what} {value} is larger than any amount can be")


def places_of(currency: Mapping[str, Any] | None) -> int:
    """Decimals of amounts in a currency, given its row; None: a currency without one."""
    precision = Decimal(str((currency or {}).get("amountRoundingPrecision") or 0))
    if precision <= 0:
        return AMOUNT_PLACES
    exponent = precision.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else AMOUNT_PLACES


# The currency a record names, by id, code or name (target_behaviour.md 3, 10 D10).


def names_currency(record: WithCurrency) -> bool:
    """Whether the record says anything about its currency."""
    return bool(record.currency_id or record.currency or record.currency_name)


def currency_code(record: WithCurrency, reference: ReferenceData) -> str | None:
    """Code of the currency; None when the record names none.

    The local currency need not be among BC's currencies (behaviour.md 7): its code is enough.

    Raises:
        RecordError: RecordNotFound, the company does not have it; InvalidInputError, several are
            called so.
    """
    if not names_currency(record):
        return None
    local = reference.local_currency
    row = reference.find(
        "currencies", id=record.currency_id, code=record.currency, name=record.currency_name
    )
    if row is not None:
        return by_code(row.get("code"))
    if local and by_code(record.currency) == local:
        return local
    told = record.currency or record.currency_name or record.currency_id
    raise RecordError("RecordNotFound", f"the company has no currency {told!r}")


def refuse_foreign(record: WithCurrency, reference: ReferenceData, what: str) -> None:
    """Refuses a currency other than the local one where BC's page has no field for it.

    Args:
        what: what would be booked, such as ``payment``.

    Raises:
        RecordError: InvalidInputError; RecordNotFound as ``currency_code``.
    """
    named = currency_code(record, reference)
    local = reference.local_currency
    if named is not None and named != local:
        raise RecordError(
            "InvalidInputError",
            f"the {what} is in {named}; Business Central's page has no currency field, so it would "
            f"be booked as {local or 'the local currency'}",
        )
