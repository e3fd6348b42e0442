"""A story in plain words, in lines that fit a terminal of 80 columns."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bc_pipeline.run.freshness import minute
from bc_pipeline.story.model import Read, Sending, Stock, Story, Value

WIDTH = 80
_NAME = 22
"""Columns that names of attributes take."""
_LONGEST_VALUE = 200
_MOST_SOURCES = 3


def lines(tenant: str, story: Story) -> list[str]:
    """The lines of a story.

    Args:
        tenant: whose record it is.
    """
    called = " ".join(filter(None, (story.number, story.name))) or story.key
    lines = [
        *wrapped(f"{tenant}: {story.entity} {called}"),
        *_indented(f"{name} {value}" for name, value in story.ids.items()),
        "",
        *_standing(story),
    ]
    if story.stock is not None:
        lines += ["", *_stock(story.stock)]
    for title, facts in story.facts.items():
        lines += ["", title, *_indented(facts)]
    if story.values:
        lines += ["", "Attributes", *(line for each in story.values for line in _value(each))]
    if story.reads:
        lines += ["", "Read from Business Central", *_indented(map(_read, story.reads))]
    if story.warnings:
        lines += ["", "To know", *_indented(story.warnings)]
    if story.waits:
        lines += ["", "Waiting for it", *_indented(story.waits)]
    lines += _history(story)
    if story.links:
        # Never wrapped: an address is copied or clicked as a whole.
        lines += ["", "Look at it", *(f"  {name}: {url}" for name, url in story.links.items())]
    return lines


def wrapped(text: str, indent: str = "", hanging: str | None = None) -> list[str]:
    """A text as lines that fit; commands and ids stay whole.

    Args:
        indent: in front of the first line.
        hanging: in front of the others; None: a little more than of the first.
    """
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + "  " if hanging is None else hanging,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]


def _indented(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from wrapped(text, "  ")


def _standing(story: Story) -> list[str]:
    standing = story.standing
    lines = wrapped(f"State: {standing.state}. {standing.told}")
    if standing.reason:
        lines += wrapped(f"Why: {standing.reason}", "  ")
    if standing.tries > 1:
        lines += wrapped(f"Tried {standing.tries} times in vain.", "  ")
    if standing.next_attempt:
        lines += wrapped(f"Next attempt: {standing.next_attempt}.", "  ")
    if standing.todo:
        lines += wrapped(f"What to do: {standing.todo}", "  ")
    return lines


def _stock(stock: Stock) -> list[str]:
    read = f"read {minute(stock.read_at)}" if stock.read_at else "its terms were never read"
    sent = f"{stock.sent} sent" if stock.sent is not None else "never sent"
    if stock.sent_at is not None:
        sent += f" {minute(stock.sent_at)}"
        sent += f" by run {stock.sent_by}" if stock.sent_by else ""
    lines = [
        *wrapped(f"Stock: {stock.text}"),
        *wrapped(f"{stock.counted}; from {stock.source}; {read}, {sent}", "  "),
    ]
    if stock.level is not None and stock.sent is not None and stock.level != stock.sent:
        lines += wrapped(f"Optiply has {stock.sent}; {stock.level} goes out next.", "  ")
    return [*lines, *_indented(f"{note}." for note in stock.notes)]


def _value(value: Value) -> list[str]:
    shown = value.wanted if value.wanted is not None else value.sent
    lines = wrapped(f"  {value.name:<{_NAME}} {_plain(shown)}", hanging=" " * (_NAME + 3))
    if value.wanted is None:
        lines += wrapped("as sent last; nothing new is known", " " * (_NAME + 3))
    elif value.sent is not None and value.sent != value.wanted:
        lines += wrapped(f"Optiply has {_plain(value.sent)}", " " * (_NAME + 3))
    more = f" and {len(value.sources) - _MOST_SOURCES} more"
    named = ", ".join(value.sources[:_MOST_SOURCES])
    source = f" ({named}{more if len(value.sources) > _MOST_SOURCES else ''})" if named else ""
    return [*lines, *wrapped(value.rule + source, " " * (_NAME + 3), " " * (_NAME + 3))]


def _read(read: Read) -> str:
    when = f"read {minute(read.read_at)}" if read.read_at else "never read to its end"
    changed = f", this record last changed {minute(read.changed_at)}" if read.changed_at else ""
    trouble = f"; the last read failed: {read.trouble}" if read.trouble else ""
    return f"{read.place}: {when}{changed}{trouble}"


def _history(story: Story) -> list[str]:
    if not story.history and not story.history_note:
        return []
    lines = ["", "Sent to Optiply, newest first", *_indented(map(_sending, story.history))]
    return lines + (wrapped(story.history_note, "  ") if story.history_note else [])


def _sending(sending: Sending) -> str:
    by = f" by run {sending.run_id}" if sending.run_id else ""
    if sending.action == "created":
        row = f" as row {sending.optiply_id}" if sending.optiply_id else ""
        return f"{minute(sending.at)} created{row}{by}"
    what = ", ".join(_changes(sending.attributes or {}))
    return f"{minute(sending.at)} {sending.action}{': ' + what if what else ''}{by}"


def _changes(attributes: Mapping[str, Any]) -> Iterator[str]:
    return (f"{name} = {_plain(value)}" for name, value in attributes.items())


def _plain(value: Any) -> str:  # noqa: ANN401 - any JSON
    """A value as people read it, long ones cut."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."
