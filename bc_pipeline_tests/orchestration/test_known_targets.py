"""Which materialization a check is about is asked once per asset, and told rightly."""

from __future__ import annotations

from typing import Any

import pytest
from dagster import (
    AssetKey,
    AssetMaterialization,
    AssetRecordsFilter,
    DagsterEventType,
    DagsterInstance,
)

from bc_pipeline.definitions import defs
from bc_pipeline.orchestration.assets.keys import asset_key
from bc_pipeline.orchestration.known_targets import known_targets
from bc_pipeline.orchestration.nested_run import NestedRun

SELECTION = ["bc/companies", "bc/items", "optiply/products"]


@pytest.fixture(params=["in files", "in memory"])
def anywhere(request: pytest.FixtureRequest) -> DagsterInstance:
    name = "disk_instance" if request.param == "in files" else "instance"
    found: DagsterInstance = request.getfixturevalue(name)
    return found


def run_of(tenant: str, instance: DagsterInstance) -> str:
    run = NestedRun(
        defs.resolve_job_def("sync"),
        tenant,
        [asset_key(name) for name in SELECTION],
        run_config=None,  # type: ignore[arg-type]
    )
    assert run.execute(instance).status == "success"
    return run.run_id


def booked(instance: DagsterInstance, run_id: str, kind: DagsterEventType) -> list[Any]:
    return [r.event_log_entry for r in instance.get_records_for_run(run_id, of_type=kind).records]


def test_given_runs_of_two_tenants_then_each_check_is_about_its_own_runs_materialization(
    script, anywhere
):
    for tenant in ("acme", "globex", "acme"):
        run_id = run_of(tenant, anywhere)

        made: dict[AssetKey, float] = {
            event.dagster_event.asset_key: event.timestamp
            for event in booked(anywhere, run_id, DagsterEventType.ASSET_MATERIALIZATION)
        }
        checks = booked(anywhere, run_id, DagsterEventType.ASSET_CHECK_EVALUATION)
        assert len(made) == len(SELECTION)
        assert len(checks) > 2 * len(made)
        for event in checks:
            found = event.dagster_event.asset_check_evaluation_data
            target = found.target_materialization_data
            assert target is not None
            assert (target.run_id, target.timestamp) == (run_id, made[found.asset_key])


def test_given_a_run_then_the_storage_is_asked_once_per_asset(script, disk_instance, monkeypatch):
    storage = disk_instance.event_log_storage
    fetch, asked = storage.fetch_materializations, []

    def counted(records_filter: Any, *further: Any, **named: Any) -> Any:
        asked.append(records_filter.asset_key)
        return fetch(records_filter, *further, **named)

    monkeypatch.setattr(storage, "fetch_materializations", counted)
    run_of("acme", disk_instance)

    assert sorted(asked) == sorted(asset_key(name) for name in SELECTION)


def test_given_the_run_is_over_then_the_storage_is_as_it_was(disk_instance):
    storage = disk_instance.event_log_storage
    before = dict(vars(storage))

    with known_targets(disk_instance), known_targets(disk_instance):
        assert vars(storage) != before

    assert vars(storage) == before


def test_given_another_materialization_then_that_one_is_told(disk_instance):
    def newest() -> list[str]:
        asked = AssetRecordsFilter(asset_key=key, asset_partitions=["acme"])
        found = disk_instance.fetch_materializations(asked, limit=1).records
        return [each.event_log_entry.asset_materialization.metadata["no"].text for each in found]

    def materialize(number: str) -> None:
        event = AssetMaterialization(key, partition="acme", metadata={"no": number})
        disk_instance.report_runless_asset_event(event)

    key = AssetKey("one")
    with known_targets(disk_instance):
        assert newest() == []
        for number in ("1", "2"):
            materialize(number)
            assert newest() == newest() == [number]
