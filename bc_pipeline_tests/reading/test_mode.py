from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from bc_pipeline.catalogue.entities import ENTITIES
from bc_pipeline.reading.mode import MOST_UNSTAMPED, ReadPlan, literal, plan_read
from bc_pipeline.snapshot.store import Snapshot

BOOKMARK = datetime(2026, 5, 6, 12, 0, 0, 123456, UTC)
VENDORS, ITEMS = ENTITIES["bc/vendors"], ENTITIES["bc/items"]
OVERLAP = timedelta(minutes=10)


@pytest.fixture
def cursor(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with Snapshot.open(tmp_path) as snapshot, snapshot.cursor() as cursor:
        yield cursor


def bookmarked(cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.execute("INSERT INTO ops.bookmarks VALUES ('bc/vendors', ?, 1)", [BOOKMARK])


def test_given_no_bookmark_then_everything_is_read_and_the_next_read_may_follow(cursor):
    plan = plan_read(cursor, VENDORS, overlap=OVERLAP)

    assert plan == ReadPlan("full", moves_bookmark=True)
    assert plan.filter() is None


def test_given_a_bookmark_then_reading_starts_the_overlap_before_it(cursor):
    bookmarked(cursor)

    plan = plan_read(cursor, VENDORS, overlap=OVERLAP)

    assert (plan.mode, plan.moves_bookmark) == ("incremental", True)
    assert plan.filter() == (
        "(lastModifiedDateTime ge 2026-05-06T11:50:00.123Z"
        " or lastModifiedDateTime eq 0001-01-01T00:00:00Z)"
    )


def test_given_many_rows_without_a_stamp_then_they_are_not_asked_for_each_time(cursor):
    bookmarked(cursor)
    insert = "INSERT INTO bc.vendors (id, lastModifiedDateTime) SELECT i, '0001-01-01T00:00:00Z' "
    cursor.execute(f"{insert} FROM range({MOST_UNSTAMPED}) r(i)")
    assert plan_read(cursor, VENDORS, overlap=OVERLAP).unstamped

    cursor.execute(f"{insert} FROM range(1) r(i)")

    plan = plan_read(cursor, VENDORS, overlap=OVERLAP)
    assert plan.filter() == "lastModifiedDateTime ge 2026-05-06T11:50:00.123Z"


def test_given_a_full_run_then_the_bookmark_is_ignored_and_may_move(cursor):
    bookmarked(cursor)

    assert plan_read(cursor, VENDORS, overlap=OVERLAP, full=True) == ReadPlan(
        "full", moves_bookmark=True
    )


@pytest.mark.parametrize(
    ("since", "moves"),
    [(date(2026, 5, 1), True), (date(2026, 5, 6), True), (date(2026, 5, 7), False)],
)
def test_given_a_date_then_reading_starts_there_and_the_bookmark_leaves_no_gap(
    cursor, since, moves
):
    bookmarked(cursor)

    plan = plan_read(cursor, VENDORS, overlap=OVERLAP, since=since)

    assert plan.start == datetime(since.year, since.month, since.day, tzinfo=UTC)
    assert plan.moves_bookmark is moves


def test_given_a_date_on_the_first_read_then_the_next_one_still_reads_everything(cursor):
    plan = plan_read(cursor, VENDORS, overlap=OVERLAP, since=date(2026, 5, 1))

    assert (plan.mode, plan.moves_bookmark) == ("incremental", False)


def test_given_an_entity_that_is_always_read_in_full_then_nothing_changes_that(cursor):
    cursor.execute("INSERT INTO ops.bookmarks VALUES ('bc/items', ?, 1)", [BOOKMARK])

    assert plan_read(cursor, ITEMS, overlap=OVERLAP, since=date(2026, 5, 1)) == ReadPlan("full")


def test_given_a_moment_then_it_is_written_in_utc_with_milliseconds_cut():
    from datetime import timezone

    moment = datetime(2026, 1, 1, 1, 0, 0, 999999, timezone(timedelta(hours=2)))

    assert literal(moment) == "2025-12-31T23:00:00.999Z"
