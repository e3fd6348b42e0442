"""The time of a pause makes nothing late: the first tick after it gets its chance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bc_pipeline import clock
from bc_pipeline.run.freshness import Books, freshness_by
from bc_pipeline.run.stock_age import ASSET, stock_age
from bc_pipeline.tenants import pause, registry
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline_tests.orchestration.conftest import settle

AT = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GOOD = AT - 10 * MINUTE
NAMES = ("bc/items", ASSET)


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    """Good ten minutes before it is paused; resumed after three days."""
    settle(tmp_path, monkeypatch)
    acme = registry.load().get("acme")
    monkeypatch.setattr(clock, "now", lambda: AT)
    pause.pause(acme.snapshot_dir)
    monkeypatch.setattr(clock, "now", lambda: AT + timedelta(days=3))
    pause.resume(acme.snapshot_dir)
    return acme


def late(acme: Tenant, after: timedelta, good: datetime | None = GOOD) -> list[bool]:
    """Whether items, products and stock are late some time after it was resumed."""
    now = AT + timedelta(days=3) + after
    row = {"good": good, "complete": True} if good else {}
    found = freshness_by(Books(dict.fromkeys(NAMES, row), {}, {}), acme, now)
    return [*(found[name].late for name in NAMES), stock_age(found, acme, now).late]


def test_right_after_it_nothing_is_late(acme: Tenant):
    assert late(acme, 0 * MINUTE) == [False, False, False]
    assert late(acme, 40 * MINUTE) == [False, False, False]


def test_given_no_tick_comes_then_it_is_late_as_ever(acme: Tenant):
    assert late(acme, 46 * MINUTE) == [False, False, True]
    assert late(acme, 91 * MINUTE) == [True, True, True]


def test_what_was_never_good_gets_its_chance_too(acme: Tenant):
    assert late(acme, 40 * MINUTE, good=None) == [False, False, False]
    assert late(acme, 91 * MINUTE, good=None) == [True, True, True]


def test_when_it_was_last_good_is_told_as_it_is(acme: Tenant):
    now = AT + timedelta(days=3)
    books = Books({"bc/items": {"good": GOOD, "complete": True}}, {}, {})

    assert freshness_by(books, acme, now)["bc/items"].good == GOOD


def test_given_another_pause_then_its_end_counts(acme: Tenant, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clock, "now", lambda: AT + timedelta(days=4))
    pause.pause(acme.snapshot_dir)
    assert pause.resume(acme.snapshot_dir) is not None
    assert pause.resume(acme.snapshot_dir) is None

    assert late(acme, timedelta(days=1) + 40 * MINUTE) == [False, False, False]
