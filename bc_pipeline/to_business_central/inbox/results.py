"""Results files and the way of a finished file to ``done/``.

What a file holds is told by the snapshot: results files are written anew from it, whole and under a
temporary name, so they are never half of something. A file is moved in three steps, each of which
may be the last one before the process ends: noted as moving, renamed, noted as done.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import orjson

from bc_pipeline import clock
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.to_business_central.inbox import files
from bc_pipeline.to_business_central.inbox.endings import file_format

RESULTS = "results"
DONE = "done"

_OUTCOMES = """
SELECT line, external_id, success, bc_id, bc_number, action, error_class, error_message
FROM outbound.outcomes WHERE name = ? AND generation = ? ORDER BY line
"""


@dataclass(frozen=True)
class Booked:
    """One generation of a file as booked in ``outbound.files``."""

    name: str
    generation: int
    content_hash: str
    lines: int
    done_name: str | None = None


def write_results(snapshot: Snapshot, place: Path, booked: Booked) -> None:
    """Write the results file of what has come under this name last.

    The results of an earlier content stay beside it as ``<file>.<generation>.results.jsonl``.

    Args:
        place: the tenant's ``outbound`` directory.
    """
    with snapshot.cursor() as cursor:
        earlier = place / RESULTS / f"{booked.name}.{booked.generation - 1}.results.jsonl"
        if booked.generation > 1 and not earlier.exists():
            before = b"".join(_lines(cursor, booked.name, booked.generation - 1))
            if before:
                _write(earlier, before)
        told = b"".join(_lines(cursor, booked.name, booked.generation))
    _write(results_path(place, booked.name), told)


def results_path(place: Path, name: str) -> Path:
    """The results file of a file."""
    return place / RESULTS / f"{name}.results.jsonl"


def move_to_done(snapshot: Snapshot, place: Path, booked: Booked) -> None:
    """Move a file all of whose records have their outcome, or go on where moving was interrupted.

    Something else that was dropped under the name meanwhile is left, or put back, to be read.
    """
    target_name = booked.done_name
    if target_name is None:
        target_name = _free_name(place / DONE, booked.name, booked.generation)
        _book(snapshot, booked, "moving", target_name)
    source, target = place / booked.name, place / DONE / target_name
    if not target.exists():
        if _hash(source) != booked.content_hash:
            _book(snapshot, booked, "replaced" if source.exists() else "gone", None)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)
        _sync_directory(target.parent)
        _sync_directory(place)
    if _hash(target) != booked.content_hash:
        # Dropped between the look and the move: it has not been read.
        target.rename(place / _free_name(place, booked.name, booked.generation + 1))
        _book(snapshot, booked, "replaced", None)
        return
    _book(snapshot, booked, "done", target_name)


def _lines(cursor: duckdb.DuckDBPyConnection, name: str, generation: int) -> Iterator[bytes]:
    for row in cursor.execute(_OUTCOMES, [name, generation]).fetchall():
        yield orjson.dumps(_line(row), option=orjson.OPT_APPEND_NEWLINE)


def _line(row: tuple[Any, ...]) -> dict[str, Any]:
    line, external_id, success, bc_id, bc_number, action, error_class, message = row
    return {
        "line": line,
        "externalId": external_id,
        "success": success,
        "id": bc_id,
        "number": bc_number,
        "action": action,
        "error": None if success else {"class": error_class, "message": message},
    }


def _book(snapshot: Snapshot, booked: Booked, state: str, done_name: str | None) -> None:
    done_at = None if state == "moving" else clock.now()
    with snapshot.transaction() as cursor:
        cursor.execute(
            "UPDATE outbound.files SET state = ?, done_name = ?, done_at = ? "
            "WHERE name = ? AND generation = ?",
            [state, done_name, done_at, booked.name, booked.generation],
        )


def _free_name(directory: Path, name: str, number: int) -> str:
    """``name``, or with a number before its ending when that stands there already."""
    ending = file_format(name)
    stem = name[: -len(ending) - 1]
    free = name
    while (directory / free).exists():
        free = f"{stem}.{number}.{ending}"
        number += 1
    return free


def _hash(path: Path) -> str | None:
    try:
        return files.content_hash(path.read_bytes())
    except FileNotFoundError:
        return None


def _write(path: Path, content: bytes) -> None:
    """The whole file or none of it, whenever the process ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp lets nobody else read; results are for whoever has dropped the file.
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    """Make a rename durable, where the system can."""
    with suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
