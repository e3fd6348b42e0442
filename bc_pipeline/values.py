"""Values, the one rule for each kind: text as it can be stored and sent; ids, codes, names, members
and numbers of Business Central as they are compared and written (behaviour.md 7); several things,
grouped or in a sentence."""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

_Thing = TypeVar("_Thing")
_Key = TypeVar("_Key", bound=Hashable)

ZERO_GUID = "00000000-0000-0000-0000-000000000000"
"""Business Central's way to write that there is none."""

REPLACEMENT = "�"
"""Stands where half a character stood."""

_GUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")
_ENCODED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_HALF = re.compile("[\ud800-\udfff]")
# Tab and line ends are text; the other controls can be stored and sent by nobody.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ESCAPED = re.compile(rb"\\(?:u(?:[dD][89a-fA-F]|00(?:[01]|7[fF]))|[bf])")
"""Escapes of JSON that stand for a control character, or half of a character."""


def storable(text: str) -> str:
    """``text`` without what no database and no JSON takes (decisions 16).

    Half a character, which is what cutting a text at a length may leave, becomes U+FFFD; control
    characters but tab and line ends are dropped. Any other text comes back as it is.
    """
    if text.isascii() and text.isprintable():
        return text
    return _CONTROL.sub("", _HALF.sub(REPLACEMENT, text))


def storable_json(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """A JSON value all of whose texts, names included, can be stored and sent."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [storable_json(part) for part in value]
    if isinstance(value, dict):
        return {storable(name): storable_json(part) for name, part in value.items()}
    return value


def may_be_unstorable(body: bytes) -> bool:
    """Whether JSON may hold a text that has to be mended. May be wrong, but not by saying no;
    bytes that are no UTF-8, and control characters written as they are, show in parsing."""
    if b"\x7f" in body:
        return True
    return b"\\" in body and _ESCAPED.search(body) is not None


def trimmed(value: object) -> str:
    """A text without white space around it; blank for none."""
    return "" if value is None else str(value).strip()


def by_id(value: object) -> str:
    """An id as it is compared: lower case, without braces; blank when there is none."""
    return trimmed(value).strip("{} ").lower()


def by_code(value: object) -> str:
    """A code or number as it is compared: BC keeps them trimmed and in upper case."""
    return trimmed(value).upper()


def by_name(value: object) -> str:
    """A name as it is compared: runs of white space and case do not matter."""
    return " ".join(trimmed(value).casefold().split())


def guid(value: object) -> str:
    """An id as BC writes it: lower case, no braces; the zero GUID for none."""
    return by_id(value) or ZERO_GUID


def guid_or_none(value: object) -> str | None:
    """An id as it is compared; None for blank and the zero GUID."""
    found = guid(value)
    return None if found == ZERO_GUID else found


def is_guid(value: object) -> bool:
    """Whether BC would accept this text as an id."""
    return _GUID.fullmatch(guid(value)) is not None


def member(value: object) -> str:
    """An enum member decoded: ``_x0020_`` is a blank one."""
    return _ENCODED.sub(lambda found: chr(int(found[1], 16)), str(value or "")).strip()


def plain(number: Decimal) -> str:
    """A number without exponent and without trailing zeros."""
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def typed(text: str) -> str:
    """A text as the last argument of a command that a person types or copies into a shell."""
    return f"-- {shlex.quote(text)}" if text.startswith("-") else shlex.quote(text)


def several(number: int, called: str) -> str:
    """``1 record``, ``3 records``."""
    return f"{number} {called}{'' if number == 1 else 's'}"


def counted(counts: Mapping[str, int]) -> str:
    """``2 deferred, 1 quarantined``, by name; blank when there is nothing."""
    return ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))


def listed(names: Sequence[str], most: int, total: int | None = None) -> str:
    """``a, b and 3 more``.

    Args:
        names: the first of them, or all.
        most: that are named.
        total: how many there are; None: the names are all.
    """
    rest = (len(names) if total is None else total) - len(names[:most])
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def grouped(things: Iterable[_Thing], by: Callable[[_Thing], _Key]) -> dict[_Key, list[_Thing]]:
    """The things by what ``by`` says of each, in the order they come."""
    groups: defaultdict[_Key, list[_Thing]] = defaultdict(list)
    for thing in things:
        groups[by(thing)].append(thing)
    return dict(groups)
