"""The job ``sweep``: every tenant of its shard is looked at, and each with something to do has a
run of its own partition."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from dagster import (
    AssetRecordsFilter,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    ExecuteInProcessResult,
    RunsFilter,
)

from bc_pipeline import clock
from bc_pipeline.definitions import defs
from bc_pipeline.errors import EntityFailed
from bc_pipeline.orchestration import nested_run, sweep_job
from bc_pipeline.orchestration.assets.keys import asset_key
from bc_pipeline.orchestration.sweep import shard_of, sweep
from bc_pipeline.orchestration.sweep_job import AT_WORK, OP, SweepConfig, run_config
from bc_pipeline.orchestration.tags import PARENT_TAG, PARTITION_TAG, TENANT_TAG
from bc_pipeline.run import tick_memory
from bc_pipeline.run.tick import Tick
from bc_pipeline.run.tick_memory import Memory
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline_tests.orchestration.conftest import write_tenants

FOUND = frozenset({"bc/companies", "bc/items", "optiply/products"})


@pytest.fixture
def due(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The tenants in which a look finds something to do."""
    found: set[str] = set()

    def look(tenant: Tenant, *, stock_only: bool, cancel: threading.Event) -> Tick:
        names = FOUND if tenant.name in found else frozenset[str]()
        return Tick(tenant, clock.now(), stock_only, names, "items may have changed")

    monkeypatch.setattr(sweep_job, "sweep", partial(sweep, look_at=look))
    monkeypatch.setattr(nested_run, "SECONDS_BETWEEN_LOOKS", 0.05)
    return found


def execute(instance: DagsterInstance, **config: Any) -> ExecuteInProcessResult:
    return defs.resolve_job_def("sweep").execute_in_process(
        instance=instance, run_config=run_config(SweepConfig(**config)), raise_on_error=False
    )


def runs(instance: DagsterInstance, tenant: str) -> list[DagsterRun]:
    return list(instance.get_runs(RunsFilter(tags={PARTITION_TAG: tenant})))


def told(result: ExecuteInProcessResult) -> dict[str, Any]:
    """What the page of the sweep shows."""
    (output,) = (
        event.step_output_data
        for event in result.all_events
        if event.is_successful_output and event.step_key == OP
    )
    return {name: value.value for name, value in output.metadata.items() if name != "runs"} | {
        "runs": [record.data for record in output.metadata["runs"].records]
    }


def test_given_two_tenants_one_of_which_has_something_to_do_then_only_that_one_has_a_run(
    script, instance, due
):
    due.add("acme")

    result = execute(instance)

    assert result.success
    (run,) = runs(instance, "acme")
    assert run.status == DagsterRunStatus.SUCCESS
    assert run.job_name == "sync"
    assert run.tags[TENANT_TAG] == run.tags[PARTITION_TAG] == "acme"
    assert run.tags[PARENT_TAG] == result.run_id
    assert runs(instance, "globex") == []
    (engine,) = script.runs
    assert engine.selected == FOUND
    assert engine.tick.why == "items may have changed"


def test_its_page_tells_how_many_tenants_and_lists_those_with_a_run(script, instance, due):
    due.add("acme")

    page = told(execute(instance))

    assert (page["tenants"], page["success"], page["nothing to do"]) == (2, 1, 1)
    (row,) = page["runs"]
    assert (row["tenant"], row["status"], row["sent"]) == ("acme", "success", "nothing")
    assert row["run"] == runs(instance, "acme")[0].run_id


def test_a_sweep_keeps_nothing_but_its_events(script, disk_instance, due, home: Path):
    execute(disk_instance)

    kept = home / "dagster" / "storage"
    assert not [path for path in kept.rglob("*") if path.name == "result"]


def test_materialisations_and_checks_of_its_runs_are_stored_for_the_partition(
    script, instance, due
):
    due.add("acme")

    execute(instance)

    (run,) = runs(instance, "acme")
    for name in FOUND:
        records = instance.fetch_materializations(AssetRecordsFilter(asset_key(name)), limit=5)
        (event,) = records.records
        assert event.partition_key == "acme"
        assert event.run_id == run.run_id
    checks = [
        entry.dagster_event.asset_check_evaluation_data
        for entry in instance.all_logs(run.run_id)
        if entry.dagster_event and entry.dagster_event.event_type_value == "ASSET_CHECK_EVALUATION"
    ]
    assert {each.asset_key for each in checks} == {asset_key(name) for name in FOUND}


def test_given_a_tenant_that_fails_then_its_run_is_red_the_others_go_on_and_the_sweep_is_green(
    script, instance, due
):
    due |= {"acme", "globex"}
    script.errors["bc/items"] = EntityFailed("Business Central answered 500 six times")

    result = execute(instance)

    assert result.success
    for tenant in ("acme", "globex"):
        (run,) = runs(instance, tenant)
        assert run.status == DagsterRunStatus.FAILURE
    assert {row["tenant"] for row in told(result)["runs"]} == {"acme", "globex"}


def test_given_a_shard_then_only_its_tenants_are_looked_at(script, instance, due):
    due |= {"acme", "globex"}
    shards = next(n for n in range(2, 50) if shard_of("acme", n) != shard_of("globex", n))

    execute(instance, shard=shard_of("acme", shards), shards=shards)

    assert [engine.tenant.name for engine in script.runs] == ["acme"]


@pytest.mark.parametrize("config", [{"without": ["globex"]}, {"tenants": ["acme"]}])
def test_given_names_then_only_they_are_looked_at(script, instance, due, config):
    due |= {"acme", "globex"}

    execute(instance, **config)

    assert [engine.tenant.name for engine in script.runs] == ["acme"]


def test_given_a_tenant_that_is_off_or_has_no_partition_then_it_is_not_looked_at(
    script, instance, due, home
):
    write_tenants(home, acme={"enabled": False}, globex={}, initech={})
    due |= {"acme", "globex", "initech"}

    execute(instance)

    assert [engine.tenant.name for engine in script.runs] == ["globex"]


@pytest.mark.covers("decision 32")
def test_given_a_broken_tenant_then_its_own_partition_is_red_and_the_others_get_their_run(
    script, instance, due, home
):
    write_tenants(home, acme={"optiply": {}}, globex={})
    due.add("globex")

    result = execute(instance)

    assert result.success
    (broken,) = runs(instance, "acme")
    assert broken.status == DagsterRunStatus.FAILURE
    assert broken.job_name == "sync"
    assert {key.to_user_string() for key in broken.asset_selection or ()} == {"bc/companies"}
    assert runs(instance, "globex")[0].status == DagsterRunStatus.SUCCESS
    (row,) = [row for row in told(result)["runs"] if row["tenant"] == "acme"]
    assert "tenants.acme.optiply" in row["why"]


def test_given_a_sweep_of_stock_then_runs_are_of_the_job_stock_and_broken_tenants_wait(
    script, instance, due, home
):
    write_tenants(home, acme={}, globex={"optiply": {}})
    due.add("acme")

    execute(instance, stock=True)

    (run,) = runs(instance, "acme")
    assert run.job_name == "stock"
    assert script.runs[0].tick.stock_only
    assert runs(instance, "globex") == []


def test_given_a_tenant_at_work_elsewhere_then_its_run_comes_last_if_it_is_free_by_then(
    script, instance, due
):
    due |= {"acme", "globex"}
    other = at_work(instance, "acme")
    # Globex has its run meanwhile, and by its end the other one is over as well.
    script.endless.add("bc/items")
    thread = in_the_meantime(
        when=lambda: script.runs,
        do=lambda: (instance.report_run_canceled(other), script.endless.clear()),
        then=lambda: script.runs[0].cancel(),
    )

    result = execute(instance)

    thread.join()
    assert [engine.tenant.name for engine in script.runs] == ["globex", "acme"]
    assert len(runs(instance, "acme")) == 2
    assert "at work elsewhere" not in told(result)


def test_given_a_tenant_at_work_elsewhere_to_the_end_then_it_has_no_second_run(
    script, instance, due
):
    due |= {"acme", "globex"}
    at_work(instance, "acme")

    result = execute(instance)

    assert [engine.tenant.name for engine in script.runs] == ["globex"]
    assert told(result)["at work elsewhere"] == 1
    (row,) = [row for row in told(result)["runs"] if row["tenant"] == "acme"]
    assert row["why"] == AT_WORK


def test_given_a_run_that_takes_too_long_then_it_is_cut_off_and_goes_on_in_a_sweep_of_its_own(
    script, instance, due, home, monkeypatch
):
    monkeypatch.setattr(sweep_job, "DEADLINE_SECONDS", 0.3)
    directory = home / "snapshots" / "acme"
    directory.mkdir(parents=True)
    now = clock.now()
    tick_memory.save(directory, Memory("", None, ("id", "name", "display", "28.0"), now, now))
    due |= {"acme", "globex"}
    script.endless.add("bc/items")

    execute(instance, without=["globex"])

    assert script.runs[0].cancelled
    assert tick_memory.wants_time(directory)

    # A sweep of its own takes as long as it takes.
    thread = in_the_meantime(
        when=lambda: len(script.runs) > 1 and "bc/items" in script.runs[1].waited,
        do=lambda: time.sleep(0.6),
        then=lambda: script.runs[1].cancel(),
    )
    seconds = time.monotonic()
    execute(instance, tenants=["acme"])
    thread.join()
    assert time.monotonic() - seconds > 0.6


def test_given_somebody_ends_a_run_of_it_then_the_others_get_theirs(script, instance, due):
    due |= {"acme", "globex"}
    script.endless.add("bc/items")

    def end() -> None:
        (run,) = (run for name in sorted(due) for run in runs(instance, name))
        script.endless.clear()
        instance.report_run_canceling(run)

    thread = in_the_meantime(
        when=lambda: script.runs and "bc/items" in script.runs[0].waited, do=end
    )

    result = execute(instance)

    thread.join()
    assert result.success
    first, second = script.runs
    assert (first.cancelled, second.cancelled) == (True, False)
    assert runs(instance, first.tenant.name)[0].status == DagsterRunStatus.CANCELED
    assert runs(instance, second.tenant.name)[0].status == DagsterRunStatus.SUCCESS


def test_given_its_process_is_told_to_stop_then_the_sweep_ends_with_the_run_it_was_at(
    script, instance, due
):
    due |= {"acme", "globex"}
    script.endless.add("bc/items")
    thread = in_the_meantime(
        when=lambda: script.runs and "bc/items" in script.runs[0].waited,
        do=lambda: os.kill(os.getpid(), signal.SIGINT),
    )

    result = execute(instance)

    thread.join()
    assert not result.success
    (engine,) = script.runs
    assert engine.cancelled
    assert engine.finished == 1
    assert all(run.is_finished for run in instance.get_runs())


def at_work(instance: DagsterInstance, tenant: str) -> DagsterRun:
    return instance.create_run_for_job(
        defs.resolve_job_def("sync"),
        status=DagsterRunStatus.STARTED,
        tags={PARTITION_TAG: tenant},
    )


def in_the_meantime(
    when: Callable[[], object],
    do: Callable[[], object],
    then: Callable[[], object] = lambda: None,
) -> threading.Thread:
    """Does something on a thread, once there is a reason to."""

    def wait() -> None:
        deadline = time.monotonic() + 20
        while not when():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        do()
        then()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread
