"""What a clean-up of an installation on disk leaves, and shows."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dagster import DagsterInstance, RunsFilter

from bc_pipeline.definitions import defs
from bc_pipeline.orchestration.assets.keys import asset_key
from bc_pipeline.orchestration.retention import clean_up as cleaning
from bc_pipeline_tests.orchestration.conftest import write_tenants
from bc_pipeline_tests.orchestration.retention.conftest import (
    COMPANIES,
    KEEP_TWO,
    booked,
    cleaned,
    later,
    run_ids,
)


@pytest.fixture
def instance(home: Path, disk_instance: DagsterInstance) -> DagsterInstance:
    write_tenants(home, acme=KEEP_TWO, globex={})
    return disk_instance


def executed(instance: DagsterInstance) -> str:
    """A run of one asset; its id."""
    result = defs.resolve_job_def("sync").execute_in_process(
        instance=instance, partition_key="acme", asset_selection=[asset_key(COMPANIES)]
    )
    return result.run_id


def files_of(home: Path, run_id: str) -> list[Path]:
    return [path for path in (home / "dagster").rglob("*") if run_id in path.name]


def rows(home: Path, table: str, run_id: str) -> int:
    with closing(sqlite3.connect(home / "dagster" / "history" / "runs" / "index.db")) as index:
        found = index.execute(f"SELECT count(*) FROM {table} WHERE run_id = ?", [run_id])
        return int(found.fetchone()[0])


def test_given_more_runs_than_the_limit_then_the_oldest_go_with_all_they_left(
    script, home, instance
):
    gone, *stay = [executed(instance) for _ in range(3)]
    assert len(files_of(home, gone)) == 2
    assert rows(home, "event_logs", gone)
    assert rows(home, "asset_check_executions", gone)

    result = defs.resolve_job_def("retention").execute_in_process(instance=instance)

    assert files_of(home, gone) == []
    assert rows(home, "event_logs", gone) == rows(home, "asset_check_executions", gone) == 0
    assert run_ids(instance) == {*stay, result.run_id}
    assert all(files_of(home, each) for each in stay)
    _shows_what_it_did(instance, result)


def _shows_what_it_did(instance: DagsterInstance, result) -> None:
    (output,) = [event for event in result.all_events if event.event_type_value == "STEP_OUTPUT"]
    metadata = output.step_output_data.metadata
    assert metadata["runs_deleted"].value == 1
    assert metadata["bytes_freed"].value > 50_000
    assert metadata["dagster_bytes"].value > 500_000
    shown = {record.data["tenant"]: record.data for record in metadata["tenants"].records}
    assert shown["acme"]["runs"] == 2
    assert shown["acme"]["bytes_freed"] > 50_000
    logged = [entry.user_message for entry in instance.all_logs(result.run_id)]
    assert any(line.startswith("acme: 1 runs deleted") for line in logged)
    assert instance.get_runs_count(RunsFilter(job_name="retention")) == 1


def test_given_a_deletion_that_was_interrupted_then_the_next_clean_up_ends_it(
    home, instance, monkeypatch
):
    def interrupt(*given: object) -> None:
        raise KeyboardInterrupt

    gone, *_ = [booked(instance) for _ in range(3)]
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(cleaning.storage, "delete_files", interrupt)
        cleaned(instance)
    assert files_of(home, gone)

    cleaned(instance)

    assert files_of(home, gone) == []
    assert len(run_ids(instance)) == 2


def test_given_logs_of_old_ticks_then_they_go(home, instance):
    directory = home / "dagster" / "storage" / "__repository__" / "outbound_files_to_exports"
    directory.mkdir(parents=True)
    ages = {"17.err": 8, "18.err": 6}
    for name, days in ages.items():
        (directory / name).write_text("{}")
        at = (datetime.now(UTC) - timedelta(days=days)).timestamp()
        os.utime(directory / name, (at, at))

    cleaned(instance)

    assert [path.name for path in directory.iterdir()] == ["18.err"]


def test_given_two_clean_ups_then_the_growth_between_them_is_told(home, instance):
    first = cleaned(instance)
    assert first.new_per_day is first.grown_per_day is None
    booked(instance)

    with later(timedelta(days=2)):
        second = cleaned(instance)

    came = second.found.total - first.stored.total
    assert came > 100_000
    assert second.new_per_day == pytest.approx(came / 2, rel=0.01)
    assert second.grown_per_day == pytest.approx(
        (second.stored.total - first.stored.total) / 2, rel=0.01
    )


def test_given_many_ticks_with_retention_then_storage_stays_flat(home, instance):
    def a_day() -> int:
        for _ in range(3):
            booked(instance, checks=("read_complete", "fresh"))
        found = cleaned(instance)
        came.append(found.found.total)
        return found.stored.dagster

    came: list[int] = []
    # The logs beside the files fill up first: they are kept as long as a process works.
    *_, full, last_but_one, last = [a_day() for _ in range(7)]

    assert len(run_ids(instance)) == 2
    assert max(last, last_but_one) <= full
    assert max(came) < 1.1 * min(came[3:])


def test_given_more_free_space_than_data_then_the_shared_databases_are_compacted(home, instance):
    run_id = booked(instance)
    index = home / "dagster" / "history" / "runs" / "index.db"
    with closing(sqlite3.connect(index)) as connection:
        connection.execute(
            "INSERT INTO event_logs (run_id, event) WITH RECURSIVE t(n) AS "
            "(SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 600) SELECT 'gone', ? FROM t",
            ["x" * 10_000],
        )
        connection.commit()
        connection.execute("DELETE FROM event_logs WHERE run_id = 'gone'")
        connection.commit()
    assert index.stat().st_size > 6_000_000

    done = cleaned(instance)

    assert index.stat().st_size < 1_000_000
    assert done.found.total - done.stored.total > 5_000_000
    assert rows(home, "event_logs", run_id)
    assert booked(instance) in run_ids(instance)
