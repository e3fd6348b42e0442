"""Dagster's storage in files keeps its connections, and nobody notices but the processor."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from dagster import AssetKey, DagsterEventType, DagsterInstance, asset, materialize
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from sqlalchemy.engine import default

from bc_pipeline.orchestration.instance import open_instance, prepare
from bc_pipeline.orchestration.kept_connections import RUNS_KEPT, keep_connections


@asset
def one() -> int:
    return 1


@asset
def two(one: int) -> int:
    return one + 1


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    return tmp_path


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The files that connections are opened to."""
    opened: list[str] = []
    connect = default.DefaultDialect.connect

    def noted(self: object, *arguments: object, **options: object) -> object:
        opened.append(Path(str(arguments[0])).name)
        return connect(self, *arguments, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(default.DefaultDialect, "connect", noted)
        yield opened


def test_a_run_opens_a_handful_of_connections_not_one_per_event(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    with open_instance(home) as instance, counted(monkeypatch) as opened:
        done = materialize([one, two], instance=instance)

    assert done.success
    # Those of the run's own file, when it is made, and one to each file that is kept.
    assert len(opened) < 15, opened


def test_what_one_process_writes_another_reads_at_once(home: Path):
    with (
        open_instance(home) as writer,
        DagsterInstance.from_config(str(home / "dagster")) as reader,
    ):
        done = materialize([one, two], instance=writer)

        run = reader.get_run_by_id(done.run_id)
        assert run is not None and run.is_success
        seen = {
            each.dagster_event_type
            for each in reader.all_logs(done.run_id)
            if each.is_dagster_event
        }
        assert {DagsterEventType.RUN_SUCCESS, DagsterEventType.ASSET_MATERIALIZATION} <= seen
        assert reader.get_latest_materialization_event(AssetKey("two")) is not None
        reader.add_run_tags(done.run_id, {"said": "by another"})
        again = writer.get_run_by_id(done.run_id)
        assert again is not None and again.tags["said"] == "by another"


def test_only_the_files_of_the_last_runs_stay_open(home: Path):
    with open_instance(home) as instance:
        runs = [materialize([one], instance=instance).run_id for _ in range(RUNS_KEPT + 2)]
        for run in runs:
            assert instance.all_logs(run)
        instance.delete_run(runs[0])

        assert instance.get_run_by_id(runs[0]) is None
        assert instance.all_logs(runs[1])


def test_the_file_of_a_run_is_the_same_copied_as_made(home: Path, monkeypatch: pytest.MonkeyPatch):
    with open_instance(home) as instance:
        storage = instance.event_log_storage
        made = materialize([one], instance=instance).run_id
        with monkeypatch.context() as patch:
            patch.delattr(SqliteEventLogStorage, "_initdb")
            copied = [materialize([one], instance=instance).run_id for _ in range(2)]
        held = [instance.all_logs(run) for run in (made, *copied)]

    assert [{log.run_id for log in logs} for logs in held] == [{made}, {copied[0]}, {copied[1]}]
    assert len({len(logs) for logs in held}) == 1
    assert isinstance(storage, SqliteEventLogStorage)
    shapes = [_shape(storage.path_for_shard(run)) for run in (made, *copied)]
    assert shapes[0] == shapes[1] == shapes[2]
    assert not list(Path(storage.path_for_shard(made)).parent.glob(".new-*"))


def test_the_file_another_process_has_made_is_left_as_it_is(home: Path):
    with open_instance(home) as instance:
        materialize([one], instance=instance)
        with DagsterInstance.from_config(str(home / "dagster")) as other:
            run_id = materialize([one], instance=other).run_id
        held = [each.timestamp for each in instance.all_logs(run_id)]

    assert held


def _shape(file: str) -> list[object]:
    """Tables, indices and Dagster's mark of its version; and how the file is written."""
    with closing(sqlite3.connect(file)) as found:
        return [
            found.execute(question).fetchall()
            for question in (
                "SELECT type, name, sql FROM sqlite_master ORDER BY name",
                "SELECT * FROM alembic_version",
                "PRAGMA journal_mode",
            )
        ]


def test_it_may_be_said_twice_and_of_an_instance_in_memory(home: Path):
    with open_instance(home) as instance:
        connect = vars(instance.run_storage)["connect"]
        keep_connections(instance)
        assert vars(instance.run_storage)["connect"] is connect
        assert "_connect" in vars(instance.event_log_storage)
    with DagsterInstance.ephemeral() as ephemeral:
        keep_connections(ephemeral)


def test_power_may_fail_without_harm_but_for_the_last_events(home: Path):
    prepare(home / "dagster")
    with open_instance(home) as instance, instance.event_log_storage.index_connection() as found:
        assert found.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert found.exec_driver_sql("PRAGMA synchronous").scalar() == 1
