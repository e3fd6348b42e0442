"""Business Central's own clock, as its answers tell it (decisions 27).

What was written when is asked for by Business Central's stamps; our clock may be minutes off.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from bc_pipeline import clock

TOLERATED = timedelta(minutes=2)


class ServerClock:
    """How far Business Central's clock is ahead of ours; the same until it has answered."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def heard(self, date: str | None) -> None:
        """Takes the ``Date`` of an answer that has just come; one that is no date tells nothing."""
        try:
            told = parsedate_to_datetime(date or "")
        except ValueError:
            return
        self.ahead = (told if told.tzinfo else told.replace(tzinfo=UTC)) - clock.now()

    def at(self, moment: datetime) -> datetime:
        """A moment of ours as Business Central's clock showed it."""
        return moment + self.ahead

    @property
    def warning(self) -> str | None:
        """What to tell an operator when the clocks are too far apart."""
        if abs(self.ahead) <= TOLERATED:
            return None
        minutes = round(abs(self.ahead) / timedelta(minutes=1))
        where = "behind" if self.ahead > timedelta(0) else "ahead of"
        return (
            f"the clock of this machine is {minutes} minutes {where} Business Central's; set it, "
            "for instance by NTP. Look-ups of this run follow Business Central's"
        )
