"""CSV and Parquet files of unified records: from bytes to one raw value each."""

from __future__ import annotations

import csv
import io
import math
import struct
import tempfile
from collections.abc import Callable, Iterator
from datetime import tzinfo
from pathlib import Path
from typing import Any

import duckdb

from bc_pipeline.to_business_central.inbox.formats import RawLine, Unreadable

DELIMITERS = ",;\t|"
CELL_LIMIT = 2**31 - 1
"""Characters of one CSV cell: the lines of a large bill are in one."""

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_SAVE_AS = "save it as 'CSV UTF-8'"


def read_csv(content: bytes) -> Iterator[RawLine]:
    """CSV with a header; lists and objects are JSON in a cell; an empty cell is not given.

    Raises:
        Unreadable: no header, one that is not UTF-8, or one that names a column twice.
    """
    delimiter, text = csv_text(content)
    csv.field_size_limit(CELL_LIMIT)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        filled = (row for row in rows if any(cell.strip() for cell in row))
        names = (name.strip() for name in next(filled, []))
        # A column without name, such as the index of a frame, is one nobody knows.
        header = [name or f"column {number}" for number, name in enumerate(names, start=1)]
        if len(set(header)) < len(header):
            raise Unreadable("the header has one name twice")
        if any(map(_not_utf8, header)):
            raise Unreadable(f"the header is not UTF-8; {_SAVE_AS}")
        for number, cells in enumerate(filled, start=1):
            yield _csv_line(number, header, cells, delimiter)
    except csv.Error as error:
        # From here on nothing can be told apart any more.
        raise Unreadable(f"not valid CSV at line {rows.line_num}: {error}") from None


def csv_text(content: bytes) -> tuple[str, str]:
    """Delimiter of a CSV file, and its text from the header on.

    A first line ``sep=;``, which spreadsheets write for themselves, names the delimiter; else it is
    the one that stands in the header most often.
    """
    text = _decoded(content).lstrip("﻿")
    first, _, rest = text.partition("\n")
    named = first.rstrip("\r").strip('"')
    if named[:4].lower() == "sep=" and named[4:] in tuple(DELIMITERS):
        return named[4:], rest
    # Older spreadsheets end their lines with a carriage return alone.
    header = next(iter(text.lstrip().splitlines()), "")
    return max(DELIMITERS, key=header.count), text


def _decoded(content: bytes) -> str:
    if content.startswith(_UTF16):
        return content.decode("utf-16", errors="replace")
    return content.decode("utf-8", errors="surrogateescape")


def _csv_line(number: int, header: list[str], cells: list[str], delimiter: str) -> RawLine:
    if len(cells) != len(header):
        return RawLine(number, None, f"{len(cells)} cells where the header has {len(header)}")
    fields = {name: cell for name, cell in zip(header, cells, strict=True) if cell.strip()}
    if any(map(_not_utf8, fields.values())):
        return RawLine(number, None, f"not UTF-8; {_SAVE_AS}")
    return RawLine(number, fields, table=True, delimiter=delimiter)


def _not_utf8(text: str) -> bool:
    """Whether bytes that are no character were kept in it."""
    return any("\udc80" <= char <= "\udcff" for char in text)


def read_parquet(content: bytes, zone: tzinfo) -> Iterator[RawLine]:
    """Parquet; lists and structs as they are, or as JSON text.

    Args:
        zone: in which moments are told; their date is the day there (decisions 13).

    Raises:
        Unreadable: not Parquet.
    """
    with tempfile.TemporaryDirectory() as directory, duckdb.connect() as connection:
        path = Path(directory) / "file.parquet"
        path.write_bytes(content)
        try:
            connection.execute(f"SET TimeZone = '{zone}'")
            found = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
            columns = [(name, _reading(type_)) for name, type_, *_ in found.description or []]
            for number, row in enumerate(iter(found.fetchone, None), start=1):
                values = ((name, read(v)) for (name, read), v in zip(columns, row, strict=True))
                fields = {name: value for name, value in values if value is not None}
                yield RawLine(number, fields, table=True)
        except duckdb.Error as error:
            reason = str(error).replace(str(path), "the file").split("\n", 1)[0]
            raise Unreadable(f"not valid Parquet: {reason}") from None


def _reading(type_: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - any column
    """How values of a column are taken: as what was written, None where nothing is given.

    Frames have NaN where nothing is given; struct members are null where nothing is given; a number
    of single precision is its own shortest notation, not that of the double it became.
    """
    if type_.id in ("list", "array"):
        entry = _reading(type_.children[0][1])
        return lambda value: None if value is None else [entry(part) for part in value]
    if type_.id == "struct":
        parts = {name: _reading(part) for name, part in type_.children}
        return lambda value: None if value is None else _members(value, parts)
    if type_.id in ("float", "double"):
        return as_written if type_.id == "float" else _given
    return lambda value: value


def _members(value: dict[str, Any], parts: dict[str, Callable[[Any], Any]]) -> dict[str, Any]:
    read = ((name, parts[name](part)) for name, part in value.items())
    return {name: part for name, part in read if part is not None}


def as_written(value: float | None) -> float | None:
    """A number of single precision by its shortest notation: 19.99, not 19.989999771118164."""
    if value is None or not math.isfinite(value):
        return _given(value)
    notations = (float(f"{value:.{digits}g}") for digits in range(1, 10))
    return next(each for each in notations if _as_single(each) == value)


def _as_single(value: float) -> float:
    return float(struct.unpack("f", struct.pack("f", value))[0])


def _given(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value
