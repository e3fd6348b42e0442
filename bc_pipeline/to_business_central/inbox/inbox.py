"""The waiting files of one tenant during one run: which lines have no outcome yet, and what to do
when all of a file's lines have one.

A file is booked under its name, a generation and the hash of its content. Other bytes under the
same name are a new generation, whether the first one was done or not.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import duckdb

from bc_pipeline import clock
from bc_pipeline.errors import RecordError
from bc_pipeline.report import EntityResult, Problem
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.to_business_central import ledger_rows
from bc_pipeline.to_business_central.export_types import Source
from bc_pipeline.to_business_central.inbox import files, place, results
from bc_pipeline.to_business_central.inbox.endings import READABLE
from bc_pipeline.to_business_central.inbox.files import FileContent, Line
from bc_pipeline.to_business_central.inbox.results import Booked
from bc_pipeline.to_business_central.writers import STREAMS

REPLACED = "file replaced while its records were waiting"
MENDED = "a text holds half a character or control characters, which were replaced or left out"


@dataclass(frozen=True)
class WaitingLine:
    """A line without outcome."""

    source: Source
    line: Line


@dataclass(frozen=True)
class _WaitingFile:
    booked: Booked
    content: FileContent
    settled: frozenset[int]
    replaced_another: bool


class Inbox:
    """The files of one run; read when first asked for, from whichever thread.

    Args:
        snapshot: where files and outcomes are booked.
        snapshot_dir: the tenant's directory.
        entities: those of this run; lines of others are left for another run.
        prefixes: record field prefixes of the mapped dimensions.
        zone: the tenant's time zone.
        dry_run: no file is written or moved.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        snapshot_dir: Path,
        entities: Collection[str],
        prefixes: Collection[str],
        *,
        zone: tzinfo = UTC,
        dry_run: bool = False,
    ) -> None:
        self._snapshot = snapshot
        self._place = place.directory(snapshot_dir)
        self._snapshot_dir = snapshot_dir
        self._entities = frozenset(entities)
        self._prefixes = frozenset(prefixes)
        self._zone = zone
        self._dry_run = dry_run
        self._guard = threading.RLock()
        self._files: list[_WaitingFile] | None = None
        self._left: list[tuple[str, str]] = []
        self._refused: set[Source] = set()
        self._told: dict[Booked, int] = {}

    def has_records(self) -> bool:
        """Whether any readable record of this run's entities is waiting."""
        return any(line.record is not None for _, line in self._all_lines())

    def lines(self, entity: str) -> list[WaitingLine]:
        """The readable records of an entity that have no outcome yet: oldest file first."""
        return [
            WaitingLine(source, line)
            for source, line in self._all_lines()
            if line.record is not None and line.stream is not None and line.stream.entity == entity
        ]

    def settle_unreadable(self, entity: str, result: EntityResult) -> None:
        """Give the lines that are no record of their stream their outcome, durably.

        Lines that do not even tell their stream go to whichever entity comes first.
        """
        with self._guard:
            refused = [
                (source, line, line.error)
                for source, line in self._all_lines()
                if line.error is not None
                and (line.stream is None or line.stream.entity == entity)
                and source not in self._refused
            ]
            now = clock.now()
            with self._snapshot.transaction() as cursor:
                ledger_rows.add_lines(cursor, [_failed(entity, *one, now) for one in refused])
            self._refused.update(source for source, _, _ in refused)
        for source, line, error in refused:
            result.quarantined += 1
            reason = f"{error.error_class}: {error.message}"
            told = _called(source, line)
            result.problems.append(Problem(result.name, told, "quarantined", reason))

    def tell(self, entity: str, result: EntityResult) -> None:
        """Warnings about what stands in the files besides the records, and in the directory besides
        the files."""
        for source, line in self._all_lines():
            if line.stream is not None and line.stream.entity == entity:
                for name, times in line.dropped.items():
                    _warn(result, f"unknown field {name} left out", times)
                if line.mended:
                    _warn(result, f"{_called(source, line)}: {MENDED}", 1)
        for waiting in self._opened():
            if waiting.replaced_another and entity in waiting.content.entities():
                _warn(result, f"{waiting.booked.name}: {REPLACED}", 1)
        with self._guard:
            left, self._left = self._left, []
        for name, reason in left:
            told = f"{reason}; it is left where it is"
            result.problems.append(Problem(result.name, name, "config", told))

    def finish(self) -> None:
        """Write the results files, and move files all of whose lines have their outcome."""
        if self._dry_run:
            return
        trouble: OSError | None = None
        with self._guard:
            for waiting in self._opened():
                try:
                    self._finish(waiting.booked)
                except OSError as error:
                    trouble = trouble or error
        if trouble:
            raise trouble  # when all the others are finished

    # -- inside -------------------------------------------------------------------------------

    def _finish(self, booked: Booked) -> None:
        with self._snapshot.cursor() as cursor:
            state, count = _state_of(cursor, booked)
        if state != "pending":
            return
        if self._told.get(booked) != count and (count or not booked.lines):
            results.write_results(self._snapshot, self._place, booked)
            self._told[booked] = count
        if count == booked.lines:
            results.move_to_done(self._snapshot, self._place, booked)

    def _opened(self) -> list[_WaitingFile]:
        with self._guard:
            if self._files is None:
                self._recover()
                self._files = [w for path in self._paths() if (w := self._read(path)) is not None]
            return self._files

    def _paths(self) -> Iterable[Path]:
        for path in place.waiting(self._snapshot_dir):
            stream = files.file_stream(path.name)
            if not files.is_known(path.name):
                known = ", ".join(stream.name for stream in STREAMS.values())
                self._left.append((path.name, f"{path.name} is named after none of {known}"))
            elif stream is None or stream.entity in self._entities:
                yield path
        for name in place.not_read(self._snapshot_dir):
            self._left.append((name, f"{name} is in no format that is read; {READABLE}"))

    def _recover(self) -> None:
        """Go on where moving was interrupted; note what its producer has taken back."""
        with self._snapshot.cursor() as cursor:
            found = cursor.execute(
                "SELECT name, generation, content_hash, lines, done_name, state "
                "FROM outbound.files WHERE state IN ('pending', 'moving')"
            ).fetchall()
        for *columns, state in found:
            booked = Booked(*columns)
            if state == "moving" and not self._dry_run:
                results.move_to_done(self._snapshot, self._place, booked)
            elif state == "pending" and not (self._place / booked.name).exists():
                with self._snapshot.transaction() as cursor:
                    _set_state(cursor, booked, "gone")

    def _read(self, path: Path) -> _WaitingFile | None:
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None  # taken back by its producer
        except OSError as error:
            self._left.append((path.name, f"{path.name} cannot be read: {error.strerror}"))
            return None
        read = files.read_file(path.name, content, self._prefixes, self._zone)
        with self._snapshot.transaction() as cursor:
            booked, replaced_another = _booked(cursor, read)
            settled = cursor.execute(
                "SELECT line FROM outbound.outcomes WHERE name = ? AND generation = ?",
                [booked.name, booked.generation],
            ).fetchall()
        lines = frozenset(row[0] for row in settled)
        return _WaitingFile(booked, read, lines, replaced_another)

    def _all_lines(self) -> list[tuple[Source, Line]]:
        return [pair for waiting in self._opened() for pair in self._open_lines(waiting)]

    def _open_lines(self, waiting: _WaitingFile) -> list[tuple[Source, Line]]:
        booked = waiting.booked
        return [
            (Source(booked.name, booked.generation, line.number), line)
            for line in waiting.content.lines
            if line.number not in waiting.settled
            and (line.stream is None or line.stream.entity in self._entities)
        ]


def _booked(cursor: duckdb.DuckDBPyConnection, read: FileContent) -> tuple[Booked, bool]:
    """The generation these bytes are, booked; and whether they replaced one that was waiting."""
    latest = cursor.execute(
        "SELECT generation, content_hash, state FROM outbound.files WHERE name = ? "
        "ORDER BY generation DESC LIMIT 1",
        [read.name],
    ).fetchone()
    generation, content_hash, state = latest or (0, "", "")
    waits = state in ("pending", "moving")
    if waits and content_hash == read.content_hash:
        return Booked(read.name, generation, content_hash, len(read.lines)), False
    if waits:
        _set_state(cursor, Booked(read.name, generation, content_hash, 0), "replaced")
    booked = Booked(read.name, generation + 1, read.content_hash, len(read.lines))
    cursor.execute(
        "INSERT INTO outbound.files (name, generation, content_hash, entity, state, lines, "
        "first_seen) VALUES (?, ?, ?, ?, 'pending', ?, ?)",
        [
            booked.name,
            booked.generation,
            booked.content_hash,
            read.stream.entity if read.stream else None,
            booked.lines,
            clock.now(),
        ],
    )
    return booked, waits


def _set_state(cursor: duckdb.DuckDBPyConnection, booked: Booked, state: str) -> None:
    cursor.execute(
        "UPDATE outbound.files SET state = ?, done_at = ? WHERE name = ? AND generation = ?",
        [state, clock.now(), booked.name, booked.generation],
    )


def _state_of(cursor: duckdb.DuckDBPyConnection, booked: Booked) -> tuple[str, int]:
    """State of a file, and how many of its lines have an outcome."""
    row = cursor.execute(
        "SELECT state, (SELECT count(*) FROM outbound.outcomes o WHERE o.name = f.name "
        "AND o.generation = f.generation) FROM outbound.files f WHERE name = ? AND generation = ?",
        [booked.name, booked.generation],
    ).fetchone()
    return row or ("gone", 0)


def _failed(
    entity: str, source: Source, line: Line, error: RecordError, now: datetime
) -> tuple[object, ...]:
    """A failed line in the order of the columns of ``outbound.outcomes``."""
    where = (source.file, source.generation, source.line, entity, None, line.external_id)
    return (*where, False, None, None, "failed", error.error_class, error.message, now)


def _called(source: Source, line: Line) -> str:
    return line.external_id or f"{source.file} line {source.line}"


def _warn(result: EntityResult, text: str, times: int) -> None:
    result.warnings[text] = result.warnings.get(text, 0) + times
