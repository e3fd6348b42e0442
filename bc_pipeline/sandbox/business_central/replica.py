"""A replica that lags: reads that do not ask for the primary see a company as it was (platform 1).

A company tells its replica what each transaction left behind once it is committed; the replica
makes that its own when its lag has passed. Sandbox time counts, so tests can move it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta

from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.sandbox.company.redo import Redo

INTENT = "data-access-intent"


class Replica:
    """Follows one company at a distance, starting from how it is now.

    Attributes:
        seconds: how far it is behind.
        heeds_parts: whether a GET inside a batch is answered by the primary when its own headers
            ask for it: written nowhere.
    """

    def __init__(self, company: Company, seconds: float) -> None:
        self.seconds = seconds
        self.heeds_parts = True
        self._clock = company.clock
        self._company = company.twin()
        self._waiting: deque[tuple[datetime, Redo]] = deque()

    def commit(self, redo: Redo) -> None:
        """Take note of what a transaction left behind."""
        self._waiting.append((self._clock(), redo))

    def now(self) -> Company:
        """The company as it was when the lag began."""
        with self._company.lock:
            while self._waiting and self._is_due(self._waiting[0][0]):
                self._company.redo(self._waiting.popleft()[1])
        return self._company

    def _is_due(self, committed: datetime) -> bool:
        now = self._clock()
        # What lies ahead of now was committed before the clock was set back.
        return not now - timedelta(seconds=self.seconds) < committed <= now


def set_lag(company: Company, seconds: float, *, heeds_parts: bool = True) -> None:
    """Let reads of a company that do not ask for the primary lag; 0 ends it. See
    :class:`Replica` for ``heeds_parts``.

    Raises:
        ValueError: negative.
    """
    if seconds < 0:
        raise ValueError("a replica cannot be ahead")
    with company.lock:
        if not seconds:
            company.replica = None
        elif company.replica is None:
            company.replica = Replica(company, seconds)
        if company.replica is not None:
            company.replica.seconds = seconds
            company.replica.heeds_parts = heeds_parts


def served(
    companies: Mapping[str, Company], headers: Mapping[str, str], *, part: bool = False
) -> Mapping[str, Company]:
    """The companies as a GET with these headers sees them: ``ReadWrite`` asks for the primary,
    everything else, no header included, may be answered by a replica.

    Args:
        part: the GET is one of a batch.
    """
    primary = headers.get(INTENT, "").strip().lower() == "readwrite"
    return {
        name: company
        if company.replica is None or (primary and (company.replica.heeds_parts or not part))
        else company.replica.now()
        for name, company in companies.items()
    }
