"""The sandbox's clock: real UTC until it is set or advanced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class ShiftedClock:
    """Another clock's time, ahead of it or (negative) behind: what a system of its own shows.

    Attributes:
        ahead: by how much.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.ahead = timedelta()
        self._clock = clock

    def __call__(self) -> datetime:
        return self._clock() + self.ahead


class Clock:
    """Callable that gives the current sandbox time as an aware UTC datetime.

    It keeps running after :meth:`advance` and :meth:`set`; both only move it.
    """

    def __init__(self) -> None:
        self._offset = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> datetime:
        """Move the clock forward (or back, if negative) and return the new time."""
        self._offset += timedelta(seconds=seconds)
        return self()

    def set(self, moment: datetime) -> datetime:
        """Move the clock to ``moment`` (aware) and return it."""
        self._offset = moment - datetime.now(UTC)
        return self()

    def reset(self) -> None:
        """Back to real time."""
        self._offset = timedelta()
