from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from bc_pipeline.business_central.retry import retry_after_seconds, worth_repeating
from bc_pipeline.http.repeating import Backoff

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_given_trouble_on_their_side_then_it_is_worth_repeating(status: int):
    assert worth_repeating(status, None, "")


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 405, 409, 410, 412, 413, 501])
def test_given_any_other_refusal_then_it_is_not(status: int):
    assert not worth_repeating(status, "Application_DialogException", "The item is blocked.")


@pytest.mark.parametrize(
    ("status", "code", "message", "repeated"),
    [
        (409, "Internal_ServerError", "deadlocked with another user. Retry the activity.", True),
        (409, "Internal_ServerError", "Please TRY again, there was a DEADLOCK", True),
        (409, "Internal_ServerError", "deadlocked with another user.", False),
        (409, "Internal_ServerError", "Please retry.", False),
        (409, "Request_EntityChanged", "deadlock, retry", False),
        (400, "Anything", "The operation is busy. Please try again later.", True),
        (400, "Anything", "Please try again.", False),
    ],
)
def test_given_a_refusal_that_asks_to_try_again_then_it_is_repeated(
    status: int, code: str, message: str, repeated: bool
):
    assert worth_repeating(status, code, message) is repeated


@given(attempt=st.integers(1, 5000))
def test_given_any_attempt_then_the_wait_lies_between_nothing_and_the_bound(attempt: int):
    backoff = Backoff(base_seconds=0.5, cap_seconds=60)

    assert 0 <= backoff.seconds(attempt) <= min(60, 0.5 * 2 ** min(attempt - 1, 40))


def test_given_full_jitter_then_waits_differ_and_grow():
    backoff = Backoff(base_seconds=1, cap_seconds=1000)
    early = [backoff.seconds(1) for _ in range(200)]
    late = [backoff.seconds(8) for _ in range(200)]

    assert len(set(early)) > 100
    assert min(late) < 64 < max(late) <= 128
    assert max(early) <= 1


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("1.5", 1.5),
        (format_datetime(NOW + timedelta(seconds=30), usegmt=True), 30.0),
        (format_datetime(NOW - timedelta(seconds=30), usegmt=True), 0.0),
        ("999999999", 300.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_given_retry_after_then_seconds_and_dates_are_understood_up_to_five_minutes(
    asked: str, seconds: float | None
):
    headers = CaseInsensitiveDict({"retry-after": asked})

    assert retry_after_seconds(429, headers, now=NOW) == seconds


@pytest.mark.parametrize(("status", "heard"), [(429, True), (502, True), (503, True), (504, False)])
def test_given_a_status_then_retry_after_is_heard_where_bc_sends_it(status: int, heard: bool):
    assert (retry_after_seconds(status, {"Retry-After": "3"}) == 3.0) is heard
