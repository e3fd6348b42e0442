"""Clocks for tests."""

from __future__ import annotations

from datetime import datetime, timedelta

from bc_pipeline.clock import MachineClock


class MovedClock(MachineClock):
    """Stands still until it is moved.

    Args:
        moment: what it shows first.
    """

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        return self._moment

    def forward(self, by: timedelta) -> None:
        self._moment += by
