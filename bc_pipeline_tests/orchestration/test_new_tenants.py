"""The sensor brings new tenants, and says what is wrong with the file they stand in."""

from __future__ import annotations

import pytest
from dagster import (
    SensorResult,
    SkipReason,
    build_sensor_context,
)

from bc_pipeline.definitions import defs
from bc_pipeline.errors import ConfigError
from bc_pipeline.orchestration.resources import TenantsResource
from bc_pipeline.orchestration.sensors import tenants_to_partitions
from bc_pipeline_tests.orchestration.conftest import write_tenants
from bc_pipeline_tests.orchestration.ticks import (
    evaluate_sensor,
    evaluate_tick,
    shards,
    synced,
)

__all__ = ["shards", "synced"]


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
