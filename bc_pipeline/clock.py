"""What time it is, and chance: the only place that asks the machine for them.

Everything else asks here, so that a test, or a simulation of days, hands in another clock for the
whole process.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Time and chance."""

    def now(self) -> datetime:
        """The moment, in UTC."""

    def monotonic(self) -> float:
        """Seconds since whenever, never going back."""

    def uniform(self, low: float, high: float) -> float:
        """A number between two others, by chance."""


class MachineClock:
    """Those of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def uniform(self, low: float, high: float) -> float:
        return random.uniform(low, high)  # noqa: S311 - spreads load, hides nothing


_current: Clock = MachineClock()


@contextmanager
def using(clock: Clock) -> Iterator[None]:
    """Another clock for this process, all its threads included, until the end."""
    global _current
    before, _current = _current, clock
    try:
        yield
    finally:
        _current = before


def now() -> datetime:
    """The moment, in UTC."""
    return _current.now()


def monotonic() -> float:
    """Seconds since whenever, never going back."""
    return _current.monotonic()


def uniform(low: float, high: float) -> float:
    """A number between two others, by chance."""
    return _current.uniform(low, high)
