"""What almost every test would otherwise make anew, made once by a worker: an empty snapshot and an
empty Dagster instance, which are copied and opened as any existing ones are; and Dagster instances
in memory, which are emptied and used again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from bc_pipeline.snapshot.store import FILE_NAME, Snapshot

if TYPE_CHECKING:
    # Takes a second, and few tests need it.
    from dagster import DagsterInstance
    from sqlalchemy import Connection, Engine


class Templates:
    """What is copied; ``copying`` says whether it is.

    Args:
        directory: where the templates stand.
    """

    def __init__(self, directory: Path) -> None:
        self.copying = True
        self._directory = directory
        Snapshot.open(directory).close()

    def copy_snapshots(self, patch: pytest.MonkeyPatch) -> None:
        """From now on ``Snapshot.open`` makes a new snapshot by copying an empty one."""
        patch.setattr(Snapshot, "open", partial(self._opened, Snapshot.open))

    def copy_instance(self, home: Path) -> None:
        """Gives BC_PIPELINE_HOME ``home`` an empty Dagster instance, for ``open_instance``."""
        from bc_pipeline.orchestration import instance  # takes a second, and few tests need it

        _read_migrations_once()
        template = self._directory / "dagster"
        if not template.exists():
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv(instance.HOME_VARIABLE, str(template))
                with instance.open_instance(self._directory):
                    pass
        shutil.copytree(template, instance.dagster_home(home))

    def _opened(
        self, make: Callable[..., Snapshot], directory: Path, *, read_only: bool = False, **how: Any
    ) -> Snapshot:
        path = directory / FILE_NAME
        if self.copying and not read_only and not path.exists():
            _place(self._directory / FILE_NAME, path)
        return make(directory, read_only=read_only, **how)


def _place(template: Path, path: Path) -> None:
    """A copy, unless somebody was faster."""
    path.parent.mkdir(parents=True, exist_ok=True)
    copy = path.with_name(f"{path.name}.{uuid4().hex}")
    shutil.copyfile(template, copy)
    try:
        os.link(copy, path)
    except FileExistsError:
        pass
    finally:
        copy.unlink()


_resting: list[DagsterInstance] = []


@contextmanager
def memory_instance(*tenants: str) -> Iterator[DagsterInstance]:
    """An empty Dagster instance in memory. Making one takes as long as a small run on it, and so do
    the connections that Dagster opens for every single event: both are kept for the next test.

    Args:
        tenants: its partitions.
    """
    instance = _resting.pop() if _resting else _in_memory()
    if tenants:
        instance.add_dynamic_partitions("tenants", list(tenants))
    yield instance
    _empty(instance)
    _resting.append(instance)


def _in_memory() -> DagsterInstance:
    from dagster import DagsterInstance

    _read_migrations_once()
    instance = DagsterInstance.ephemeral()
    runs, events = instance.run_storage, instance.event_log_storage
    connect_runs, connect_events = _kept(runs._engine).begin, _kept(events._engine).begin
    runs.connect = connect_runs

    @contextmanager
    def connect() -> Iterator[Connection]:
        with events._db_lock, connect_events() as connection:
            yield connection

    events._connect = connect
    return instance


def _kept(engine: Engine) -> Engine:
    """An engine for the same tables that keeps its connections; any thread may use one."""
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import QueuePool

    kept = create_engine(engine.url, poolclass=QueuePool, connect_args={"check_same_thread": False})
    event.listen(kept, "connect", lambda made, _: made.execute("PRAGMA foreign_keys = ON"))
    return kept


@cache
def _read_migrations_once() -> None:
    """Dagster reads the programs that would bring its storage up to date whenever it opens a file:
    three times for an instance, and once more for each run."""
    from alembic.script import ScriptDirectory

    read, found = ScriptDirectory.from_config, dict[tuple[Any, ...], ScriptDirectory]()

    def from_config(config: Any) -> ScriptDirectory:
        key = config.config_file_name, config.get_main_option("script_location")
        if key not in found:
            found[key] = read(config)
        return found[key]

    ScriptDirectory.from_config = from_config


def _empty(instance: DagsterInstance) -> None:
    from dagster._core.storage.event_log.schema import SqlEventLogStorageMetadata
    from dagster._core.storage.runs.schema import InstanceInfo, RunStorageSqlMetadata

    events, runs = instance.event_log_storage, instance.run_storage
    for connect, tables in (
        (events.index_connection, SqlEventLogStorageMetadata.sorted_tables),
        (runs.connect, RunStorageSqlMetadata.sorted_tables),
    ):
        with connect() as connection:
            for table in reversed(tables):
                if table is not InstanceInfo:
                    connection.execute(table.delete())
