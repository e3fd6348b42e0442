"""What spreadsheets and frames make of values, undone (decisions 10-12).

A program that writes a table has words for "nothing here" (``nan``, ``NULL``), turns the number 501
into ``501.0``, and quotes what must stay text (``="00123"``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from pydantic.fields import FieldInfo

from bc_pipeline.to_business_central.inbox.formats import Unreadable

_WORDS = frozenset({"nan", "none", "null", "<na>", "#n/a", "#n/b", "#nv", "\\n", "nat"})
"""``#N/B`` and ``#NV`` are what ``#N/A`` is called in a Dutch and a German spreadsheet."""
_QUOTED = re.compile(r'="(.*)"', re.DOTALL)
_AS_TEXT = re.compile(r"'(?=[\d=+-])")
_WHOLE = re.compile(r"([+-]?\d+)[.,]0{1,2}")
_SHORTENED = re.compile(r"[+-]?\d([.,]\d+)?E\+\d+", re.IGNORECASE)

CODES: Mapping[str, tuple[str, str]] = {
    "accountNumber": ("accounts", "number"),
    "currency": ("currencies", "code"),
    "customerNumber": ("customers", "number"),
    "itemNumber": ("items", "number"),
    "locationNumber": ("locations", "code"),
    "paymentMethod": ("paymentMethods", "code"),
    "valueNumber": ("dimensionValues", "code"),
    "vendorNumber": ("vendors", "number"),
}
"""Field -> the entity set and property it names a record by. A word for nothing in one of these is
a code if Business Central has it (``words.py``); elsewhere it is nothing."""


def means_nothing(text: str) -> bool:
    """Whether it is one of the words tables have for a cell without value."""
    return text.strip().lower() in _WORDS


def is_key(name: str) -> bool:
    """Whether a field holds what a record is known by: an id, number or code."""
    return name == "externalId" or name.endswith(("Id", "Number")) or name in CODES


def is_amount(field: FieldInfo) -> bool:
    """Whether a field holds an amount or quantity."""
    return field.annotation == (Decimal | None)


def unspoilt(text: str, name: str) -> str:
    """The text of a cell as it was meant.

    Args:
        text: of the cell.
        name: of its field.

    Raises:
        Unreadable: a spreadsheet has shortened a long number, so that its digits are lost.
    """
    bare = text.strip()
    if quoted := _QUOTED.fullmatch(bare):
        return quoted[1].replace('""', '"')
    bare = _AS_TEXT.sub("", bare, count=1) if bare.startswith("'") else bare
    if not is_key(name):
        return bare
    if _SHORTENED.fullmatch(bare):
        raise Unreadable(
            f"{name}: a spreadsheet has shortened {bare}; make its column text before saving"
        )
    whole = _WHOLE.fullmatch(bare)
    return whole[1] if whole else bare
