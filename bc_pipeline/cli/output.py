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
    from rich.console import Console

SUCCESS = 0
SOME_FAILED = 1
USAGE = 2
INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""

PLAIN_WIDTH = 160
"""Columns of a table that goes to a file or pipe, where no terminal limits it."""

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


def line(text: str = "") -> None:
    """A line for people; what other systems have put into it cannot steer their terminal."""
    click.echo(storable(text))


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


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    numbers: Sequence[str] = (),
    plain_width: int = PLAIN_WIDTH,
) -> None:
    """A table on stdout.

    Args:
        title: above it.
        columns: their names.
        rows: their cells.
        numbers: columns that are aligned to the right.
        plain_width: what it may take where no terminal limits it.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left")
    for row in rows:
        # Texts come from other systems: never read them as markup, nor let a terminal do so.
        table.add_row(*(Text("" if cell is None else storable(str(cell))) for cell in row))
    console(plain_width=plain_width).print(table)


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
