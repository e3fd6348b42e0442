"""The pace of requests: a ceiling, halved when told so, slowly recovering (optiply.md 5)."""

from __future__ import annotations

import pytest

from bc_pipeline.optiply.limiter import FLOOR, RECOVERY_SECONDS, RateLimiter


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def limiter(time: Time, per_second: float = 10) -> RateLimiter:
    return RateLimiter(per_second, sleep=time.sleep, clock=lambda: time.now)


def test_requests_are_spread_at_the_ceiling() -> None:
    time = Time()
    pace = limiter(time)

    for _ in range(101):
        pace.acquire()

    assert time.now - 100 == pytest.approx(10)


def test_after_a_pause_half_a_second_of_requests_may_go_at_once() -> None:
    time = Time()
    pace = limiter(time)
    pace.acquire()
    time.now += 60

    for _ in range(6):
        pace.acquire()

    assert time.now == 160


@pytest.mark.parametrize("per_second", [5, 20, 100])
def test_given_a_first_answer_that_is_late_then_no_request_is_one_too_many(per_second: int) -> None:
    # given an Optiply that lets a second's worth through at once, as it stood for a while
    time = Time()
    pace = limiter(time, per_second)
    time.now += 60
    begins, late = time.now, 0.3
    permitted = float(per_second)
    arrived = begins + late

    # when the first request takes longer to arrive than all after it
    for _ in range(20 * per_second):
        pace.acquire()
        moment = max(time.now, begins + late)
        permitted = min(per_second, permitted + (moment - arrived) * per_second) - 1
        arrived = moment

        # then all are let through
        assert permitted > -1e-6


def test_one_429_halves_the_pace_and_its_companions_count_once() -> None:
    pace = limiter(Time())
    tickets = [pace.acquire() for _ in range(5)]

    for ticket in tickets:
        pace.slow_down(ticket)

    assert pace.rate == 5


def test_the_pace_never_falls_below_the_floor() -> None:
    pace = limiter(Time())

    for _ in range(20):
        pace.slow_down(pace.acquire())

    assert pace.rate == pytest.approx(FLOOR, rel=0.6)
    assert pace.rate >= FLOOR


def test_the_pace_recovers_slowly_up_to_the_ceiling() -> None:
    time = Time()
    pace = limiter(time)
    pace.slow_down(pace.acquire())

    time.now += RECOVERY_SECONDS / 2
    assert pace.rate == pytest.approx(7.5)
    time.now += RECOVERY_SECONDS
    assert pace.rate == 10


def test_a_pause_holds_everybody_up() -> None:
    time = Time()
    pace = limiter(time)

    pace.slow_down(pace.acquire(), pause=30)
    pace.acquire()

    assert time.now >= 130
