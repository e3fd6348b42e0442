"""The pace of one tenant's requests: a token bucket that slows down when told to.

Optiply publishes no limit. We keep to a ceiling, halve on 429 and recover slowly
(optiply.md 5). One limiter is shared by all threads of a tenant.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from bc_pipeline.clock import monotonic

FLOOR = 0.2
"""Requests per second the pace never falls below: one in five seconds."""
RECOVERY_SECONDS = 60.0
"""Time without a 429 in which the pace climbs from half the ceiling back to the ceiling."""
BURST_SECONDS = 0.5
"""So many seconds' worth may be sent at once after a pause. A limit that lets a whole second's
worth through counts from when the first request arrives: the other half is for a first one that
takes longer than those after it, for a 429 halves the pace for a minute."""


class RateLimiter:
    """Hands out permission to send, at most ``per_second`` on average.

    Args:
        per_second: the ceiling, in requests per second.
        sleep: waits the given seconds, or less when the run is cancelled.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        per_second: float,
        *,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._ceiling = per_second
        self._floor = min(FLOOR, per_second)
        self._rate = per_second
        self._sleep = sleep
        self._clock = clock
        self._next = clock()
        self._changed = clock()
        self._slowdowns = 0
        self._lock = threading.Lock()

    @property
    def rate(self) -> float:
        """The present pace in requests per second."""
        with self._lock:
            self._recover(self._clock())
            return self._rate

    def acquire(self) -> int:
        """Wait for a turn. Returns a ticket to hand to ``slow_down``."""
        with self._lock:
            now = self._clock()
            self._recover(now)
            self._next = max(self._next, now - BURST_SECONDS)
            turn = self._next
            self._next += 1.0 / self._rate
            ticket = self._slowdowns
        if turn > now:
            self._sleep(turn - now)
        return ticket

    def slow_down(self, ticket: int, pause: float = 0.0) -> None:
        """A request sent under ``ticket`` met a 429: halve the pace, send nothing for ``pause``
        seconds. Several 429s of requests sent at the same pace count once."""
        with self._lock:
            now = self._clock()
            self._next = max(self._next, now + pause)
            if ticket != self._slowdowns:
                return
            self._recover(now)
            self._slowdowns += 1
            self._rate = max(self._floor, self._rate / 2)
            self._changed = now
            # Unused turns of the faster pace are void.
            self._next = max(self._next, now + 1.0 / self._rate)

    def _recover(self, now: float) -> None:
        if self._rate < self._ceiling:
            climb = self._ceiling / 2 / RECOVERY_SECONDS * (now - self._changed)
            self._rate = min(self._ceiling, self._rate + climb)
        self._changed = now
