from __future__ import annotations

import multiprocessing
import threading
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from bc_pipeline.errors import TenantBusy
from bc_pipeline.snapshot.schema import SCHEMA_VERSION
from bc_pipeline.snapshot.store import FILE_NAME, Snapshot, SnapshotUnusable


def _hold(directory: Path, held: object, free: object) -> None:
    with Snapshot.open(directory):
        held.set()  # type: ignore[attr-defined]
        free.wait(30)  # type: ignore[attr-defined]


def warn(snapshot: Snapshot, message: str) -> None:
    with snapshot.transaction() as cursor:
        cursor.execute("INSERT INTO ops.warnings VALUES (1, 'bc/items', NULL, 'k', ?)", [message])


def warnings(snapshot: Snapshot) -> list[str]:
    return sorted(snapshot.frame("ops.warnings")["message"])


def test_given_no_snapshot_then_opening_makes_one_and_opening_again_keeps_it(tmp_path: Path):
    with Snapshot.open(tmp_path / "a" / "b") as snapshot:
        warn(snapshot, "kept")

    with Snapshot.open(tmp_path / "a" / "b") as snapshot:
        assert warnings(snapshot) == ["kept"]
        assert snapshot.path == tmp_path / "a" / "b" / FILE_NAME


def test_given_no_snapshot_then_looking_at_it_makes_none(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        Snapshot.open(tmp_path / "new", read_only=True)

    assert not (tmp_path / "new").exists()


def test_given_a_snapshot_opened_to_look_then_it_cannot_be_written(tmp_path: Path):
    Snapshot.open(tmp_path).close()

    with Snapshot.open(tmp_path, read_only=True) as snapshot:
        assert warnings(snapshot) == []
        with pytest.raises(duckdb.InvalidInputException):
            warn(snapshot, "no")


def test_given_another_process_with_the_file_then_opening_waits_for_it(tmp_path: Path):
    context = multiprocessing.get_context("spawn")
    held, free = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path, held, free))
    other.start()
    try:
        assert held.wait(30)
        with pytest.raises(TenantBusy, match="another process"):
            Snapshot.open(tmp_path, wait_seconds=0.2)
        with pytest.raises(TenantBusy):
            Snapshot.open(tmp_path, read_only=True, wait_seconds=0.2)
        threading.Timer(0.3, free.set).start()
        Snapshot.open(tmp_path, wait_seconds=20).close()
    finally:
        free.set()
        other.join(30)


def test_given_a_file_that_is_no_snapshot_then_the_operator_hears_what_to_do(tmp_path: Path):
    (tmp_path / FILE_NAME).write_bytes(b"not a database" * 1000)

    with pytest.raises(SnapshotUnusable, match="Move it away"):
        Snapshot.open(tmp_path)


@pytest.mark.parametrize("read_only", [True, False])
def test_given_a_file_of_a_newer_version_then_it_is_left_alone(tmp_path: Path, read_only: bool):
    with Snapshot.open(tmp_path) as snapshot, snapshot.transaction() as cursor:
        cursor.execute("UPDATE ops.meta SET value = '999' WHERE key = 'schema_version'")

    with pytest.raises(SnapshotUnusable, match="newer"):
        Snapshot.open(tmp_path, read_only=read_only)

    with duckdb.connect(str(tmp_path / FILE_NAME)) as connection:
        assert connection.execute("SELECT value FROM ops.meta").fetchall() == [("999",)]
    assert SCHEMA_VERSION < 999


def test_given_a_failing_transaction_then_nothing_of_it_stays_and_the_next_one_works(
    tmp_path: Path,
):
    with Snapshot.open(tmp_path) as snapshot:
        with pytest.raises(ValueError, match="half way"), snapshot.transaction() as cursor:
            cursor.execute("INSERT INTO ops.warnings VALUES (1, 'e', NULL, 'k', 'lost')")
            raise ValueError("half way")
        warn(snapshot, "kept")

        assert warnings(snapshot) == ["kept"]


def test_given_an_open_transaction_then_others_see_the_state_before_it(tmp_path: Path):
    with Snapshot.open(tmp_path) as snapshot, snapshot.transaction() as cursor:
        cursor.execute("INSERT INTO ops.warnings VALUES (1, 'e', NULL, 'k', 'new')")

        assert warnings(snapshot) == []


def test_given_many_writing_threads_then_none_collides(tmp_path: Path):
    with Snapshot.open(tmp_path) as snapshot:
        failures: list[Exception] = []

        def work(number: int) -> None:
            try:
                for turn in range(10):
                    with snapshot.transaction() as cursor:
                        cursor.execute(
                            "INSERT INTO ops.meta VALUES ('k', ?) ON CONFLICT DO UPDATE "
                            "SET value = excluded.value",
                            [f"{number}-{turn}"],
                        )
            except Exception as error:  # noqa: BLE001 - collected for the assertion
                failures.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert failures == []


def test_given_a_machine_in_any_time_zone_then_stamps_are_utc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    with Snapshot.open(tmp_path) as snapshot, snapshot.cursor() as cursor:
        (stamp,) = cursor.execute("SELECT TIMESTAMPTZ '2026-01-02 00:00:00'").fetchone() or ()

        assert stamp == datetime(2026, 1, 2, tzinfo=UTC)


def test_given_a_copy_then_it_holds_everything_and_goes_its_own_way(tmp_path: Path):
    with Snapshot.open(tmp_path / "real") as snapshot:
        warn(snapshot, "before")
        with snapshot.copy_to(tmp_path / "copy") as copy:
            warn(copy, "only in the copy")
            warn(snapshot, "only in the original")

            assert warnings(copy) == ["before", "only in the copy"]
            assert copy.path != snapshot.path
        assert warnings(snapshot) == ["before", "only in the original"]


def test_given_a_table_then_a_frame_holds_its_rows_up_to_the_limit(tmp_path: Path):
    with Snapshot.open(tmp_path) as snapshot:
        for message in "abc":
            warn(snapshot, message)

        assert len(snapshot.frame("ops.warnings")) == 3
        assert len(snapshot.frame("ops.warnings", limit=2)) == 2
        assert list(snapshot.frame("ops.warnings").columns)[:2] == ["run_no", "entity"]


@pytest.mark.parametrize("name", ["warnings", "ops.warnings; DROP TABLE ops.runs", "ops.a b", ""])
def test_given_a_name_that_is_none_then_no_frame(tmp_path: Path, name: str):
    with Snapshot.open(tmp_path) as snapshot, pytest.raises(ValueError, match=r"schema\.table"):
        snapshot.frame(name)


def test_given_a_scratch_directory_then_it_goes_away_and_so_does_what_a_kill_left(tmp_path: Path):
    with Snapshot.open(tmp_path) as snapshot:
        (tmp_path / "reading-1-left").mkdir()
        with snapshot.scratch() as one, snapshot.scratch() as other:
            (one / "page.json").write_text("[]")

            assert one != other
            assert not (tmp_path / "reading-1-left").exists()
            assert one.is_dir()
        assert not one.exists()
        assert not other.exists()
