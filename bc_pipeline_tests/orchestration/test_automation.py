"""The schedules start sweeps over shards of the due tenants; the sensor brings new ones."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    RunRequest,
    SensorResult,
    SkipReason,
    build_schedule_context,
    build_sensor_context,
)

from bc_pipeline.definitions import defs
from bc_pipeline.errors import ConfigError
from bc_pipeline.orchestration.resources import TenantsResource
from bc_pipeline.orchestration.schedules import (
    TENANTS_OF_A_SHARD,
    every_30_minutes,
    shards_for,
    stock_every_5_minutes,
    sweeps_due,
)
from bc_pipeline.orchestration.sensors import tenants_to_partitions
from bc_pipeline.orchestration.sweep import shard_of
from bc_pipeline.orchestration.sweep_job import OP
from bc_pipeline.orchestration.tags import PARENT_TAG, SHARD_TAG
from bc_pipeline.run import tick_memory
from bc_pipeline.run.tick_memory import Memory
from bc_pipeline_tests.orchestration.conftest import write_tenants


@pytest.fixture(autouse=True)
def shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BC_PIPELINE_SHARDS", raising=False)


LOG = logging.getLogger(__name__)
AT = datetime(2026, 8, 22, 12, 30, tzinfo=UTC)
STOCK_AT = AT + timedelta(minutes=5)
NEVER = {"sync": {"stock_every_minutes": 0}}


@dataclass
class Context:
    """What a tick asks Dagster for. Dagster's own opens an instance on disk, which takes seconds;
    two tests below have that."""

    instance: DagsterInstance
    log: logging.Logger = LOG


def evaluate_tick(instance: DagsterInstance) -> list[RunRequest] | SkipReason:
    return sweeps_due(Context(instance), TenantsResource(), AT)


def evaluate_stock(
    instance: DagsterInstance, at: datetime = STOCK_AT
) -> list[RunRequest] | SkipReason:
    return sweeps_due(Context(instance), TenantsResource(), at, stock=True)


def evaluate_sensor(instance: DagsterInstance) -> SensorResult | SkipReason:
    context = build_sensor_context(instance=instance)
    return tenants_to_partitions(context, tenants=TenantsResource())


def sweeps(result: list[RunRequest] | SkipReason) -> dict[str, dict[str, Any]]:
    """The sweeps a tick asks for: their tag and what they are to do."""
    assert not isinstance(result, SkipReason), result.skip_message
    return {each.tags[SHARD_TAG]: each.run_config["ops"][OP]["config"] for each in result}


def swept(result: list[RunRequest] | SkipReason, home: Path) -> list[str]:
    """The tenants that the sweeps of a tick look at."""
    names = [name for name in ("acme", "globex", "initech") if f"{name}:" in text_of(home)]
    found: list[str] = []
    for config in sweeps(result).values():
        mine = [n for n in names if shard_of(n, config["shards"]) == config["shard"]]
        found += config["tenants"] or [n for n in mine if n not in config["without"]]
    return sorted(found)


def text_of(home: Path) -> str:
    return (home / "tenants.yaml").read_text()


@pytest.fixture
def synced(home: Path) -> Path:
    """Both tenants have had their first sync."""
    for tenant in ("acme", "globex"):
        has_run(home, tenant)
    return home


def has_run(home: Path, tenant: str, **remembered: Any) -> None:
    directory = home / "snapshots" / tenant
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "snapshot.duckdb").touch()
    memory = Memory("", None, ("id", "name", "display", "28.0"), AT, AT)
    tick_memory.save(directory, replace(memory, **remembered))


def at_work(instance: DagsterInstance, **tags: str) -> str:
    job = defs.resolve_job_def("sync")
    run = instance.create_run_for_job(job, status=DagsterRunStatus.STARTED, tags=tags)
    return run.run_id


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


class TestStock:
    def test_given_two_tenants_then_a_tick_asks_for_one_sweep_of_stock(self, synced, instance):
        requests = evaluate_stock(instance)

        assert swept(requests, synced) == ["acme", "globex"]
        assert sweeps(requests)["stock 1/1"]["stock"] is True

    def test_given_a_tenant_that_wants_none_then_it_is_left_out(self, synced, instance):
        write_tenants(synced, acme=NEVER, globex={})

        assert swept(evaluate_stock(instance), synced) == ["globex"]

    def test_given_nobody_who_wants_it_then_the_tick_says_so(self, synced, instance):
        write_tenants(synced, acme=NEVER, globex=NEVER)

        skipped = evaluate_stock(instance)

        assert isinstance(skipped, SkipReason)
        assert "No tenant's stock is due" in (skipped.skip_message or "")

    @pytest.mark.parametrize(
        ("every", "minutes"),
        [
            (0, []),
            (1, [5, 10, 15, 20, 25]),
            (5, [5, 10, 15, 20, 25]),
            (7, [10, 15, 25]),
            (10, [10, 20]),
            (15, [15]),
            (30, []),
        ],
    )
    def test_between_two_half_hours_stock_is_looked_at_as_often_as_the_tenant_wants(
        self, synced, instance, every, minutes
    ):
        write_tenants(synced, acme={"sync": {"stock_every_minutes": every}}, globex=NEVER)
        for half in (0, 30):
            due = [
                minute
                for minute in (5, 10, 15, 20, 25)
                if not isinstance(
                    evaluate_stock(instance, AT.replace(minute=half + minute)), SkipReason
                )
            ]
            assert due == minutes

    def test_given_a_tenant_never_synced_or_at_work_then_it_is_left_out(self, home, instance):
        has_run(home, "globex")
        assert swept(evaluate_stock(instance), home) == ["globex"]

        at_work(instance, **{"dagster/partition": "globex"})
        assert isinstance(evaluate_stock(instance), SkipReason)


def test_given_no_tenants_then_tick_and_sensor_say_what_to_do(home, disk_instance):
    (home / "tenants.yaml").unlink()

    for skipped in (evaluate_tick(disk_instance), evaluate_sensor(disk_instance)):
        assert isinstance(skipped, SkipReason)
        assert f"No tenant is configured: write {home / 'tenants.yaml'}" in str(
            skipped.skip_message
        )


@pytest.mark.covers("decision 32")
@pytest.mark.parametrize("evaluate", [evaluate_tick, evaluate_sensor])
def test_given_a_file_that_cannot_be_read_then_tick_and_sensor_fail_and_say_where(
    home, disk_instance, evaluate
):
    (home / "tenants.yaml").write_text("defaults: {}\ntenants: [\n")

    with pytest.raises(ConfigError) as told:
        evaluate(disk_instance)

    assert str(home / "tenants.yaml") in str(told.value)
    assert "not valid YAML" in str(told.value)
    assert " at line " in str(told.value)


def test_given_new_tenants_then_the_sensor_adds_exactly_their_partitions(home, disk_instance):
    write_tenants(home, acme={}, initech={"enabled": False}, hooli={}, broken={"optiply": {}})

    result = evaluate_sensor(disk_instance)

    assert isinstance(result, SensorResult)
    assert result.run_requests in (None, [])
    (request,) = result.dynamic_partitions_requests or []
    assert list(request.partition_keys) == ["initech", "hooli"]


def test_the_sensor_itself_gives_a_result_that_dagster_accepts(home, disk_instance):
    write_tenants(home, acme={}, globex={}, initech={})
    context = build_sensor_context(
        instance=disk_instance,
        repository_def=defs.get_repository_def(),
        resources={"tenants": TenantsResource()},
    )

    data = tenants_to_partitions.evaluate_tick(context)

    (request,) = data.dynamic_partitions_requests
    assert list(request.partition_keys) == ["initech"]


def test_given_nothing_new_then_the_sensor_asks_for_nothing(home, disk_instance):
    assert isinstance(evaluate_sensor(disk_instance), SkipReason)
