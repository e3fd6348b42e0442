"""Properties of BC records: how a value is sent, and when two of them mean the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bc_pipeline.business_central.lookup.index import by_code

ZERO_GUID = "00000000-0000-0000-0000-000000000000"
_ENCODED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_GUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


def code(value: object) -> str:
    """As BC stores codes: upper case, trimmed (behaviour.md 7)."""
    return by_code(value)


def guid(value: object) -> str:
    """As BC writes ids: lower case, no braces; the zero GUID for none."""
    return str(value or ZERO_GUID).strip().strip("{}").lower()


def is_guid(value: str) -> bool:
    """Whether BC would accept this text as an id."""
    return _GUID.fullmatch(guid(value)) is not None


def member(value: object) -> str:
    """An enum member decoded: ``_x0020_`` is a blank one (behaviour.md 7)."""
    return _ENCODED.sub(lambda found: chr(int(found[1], 16)), str(value or "")).strip()


def _text(value: object) -> str:
    return str("" if value is None else value).strip()


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
    return tuple(Property(name, _text) for name in names)


def codes(*names: str) -> tuple[Property, ...]:
    """Code fields; comparing them as texts would find a difference again and again."""
    return tuple(Property(name, code) for name in names)


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
