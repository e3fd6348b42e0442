from __future__ import annotations

import threading
import time

import pytest

from bc_pipeline.business_central.throttle import Throttle
from bc_pipeline.errors import Cancelled


def throttle(concurrent: int = 5, budget: int = 1000, window: float = 300.0) -> Throttle:
    return Throttle(concurrent, budget, threading.Event(), window)


def test_given_more_threads_than_slots_then_never_more_requests_in_flight():
    limit, inside, most = throttle(concurrent=3), 0, 0
    guard = threading.Lock()

    def work() -> None:
        nonlocal inside, most
        with limit.slot():
            with guard:
                inside += 1
                most = max(most, inside)
            time.sleep(0.02)
            with guard:
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == 3


def test_given_a_used_up_budget_then_the_next_start_waits_until_the_window_has_slid():
    limit = throttle(budget=3, window=0.3)
    starts = []
    for _ in range(7):
        with limit.slot():
            starts.append(time.monotonic())

    assert all(later - earlier >= 0.28 for earlier, later in zip(starts, starts[3:], strict=False))
    assert starts[2] - starts[0] < 0.2


def test_given_a_pause_then_nobody_starts_during_it():
    limit = throttle()
    limit.pause(0.2)
    limit.pause(0.05)
    started = time.monotonic()

    with limit.slot():
        assert time.monotonic() - started >= 0.19


@pytest.mark.parametrize("busy", ["slots", "budget", "pause", "back-off"])
def test_given_a_cancelled_run_then_every_wait_ends_at_once(busy: str):
    cancel = threading.Event()
    limit = Throttle(1, 1 if busy == "budget" else 100, cancel, 60)
    blocker = limit.slot()
    if busy == "slots":
        blocker.__enter__()
    if busy == "budget":
        with limit.slot():
            pass
    if busy == "pause":
        limit.pause(60)
    threading.Timer(0.1, cancel.set).start()
    started = time.monotonic()

    with pytest.raises(Cancelled):
        if busy == "back-off":
            limit.wait(60)
        else:
            with limit.slot():
                pass

    assert time.monotonic() - started < 2


def test_given_an_error_inside_then_the_slot_is_free_again():
    limit = throttle(concurrent=1)
    with pytest.raises(ValueError, match="x"), limit.slot():
        raise ValueError("x")

    with limit.slot():
        pass
