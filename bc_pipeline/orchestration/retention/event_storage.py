"""What of Dagster's storage its public interface does not reach.

``DagsterInstance.delete_run`` leaves behind: the file each run has with SQLite, the outcomes of its
checks, its captured logs, and the space. Everything here that is private to Dagster is in this
module, and ``test_event_storage.py`` fails first when Dagster changes.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import sqlalchemy
from dagster import DagsterEventType, DagsterInstance
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager

from bc_pipeline.errors import PipelineError

_RUN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_AT_ONCE = 200
"""Runs named in one statement."""
_PATIENCE_SECONDS = 30
"""As long as Dagster itself waits for another writer."""
_WORTH_COMPACTING = 4 * 1024**2
_MOST_COMPACTED = 1024**3
"""Larger ones would make others wait for longer than they do."""


def newest_runs(instance: DagsterInstance) -> set[str]:
    """The runs that show how assets stand: for each partition of an asset the one that materialised
    it last, for each check the one that evaluated it last.

    Raises:
        PipelineError: Dagster's storage is none that is known here.
    """
    events, checks = SqlEventLogStorageTable.c, AssetCheckExecutionsTable.c
    newest_events = (
        sqlalchemy.select(sqlalchemy.func.max(events.id))
        .where(events.dagster_event_type == DagsterEventType.ASSET_MATERIALIZATION.value)
        .group_by(events.asset_key, events.partition)
    )
    newest_checks = sqlalchemy.select(sqlalchemy.func.max(checks.id)).group_by(
        checks.asset_key, checks.check_name, checks.partition
    )
    with _storage(instance).index_connection() as connection:
        return {
            run_id
            for query in (
                sqlalchemy.select(events.run_id).where(events.id.in_(newest_events)),
                sqlalchemy.select(checks.run_id).where(checks.id.in_(newest_checks)),
            )
            for (run_id,) in connection.execute(query)
            if run_id
        }


def delete_checks(instance: DagsterInstance, run_ids: Sequence[str]) -> None:
    """Delete the outcomes of the checks of runs that are gone."""
    for start in range(0, len(run_ids), _AT_ONCE):
        gone = AssetCheckExecutionsTable.delete().where(
            AssetCheckExecutionsTable.c.run_id.in_(run_ids[start : start + _AT_ONCE])
        )
        with _storage(instance).index_connection() as connection:
            connection.execute(gone)


def delete_files(instance: DagsterInstance, run_id: str) -> None:
    """Delete what a run that is gone has left on disk: with SQLite its own file, and its logs."""
    for path in run_files(instance, run_id):
        path.unlink(missing_ok=True)
    # Also where logs are not on this disk.
    instance.compute_log_manager.delete_logs(prefix=[run_id])


def run_files(instance: DagsterInstance, run_id: str) -> list[Path]:
    """The files on this disk that one run has for itself: with SQLite its events, and its logs."""
    storage, logs = _storage(instance), _log_directory(instance)
    found: list[Path] = []
    if isinstance(storage, SqliteEventLogStorage):
        found += _with_companions(Path(storage.path_for_shard(run_id)))
    if logs:
        found += (logs / run_id).rglob("*")
    return [each for each in found if each.is_file()]


def runs_with_files(instance: DagsterInstance) -> set[str]:
    """The runs that have files of their own on this disk, known to Dagster or not."""
    storage, logs = _storage(instance), _log_directory(instance)
    found = set(storage.get_all_run_ids()) if isinstance(storage, SqliteEventLogStorage) else set()
    return found | {path.name for path in _directories(logs) if _RUN_ID.fullmatch(path.name)}


def delete_tick_logs(instance: DagsterInstance, before: datetime) -> int:
    """Delete what older ticks of schedules and sensors have logged: Dagster forgets the ticks
    themselves, as dagster.yaml says, and leaves a file of each.

    Returns:
        files deleted.
    """
    deleted = 0
    for directory in _directories(_log_directory(instance)):
        if _RUN_ID.fullmatch(directory.name):
            continue
        for path in directory.rglob("*"):
            if path.is_file() and path.stat().st_mtime < before.timestamp():
                path.unlink(missing_ok=True)
                deleted += 1
    return deleted


def shared_files(instance: DagsterInstance) -> list[Path]:
    """The databases that all runs share; none but with SQLite."""
    storage = _storage(instance)
    if not isinstance(storage, SqliteEventLogStorage):
        return []
    index = Path(storage.path_for_shard("index"))
    root = index.parent.parent.parent
    databases = [index, root / "history" / "runs.db", root / "schedules" / "schedules.db"]
    return [each for path in databases for each in _with_companions(path) if each.exists()]


def size(paths: Iterable[Path]) -> int:
    """Bytes of files; what is gone meanwhile has none."""
    return sum(_size(path) for path in paths)


def compact(instance: DagsterInstance) -> None:
    """Give the space of deleted rows back to the disk, where that is more than what is left.

    SQLite keeps it for later otherwise. Others read on meanwhile, and wait to write.
    """
    for path in shared_files(instance):
        if path.suffix == ".db":
            _compact(path)


def _compact(path: Path) -> None:
    with closing(sqlite3.connect(path, timeout=_PATIENCE_SECONDS, isolation_level=None)) as found:
        page, pages, free = (
            found.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_size", "page_count", "freelist_count")
        )
        used = (pages - free) * page
        if free * page < max(used, _WORTH_COMPACTING) or used > _MOST_COMPACTED:
            return
        try:
            found.execute("VACUUM")
            found.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError:
            return  # somebody is at work on it, or the disk is full: tomorrow, then


def _storage(instance: DagsterInstance) -> SqlEventLogStorage:
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        raise PipelineError(
            f"Dagster keeps its events in {type(storage).__name__}, which is none of its storages "
            "in SQL: nothing was deleted. Use SQLite (the default) or PostgreSQL in dagster.yaml"
        )
    return storage


def _log_directory(instance: DagsterInstance) -> Path | None:
    """Where runs and ticks log to, when that is a directory."""
    logs = instance.compute_log_manager
    if not isinstance(logs, LocalComputeLogManager):
        return None
    return Path(logs.get_captured_local_path(["any", "log"], "err")).parent.parent


def _directories(parent: Path | None) -> list[Path]:
    if parent is None or not parent.exists():
        return []
    return [each for each in parent.iterdir() if each.is_dir()]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _with_companions(path: Path) -> Iterator[Path]:
    """A SQLite database and the files beside it."""
    yield from (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal")))
