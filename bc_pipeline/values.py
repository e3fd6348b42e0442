"""Text as it can be stored and sent: the one rule for all columns, fields and systems."""

from __future__ import annotations

import re
from typing import Any

REPLACEMENT = "�"
"""Stands where half a character stood."""

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
