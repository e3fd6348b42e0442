"""Connections to Dagster's storage in files that are kept while a process works.

Dagster opens a connection, and makes an engine for it, for every single event: about 1,500 times in
a run of all assets, each with a checkpoint when it is closed, which is a third of the run's time.
Its storages have no setting for this, so the method each opens its connections by is replaced on
the instance: ``SqliteRunStorage.connect`` and ``SqliteEventLogStorage._connect``; and its
``has_table``, asked about the same table some 250 times. A run's own file is made with all of
Dagster's migrations loaded; so the first one, still empty, is what the next ones begin as. The test
``test_kept_connections`` fails first when Dagster changes them.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from dagster import DagsterInstance
from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    INDEX_SHARD_NAME,
    SqliteEventLogStorage,
)
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy import Connection, Engine, create_engine, event

RUNS_KEPT = 2
"""Runs whose own file stays open: the one at work, and the one it is part of."""
LOG_PAGES = 200
"""Pages of 4 KB in the log of a file, before they are written into the file itself."""

Connect = Callable[..., AbstractContextManager[Connection]]


def keep_connections(instance: DagsterInstance) -> None:
    """Let an instance in files keep its connections; nothing for one that is elsewhere. May be
    repeated."""
    runs, events = instance.run_storage, instance.event_log_storage
    if isinstance(runs, SqliteRunStorage) and "connect" not in vars(runs):
        runs.connect = _Runs(runs).connect  # type: ignore[method-assign]
    if isinstance(events, SqliteEventLogStorage) and "_connect" not in vars(events):
        kept = _Events(events)
        events._connect = kept.connect  # type: ignore[method-assign]
        events.has_table = kept.has_table  # type: ignore[method-assign]


class _Runs:
    def __init__(self, storage: SqliteRunStorage) -> None:
        self._engine = _engine(storage._conn_string)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection


class _Events:
    """Index and runs have a file each.

    Args:
        storage: whose connections are kept. Its lock goes on being held around each.
    """

    def __init__(self, storage: SqliteEventLogStorage) -> None:
        self._storage = storage
        self._first: Connect = storage._connect
        self._look: Callable[[str], bool] = storage.has_table
        self._tables: set[str] = set()
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._new_file: bytes | None = None

    @contextmanager
    def connect(self, shard: str) -> Iterator[Connection]:
        if shard not in self._storage._initialized_dbs and not self._made(shard):
            is_new = not Path(self._storage.path_for_shard(shard)).exists()
            with self._first(shard) as connection:  # makes the file
                if is_new and shard != INDEX_SHARD_NAME:
                    self._new_file = _content(connection)
                yield connection
            return
        with self._storage._db_lock, self._kept(shard).begin() as connection:
            yield connection

    def has_table(self, table_name: str) -> bool:
        """A table that is there stays."""
        if table_name not in self._tables and self._look(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def _made(self, shard: str) -> bool:
        """Whether the file of a run could be made as a copy of a new one; not when it is there."""
        path = Path(self._storage.path_for_shard(shard))
        if self._new_file is None or path.exists():
            return False
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-") as file:
            file.write(self._new_file)
            file.flush()
            try:
                os.link(file.name, path)  # whole at once; fails when somebody was faster
            except OSError:
                return False
        self._storage._initialized_dbs.add(shard)
        return True

    def _kept(self, shard: str) -> Engine:
        if shard not in self._engines:
            self._engines[shard] = _engine(self._storage.conn_string_for_shard(shard))
        self._engines.move_to_end(shard)
        runs = [name for name in self._engines if name != INDEX_SHARD_NAME]
        for name in runs[:-RUNS_KEPT]:
            self._engines.pop(name).dispose()
        return self._engines[shard]


def _content(connection: Connection) -> bytes:
    """A file as it is, what stands in its log included."""
    file = connection.connection.driver_connection
    assert isinstance(file, sqlite3.Connection)
    return file.serialize()


def _engine(address: str) -> Engine:
    engine = create_engine(address, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})
    event.listen(engine, "connect", _write_ahead)
    return engine


def _write_ahead(connection: sqlite3.Connection, _: object) -> None:
    """What is committed survives the end of the process all the same; only a machine that loses
    power may lose the last events. The log beside a file that stays open is kept small."""
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
