"""The few forms the pages are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_MEANT = {"|": "\\|", "<": "&lt;", "*": "\\*"}
_NOTE = "<!-- Written by `make reference`, from the code. Change it there. -->"


def page(title: str, *parts: str) -> str:
    """A whole page: title, note that it is written, parts with a blank line between them."""
    return "\n\n".join([f"# {title}", _NOTE, *(part.strip("\n") for part in parts if part)]) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def prose(text: str) -> str:
    """A text of the code as one line of Markdown that shows it as it is. What stands between
    backticks stays as it is."""
    parts = " ".join(text.split()).split("`")
    return "`".join(part if at % 2 else _escaped(part) for at, part in enumerate(parts))


def _escaped(text: str) -> str:
    for sign, written in _MEANT.items():
        text = text.replace(sign, written)
    return text


def code(text: object) -> str:
    """As code; inside a table ``|`` is still the end of a cell."""
    return f"`{str(text).replace('|', chr(92) + '|')}`" if str(text) else ""


def codes(names: Iterable[object]) -> str:
    """Several of them, with commas."""
    return ", ".join(code(name) for name in names)
