"""Where the bars of a chart stand: plain numbers, which the template writes as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bc_pipeline.tenant_page.history import Trend, number

WIDTH, HEIGHT = 360, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 38, 4, 10, 22
_BROADEST = 26.0
_STEPS = (1, 2, 4, 6, 8, 10)
"""What an axis may end with, times a power of ten: each has a middle people can read."""


@dataclass(frozen=True)
class Bar:
    """A part of a bar, and what it stands for."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    told: str


@dataclass(frozen=True)
class Mark:
    """A word beside an axis."""

    at: float
    text: str
    anchor: str = "end"


@dataclass(frozen=True)
class Chart:
    """A trend as a picture.

    Args:
        trend: what it shows.
        bars: stacked, day by day.
        lines: across, with their values.
        days: below.
    """

    trend: Trend
    bars: Sequence[Bar]
    lines: Sequence[Mark]
    days: Sequence[Mark]

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        """The same as a table: the days on which there was something, the newest first."""
        values = list(zip(*(each.values for each in self.trend.series), strict=True))
        return [
            (day.isoformat(), [number(value) for value in row])
            for day, row in reversed(list(zip(self.trend.days, values, strict=True)))
            if any(row)
        ]


def chart(trend: Trend) -> Chart:
    """The picture of a trend."""
    top = _top(max(trend.sums, default=0))
    slot = (WIDTH - _LEFT - _RIGHT) / len(trend.days)
    bars = [
        bar for place, day in enumerate(trend.days) for bar in _stack(trend, place, day, slot, top)
    ]
    middle = [top / 2] if top > 1 else []
    lines = [Mark(round(_height(value, top), 1), _short(value)) for value in (0, *middle, top)]
    ends = [
        Mark(_LEFT, _day(trend.days[0]), "start"),
        Mark(WIDTH - _RIGHT, _day(trend.days[-1])),
    ]
    return Chart(trend, bars, lines, ends)


def _stack(trend: Trend, place: int, day: date, slot: float, top: float) -> list[Bar]:
    width = min(slot * 0.74, _BROADEST)
    x = _LEFT + place * slot + (slot - width) / 2
    below = 0.0
    found = []
    for each in trend.series:
        value = each.values[place]
        if value:
            y = _height(below + value, top)
            told = f"{_day(day)}: {number(value)} {each.name}"
            height = _height(below, top) - y
            found.append(
                Bar(round(x, 1), round(y, 1), round(width, 1), round(height, 1), each.tone, told)
            )
        below += value
    return found


def _height(value: float, top: float) -> float:
    return _TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - value / top)


def _top(most: float) -> float:
    """The next round number."""
    if most <= 1:
        return 1
    power = 10 ** math.floor(math.log10(most))
    return float(next(step * power for step in _STEPS if step * power >= most))


def _short(value: float) -> str:
    return f"{number(round(value / 1000, 1))}k" if value >= 10_000 else number(value)


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"
