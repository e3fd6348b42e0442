"""Business Central's clock, as its answers tell it (decisions 27)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.business_central.server_clock import ServerClock

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.covers("decision 27")
@given(minutes=st.integers(-600, 600))
def test_given_a_date_then_our_moments_are_told_by_that_clock(minutes: int):
    clock = ServerClock()
    theirs = datetime.now(UTC) + timedelta(minutes=minutes)

    clock.heard(format_datetime(theirs, usegmt=True))

    error = clock.at(MOMENT) - MOMENT - timedelta(minutes=minutes)
    assert abs(error) < timedelta(seconds=30)


@pytest.mark.parametrize("date", [None, "", "yesterday"])
def test_given_no_date_then_the_clocks_are_taken_to_agree(date: str | None):
    clock = ServerClock()

    clock.heard(date)

    assert clock.at(MOMENT) == MOMENT
    assert clock.warning is None


@pytest.mark.covers("decision 27")
@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (5, "the clock of this machine is 5 minutes behind Business Central's"),
        (-5, "the clock of this machine is 5 minutes ahead of Business Central's"),
    ],
)
def test_given_clocks_apart_then_it_is_said_and_what_to_do(minutes: int, words: str):
    clock = ServerClock()
    clock.ahead = timedelta(minutes=minutes)

    assert clock.warning is not None
    assert words in clock.warning
    assert "set it, for instance by NTP" in clock.warning


def test_given_two_minutes_then_nothing_is_said():
    clock = ServerClock()
    clock.ahead = timedelta(minutes=2)

    assert clock.warning is None
