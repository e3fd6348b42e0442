"""When all ids are compared: once in so many days, from the quiet hour on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.catalogue.entities import ENTITIES
from bc_pipeline.reading import sweeps
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.settings import SyncOptions

INVOICES, VENDORS, ITEMS = (
    ENTITIES[name] for name in ("bc/sales_invoices", "bc/vendors", "bc/items")
)
AMSTERDAM = SyncOptions()


@pytest.fixture
def cursor(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with Snapshot.open(tmp_path) as snapshot, snapshot.cursor() as cursor:
        yield cursor


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.covers("decision 22")
@pytest.mark.parametrize(
    ("swept", "now", "due"),
    [
        (None, "2026-06-10 12:00", True),
        ("2026-06-10 00:59", "2026-06-10 01:01", True),  # 3:00 in Amsterdam is 1:00 in summer
        ("2026-06-09 12:00", "2026-06-10 00:59", False),
        ("2026-06-10 01:00", "2026-06-10 23:59", False),
        ("2026-06-09 01:00", "2026-06-10 07:00", True),
        ("2026-01-10 01:30", "2026-01-10 02:01", True),  # 2:00 in winter
    ],
)
def test_given_the_last_sweep_then_the_first_run_after_the_hour_makes_the_next(
    cursor, swept: str | None, now: str, due: bool
):
    if swept:
        sweeps.note(cursor, INVOICES, at(swept))

    assert sweeps.is_due(cursor, INVOICES, AMSTERDAM, at(now)) is due


@pytest.mark.covers("decision 22")
def test_given_three_days_between_sweeps_then_two_nights_pass_without(cursor):
    options = SyncOptions(sweep_every=3, sweep_hour=22, timezone="UTC")
    sweeps.note(cursor, INVOICES, at("2026-06-10 22:05"))

    assert not sweeps.is_due(cursor, INVOICES, options, at("2026-06-12 23:59"))
    assert not sweeps.is_due(cursor, INVOICES, options, at("2026-06-13 21:59"))
    assert sweeps.is_due(cursor, INVOICES, options, at("2026-06-13 22:00"))


def test_given_vendors_then_each_read_sweeps_and_what_is_read_whole_never_does(cursor):
    now = at("2026-06-10 12:00")
    for entity in (VENDORS, ITEMS):
        sweeps.note(cursor, entity, now)

    assert sweeps.is_due(cursor, VENDORS, AMSTERDAM, now)
    assert not sweeps.is_due(cursor, ITEMS, AMSTERDAM, now)


@given(
    start=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
    hour=st.integers(0, 23),
    days=st.integers(1, 7),
    zone=st.sampled_from(["Europe/Amsterdam", "UTC", "America/New_York", "Asia/Kolkata"]),
    steps=st.lists(st.integers(1, 36 * 60), min_size=1, max_size=60),
)
def test_given_runs_at_any_times_then_sweeps_are_neither_forgotten_nor_repeated(
    start, hour, days, zone, steps
):
    options = SyncOptions(sweep_hour=hour, sweep_every=days, timezone=zone)
    swept, now = start, start
    for minutes in steps:
        now += timedelta(minutes=minutes)
        if swept < sweeps.latest_due(options, now):
            assert now - swept > timedelta(days=days - 1) - timedelta(hours=2)
            swept = now
        assert now - swept <= timedelta(days=days, hours=1)
