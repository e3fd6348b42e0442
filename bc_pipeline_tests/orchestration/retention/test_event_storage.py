"""What is private to Dagster's storage is still there, and still means what we take it for."""

from __future__ import annotations

from pathlib import Path

import pytest
from dagster import AssetCheckResult, DagsterInstance, asset, asset_check, materialize

from bc_pipeline.orchestration.retention import event_storage


@asset
def goods() -> None:
    """Something to materialise."""


@asset_check(asset=goods)
def there() -> AssetCheckResult:
    """Something to check."""
    return AssetCheckResult(passed=True)


@pytest.fixture
def runs(disk_instance: DagsterInstance) -> list[str]:
    """Two runs of the same asset and check, in their order."""
    return [materialize([goods, there], instance=disk_instance).run_id for _ in range(2)]


def test_the_newest_run_of_an_asset_and_its_check_is_told(
    disk_instance: DagsterInstance, runs: list[str]
) -> None:
    assert event_storage.newest_runs(disk_instance) == {runs[1]}


def test_a_run_has_a_file_of_its_own_that_delete_run_leaves_behind(
    disk_instance: DagsterInstance, runs: list[str]
) -> None:
    own = event_storage.run_files(disk_instance, runs[0])
    assert any(path.name == f"{runs[0]}.db" for path in own)

    disk_instance.delete_run(runs[0])

    # Were this to fail, Dagster would do by itself what is done here.
    assert event_storage.run_files(disk_instance, runs[0])
    assert runs[0] in event_storage.runs_with_files(disk_instance)
    event_storage.delete_files(disk_instance, runs[0])
    assert not event_storage.run_files(disk_instance, runs[0])
    assert event_storage.runs_with_files(disk_instance) == {runs[1]}


def test_the_outcomes_of_checks_go_by_run(disk_instance: DagsterInstance, runs: list[str]) -> None:
    disk_instance.delete_run(runs[0])
    event_storage.delete_checks(disk_instance, runs[:1])

    left = disk_instance.event_log_storage.get_asset_check_execution_history(
        next(iter(there.check_keys)), limit=10
    )

    assert [each.run_id for each in left] == runs[1:]


def test_the_databases_all_runs_share_are_where_dagster_writes(
    disk_instance: DagsterInstance, runs: list[str]
) -> None:
    shared = {path.name for path in event_storage.shared_files(disk_instance)}

    assert {"index.db", "runs.db", "schedules.db"} <= shared
    assert event_storage.size([Path("nowhere"), *event_storage.shared_files(disk_instance)]) > 0
