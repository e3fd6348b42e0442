"""What an answer that is no success means: one table for both systems.

``behaviour`` 5-6 and ``optiply`` 4 are the sources.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from typing import Literal

System = Literal["business_central", "optiply"]

THROTTLED = 429


@dataclass(frozen=True)
class Meaning:
    """What follows from an answer. Without anything: it was refused, and nothing was done.

    Args:
        repeat: the same request may succeed a little later.
        doubt: a write answered like this may have been carried out all the same: look before it is
            sent again.
        no_access: whoever asks may not; a person has to act.
        too_slow: the operation or the gateway ran out of time: ask for less at once.
    """

    repeat: bool = False
    doubt: bool = False
    no_access: bool = False
    too_slow: bool = False


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Args:
        statuses: HTTP statuses it is about.
        meaning: of these answers.
        system: that answers; None: either.
        code: the error code that must be there; None: any.
        text: what the message must match; None: anything.
    """

    statuses: Container[int]
    meaning: Meaning
    system: System | None = None
    code: str | None = None
    text: re.Pattern[str] | None = None

    def fits(self, system: System, status: int, code: str | None, message: str) -> bool:
        """Whether an answer is one of those it is about."""
        return (
            status in self.statuses
            and self.system in (None, system)
            and self.code in (None, code)
            and (self.text is None or bool(self.text.search(message)))
        )


_DEADLOCK = re.compile(r"deadlock.*\b(re)?try\b|\b(re)?try\b.*deadlock", re.IGNORECASE | re.DOTALL)
_LATER = re.compile("please try again later", re.IGNORECASE)

TABLE: tuple[Row, ...] = (
    Row({401, 403}, Meaning(no_access=True)),
    Row({THROTTLED}, Meaning(repeat=True)),
    Row({408}, Meaning(repeat=True, doubt=True, too_slow=True)),
    # A lost lock, and a table that is busy: BC did nothing.
    Row({409}, Meaning(repeat=True), "business_central", "Internal_ServerError", _DEADLOCK),
    Row({400}, Meaning(repeat=True), "business_central", text=_LATER),
    # An answer, not a failure: BC has no such operation and did nothing.
    Row({501}, Meaning(), "business_central"),
    Row({504}, Meaning(repeat=True, doubt=True, too_slow=True), "business_central"),
    Row({500, 502, 503}, Meaning(repeat=True, doubt=True), "business_central"),
    Row(range(500, 1000), Meaning(doubt=True), "business_central"),
    Row(range(500, 1000), Meaning(repeat=True, doubt=True), "optiply"),
)
"""The first row that fits counts; what fits none was refused."""

REFUSED = Meaning()


def meaning(
    system: System, status: int, code: str | None = None, message: str | None = None
) -> Meaning:
    """What an answer means.

    Args:
        system: that gave it.
        status: HTTP status.
        code: the system's own error code, None when the body has none.
        message: its explanation, asked for in English.
    """
    rows = (row.meaning for row in TABLE if row.fits(system, status, code, message or ""))
    return next(rows, REFUSED)
