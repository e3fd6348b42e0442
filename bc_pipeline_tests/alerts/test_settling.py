"""Each matter is told once, once more after three runs, and once when it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bc_pipeline.alerts.book import Book
from bc_pipeline.alerts.kinds import KINDS
from bc_pipeline.alerts.matter import Matter, sameness
from bc_pipeline.alerts.message import about, digest
from bc_pipeline.alerts.settling import settle, summarise
from bc_pipeline.tenants.alert_settings import AlertAddress
from bc_pipeline_tests.alerts.receiver import SECRET

AT = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FAILED = Matter("failed", "503", "The last run failed", "Business Central answered 503")


def address(*on: str, path: str = "x", hour: int = 8) -> AlertAddress:
    return AlertAddress(
        url=f"https://example.com/{path}", secret=SECRET, on=on or None, digest_hour=hour
    )


def told(
    book: Book,
    *matters: Matter,
    runs: int = 1,
    at: datetime = AT,
    to: tuple[AlertAddress, ...] = (address(),),
    **options: bool,
) -> list[tuple[str, str]]:
    """Event and kind of each message that this adds."""
    before = len(book.waiting)
    settle(book, "acme", matters, to, runs=runs, now=at, **options)
    return [(each.message.event, each.message.kind) for each in book.waiting[before:]]


def test_told_once_however_often_it_is_seen():
    book = Book()

    assert told(book, FAILED) == [("raised", "failed")]
    assert told(book, FAILED, runs=1, at=AT + MINUTE) == []
    assert told(book, FAILED, runs=2, at=AT + 30 * MINUTE) == []


def test_after_three_runs_it_is_told_once_more_and_says_so():
    book = Book()
    told(book, FAILED, runs=7)

    assert told(book, FAILED, runs=8, at=AT + MINUTE) == []
    assert told(book, FAILED, runs=9, at=AT + 2 * MINUTE) == [("escalated", "failed")]
    assert "does not go away by itself" in book.waiting[-1].message.text
    assert told(book, FAILED, runs=10, at=AT + 3 * MINUTE) == []


def test_where_nothing_runs_it_is_told_once_more_after_the_time_of_three_runs():
    book = Book()
    told(book, FAILED)

    assert told(book, FAILED, at=AT + 89 * MINUTE) == []
    assert told(book, FAILED, at=AT + 90 * MINUTE) == [("escalated", "failed")]


def test_what_is_still_to_come_is_not_told_again_because_runs_do_not_solve_it():
    book = Book()
    ends = Matter("token", "secret", "It ends on 2026-12-31", members=("30 days",), announced=True)
    told(book, ends)

    assert told(book, ends, runs=9, at=AT + timedelta(days=3)) == []


def test_when_it_is_over_it_is_told_once_and_may_begin_anew():
    book = Book()
    told(book, FAILED)

    assert told(book, at=AT + 30 * MINUTE) == [("recovered", "failed")]
    assert "It stood since 2026-12-01 10:00 UTC" in book.waiting[-1].message.text
    assert told(book, at=AT + 60 * MINUTE) == []
    assert told(book, FAILED) == [("raised", "failed")]


def test_what_only_happened_is_never_over():
    book = Book()
    told(book, Matter("slow", "slow", "The last run took 40 minutes"))

    assert told(book) == []


def test_given_nothing_is_known_of_the_rest_then_it_is_not_over():
    book = Book()
    told(book, FAILED)

    assert told(book, all_of_it=False) == []
    assert told(book) == [("recovered", "failed")]


def test_another_reason_is_another_matter_and_all_news_of_a_kind_are_one_message():
    book = Book()
    other = Matter("failed", "403", "bc/items failed in the last run", "No permission")

    assert told(book, FAILED, other) == [("raised", "failed")]
    assert len(book.waiting[-1].message.items) == 2
    assert told(book, FAILED, Matter("failed", "404", "another")) == [
        ("raised", "failed"),
        ("recovered", "failed"),
    ]


def test_given_patience_then_it_is_told_when_it_has_stood_for_so_long():
    book = Book()
    never = Matter("late", "never", "It never ran", patience=90 * MINUTE)

    assert told(book, never) == []
    assert told(book, never, at=AT + 89 * MINUTE) == []
    assert told(book, never, at=AT + 90 * MINUTE) == [("raised", "late")]


def test_a_further_order_of_the_same_reason_is_told_one_less_is_not():
    book = Book()

    def orders(*numbers: str) -> Matter:
        return Matter("blocked", "vendor", f"{len(numbers)} buy orders", members=numbers)

    assert told(book, orders("1", "2")) == [("raised", "blocked")]
    assert told(book, orders("2")) == []
    assert told(book, orders("2", "3")) == [("raised", "blocked")]


def test_an_address_is_told_of_what_it_asks_for_and_that_it_is_over_if_it_was_told():
    book = Book()
    failures, stock = address("failed", "recovered", path="a"), address("late", path="b")
    everybody = (failures, stock)
    stock_late = Matter("stock_late", "stock", "Stock is old")
    sign_in = Matter("token", "sign in", "Somebody has to sign in")

    told(book, stock_late, sign_in, to=everybody)
    told(book, to=everybody)

    to = {(each.message.event, each.message.kind): each.to for each in book.waiting}
    assert len(book.waiting) == len(to) == 3
    assert to["raised", "token"] == to["recovered", "token"] != to["raised", "stock_late"]


@pytest.mark.parametrize("kind", [each for each in KINDS.values() if each.escalates])
def test_what_is_told_again_is_told_when_it_is_over(kind):
    assert kind.recovers


class TestDigest:
    def digest(self, book: Book, at: datetime, *to: AlertAddress) -> list[str]:
        before = len(book.waiting)
        more = lambda: ["2 deferred in optiply/products"]  # noqa: E731
        summarise(book, "acme", to, more, zone=UTC, now=at)
        return [each.message.text for each in book.waiting[before:]]

    def test_once_a_day_from_its_hour_on_what_still_stands(self):
        book, to = Book(), address(hour=11)
        told(book, FAILED)

        assert self.digest(book, AT, to) == []
        (text,) = self.digest(book, AT + 61 * MINUTE, to)
        assert "a run failed, since 2026-12-01 10:00 UTC: The last run failed" in text
        assert "2 deferred in optiply/products" in text
        assert "bc-pipeline status acme" in text
        assert self.digest(book, AT + 120 * MINUTE, to) == []
        assert len(self.digest(book, AT + timedelta(days=1, hours=2), to)) == 1

    def test_nothing_that_stands_is_no_digest(self):
        book = Book()

        summarise(book, "acme", (address(),), list, zone=UTC, now=AT)

        assert book.waiting == []

    def test_who_does_not_want_it_has_none(self):
        assert self.digest(Book(), AT, address("failed")) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("read 2026-08-22 10:29 failed", "read 2026-08-22 11:01 failed"),
        (
            "request 1b2c3d4e-0000-4000-8000-000000000001 refused",
            "request 9b2c3d4e-0000-4000-8000-00000000000f refused",
        ),
        ("HTTP 503 after 6 tries", "HTTP 503 after 5  tries"),
    ],
)
def test_a_reason_is_the_same_whatever_its_times_ids_and_counts(one: str, other: str):
    assert sameness(one) == sameness(other)


def test_a_reason_that_quotes_another_record_is_the_same_only_when_read_loosely():
    one, other = "vendor 'Fabrikam' is blocked", "vendor 'Contoso' is blocked"

    assert sameness(one) != sameness(other)
    assert sameness(one, loosely=True) == sameness(other, loosely=True)


def test_names_and_reasons_of_other_systems_cannot_look_like_lines_of_ours():
    hostile = "Desk\nWhat to do: call 555\x1b[31m" + "x" * 5_000
    now = datetime(2026, 12, 1, tzinfo=UTC)

    text = about(
        "raised", KINDS["failed"], "acme", [(Matter("failed", "x", "a", hostile), now)], now
    )

    (todo,) = [line for line in text.text.splitlines() if line.startswith("What to do:")]
    assert "555" not in todo
    assert "\x1b" not in text.text
    assert len(text.text) < 2_000


def test_a_digest_of_very_much_says_how_much_more_there_is():
    told = digest("acme", [f"line {number}\n- of another" for number in range(1_000)],
                  datetime(2026, 12, 1, tzinfo=UTC))  # fmt: skip

    lines = told.text.splitlines()
    assert len(lines) < 50
    assert "and 960 more" in lines
