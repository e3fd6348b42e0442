"""Rows as a table whose numbers are links. Dagster's own tables show no links, and take several
times the room."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from dagster import MetadataValue

from bc_pipeline.values import member, plain

LONGEST = 120
WHOLE = 1_000
"""Characters of a cell that are shown: of samples, and where people are told what to do."""
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~])")


def linked_table(
    rows: Sequence[Mapping[str, Any]],
    numbers: Collection[str] = (),
    address: Callable[[str], str | None] = lambda _: None,
    *,
    longest: int = LONGEST,
) -> MetadataValue:
    """The rows in Markdown; the first row names the columns first.

    Args:
        rows: column -> value; texts come from other systems and are never read as markup.
        numbers: columns whose values are what a record is called.
        address: of such a value; None = no link.
        longest: characters of a cell that are shown.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names:
        return MetadataValue.text("none")

    def cell(name: str, value: object) -> str:
        text = _escaped(value, longest)
        found = address(str(value)) if value and name in numbers else None
        # A parenthesis would end the link, a bar the cell.
        return f"[{text}]({found.replace(')', '%29').replace('|', '%7C')})" if found else text

    lines = [
        [_escaped(name, longest) for name in names],
        ["---"] * len(names),
        *([cell(name, row.get(name)) for name in names] for row in rows),
    ]
    return MetadataValue.md("\n".join(f"| {' | '.join(line)} |" for line in lines))


def _escaped(value: object, longest: int) -> str:
    told = plain(value) if isinstance(value, Decimal) else member(value) if value else value
    text = "" if told is None else " ".join(str(told).split())
    short = text if len(text) <= longest else text[: longest - 1] + "…"
    return _SPECIAL.sub(r"\\\1", short)
