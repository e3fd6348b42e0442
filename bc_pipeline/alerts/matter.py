"""One thing somebody should know."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

_GUID = re.compile(r"\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


@dataclass(frozen=True)
class Matter:
    """One thing somebody should know.

    Args:
        kind: of alert.
        reason: tells it from others of its kind; the same as long as it is the same matter.
        what: in words.
        which: the records it is about, which ``what`` ends with; empty where it names none.
        why: the reason in words, where there is one.
        entity: which one, where it is one.
        todo: what to do, where the kind's own words do not fit.
        run_id: of the run that found it.
        members: what it is about, such as numbers of orders; a further one is told as well.
        patience: for how long it may stand before anybody is told.
        announced: it is still to come: that runs do not solve it is no news.
    """

    kind: str
    reason: str
    what: str
    why: str | None = None
    entity: str | None = None
    todo: str | None = None
    run_id: str | None = None
    members: tuple[str, ...] = ()
    patience: timedelta = timedelta(0)
    announced: bool = False
    which: str = ""

    @property
    def key(self) -> str:
        """Under which it is remembered."""
        return f"{self.kind}|{self.reason}"


def sameness(text: str | None, *, loosely: bool = False) -> str:
    """What stays of a reason from one time to the next: no ids, no numbers, no times.

    Args:
        text: the reason.
        loosely: leave out what it quotes, too: the same of another record.
    """
    told = _GUID.sub("", text or "")
    if loosely:
        told = _QUOTED.sub("", told)
    return " ".join(_NUMBER.sub("#", told).casefold().split())
