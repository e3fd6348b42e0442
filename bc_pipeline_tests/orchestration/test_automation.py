"""The schedules start sweeps over shards of the due tenants."""

from __future__ import annotations

import pytest
from dagster import (
    DagsterRunStatus,
    SkipReason,
    build_schedule_context,
)

from bc_pipeline.definitions import defs
from bc_pipeline.errors import ConfigError
from bc_pipeline.orchestration.resources import TenantsResource
from bc_pipeline.orchestration.schedules import (
    TENANTS_OF_A_SHARD,
    every_30_minutes,
    shards_for,
    stock_every_5_minutes,
)
from bc_pipeline.orchestration.sweep_job import OP
from bc_pipeline.orchestration.tags import PARENT_TAG, SHARD_TAG
from bc_pipeline.run import tick_memory
from bc_pipeline_tests.orchestration.conftest import write_tenants
from bc_pipeline_tests.orchestration.ticks import (
    AT,
    STOCK_AT,
    at_work,
    evaluate_sensor,
    evaluate_stock,
    evaluate_tick,
    has_run,
    shards,
    sweeps,
    swept,
    synced,
)

__all__ = ["shards", "synced"]


def test_the_schedules_tick_every_half_hour_and_every_five_minutes_between_and_start_sweeps():
    assert every_30_minutes.cron_schedule == "*/30 * * * *"
    assert stock_every_5_minutes.cron_schedule == "5-25/5,35-55/5 * * * *"
    assert every_30_minutes.job_name == stock_every_5_minutes.job_name == "sweep"


def test_given_two_tenants_then_a_tick_asks_for_one_sweep_over_both(synced, instance):
    (request,) = evaluate_tick(instance)

    assert request.run_key == "sync 1/1@2026-08-22T12:30:00+00:00"
    assert sweeps([request]) == {
        "sync 1/1": {"shard": 0, "shards": 1, "tenants": [], "without": [], "stock": False}
    }


def test_given_two_shards_then_each_tenant_is_in_exactly_one_of_them(synced, instance, monkeypatch):
    monkeypatch.setenv("BC_PIPELINE_SHARDS", "2")
    write_tenants(synced, acme={}, globex={}, initech={})
    has_run(synced, "initech")
    instance.add_dynamic_partitions("tenants", ["initech"])

    requests = evaluate_tick(instance)

    assert set(sweeps(requests)) <= {"sync 1/2", "sync 2/2"}
    assert swept(requests, synced) == ["acme", "globex", "initech"]


def test_given_a_shard_without_tenants_then_nothing_is_started_for_it(
    synced, instance, monkeypatch
):
    monkeypatch.setenv("BC_PIPELINE_SHARDS", "50")

    assert len(evaluate_tick(instance)) == 2


def test_there_are_as_many_shards_as_are_worth_it_and_the_machine_has_processors(monkeypatch):
    monkeypatch.setattr("bc_pipeline.orchestration.schedules.os.cpu_count", lambda: 4)

    assert shards_for(0) == shards_for(1) == shards_for(TENANTS_OF_A_SHARD) == 1
    assert shards_for(TENANTS_OF_A_SHARD + 1) == 2
    assert shards_for(1000) == 4
    monkeypatch.setenv("BC_PIPELINE_SHARDS", "16")
    assert shards_for(1) == shards_for(1000) == 16


@pytest.mark.parametrize("told", ["0", "-2", "many", "1.5"])
def test_given_shards_that_are_no_number_then_the_tick_fails_and_says_so(
    synced, instance, monkeypatch, told
):
    monkeypatch.setenv("BC_PIPELINE_SHARDS", told)

    with pytest.raises(ConfigError, match=r"BC_PIPELINE_SHARDS is '.*': write a whole number"):
        evaluate_tick(instance)


@pytest.mark.parametrize(
    ("schedule", "at", "stock"),
    [(every_30_minutes, AT, False), (stock_every_5_minutes, STOCK_AT, True)],
    ids=["sync", "stock"],
)
def test_the_schedules_themselves_give_runs_that_dagster_accepts(
    synced, disk_instance, schedule, at, stock
):
    context = build_schedule_context(
        instance=disk_instance,
        scheduled_execution_time=at,
        repository_def=defs.get_repository_def(),
        resources={"tenants": TenantsResource()},
    )

    (request,) = schedule.evaluate_tick(context).run_requests

    assert request.run_config["ops"][OP]["config"]["stock"] is stock


def test_given_a_tenant_never_synced_then_its_first_sync_has_a_sweep_of_its_own(home, instance):
    has_run(home, "globex")

    requests = evaluate_tick(instance)

    found = sweeps(requests)
    assert found["sync 1/1"]["without"] == ["acme"]
    assert found["sync acme"]["tenants"] == ["acme"]
    assert swept(requests, home) == ["acme", "globex"]
    assert {each.run_key for each in requests} == {
        "sync 1/1@2026-08-22T12:30:00+00:00",
        "sync acme@2026-08-22T12:30:00+00:00",
    }


def test_given_many_first_syncs_then_only_a_few_are_started_at_once(home, instance):
    write_tenants(home, **{f"t{number}": {} for number in range(5)})
    instance.add_dynamic_partitions("tenants", [f"t{number}" for number in range(5)])

    requests = evaluate_tick(instance)

    assert set(sweeps(requests)) == {"sync t0", "sync t1"}


def test_given_a_tenant_whose_run_took_too_long_then_it_has_a_sweep_of_its_own(synced, instance):
    tick_memory.note_overrun(synced / "snapshots" / "acme")

    requests = evaluate_tick(instance)

    assert sweeps(requests)["sync acme"]["tenants"] == ["acme"]
    assert swept(requests, synced) == ["acme", "globex"]


def test_given_a_shard_still_at_work_then_it_is_not_started_again(synced, instance):
    at_work(instance, **{SHARD_TAG: "sync 1/1"})

    skipped = evaluate_tick(instance)

    assert isinstance(skipped, SkipReason)
    assert "still at work" in (skipped.skip_message or "")
    assert set(sweeps(evaluate_stock(instance))) == {"stock 1/1"}


def test_given_one_of_two_shards_still_at_work_then_the_other_is_started(
    synced, instance, monkeypatch
):
    monkeypatch.setenv("BC_PIPELINE_SHARDS", "2")
    instance.add_dynamic_partitions("tenants", ["initech"])
    write_tenants(synced, acme={}, globex={}, initech={})
    has_run(synced, "initech")
    all_of_them = set(sweeps(evaluate_tick(instance)))
    assert len(all_of_them) == 2
    at_work(instance, **{SHARD_TAG: "sync 1/2"})

    assert set(sweeps(evaluate_tick(instance))) == {"sync 2/2"}


def test_given_a_first_sync_still_at_work_then_no_second_one_is_started(home, instance):
    has_run(home, "globex")
    at_work(instance, **{SHARD_TAG: "sync acme"})

    assert set(sweeps(evaluate_tick(instance))) == {"sync 1/1"}
    assert swept(evaluate_tick(instance), home) == ["globex"]


@pytest.mark.parametrize("file", [{"acme": {"enabled": False}, "globex": {}}, {"globex": {}}])
def test_given_a_tenant_that_is_off_or_left_the_file_then_it_is_not_due_and_keeps_its_partition(
    home, disk_instance, file
):
    write_tenants(home, **file)
    has_run(home, "globex")

    requests = evaluate_tick(disk_instance)
    evaluate_sensor(disk_instance)

    # The first sync of acme is not started, and its sweep reads the file anew.
    assert set(sweeps(requests)) == {"sync 1/1"}
    assert set(disk_instance.get_dynamic_partitions("tenants")) == {"acme", "globex"}


@pytest.mark.covers("decision 32")
def test_given_only_a_broken_tenant_then_the_tick_is_no_skip(home, instance):
    write_tenants(home, acme={"optiply": {}})

    assert swept(evaluate_tick(instance), home) == ["acme"]
    assert isinstance(evaluate_stock(instance), SkipReason)


@pytest.mark.covers("decision 32")
@pytest.mark.parametrize(
    "acme",
    [{"optiply": {}, "enabled": False}, {"optiply": {}, "enabled": "no"}],
)
def test_given_a_broken_tenant_that_is_switched_off_then_nothing_is_started_for_it(
    home, instance, acme
):
    write_tenants(home, acme=acme)

    assert isinstance(evaluate_tick(instance), SkipReason)


def test_given_a_broken_tenant_without_partition_or_at_work_then_it_is_left_alone(home, instance):
    write_tenants(home, initech={"optiply": {}}, acme={"optiply": {}})
    at_work(instance, **{"dagster/partition": "acme"})

    assert isinstance(evaluate_tick(instance), SkipReason)


def test_given_a_tenant_without_partition_then_it_waits_for_the_sensor(home, instance):
    write_tenants(home, initech={})

    assert isinstance(evaluate_tick(instance), SkipReason)


@pytest.mark.parametrize("status", [DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTED])
def test_given_a_first_sync_at_work_that_nobody_swept_then_no_second_run_is_asked_for(
    home, instance, status
):
    write_tenants(home, acme={})
    job = defs.resolve_job_def("sync")
    instance.create_run_for_job(job, status=status, tags={"dagster/partition": "acme"})

    assert isinstance(evaluate_tick(instance), SkipReason)


def test_given_a_sweep_whose_process_died_then_its_run_no_longer_keeps_its_tenant_from_running(
    synced, instance
):
    sweep = at_work(instance)
    lost = at_work(instance, **{"dagster/partition": "acme", PARENT_TAG: sweep})
    write_tenants(synced, acme={})
    assert isinstance(evaluate_tick(instance), SkipReason)
    assert not instance.get_run_by_id(lost).is_finished

    # Dagster finds that the process of the sweep is gone; of runs inside of it, it knows nothing.
    instance.report_run_failed(instance.get_run_by_id(sweep))

    assert swept(evaluate_tick(instance), synced) == ["acme"]
    assert instance.get_run_by_id(lost).status == DagsterRunStatus.FAILURE


def test_given_such_a_run_executed_again_by_hand_then_it_is_left_at_work(synced, instance):
    sweep, job = at_work(instance), defs.resolve_job_def("sync")
    instance.report_run_failed(instance.get_run_by_id(sweep))
    again = instance.create_run_for_job(
        job,
        status=DagsterRunStatus.STARTED,
        tags={"dagster/partition": "acme", PARENT_TAG: sweep},
        parent_run_id=sweep,
        root_run_id=sweep,
    )

    evaluate_tick(instance)

    assert instance.get_run_by_id(again.run_id).status == DagsterRunStatus.STARTED


def test_given_only_disabled_tenants_then_the_tick_says_so(home, instance):
    write_tenants(home, acme={"enabled": False}, globex={"enabled": False})

    skipped = evaluate_tick(instance)

    assert isinstance(skipped, SkipReason)
    assert "No tenant is due" in (skipped.skip_message or "")
