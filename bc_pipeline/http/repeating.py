"""Asking again what may be answered better a little later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from bc_pipeline import clock
from bc_pipeline.errors import RequestFailed

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Backoff:
    """Exponential back-off with full jitter.

    Args:
        base_seconds: upper bound of the first wait; doubles with each further one.
        cap_seconds: upper bound of every wait.
    """

    base_seconds: float = 0.5
    cap_seconds: float = 60.0

    def seconds(self, attempt: int) -> float:
        """How long to wait after the ``attempt``-th try, counted from 1."""
        bound = min(self.cap_seconds, self.base_seconds * 2.0 ** min(attempt - 1, 32))
        return clock.uniform(0, bound)


class Again(Exception):
    """A failed try that may be repeated.

    Args:
        failure: what to raise when it was the last one.
        retry_after: seconds the server asks to wait, None when it does not say.
    """

    def __init__(self, failure: RequestFailed, retry_after: float | None = None) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.retry_after = retry_after


def repeated(
    ask: Callable[[], Answer],
    *,
    tries: int,
    backoff: Backoff,
    sleep: Callable[[float], Any],
    before_wait: Callable[[Again, float], None] | None = None,
) -> Answer:
    """What ``ask`` answers; asked again while it raises Again.

    Args:
        ask: one try.
        tries: at most.
        backoff: between them, where the server does not say how long to wait.
        sleep: waits so many seconds.
        before_wait: told why a try failed, and how long it will be until the next one.

    Raises:
        RequestFailed: the failure of the last try.
        What ``ask`` and ``sleep`` raise.
    """

    def failed(state: RetryCallState) -> Again:
        error = state.outcome.exception() if state.outcome else None
        assert isinstance(error, Again)
        return error

    def wait(state: RetryCallState) -> float:
        asked = failed(state).retry_after
        return backoff.seconds(state.attempt_number) if asked is None else asked

    def note(state: RetryCallState) -> None:
        if before_wait:
            before_wait(failed(state), state.upcoming_sleep)

    retrying = Retrying(
        retry=retry_if_exception_type(Again),
        stop=stop_after_attempt(tries),
        wait=wait,
        before_sleep=note,
        sleep=sleep,
        reraise=True,
    )
    try:
        return retrying(ask)
    except Again as error:
        raise error.failure from None
