"""Files of unified records in ``<snapshot_dir>/outbound/`` (DESIGN.md 8): finding and reading them.

A file is called ``<Entity>[.anything].<format>``, or ``<anything>.singer``. Everything else there,
such as a producer's temporary name, is left alone. Nothing here changes a file.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bc_pipeline.outbound.inbox.formats import READERS, RawLine, Unreadable
from bc_pipeline.outbound.inbox.records import read_record, structure_error
from bc_pipeline.outbound.inbox.streams import STREAMS, Stream, stream_named
from bc_pipeline.outbound.model import RecordError
from bc_pipeline.outbound.unified import UnifiedRecord

DIRECTORY = "outbound"
SINGER = "singer"


@dataclass(frozen=True)
class Line:
    """One record of a file, or why it is none.

    Args:
        number: as the results call it, from 1.
        stream: None when the line does not tell.
        external_id: also of a record that does not fit, when it can be made out.
        dropped: unknown fields, and how often they stand in the record.
    """

    number: int
    stream: Stream | None
    record: UnifiedRecord | None = None
    error: RecordError | None = None
    external_id: str | None = None
    dropped: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class FileContent:
    """A file as it was at one moment."""

    name: str
    content_hash: str
    lines: tuple[Line, ...]
    stream: Stream | None

    def entities(self) -> set[str]:
        """The entities of its records."""
        return {line.stream.entity for line in self.lines if line.stream is not None}


def directory(snapshot_dir: Path) -> Path:
    """Where a tenant's files are dropped."""
    return snapshot_dir / DIRECTORY


def waiting(snapshot_dir: Path) -> list[Path]:
    """The files a run has to look at, oldest first; also those named after no known entity."""
    found: list[tuple[int, str, Path]] = []
    place = directory(snapshot_dir)
    if place.is_dir():
        for path in place.iterdir():
            try:
                if _is_candidate(path):
                    found.append((path.stat().st_mtime_ns, path.name, path))
            except FileNotFoundError:
                continue  # taken away by its producer meanwhile
    return [path for _, _, path in sorted(found)]


def _is_candidate(path: Path) -> bool:
    name = path.name
    # Nothing can note or tell a name that is no text, such as one in another encoding.
    is_text = name.encode(errors="replace").decode() == name
    return is_text and file_format(name) in READERS and name[0] != "." and path.is_file()


def file_format(name: str) -> str:
    """The ending of a file name, in lower case: ``jsonl``."""
    return name.rpartition(".")[2].lower()


def file_stream(name: str) -> Stream | None:
    """The stream a file is named after; None for Singer files and for unknown entities."""
    return None if file_format(name) == SINGER else stream_named(name.split(".", 1)[0])


def is_known(name: str) -> bool:
    """Whether the name tells what is in the file."""
    return file_format(name) == SINGER or file_stream(name) is not None


def content_hash(content: bytes) -> str:
    """The same for the same bytes."""
    return hashlib.sha256(content).hexdigest()


def read_file(name: str, content: bytes, prefixes: Collection[str]) -> FileContent:
    """Every record of a file; what cannot be read is a line with an error.

    Args:
        name: of the file; tells format and stream.
        content: all of it.
        prefixes: record field prefixes of the mapped dimensions.
    """
    stream = file_stream(name)
    raw_lines = _until_unreadable(READERS[file_format(name)](content))
    lines = tuple(_line(raw, stream, prefixes) for raw in raw_lines)
    return FileContent(name, content_hash(content), lines, stream)


def _until_unreadable(lines: Iterator[RawLine]) -> Iterator[RawLine]:
    """The lines; where the file cannot be read any further, that is the last one."""
    number = 0
    try:
        for line in lines:
            number = line.number
            yield line
    except Unreadable as error:
        rest = "the rest of the file cannot be read: " if number else "the file cannot be read: "
        yield RawLine(number + 1, None, f"{rest}{error}")


def _line(raw: RawLine, of_file: Stream | None, prefixes: Collection[str]) -> Line:
    stream = of_file if raw.stream is None else stream_named(raw.stream)
    if stream is None:
        return Line(raw.number, None, error=_no_stream(raw))
    external_id = _external_id(raw.value)
    if raw.value is None:
        error = structure_error(stream.name, raw.error or "cannot be read")
        return Line(raw.number, stream, error=error)
    try:
        record, dropped = read_record(stream, raw.value, prefixes, as_text=raw.as_text)
    except RecordError as error:
        return Line(raw.number, stream, error=error, external_id=external_id)
    return Line(raw.number, stream, record, external_id=record.external_id, dropped=dropped)


def _no_stream(raw: RawLine) -> RecordError:
    if raw.stream is None:
        return structure_error("Singer messages", raw.error or "cannot be read")
    known = ", ".join(stream.name for stream in STREAMS.values())
    return structure_error(raw.stream, f"there is no such stream; known are {known}")


def _external_id(value: Any) -> str | None:  # noqa: ANN401 - any JSON
    given = value.get("externalId") if value is not None else None
    return str(given) if isinstance(given, str | int) and not isinstance(given, bool) else None
