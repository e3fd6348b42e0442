"""Changes whose transaction stays open for a while: long postings (platform 1, 3).

Their stamps and entry numbers are those of the time they began, however late they are committed.
A read without strict isolation may see them before that, and they may still be rolled back.
"""

from __future__ import annotations

import itertools
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bc_pipeline.sandbox.changes.catalogue import change_called
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.company.redo import Redo
from bc_pipeline.sandbox.company.transaction import Transaction
from bc_pipeline.sandbox.json_text import JsonValue


class _Enough(Exception):
    """What the change does is known."""


@dataclass(frozen=True)
class _Step:
    """What a change does to one row; None: it is not there."""

    entity_set: str
    key: str
    before: Row | None
    after: Row | None


class Posting:
    """One change that is not committed yet. End it with :meth:`commit` or :meth:`roll_back`.

    Args:
        company, name, params: see ``apply_to``.
        seen: reads of the primary see it already; if it is rolled back, what they saw never was.
        hours_ago: when it began.

    Raises:
        KeyError, TypeError, Refused: see ``apply_to``; nothing has changed.
    """

    def __init__(
        self,
        company: Company,
        name: str,
        params: dict[str, Any],
        *,
        seen: bool = False,
        hours_ago: float = 0,
    ) -> None:
        self.name = name
        self.seen = seen
        self.company = company
        with company.lock:
            self._steps = _steps(company, name, params, timedelta(hours=hours_ago))
            if seen:
                self._redo(_forward(self._steps))

    def commit(self) -> None:
        """Make it last: whoever did not see it yet does from now on."""
        with self.company.lock:
            if self.seen:
                self.company.publish((step.entity_set, step.key) for step in self._steps)
                return
            with Transaction([self.company]):
                self.company.redo(_forward(self._steps))

    def roll_back(self) -> None:
        """It never happened. Its numbers are not given to anybody else."""
        if self.seen:
            self._redo(_backward(self._steps))

    def _redo(self, redo: Redo) -> None:
        with self.company.uncommitted():
            self.company.redo(redo)


@dataclass
class Postings:
    """Those that are open, by number."""

    _open: dict[int, Posting] = field(default_factory=dict)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def begin(
        self, company: Company, name: str, params: dict[str, Any], **options: JsonValue
    ) -> int:
        """Begin one and return its number; see :class:`Posting`."""
        posting = Posting(company, name, params, **options)
        number = next(self._ids)
        self._open[number] = posting
        return number

    def end(self, number: int) -> Posting:
        """The posting of a number, which is no longer kept here. Raises KeyError."""
        return self._open.pop(number)

    def as_json(self) -> list[dict[str, Any]]:
        """What a person needs to see of them."""
        return [
            {"id": number, "name": p.name, "company": p.company.name, "seen": p.seen}
            for number, p in self._open.items()
        ]


def _steps(company: Company, name: str, params: dict[str, Any], ago: timedelta) -> list[_Step]:
    """What a change would do, found by doing it and taking it back. Entry numbers stay drawn."""
    clock = company.clock
    company.clock = lambda: clock() - ago
    try:
        with suppress(_Enough), Transaction([company]):
            change_called(name)(company, **params)
            touched = list(company.touched or ())
            after = company.redo_of(touched)
            drawn = company.last_entry_numbers
            raise _Enough
    finally:
        company.clock = clock
    company.draw_entry_numbers(drawn)
    before = company.redo_of(touched)
    return [
        _Step(entity_set, key, old, new)
        for (entity_set, key, old), (_, _, new) in zip(before, after, strict=True)
        if old != new
    ]


def _forward(steps: list[_Step]) -> Redo:
    return [(step.entity_set, step.key, _changed(step.before, step.after)) for step in steps]


def _backward(steps: list[_Step]) -> Redo:
    return [(s.entity_set, s.key, _changed(s.after, s.before)) for s in reversed(steps)]


def _changed(old: Row | None, new: Row | None) -> Row | None:
    """What becomes different, so that others may change the rest meanwhile."""
    if old is None or new is None:
        return new
    return {name: value for name, value in new.items() if old.get(name) != value}
