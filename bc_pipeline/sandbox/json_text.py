"""JSON as Business Central writes it: exact decimals, no trailing zeros (behaviour.md 7)."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson

# Anything with a JSON form, Decimal included.
JsonValue = Any


def decimal_text(value: Decimal) -> str:
    """``value`` as a plain JSON number, without exponent and without trailing zeros."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


@lru_cache(maxsize=100_000)
def _decimal_fragment(value: Decimal) -> orjson.Fragment:
    return orjson.Fragment(decimal_text(value).encode())


def _default(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return _decimal_fragment(value)
    raise TypeError(f"{type(value).__name__} has no JSON form here")


def dumps(value: JsonValue) -> bytes:
    """JSON text of ``value``; a Decimal becomes an exact number, half a character an escape."""
    try:
        return orjson.dumps(value, default=_default)
    except TypeError:
        return orjson.dumps(_escaped(value), default=_default)


def _escaped(value: JsonValue) -> JsonValue:
    """``value`` with every text that UTF-8 cannot hold written as JSON escapes: a text that was
    cut inside a surrogate pair, as an import into Business Central may leave it."""
    match value:
        case str() if any("\ud800" <= character <= "\udfff" for character in value):
            return orjson.Fragment(json.dumps(value).encode())
        case dict():
            return {name: _escaped(each) for name, each in value.items()}
        case list() | tuple():
            return [_escaped(each) for each in value]
    return value


def check_characters(text: bytes) -> None:
    """Raises ValueError for JSON with half a surrogate pair: ``json`` reads it, but no answer
    could repeat it."""
    if b"\\ud" in text.lower():
        orjson.loads(text)
