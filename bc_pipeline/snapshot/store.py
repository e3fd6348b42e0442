"""The DuckDB file that holds all state of one tenant: schemas bc, optiply, sync, outbound, ops."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import duckdb

from bc_pipeline import clock, disk
from bc_pipeline.closing import Closing
from bc_pipeline.errors import PipelineError, TenantBusy
from bc_pipeline.snapshot.schema import NewerSchema, is_current, migrate
from bc_pipeline.snapshot.transaction import all_or_nothing

if TYPE_CHECKING:
    # Frames are for people; the bulk path and its processes do without pandas in memory.
    import pandas as pd

FILE_NAME = "snapshot.duckdb"
_HEAD_BYTES, _MAGIC = 3 * 4096, slice(8, 12)
"""Of a DuckDB file: what it begins with, and where in that it says what it is."""
MEMORY_LIMIT = "256MB"
"""DuckDB's share of the process; what does not fit is spilled to ``temp``."""

_SCRATCH = "reading-"
_TABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*")
SETTINGS = (
    f"SET memory_limit = '{MEMORY_LIMIT}'",
    # Each cursor works on the thread that uses it, so entities are loaded side by side anyway;
    # DuckDB's own threads would share single pages, at a quarter more work.
    "SET threads = 1",
    # No query here relies on the order rows were inserted in; not keeping it bounds memory.
    "SET preserve_insertion_order = false",
    # Counts temporary tables as well: with the default, staging a large read would be written out
    # and compressed again every 16 MB, which takes half of its time. Closing writes out anyway.
    "SET checkpoint_threshold = '1GB'",
    # GLOBAL, because a cursor would otherwise fall back to the time zone of the machine.
    "SET GLOBAL TimeZone = 'UTC'",
)
Opened = TypeVar("Opened")
_HELD_ELSEWHERE = (
    "could not set lock",
    "conflicting lock",
    "different configuration",
    "unique file handle",
)


class SnapshotUnusable(PipelineError):
    """The snapshot file cannot be opened by this program; ``str(error)`` says what to do."""


def too_new(path: Path, error: NewerSchema) -> SnapshotUnusable:
    """What is told of a file that a newer version wrote."""
    return SnapshotUnusable(f"{path} was written by a newer bc-pipeline: {error}")


class Snapshot(Closing):
    """One tenant's opened snapshot. Open it for as short as possible: DuckDB lets one process in.

    Use ``cursor()`` once per thread; a cursor commits each statement on its own.
    ``transaction()`` groups statements and keeps writers of one process from colliding.
    """

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.path = path
        self._connection = connection
        self._opening_cursors = threading.Lock()
        self._writing = threading.RLock()

    @classmethod
    def open(
        cls, snapshot_dir: Path, *, read_only: bool = False, wait_seconds: float = 30
    ) -> Snapshot:
        """Opens the snapshot of a tenant, creating it first unless ``read_only``, and brought up
        to date when an earlier version of the program wrote it.

        Args:
            snapshot_dir: the tenant's directory; created when absent, unless ``read_only``.
            read_only: for looking only; several processes may look at once.
            wait_seconds: how long to keep trying while another process holds the file.

        Raises:
            FileNotFoundError: ``read_only`` and there is no snapshot yet.
            TenantBusy: another process held the file for all of ``wait_seconds``.
            SnapshotUnusable: not a snapshot, damaged, or written by a newer version.
            CannotStore: a new one cannot be written.
        """
        path = snapshot_dir / FILE_NAME
        if read_only and not stands(snapshot_dir):
            raise FileNotFoundError(f"no snapshot in {snapshot_dir}")
        if not read_only:
            snapshot_dir.mkdir(parents=True, exist_ok=True)
        connection = patiently(
            path, wait_seconds, lambda: connect(path, True) if read_only else _made(path)
        )
        try:
            _configure(connection, snapshot_dir, read_only)
            if not read_only:
                migrate(connection)
            elif not is_current(connection):
                connection.close()
                cls.open(snapshot_dir, wait_seconds=wait_seconds).close()
                return cls.open(snapshot_dir, read_only=True, wait_seconds=wait_seconds)
        except NewerSchema as error:
            connection.close()
            raise too_new(path, error) from error
        except BaseException:
            connection.close()
            raise
        return cls(path, connection)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own to the same file, for one thread; close it when done."""
        # Making a cursor uses the shared connection, which is not safe from two threads at once.
        with self._opening_cursors:
            return self._connection.cursor()

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor inside BEGIN .. COMMIT; an exception rolls everything back.

        Writers of this process wait for each other here. Do not nest: the inner block would be a
        transaction of its own.
        """
        with self._writing, self.cursor() as cursor, all_or_nothing(cursor):
            yield cursor

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keeps other writers of this process out while a cursor runs its own transaction."""
        with self._writing:
            yield

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A directory next to the snapshot for the length of a ``with`` block."""
        own = f"{_SCRATCH}{os.getpid()}-"
        for left in self.path.parent.glob(f"{_SCRATCH}*"):
            # DuckDB lets one process in, so another one's directory is what a kill left behind.
            if not left.name.startswith(own):
                shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=own, dir=self.path.parent) as directory:
            yield Path(directory)

    def frame(self, table: str, limit: int | None = None) -> pd.DataFrame:
        """A table as a pandas frame, for notebooks and previews.

        Args:
            table: ``schema.table``, e.g. ``optiply.products``.
            limit: at most this many rows; None = all.

        Raises:
            ValueError: not a ``schema.table`` name.
            duckdb.CatalogException: no such table.
        """
        if not _TABLE_NAME.fullmatch(table):
            raise ValueError(f"{table!r} is not a table name of the form schema.table")
        with self.cursor() as cursor:
            query = f"SELECT * FROM {table}" + ("" if limit is None else f" LIMIT {int(limit)}")
            return cursor.execute(query).df()

    def copy_to(self, directory: Path) -> Snapshot:
        """An independent copy with everything committed so far, opened; for dry runs.

        Args:
            directory: where the copy goes; created when absent.
        """
        directory.mkdir(parents=True, exist_ok=True)
        with self._writing, self.cursor() as cursor:
            # Folds the write-ahead log into the file, so that the file alone is the whole state.
            cursor.execute("CHECKPOINT")
            shutil.copyfile(self.path, directory / FILE_NAME)
        return Snapshot.open(directory)

    def close(self) -> None:
        """Closes the file and lets other processes in."""
        self._connection.close()


def connect(path: Path, read_only: bool) -> duckdb.DuckDBPyConnection:
    """A DuckDB of its own for one file."""
    return duckdb.connect(str(path), read_only=read_only)


def is_left_open(snapshot_dir: Path) -> bool:
    """Whether a process is at work on a tenant's snapshot, or was killed over it: DuckDB keeps its
    log beside the file until it is closed."""
    return (snapshot_dir / f"{FILE_NAME}.wal").exists()


def stands(snapshot_dir: Path) -> bool:
    """Whether a tenant has a snapshot; the beginning of one whose making was cut off is none."""
    path = snapshot_dir / FILE_NAME
    try:
        return path.stat().st_size >= _HEAD_BYTES or not _is_beginning(path.read_bytes())
    except OSError:
        return False


def _is_beginning(content: bytes) -> bool:
    """Whether so little is what DuckDB had written when it was cut off, not a file of others."""
    return content[_MAGIC] == b"DUCK" or not content.strip(b"\0")


def _made(path: Path) -> duckdb.DuckDBPyConnection:
    """The file opened for writing, made when it is not there. What a kill or a full disk has left
    of such a making goes: DuckDB takes it for a file of somebody else."""
    try:
        return connect(path, False)
    except duckdb.Error as error:
        if _is_held(error) or not path.exists() or stands(path.parent):
            raise
        path.unlink()
        if disk.cannot_store(error, path.parent):
            raise
        return connect(path, False)


def _is_held(error: duckdb.Error) -> bool:
    return any(text in str(error).lower() for text in _HELD_ELSEWHERE)


def patiently(path: Path, wait_seconds: float, opening: Callable[[], Opened]) -> Opened:
    """Opens a snapshot, trying again while another process holds it.

    Args:
        path: of the file, for the texts.
        wait_seconds: how long to keep trying.
        opening: one try.

    Raises:
        TenantBusy: another process held the file for all of ``wait_seconds``.
        SnapshotUnusable: not a snapshot, or damaged.
        CannotStore: the disk is full or not to be written.
    """
    deadline = clock.monotonic() + wait_seconds
    pause = 0.02
    while True:
        try:
            return opening()
        except duckdb.Error as error:
            if not _is_held(error):
                if obstacle := disk.cannot_store(error, path.parent):
                    raise obstacle from error
                raise SnapshotUnusable(
                    f"{path} cannot be opened as a snapshot. Move it away (the next run builds a "
                    f"new one) or restore a copy. DuckDB says: {error}"
                ) from error
            if clock.monotonic() + pause > deadline:
                raise TenantBusy(f"{path} is held by another process") from error
        time.sleep(pause)
        pause = min(pause * 2, 0.5)


def _configure(connection: duckdb.DuckDBPyConnection, directory: Path, read_only: bool) -> None:
    for setting in SETTINGS:
        connection.execute(setting)
    if not read_only:
        spill = str(directory / "temp").replace("'", "''")
        connection.execute(f"SET temp_directory = '{spill}'")
