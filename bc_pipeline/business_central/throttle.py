"""Keeps a tenant inside BC's limits per user: requests at once, and requests per five minutes."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from bc_pipeline import clock
from bc_pipeline.errors import Cancelled

WINDOW_SECONDS = 300.0
_LOOK_AROUND_SECONDS = 0.1
"""How often a waiting thread looks whether the run was cancelled."""


class Throttle:
    """Hands out permission to send; shared by all threads of one tenant's run (behaviour.md 6).

    Args:
        concurrent: requests in flight at most.
        per_window: requests started at most in any ``window_seconds``.
        cancel: ends every wait when set.
        window_seconds: length of the sliding window.
    """

    def __init__(
        self,
        concurrent: int,
        per_window: int,
        cancel: threading.Event,
        window_seconds: float = WINDOW_SECONDS,
    ) -> None:
        self._free = threading.Semaphore(concurrent)
        self._per_window = per_window
        self._window_seconds = window_seconds
        self._cancel = cancel
        self._guard = threading.Lock()
        self._started: deque[float] = deque()
        self._not_before = 0.0

    @contextmanager
    def slot(self) -> Iterator[None]:
        """One request, from sending it to having read the answer.

        Raises:
            Cancelled: the run was cancelled while waiting.
        """
        while not self._free.acquire(timeout=_LOOK_AROUND_SECONDS):
            self._stop_if_cancelled()
        try:
            while (seconds := self._seconds_to_wait()) > 0:
                self.wait(seconds)
            self._stop_if_cancelled()
            yield
        finally:
            self._free.release()

    def pause(self, seconds: float) -> None:
        """Lets nobody start for a while: BC answered 429, which is meant for the whole user."""
        with self._guard:
            self._not_before = max(self._not_before, clock.monotonic() + seconds)

    def wait(self, seconds: float) -> None:
        """Sleeps, unless the run is cancelled.

        Raises:
            Cancelled: it was.
        """
        if self._cancel.wait(seconds):
            raise Cancelled("the run was cancelled")

    def _seconds_to_wait(self) -> float:
        """0 and the start is booked, or how long until it is worth asking again."""
        with self._guard:
            now = clock.monotonic()
            while self._started and now - self._started[0] >= self._window_seconds:
                self._started.popleft()
            if now < self._not_before:
                return self._not_before - now
            if len(self._started) >= self._per_window:
                return self._started[0] + self._window_seconds - now
            self._started.append(now)
            return 0.0

    def _stop_if_cancelled(self) -> None:
        if self._cancel.is_set():
            raise Cancelled("the run was cancelled")
