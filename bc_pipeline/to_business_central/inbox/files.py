"""Files of unified records: reading them. Nothing here changes a file."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central.inbox.cells import Mark, decimal_mark
from bc_pipeline.to_business_central.inbox.endings import (
    READERS,
    Reader,
    file_format,
    is_singer,
)
from bc_pipeline.to_business_central.inbox.formats import RawLine, Unreadable
from bc_pipeline.to_business_central.inbox.records import (
    Reading,
    amounts,
    external_id,
    read_record,
    structure_error,
    with_lists,
)
from bc_pipeline.to_business_central.unified import UnifiedRecord
from bc_pipeline.to_business_central.writer import Stream
from bc_pipeline.to_business_central.writers import STREAMS, stream_named
from bc_pipeline.values import storable, storable_json

UNREADABLE = "the file cannot be read: "


@dataclass(frozen=True)
class Line:
    """One record of a file, or why it is none.

    Args:
        number: as the results call it, from 1.
        stream: None when the line does not tell.
        external_id: also of a record that does not fit, when it can be made out.
        dropped: unknown fields, and how often they stand in the record.
        mended: half characters were replaced or control characters left out.
        table: it is a row of a spreadsheet or frame.
    """

    number: int
    stream: Stream | None
    record: UnifiedRecord | None = None
    error: RecordError | None = None
    external_id: str | None = None
    dropped: Counter[str] = field(default_factory=Counter)
    mended: bool = False
    table: bool = False


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


def file_stream(name: str) -> Stream | None:
    """The stream a file is named after; None for Singer files and for unknown entities."""
    return None if is_singer(name) else stream_named(name.split(".", 1)[0])


def is_known(name: str) -> bool:
    """Whether the name tells what is in the file."""
    return is_singer(name) or file_stream(name) is not None


def content_hash(content: bytes) -> str:
    """The same for the same bytes."""
    return hashlib.sha256(content).hexdigest()


def read_file(
    name: str, content: bytes, prefixes: Collection[str], zone: tzinfo = UTC
) -> FileContent:
    """Every record of a file; what cannot be read is a line with an error.

    Args:
        name: of the file; tells format and stream.
        content: all of it.
        prefixes: record field prefixes of the mapped dimensions.
        zone: the tenant's: the day of a moment in a frame is the day there.
    """
    stream = file_stream(name)
    raw_lines = [
        _with_stream(raw, stream, prefixes)
        for raw in _until_unreadable(READERS[file_format(name)], content, zone)
    ]
    try:
        mark = _decimal_mark(raw_lines)
    except Unreadable as error:
        raw_lines, mark = [(stream, RawLine(1, None, f"{UNREADABLE}{error}"))], "."
    lines = tuple(_line(raw, of_line, prefixes, mark) for of_line, raw in raw_lines)
    return FileContent(name, content_hash(content), lines, stream)


def _until_unreadable(read: Reader, content: bytes, zone: tzinfo) -> Iterator[RawLine]:
    """The lines; where the file cannot be read any further, that is the last one."""
    number = 0
    try:
        for line in read(content, zone):
            number = line.number
            yield line
    except Unreadable as error:
        rest = "the rest of the file cannot be read: " if number else UNREADABLE
        yield RawLine(number + 1, None, f"{rest}{error}")


def _with_stream(
    raw: RawLine, of_file: Stream | None, prefixes: Collection[str]
) -> tuple[Stream | None, RawLine]:
    stream = of_file if raw.stream is None else stream_named(raw.stream)
    readable = stream is not None and raw.value is not None
    return stream, with_lists(stream, raw, prefixes) if stream and readable else raw


def _decimal_mark(lines: Iterable[tuple[Stream | None, RawLine]]) -> Mark:
    """That of the amounts of a CSV file; in every other one it is the point.

    Raises:
        Unreadable: it could be either.
    """
    of_csv = [(stream, raw) for stream, raw in lines if stream and raw.delimiter]
    if not of_csv:
        return "."
    found = (amount for stream, raw in of_csv for amount in amounts(stream, raw))
    return decimal_mark(found, of_csv[0][1].delimiter or ",")


def _line(raw: RawLine, stream: Stream | None, prefixes: Collection[str], mark: Mark) -> Line:
    if stream is None:
        return Line(raw.number, None, error=_no_stream(raw))
    reading = Reading(frozenset(prefixes), raw.table, mark)
    value = storable_json(raw.value)
    told = external_id(value, reading)
    if raw.error is not None or value is None:
        error = structure_error(stream.name, raw.error or "cannot be read")
        return Line(raw.number, stream, error=error, external_id=told)
    mended = value != raw.value
    try:
        record, dropped = read_record(stream, value, reading)
    except RecordError as error:
        return Line(raw.number, stream, error=error, external_id=told, mended=mended)
    return Line(
        raw.number,
        stream,
        record,
        external_id=record.external_id,
        dropped=dropped,
        mended=mended,
        table=raw.table,
    )


def _no_stream(raw: RawLine) -> RecordError:
    if raw.stream is None:
        return structure_error("Singer messages", raw.error or "cannot be read")
    known = ", ".join(stream.name for stream in STREAMS.values())
    return structure_error(storable(raw.stream), f"there is no such stream; known are {known}")
