"""One DuckDB that looks into the snapshots of many tenants."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from bc_pipeline.errors import TenantBusy
from bc_pipeline.snapshot.reader import SnapshotReader
from bc_pipeline.snapshot.schema import SCHEMA_VERSION, is_current
from bc_pipeline.snapshot.store import FILE_NAME, Snapshot, SnapshotUnusable

HOLD = """
import sys, time
from pathlib import Path
from bc_pipeline.snapshot.store import Snapshot
with Snapshot.open(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
COUNT = "SELECT count(*) FROM ops.bookmarks"


def filled(directory: Path, bookmarks: int) -> Path:
    with Snapshot.open(directory) as snapshot, snapshot.cursor() as cursor:
        cursor.execute(f"INSERT INTO ops.bookmarks SELECT n, now(), 1 FROM range({bookmarks}) t(n)")
    return directory


def test_given_several_snapshots_then_each_is_looked_into_by_itself(tmp_path: Path):
    directories = [filled(tmp_path / f"tenant's {n}", n) for n in range(4)]

    with SnapshotReader() as reader:
        counts = []
        for directory in directories:
            with reader.open(directory) as cursor:
                counts.append(cursor.execute(COUNT).fetchall())
                with pytest.raises(duckdb.Error):
                    cursor.execute("DELETE FROM ops.bookmarks")

    assert counts == [[(n,)] for n in range(4)]
    for directory in directories:
        Snapshot.open(directory, wait_seconds=0).close()


def test_given_no_snapshot_then_none_is_made(tmp_path: Path):
    with SnapshotReader() as reader:
        with pytest.raises(FileNotFoundError), reader.open(tmp_path / "none"):
            pass
        with reader.open(filled(tmp_path, 1)) as cursor:
            assert cursor.execute(COUNT).fetchall() == [(1,)]

    assert not (tmp_path / "none").exists()


def test_given_another_process_holds_it_then_it_is_busy_and_the_others_are_read(tmp_path: Path):
    held, free = filled(tmp_path / "held", 1), filled(tmp_path / "free", 2)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(held)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with SnapshotReader() as reader:
            with pytest.raises(TenantBusy), reader.open(held, wait_seconds=0.1):
                pass
            with reader.open(free) as cursor:
                assert cursor.execute(COUNT).fetchall() == [(2,)]
        holder.communicate()


def test_given_this_process_holds_it_then_it_is_busy(tmp_path: Path):
    with (
        Snapshot.open(tmp_path),
        SnapshotReader() as reader,
        pytest.raises(TenantBusy),
        reader.open(tmp_path, wait_seconds=0.1),
    ):
        pass


def test_given_an_older_file_then_it_is_brought_up_to_date_first(tmp_path: Path):
    filled(tmp_path, 1)
    with Snapshot.open(tmp_path) as snapshot, snapshot.cursor() as cursor:
        cursor.execute("DROP TABLE bc.locations")

    with SnapshotReader() as reader, reader.open(tmp_path) as cursor:
        assert is_current(cursor)
        assert cursor.execute("SELECT count(*) FROM bc.locations").fetchall() == [(0,)]


def test_given_what_is_no_snapshot_or_of_a_newer_version_then_it_says_so(tmp_path: Path):
    (tmp_path / "spoilt").mkdir()
    (tmp_path / "spoilt" / FILE_NAME).write_bytes(b"no database" * 1000)
    with Snapshot.open(tmp_path / "newer") as snapshot, snapshot.cursor() as cursor:
        cursor.execute(
            "UPDATE ops.meta SET value = ? WHERE key = 'schema_version'", [str(SCHEMA_VERSION + 1)]
        )

    with SnapshotReader() as reader:
        for name, complaint in (("spoilt", "cannot be opened"), ("newer", "newer bc-pipeline")):
            with pytest.raises(SnapshotUnusable, match=complaint), reader.open(tmp_path / name):
                pass
        with reader.open(filled(tmp_path, 1)) as cursor:
            assert cursor.execute(COUNT).fetchall() == [(1,)]
