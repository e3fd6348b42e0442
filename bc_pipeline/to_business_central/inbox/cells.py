"""What spreadsheets and frames make of values, undone (decisions 10-12).

A program that writes a table has words for "nothing here" (``nan``, ``NULL``), turns the number 501
into ``501.0``, and quotes what must stay text (``="00123"``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

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
a code if Business Central has it (``pendings.py``); elsewhere it is nothing."""


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


# How the amounts of a CSV file are written: with decimal point or decimal comma (decisions 12).
#
# It is decided once for the whole file, from every amount in it and its delimiter. ``12,50`` can
# only have a decimal comma, ``1,250.00`` only a decimal point; ``2.000`` alone could be either.

Mark = Literal[".", ","]
_OTHER: dict[Mark, Mark] = {".": ",", ",": "."}
_USUAL: dict[str, Mark] = {";": ",", ",": "."}
"""What a spreadsheet has for decimals that puts this between its cells."""


def _number(mark: Mark) -> re.Pattern[str]:
    group = re.escape(_OTHER[mark])
    whole = rf"(\d+|[1-9]\d{{0,2}}({group}\d{{3}})+)"
    return re.compile(rf"[+-]?({whole}({re.escape(mark)}\d*)?|{re.escape(mark)}\d+)")


_NUMBER: dict[Mark, re.Pattern[str]] = {".": _number("."), ",": _number(",")}


@dataclass(frozen=True)
class Amount:
    """An amount as it stands in a file, and the line as the results call it."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.text} in line {self.line}"

    @property
    def marks(self) -> tuple[Mark, ...]:
        """With which decimal marks it is a number, if that makes a difference."""
        if not set(self.text) & set(_OTHER):
            return ()
        return tuple(mark for mark in _NUMBER if _NUMBER[mark].fullmatch(self.text))


def decimal_mark(amounts: Iterable[Amount], delimiter: str) -> Mark:
    """The decimal mark of a file.

    Args:
        amounts: all there are.
        delimiter: of its cells. Where a semicolon parts them the comma is taken for decimals, and
            nobody knows what ``2.000`` means; between commas a point is taken for decimals. Tabs
            and bars say neither.

    Raises:
        Unreadable: it could be read both ways; names two amounts.
    """
    telling: dict[Mark, Amount] = {}
    doubtful: dict[str, Amount] = {}
    for amount in amounts:
        match amount.marks:
            case (mark,):
                telling.setdefault(mark, amount)
            case (_, _):
                doubtful.setdefault("," if "," in amount.text else ".", amount)
    if len(telling) > 1:
        raise _both(telling["."], telling[","])
    if telling:
        return next(iter(telling))
    if usual := _USUAL.get(delimiter):
        if contrary := doubtful.get(_OTHER[usual]):
            raise _both(contrary, doubtful.get(usual))
        return usual
    if doubtful:
        raise _both(*doubtful.values())
    return "."


def _both(one: Amount, other: Amount | None = None) -> Unreadable:
    told = f"{one} and {other}" if other else str(one)
    return Unreadable(
        f"its amounts could be read with decimal point or decimal comma: {told}; write all of "
        "them one way, without thousands separators"
    )


def plain(text: str, mark: Mark) -> str:
    """An amount with decimal point and without thousands separators; other text as it is."""
    if not _NUMBER[mark].fullmatch(text):
        return text
    return text.replace(_OTHER[mark], "").replace(mark, ".")
