"""Properties of BC records: how a value is sent, and when two of them mean the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bc_pipeline.values import by_code, guid, member, trimmed


def _flag(value: object) -> bool:
    return value is True


def _number(value: object) -> Decimal:
    return Decimal(str(value or 0))


def _day(value: object) -> str:
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


def texts(*names: str) -> tuple[Property, ...]:
    return tuple(Property(name, trimmed) for name in names)


def codes(*names: str) -> tuple[Property, ...]:
    """Code fields; comparing them as texts would find a difference again and again."""
    return tuple(Property(name, by_code) for name in names)


def guids(*names: str) -> tuple[Property, ...]:
    return tuple(Property(name, guid) for name in names)


def members(*names: str) -> tuple[Property, ...]:
    return tuple(Property(name, member) for name in names)


def flags(*names: str) -> tuple[Property, ...]:
    return tuple(Property(name, _flag) for name in names)


def numbers(*names: str) -> tuple[Property, ...]:
    return tuple(Property(name, _number) for name in names)


def days(*names: str) -> tuple[Property, ...]:
    return tuple(Property(name, _day) for name in names)


def differences(
    properties: Mapping[str, Property], row: Mapping[str, Any], wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """What of ``wanted`` BC does not show yet, in the order of ``wanted``."""
    return {name: value for name, value in wanted.items() if properties[name].differs(row, value)}
