"""What the commands print: one JSON document, or tables for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bc_pipeline.values import storable

if TYPE_CHECKING:
    from rich.console import Console, JustifyMethod
    from rich.table import Table

SUCCESS = 0
SOME_FAILED = 1
USAGE = 2
INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""

PLAIN_WIDTH = 160
"""Columns of a table that goes to a file or pipe, where no terminal limits it."""

COLOURS = {
    **dict.fromkeys(("passed", "success", "created", "posted"), "green"),
    **dict.fromkeys(("partial", "warned", "late", "quarantined", "deferred", "paused"), "yellow"),
    **dict.fromkeys(("failed", "blocked", "ambiguous", "guard"), "red"),
}
"""What a terminal shows a state in; not where NO_COLOR is set."""

Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    """Adds ``--json`` (parameter ``as_json``) to a command."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document on stdout."
    )(command)


def print_json(document: object) -> None:
    """The one JSON document of a command."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, default=_plain))


def answer(document: object, text: str, *, as_json: bool) -> int:
    """What a command that has worked says: its one JSON document, or one line for people; its
    exit code."""
    if as_json:
        print_json(document)
    else:
        line(text)
    return SUCCESS


def message(text: str) -> None:
    """A line for people, on stderr."""
    click.echo(storable(text), err=True)


_warned: set[str] = set()


def warn_once(warnings: Sequence[str]) -> None:
    """Warnings as one line, and none that this process has told before.

    Args:
        warnings: as ``Registry.warnings``; ``tenants list`` tells each of many.
    """
    new = [each for each in dict.fromkeys(warnings) if each not in _warned]
    _warned.update(new)
    if new:
        more = f" (and {len(new) - 1} more: bc-pipeline tenants list)" if len(new) > 1 else ""
        message(f"Warning: {new[0]}{more}")


@contextmanager
def only_json_on_stdout(as_json: bool) -> Iterator[None]:
    """Inside the block, whatever prints to stdout prints to stderr instead."""
    if not as_json:
        yield
        return
    with redirect_stdout(sys.stderr):
        yield


def console(*, stderr: bool = False, plain_width: int = PLAIN_WIDTH) -> Console:
    """A console that uses the terminal's width, or a fixed one without a terminal."""
    from rich.console import Console

    found = Console(stderr=stderr, highlight=False)
    return (
        found if found.is_terminal else Console(stderr=stderr, highlight=False, width=plain_width)
    )


def line(text: str = "", status: str | None = None, *, whole: bool = False) -> None:
    """A line for people on stdout; what other systems have put into it cannot steer their terminal.
    On a terminal it goes on below its own beginning, between words;
    elsewhere it stays whole, for whoever searches it.

    Args:
        text: what it says.
        status: as one of ``COLOURS``, which a terminal shows it in.
        whole: never broken: it is copied or clicked, such as a command or an address.
    """
    from rich.padding import Padding
    from rich.text import Text

    found, text = console(), storable(text)
    if whole or not found.is_terminal or not text:
        click.echo(text)
        return
    indent = len(text) - len(text.lstrip())
    styled = Text(text.lstrip(), style=COLOURS.get(status or "", ""))
    found.print(Padding(styled, (0, 0, 0, indent)))


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    numbers: Sequence[str] = (),
    status: str | None = None,
    plain_width: int = PLAIN_WIDTH,
) -> None:
    """A table on stdout. Nothing is cut: numbers that do not fit beside each other stand in one
    column, in words; where the rest does not fit either, each row has lines of its own, what its
    last column says below the others.

    Args:
        title: above it.
        columns: their names; one in which nothing stands is left out.
        rows: their cells.
        numbers: columns that are aligned to the right, and left out where all are 0.
        status: as one of ``COLOURS``, which a terminal shows the title in.
        plain_width: what it may take where no terminal limits it.
    """
    found = console(plain_width=plain_width)
    if title:
        line(title, status)
    cells = [list(row) for row in rows]
    if not cells:
        return
    told = [
        each
        for each, name in enumerate(columns)
        if each == 0
        or any(row[each] not in ((0, "", None) if name in numbers else ("", None)) for row in cells)
    ]
    names = [columns[each] for each in told]
    kept = [[row[each] for each in told] for row in cells]
    table = _table(names, kept, numbers)
    if _least_width(found, table) > found.width and set(names) & set(numbers):
        table = _table(*_in_words(names, kept, numbers), ())
    if _least_width(found, table) > found.width:
        _print_one_by_one(names, kept, numbers)
    else:
        found.print(table)


def _table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], numbers: Sequence[str]
) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, column in enumerate(columns):
        is_number = column in numbers
        justify: JustifyMethod = "right" if is_number else "left"
        table.add_column(column, justify=justify, no_wrap=is_number or place == 0)
    for row in rows:
        # Texts come from other systems: never read them as markup, nor let a terminal do so.
        told = ("" if cell is None else storable(str(cell)) for cell in row)
        table.add_row(*(Text(each, style=COLOURS.get(each, "")) for each in told))
    return table


def _least_width(found: Console, table: Table) -> int:
    """What a table needs for no word of it to be cut, however narrow the console is."""
    from rich.measure import Measurement

    return Measurement.get(found, found.options.update(width=10_000), table).minimum


def _in_words(
    columns: Sequence[str], rows: Sequence[Sequence[object]], numbers: Sequence[str]
) -> tuple[list[str], list[list[object]]]:
    """The same with one column for all numbers, such as ``54 unchanged, 8 skipped``."""
    texts = [place for place, column in enumerate(columns) if column not in numbers]
    counted = [place for place, column in enumerate(columns) if column in numbers]
    told: list[list[object]] = [
        [
            *(row[place] for place in texts),
            ", ".join(f"{row[place]} {columns[place]}" for place in counted if row[place]),
        ]
        for row in rows
    ]
    return [*(columns[place] for place in texts), "counts"], told


def _print_one_by_one(
    columns: Sequence[str], rows: Sequence[Sequence[object]], numbers: Sequence[str]
) -> None:
    """The rows without a table, such as ``buy_order_lines, 106008, 1 tries`` and a reason below."""
    for *first, last in rows:
        told = [
            f"{cell} {column}" if column in numbers else str(cell)
            for column, cell in zip(columns, first, strict=False)
            if cell not in ("", None) and not (column in numbers and cell == 0)
        ]
        line(f"  {', '.join(told)}")
        if last not in ("", None):
            line(f"    {last}")


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
