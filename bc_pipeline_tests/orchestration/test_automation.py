"""The schedule starts due tenants; the sensor brings new ones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from dagster import (
    AssetKey,
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
from bc_pipeline.orchestration.schedules import every_30_minutes, runs_due
from bc_pipeline.orchestration.sensors import tenants_to_partitions
from bc_pipeline_tests.orchestration.conftest import write_tenants


@pytest.fixture
def instance(disk_instance: DagsterInstance) -> DagsterInstance:
    return disk_instance


AT = datetime(2026, 8, 22, 12, 30, tzinfo=UTC)


def evaluate_tick(instance: DagsterInstance) -> list[RunRequest] | SkipReason:
    context = build_schedule_context(instance=instance, scheduled_execution_time=AT)
    return runs_due(context, TenantsResource(), AT)


def evaluate_sensor(instance: DagsterInstance) -> SensorResult | SkipReason:
    return tenants_to_partitions(build_sensor_context(instance=instance), tenants=TenantsResource())


def test_the_schedule_ticks_every_half_hour_and_starts_the_sync_job():
    assert every_30_minutes.cron_schedule == "*/30 * * * *"
    assert every_30_minutes.job_name == "sync"


def test_given_two_tenants_then_a_tick_asks_for_one_run_each(home, instance):
    requests = evaluate_tick(instance)

    assert [request.partition_key for request in requests] == ["acme", "globex"]
    assert [request.run_key for request in requests] == [
        "acme@2026-08-22T12:30:00+00:00",
        "globex@2026-08-22T12:30:00+00:00",
    ]
    assert requests[0].tags["bc_pipeline/tenant"] == "acme"


def test_the_schedule_itself_gives_runs_that_dagster_accepts(home, instance):
    context = build_schedule_context(
        instance=instance,
        scheduled_execution_time=AT,
        repository_def=defs.get_repository_def(),
        resources={"tenants": TenantsResource()},
    )

    data = every_30_minutes.evaluate_tick(context)

    assert [request.tags["dagster/partition"] for request in data.run_requests] == [
        "acme",
        "globex",
    ]


def test_given_a_disabled_tenant_then_it_gets_no_run_and_keeps_its_partition(home, instance):
    write_tenants(home, acme={"enabled": False}, globex={})

    requests = evaluate_tick(instance)
    evaluate_sensor(instance)

    assert [request.partition_key for request in requests] == ["globex"]
    assert set(instance.get_dynamic_partitions("tenants")) == {"acme", "globex"}


def test_given_a_tenant_that_left_the_file_then_it_gets_no_run_and_keeps_its_partition(
    home, instance
):
    write_tenants(home, globex={})

    requests = evaluate_tick(instance)
    evaluate_sensor(instance)

    assert [request.partition_key for request in requests] == ["globex"]
    assert set(instance.get_dynamic_partitions("tenants")) == {"acme", "globex"}


@pytest.mark.covers("decision 32")
def test_given_a_broken_tenant_then_its_own_run_is_there_to_fail_and_the_others_get_theirs(
    home, instance
):
    write_tenants(home, acme={"optiply": {}}, globex={})

    requests = {request.partition_key: request for request in evaluate_tick(instance)}

    assert set(requests) == {"acme", "globex"}
    assert requests["acme"].asset_selection == [AssetKey(["bc", "companies"])]
    assert len(requests["globex"].asset_selection or []) > 10


@pytest.mark.covers("decision 32")
@pytest.mark.parametrize(
    "acme",
    [{"optiply": {}, "enabled": False}, {"optiply": {}, "enabled": "no"}],
)
def test_given_a_broken_tenant_that_is_switched_off_then_nothing_is_started_for_it(
    home, instance, acme
):
    write_tenants(home, acme=acme, globex={})

    assert [request.partition_key for request in evaluate_tick(instance)] == ["globex"]


@pytest.mark.covers("decision 32")
def test_given_only_a_broken_tenant_then_the_tick_is_no_skip(home, instance):
    write_tenants(home, acme={"optiply": {}})

    assert [request.partition_key for request in evaluate_tick(instance)] == ["acme"]


def test_given_a_broken_tenant_still_at_work_then_it_is_left_alone(home, instance):
    job = defs.resolve_job_def("sync")
    instance.create_run_for_job(
        job, status=DagsterRunStatus.STARTED, tags={"dagster/partition": "acme"}
    )
    write_tenants(home, acme={"optiply": {}}, globex={})

    assert [request.partition_key for request in evaluate_tick(instance)] == ["globex"]


def test_given_a_tenant_without_partition_then_it_waits_for_the_sensor(home, instance):
    write_tenants(home, acme={}, globex={}, initech={})

    assert [request.partition_key for request in evaluate_tick(instance)] == ["acme", "globex"]


@pytest.mark.parametrize("status", [DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTED])
def test_given_a_tenant_still_at_work_then_no_second_run_is_asked_for(home, instance, status):
    job = defs.resolve_job_def("sync")
    instance.create_run_for_job(job, status=status, tags={"dagster/partition": "acme"})

    assert [request.partition_key for request in evaluate_tick(instance)] == ["globex"]


def test_given_only_disabled_tenants_then_the_tick_says_so(home, instance):
    write_tenants(home, acme={"enabled": False}, globex={"enabled": False})

    skipped = evaluate_tick(instance)

    assert isinstance(skipped, SkipReason)
    assert "No tenant is due" in (skipped.skip_message or "")


def test_given_no_tenants_then_tick_and_sensor_say_what_to_do(home, instance):
    (home / "tenants.yaml").unlink()

    for skipped in (evaluate_tick(instance), evaluate_sensor(instance)):
        assert isinstance(skipped, SkipReason)
        assert f"No tenant is configured: write {home / 'tenants.yaml'}" in str(
            skipped.skip_message
        )


@pytest.mark.covers("decision 32")
@pytest.mark.parametrize("evaluate", [evaluate_tick, evaluate_sensor])
def test_given_a_file_that_cannot_be_read_then_tick_and_sensor_fail_and_say_where(
    home, instance, evaluate
):
    (home / "tenants.yaml").write_text("defaults: {}\ntenants: [\n")

    with pytest.raises(ConfigError) as told:
        evaluate(instance)

    assert str(home / "tenants.yaml") in str(told.value)
    assert "not valid YAML" in str(told.value)
    assert " at line " in str(told.value)


def test_given_new_tenants_then_the_sensor_adds_exactly_their_partitions(home, instance):
    write_tenants(home, acme={}, initech={"enabled": False}, hooli={}, broken={"optiply": {}})

    result = evaluate_sensor(instance)

    assert isinstance(result, SensorResult)
    assert result.run_requests in (None, [])
    (request,) = result.dynamic_partitions_requests or []
    assert list(request.partition_keys) == ["initech", "hooli"]


def test_the_sensor_itself_gives_a_result_that_dagster_accepts(home, instance):
    write_tenants(home, acme={}, globex={}, initech={})
    context = build_sensor_context(
        instance=instance,
        repository_def=defs.get_repository_def(),
        resources={"tenants": TenantsResource()},
    )

    data = tenants_to_partitions.evaluate_tick(context)

    (request,) = data.dynamic_partitions_requests
    assert list(request.partition_keys) == ["initech"]


def test_given_nothing_new_then_the_sensor_asks_for_nothing(home, instance):
    assert isinstance(evaluate_sensor(instance), SkipReason)
