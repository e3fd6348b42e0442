"""Limits per user: requests at once, waiting, and in five minutes (behaviour.md 6)."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bc_pipeline.sandbox.odata_errors import BcError

WINDOW = timedelta(minutes=5)


@dataclass
class LimitSettings:
    """Figures of one environment; tests make them small."""

    concurrent: int = 5
    queued: int = 95
    requests_per_5_minutes: int = 6000
    queue_seconds: float = 480
    # Time each request takes at least while it holds one of the user's slots.
    latency_seconds: float = 0.0


@dataclass
class _User:
    running: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    recent: deque[datetime] = field(default_factory=deque)
    most_running: int = 0


class Limits:
    """Keeps every user inside the limits; used from the server's event loop only."""

    def __init__(self, settings: LimitSettings, clock: Callable[[], datetime]) -> None:
        self.settings = settings
        self._clock = clock
        self._users: dict[str, _User] = defaultdict(_User)

    def most_at_once(self, user: str) -> int:
        """The most requests of this user that ever ran at the same time."""
        return self._users[user].most_running

    @asynccontextmanager
    async def slot(self, user: str) -> AsyncIterator[None]:
        """One of the user's slots, waiting for it if need be.

        Raises:
            BcError: 429 when the rate or the queue is full, 503 when the wait takes too long.
        """
        state = self._users[user]
        self._check_rate(state)
        if state.running < self.settings.concurrent:
            state.running += 1
            state.most_running = max(state.most_running, state.running)
        else:
            await self._wait(state)
        try:
            yield
        finally:
            self._leave(state)

    def _check_rate(self, state: _User) -> None:
        now = self._clock()
        while state.recent and state.recent[0] <= now - WINDOW:
            state.recent.popleft()
        maximum = self.settings.requests_per_5_minutes
        if len(state.recent) >= maximum:
            raise _too_many(f"Actual ({len(state.recent) + 1}). Maximum ({maximum}).")
        state.recent.append(now)

    async def _wait(self, state: _User) -> None:
        maximum = self.settings.queued
        if len(state.waiting) >= maximum:
            raise _too_many(f"Actual queued ({maximum + 1}). Maximum queued ({maximum}).")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        state.waiting.append(turn)
        try:
            await asyncio.wait_for(turn, self.settings.queue_seconds)
        except TimeoutError:
            state.waiting.remove(turn)
            raise BcError(
                503, "Internal_ServerError", "The request waited too long.", {"retry-after": "30"}
            ) from None

    def _leave(self, state: _User) -> None:
        while state.waiting:
            turn = state.waiting.popleft()
            if not turn.done():
                turn.set_result(None)  # the slot goes straight to whoever waited longest
                return
        state.running -= 1


def _too_many(figures: str) -> BcError:
    return BcError(429, "Application_TooManyRequests", f"Too many requests reached. {figures}")
