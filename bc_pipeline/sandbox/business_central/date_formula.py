"""Date formulas of payment terms and lead times: ``14D``, ``1M+1W``, ``CM``, ``CM+10D``.

Only what an English or Dutch set-up writes with Latin letters: D, W, M, Q, Y and the end of the
current period (C). Translated letters are not understood.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

_UNIT = "(WD|[DWMQY])"
_ANY_TERM = rf"(C{_UNIT}|\d{{1,4}}{_UNIT}|{_UNIT}\d{{1,4}})"
_FORMULA = re.compile(rf"[+-]?{_ANY_TERM}([+-]{_ANY_TERM})*")
_TERM = re.compile(r"([+-]?)(?:C([WMQY])|(\d+)([DWMQY]))")
_MONTHS = {"M": 1, "Q": 3, "Y": 12}


def is_formula(text: str) -> bool:
    """Whether Business Central takes a text for a date formula; blank is one."""
    plain = text.strip().strip("<>").upper().replace(" ", "")
    return not plain or _FORMULA.fullmatch(plain) is not None


def later(start: date, formula: str) -> date | None:
    """``start`` moved by a formula; None when the formula cannot be read.

    A blank formula moves nothing. Months keep the day where they can, as in Business Central.
    """
    text = formula.strip().strip("<>").upper().replace(" ", "")
    day, place = start, 0
    while place < len(text):
        term = _TERM.match(text, place)
        if term is None:
            return None
        sign = -1 if term[1] == "-" else 1
        day = _period_end(day, term[2]) if term[2] else _moved(day, sign * int(term[3]), term[4])
        place = term.end()
    return day


def _moved(day: date, count: int, unit: str) -> date:
    if unit in _MONTHS:
        return _months_later(day, count * _MONTHS[unit])
    return day + timedelta(days=count * (7 if unit == "W" else 1))


def _months_later(day: date, count: int) -> date:
    month = day.year * 12 + day.month - 1 + count
    year, number = divmod(month, 12)
    last = calendar.monthrange(year, number + 1)[1]
    return date(year, number + 1, min(day.day, last))


def _period_end(day: date, unit: str) -> date:
    if unit == "W":
        return day + timedelta(days=6 - day.weekday())
    length = _MONTHS[unit]
    last_month = (day.month - 1) // length * length + length
    return date(day.year, last_month, calendar.monthrange(day.year, last_month)[1])
