"""Text as it can be stored and sent: the one rule for all columns, fields and systems."""

from __future__ import annotations

import re

REPLACEMENT = "�"
"""Stands where half a character stood."""

_HALF = re.compile("[\ud800-\udfff]")
# Tab and line ends are text; the other controls can be stored and sent by nobody.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def storable(text: str) -> str:
    """``text`` without what no database and no JSON takes (decisions 16).

    Half a character, which is what cutting a text at a length may leave, becomes U+FFFD; control
    characters but tab and line ends are dropped. Any other text comes back as it is.
    """
    if text.isascii() and text.isprintable():
        return text
    return _CONTROL.sub("", _HALF.sub(REPLACEMENT, text))
