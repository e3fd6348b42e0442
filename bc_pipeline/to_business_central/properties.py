"""Properties of BC records: how a value is sent, and when two of them mean the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bc_pipeline.values import by_code, guid, member, trimmed


def number(value: object) -> Decimal:
    """A number as it is compared."""
    return Decimal(str(value or 0))


def day(value: object) -> str:
    """A date or moment as it is compared: its day, as text."""
    return str(value or "0001-01-01")[:10]


@dataclass(frozen=True)
class Property:
    """A property of a BC record.

    Args:
        name: as in the API.
        normal: brings a value into the form in which equal ones are equal.
    """

    name: str
    normal: Callable[[object], object]

    def differs(self, row: Mapping[str, Any], wanted: object) -> bool:
        """Whether ``row`` shows something else than ``wanted``."""
        return self.normal(row.get(self.name)) != self.normal(wanted)


Properties = Mapping[str, Property]
"""By name."""


def _all(normal: Callable[[object], object]) -> Callable[..., tuple[Property, ...]]:
    return lambda *names: tuple(Property(name, normal) for name in names)


texts = _all(trimmed)
codes = _all(by_code)
"""Code fields; comparing them as texts would find a difference again and again."""
guids = _all(guid)
members = _all(member)
flags = _all(lambda value: value is True)
numbers = _all(number)
days = _all(day)


def by_name(*groups: tuple[Property, ...]) -> Properties:
    """The properties of several kinds together."""
    return {each.name: each for group in groups for each in group}


def differences(
    properties: Properties, row: Mapping[str, Any], wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """What of ``wanted`` BC does not show yet, in the order of ``wanted``."""
    return {name: value for name, value in wanted.items() if properties[name].differs(row, value)}
