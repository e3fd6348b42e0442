"""``$filter`` text: conditions on one property each, combined (behaviour.md 3.1).

The text is plain; ``query_url`` percent-encodes it. Enums are compared with their encoded member
as text, so they need nothing of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from bc_pipeline.business_central.urls import encoded_option

LENGTH_BUDGET = 1800
"""Percent-encoded characters of one condition: URLs stay below 2,048 characters."""
MOST_VALUES = 50
"""Terms of one condition: OData servers bound the number of nodes of a filter."""


class Guid(str):
    """A value to be compared with a Guid: written without quotes."""

    __slots__ = ()


Literal = str | Guid | int | bool | Decimal | date | datetime


def literal(value: Literal) -> str:
    """``value`` as OData writes it.

    Raises:
        TypeError: a type that has no exact OData form, such as a binary fraction.
    """
    match value:
        case Guid():
            return str(value)
        case str():
            return "'" + value.replace("'", "''") + "'"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be part of a filter")


def eq(field: str, value: Literal) -> str:
    """``field`` has this value."""
    return f"{field} eq {literal(value)}"


def any_of(
    field: str,
    values: Iterable[Literal],
    *,
    budget: int = LENGTH_BUDGET,
    most: int = MOST_VALUES,
) -> list[str]:
    """``field`` has one of the values, as few conditions as fit; together they cover every value.

    Or is allowed between conditions on the same property only, so there is one property.

    Args:
        field: the property.
        values: what it may be; one that is too long for the budget has a condition of its own.
        budget: length of a condition in percent-encoded characters.
        most: values of a condition.
    """
    conditions: list[str] = []
    terms: list[str] = []
    length = 0
    for value in dict.fromkeys(values):
        term = eq(field, value)
        cost = len(encoded_option(f" or {term}"))
        if terms and (length + cost > budget or len(terms) == most):
            conditions.append(" or ".join(terms))
            terms, length = [], 0
        terms.append(term)
        length += cost
    return [*conditions, " or ".join(terms)] if terms else []


def all_of(*conditions: str | None) -> str:
    """All of the conditions hold; those that are None or empty do not count."""
    given: Sequence[str] = [condition for condition in conditions if condition]
    if len(given) == 1:
        return given[0]
    return " and ".join(f"({condition})" for condition in given)
