"""Two kinds of charts as SVG: bars, and a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LABELS, MARGIN, ROW = 720, 230, 16, 26
HEAD, PLOT = 44, 180
INK, QUIET, BAR, OTHER = "#24292f", "#6e7781", "#3b6ea8", "#c8872e"


@dataclass(frozen=True)
class Bar:
    """A bar: its label, its length and the text at its end; ``other`` bars have another colour."""

    label: str
    value: float
    text: str
    other: bool = False


def bars(title: str, rows: Sequence[Bar]) -> str:
    """Bars below each other, to one scale."""
    longest = max((row.value for row in rows), default=0) or 1
    room = WIDTH - LABELS - 130
    parts = []
    for number, row in enumerate(rows):
        top = HEAD + number * ROW
        length = max(1.0, row.value / longest * room)
        parts += [
            _text(LABELS - 8, top + 15, row.label, anchor="end"),
            f'<rect x="{LABELS}" y="{top + 2}" width="{length:.1f}" height="18" '
            f'fill="{OTHER if row.other else BAR}"/>',
            _text(LABELS + length + 6, top + 15, row.text, colour=QUIET),
        ]
    return _drawing(title, HEAD + len(rows) * ROW + MARGIN, parts)


def line(title: str, points: Sequence[tuple[float, float]], across: str, up: str) -> str:
    """A line through points, from zero up."""
    left, right, bottom = 70, WIDTH - 30, HEAD + PLOT
    most = max(y for _, y in points) * 1.15
    end = max(x for x, _ in points)

    def placed(x: float, y: float) -> str:
        return f"{left + x / end * (right - left):.1f},{bottom - y / most * PLOT:.1f}"

    way = " ".join(placed(x, y) for x, y in points)
    parts = [
        f'<path d="M{left},{HEAD} V{bottom} H{right}" fill="none" stroke="{QUIET}"/>',
        f'<polyline points="{way}" fill="none" stroke="{BAR}" stroke-width="2.5"/>',
        _text(left - 8, bottom, "0", anchor="end", colour=QUIET),
        _text(left - 8, HEAD + 10, f"{most:.0f} {up}", anchor="end", colour=QUIET),
        _text(right, bottom + 18, f"{end:.0f} {across}", anchor="end", colour=QUIET),
    ]
    return _drawing(title, bottom + 18 + MARGIN, parts)


def _text(x: float, y: float, text: str, *, anchor: str = "start", colour: str = INK) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"'
    return f"<text {place}>{escape(text)}</text>"


def _drawing(title: str, height: int, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" font-family="sans-serif" font-size="13">'
    )
    return "\n".join(
        [
            head,
            f"<title>{escape(title)}</title>",
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            f'<text x="{MARGIN}" y="24" font-size="15" font-weight="bold" fill="{INK}">'
            f"{escape(title)}</text>",
            *parts,
            "</svg>\n",
        ]
    )
