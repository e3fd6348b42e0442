"""A sweep looks at tenants side by side and runs them one after another; nobody waits for another
one's trouble."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bc_pipeline import clock
from bc_pipeline.errors import AuthError, Cancelled
from bc_pipeline.orchestration import sweep as module
from bc_pipeline.orchestration.sweep import WINDOW, shard_of, sweep
from bc_pipeline.report import RunSummary
from bc_pipeline.run.dependencies import dependencies
from bc_pipeline.run.tick import Tick
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline_tests.orchestration.conftest import write_tenants

DUE = frozenset({"bc/items", "optiply/products"})


@dataclass
class Looks:
    """Stands in for looking: what each look finds, and how it goes about it.

    Attributes:
        due: tenants that have something to do.
        errors: tenant -> what its look ends with.
        hang: tenants whose look goes on until it is ended, or until ``end``.
        deaf: those of them that do not hear when they are ended.
        done: tenant -> the thread it was looked at on.
        ended: tenants whose look was ended.
        end: ends those that hang.
    """

    due: set[str] = field(default_factory=set)
    errors: dict[str, Exception] = field(default_factory=dict)
    hang: set[str] = field(default_factory=set)
    deaf: set[str] = field(default_factory=set)
    done: dict[str, int] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    end: threading.Event = field(default_factory=threading.Event)

    def __call__(self, tenant: Tenant, *, stock_only: bool, cancel: threading.Event) -> Tick:
        self.done[tenant.name] = threading.get_ident()
        if tenant.name in {*self.hang, *self.deaf}:
            while not self.end.wait(0.01):
                if cancel.is_set() and tenant.name not in self.deaf:
                    self.ended.append(tenant.name)
                    raise Cancelled("the run was cancelled")
        if tenant.name in self.errors:
            raise self.errors[tenant.name]
        due = DUE if tenant.name in self.due else frozenset[str]()
        return Tick(tenant, clock.now(), stock_only, due, "because")


@dataclass
class Runs:
    """Stands in for running; ``done`` holds the ticks, in their order."""

    done: list[Tick] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)
    on_run: Callable[[Tick], None] = lambda tick: None

    def __call__(self, tick: Tick) -> RunSummary:
        self.threads.add(threading.get_ident())
        self.done.append(tick)
        self.on_run(tick)
        return RunSummary(tick.tenant.name, f"run of {tick.tenant.name}", status="success")

    @property
    def names(self) -> list[str]:
        return [tick.tenant.name for tick in self.done]


@pytest.fixture
def looks() -> Iterator[Looks]:
    found = Looks()
    yield found
    found.end.set()


@pytest.fixture
def runs() -> Runs:
    return Runs()


def tenants(home: Path, *names: str) -> list[Tenant]:
    write_tenants(home, **{name: {} for name in names})
    found = registry.load()
    return [found.get(name) for name in names]


def test_given_a_tenant_with_nothing_to_do_then_it_has_no_run_and_the_others_theirs(
    home, looks, runs
):
    looks.due = {"acme", "initech"}

    summaries = {
        each.tenant: each
        for each in sweep(tenants(home, "acme", "globex", "initech"), runs, look_at=looks)
    }

    assert runs.names == ["acme", "initech"]
    assert {name: each.run_id for name, each in summaries.items()} == {
        "acme": "run of acme",
        "globex": "",
        "initech": "run of initech",
    }
    assert {tick.due for tick in runs.done} == {DUE}


def test_looks_are_on_threads_and_runs_on_the_one_that_called_in_the_order_given(
    home, looks, runs, monkeypatch
):
    monkeypatch.setattr(module, "AHEAD", 1)
    names = [f"tenant-{number:02}" for number in reversed(range(20))]
    looks.due = set(names)

    list(sweep(tenants(home, *names), runs, look_at=looks))

    assert runs.names == names
    assert runs.threads == {threading.get_ident()}
    assert threading.get_ident() not in looks.done.values()


def test_looks_go_ahead_while_a_run_goes_on_but_not_without_end(home, looks, runs):
    names = [f"tenant-{number:02}" for number in range(60)]
    looks.due = set(names)
    ahead: list[int] = []

    def until_the_window_is_full(tick: Tick) -> None:
        deadline = time.monotonic() + 20
        while len(looks.done) < WINDOW:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(0.1)
        ahead.append(len(looks.done))

    runs.on_run = lambda tick: None if ahead else until_the_window_is_full(tick)
    list(sweep(tenants(home, *names), runs, look_at=looks))

    assert ahead == [WINDOW]
    assert len(runs.done) == 60


def test_given_a_look_that_hangs_then_nobody_waits_for_it_and_it_is_ended(
    home, looks, runs, monkeypatch
):
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.3)
    monkeypatch.setattr(module, "SECONDS_BETWEEN_GLANCES", 0.05)
    looks.hang, looks.due = {"acme"}, {"globex", "initech"}
    started, at = time.monotonic(), dict[str, float]()

    summaries = {}
    for each in sweep(tenants(home, "acme", "globex", "initech"), runs, look_at=looks):
        at[each.tenant] = time.monotonic() - started
        summaries[each.tenant] = each

    assert max(at["globex"], at["initech"]) < 0.3 <= at["acme"]
    assert summaries["acme"].status == "failed"
    assert "did not answer a look within" in summaries["acme"].reason
    deadline = time.monotonic() + 5
    while looks.ended != ["acme"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_given_a_look_that_does_not_even_hear_that_it_is_ended_then_the_sweep_ends_without_it(
    home, looks, runs, monkeypatch
):
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(module, "SECONDS_BETWEEN_GLANCES", 0.05)
    looks.deaf = {"acme"}

    summaries = list(sweep(tenants(home, "acme", "globex"), runs, look_at=looks))

    assert sorted(each.tenant for each in summaries) == ["acme", "globex"]


@pytest.mark.parametrize("error", [ValueError("odd"), AuthError("refused")])
def test_given_a_look_that_fails_then_its_tenant_is_run_as_a_whole_and_the_others_as_they_should(
    home, looks, runs, error
):
    looks.errors, looks.due = {"acme": error}, {"globex"}
    acme, globex = tenants(home, "acme", "globex")

    list(sweep([acme, globex], runs, look_at=looks))

    by_name = {tick.tenant.name: tick for tick in runs.done}
    assert by_name["acme"].due == set(dependencies(acme))
    assert by_name["acme"].sweep
    assert by_name["globex"].due == DUE


def test_given_a_look_at_stock_that_fails_unexpectedly_then_the_next_whole_tick_sees_to_it(
    home, looks, runs
):
    looks.errors = {"acme": ValueError("odd")}

    (summary,) = sweep(tenants(home, "acme"), runs, stock_only=True, look_at=looks)

    assert summary.status == "failed"
    assert "ValueError" in summary.reason
    assert runs.done == []


def test_given_a_run_that_dagster_cannot_even_make_then_the_others_have_theirs(home, looks, runs):
    looks.due = {"acme", "globex"}

    def locked(tick: Tick) -> None:
        if tick.tenant.name == "acme":
            raise OSError("database is locked")

    runs.on_run = locked
    outcomes = {
        each.tenant: each for each in sweep(tenants(home, "acme", "globex"), runs, look_at=looks)
    }

    assert outcomes["acme"].status == "failed"
    assert "OSError" in outcomes["acme"].reason
    assert outcomes["globex"].status == "success"


def test_given_a_sweep_with_all_the_time_there_is_then_a_slow_look_is_waited_for(
    home, looks, runs, monkeypatch
):
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(module, "SECONDS_BETWEEN_GLANCES", 0.01)
    looks.hang, looks.due = {"acme"}, {"acme"}
    threading.Timer(0.3, looks.end.set).start()

    (summary,) = sweep(tenants(home, "acme"), runs, patient=True, look_at=looks)

    assert summary.status == "success"


def test_given_an_interruption_then_looks_under_way_are_ended_and_no_run_follows(home, looks, runs):
    looks.hang, looks.due = {"globex"}, {"acme", "initech"}

    def stop(tick: Tick) -> None:
        while "globex" not in looks.done:
            time.sleep(0.01)
        raise KeyboardInterrupt

    runs.on_run = stop
    with pytest.raises(KeyboardInterrupt):
        list(sweep(tenants(home, "acme", "globex", "initech"), runs, look_at=looks))

    assert len(runs.done) == 1
    deadline = time.monotonic() + 5
    while looks.ended != ["globex"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_tenant_is_always_of_the_same_shard_and_shards_are_even():
    names = [f"tenant-{number}" for number in range(4000)]

    sizes = Counter(shard_of(name, 8) for name in names)

    assert set(sizes) == set(range(8))
    assert max(sizes.values()) < 1.2 * min(sizes.values())
    # Two processes that count otherwise would run a tenant twice, or never.
    assert [shard_of(name, 8) for name in ("acme", "globex", "initech")] == [1, 2, 0]
    assert {shard_of(name, 1) for name in names} == {0}
