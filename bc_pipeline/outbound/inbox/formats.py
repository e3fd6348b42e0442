"""The formats files may come in (DESIGN.md 8): from bytes to one raw value per record.

Numbers stay exact. A line that cannot be read fails alone; only a file that cannot be read at all
fails as a whole. JSON Lines and Singer count the lines of the file, CSV and Parquet the records.
"""

from __future__ import annotations

import csv
import io
import json
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import duckdb

DELIMITERS = ",;\t|"
CELL_LIMIT = 2**31 - 1
"""Characters of one CSV cell: the lines of a large bill are in one."""

_ESCAPED_HALF = "\\ud"
"""Begins every escaped half of a character, in lower case."""
_SINGER_SILENT = frozenset({"SCHEMA", "STATE", "ACTIVATE_VERSION"})


class Unreadable(Exception):
    """What stands there cannot be read; ``str(error)`` says why, in the operator's words."""


@dataclass(frozen=True)
class RawLine:
    """One record as read.

    Args:
        number: of the line (JSON Lines, Singer) or of the record (CSV, Parquet), from 1.
        value: its fields; None when it could not be read.
        error: why it could not be read.
        stream: the stream the line itself names (Singer).
        as_text: every value is text, lists and objects are JSON (CSV).
    """

    number: int
    value: Mapping[str, Any] | None
    error: str | None = None
    stream: str | None = None
    as_text: bool = False


Reader = Callable[[bytes], Iterator[RawLine]]


def json_value(text: str) -> Any:  # noqa: ANN401 - any JSON
    """A JSON text with exact decimals.

    Raises:
        Unreadable: not JSON, an object names a key twice (one of the two would be lost), or a text
            holds half a character, which nothing can store.
    """
    try:
        value = json.loads(
            text,
            parse_float=Decimal,
            parse_constant=_no_constant,
            object_pairs_hook=_object,
        )
        if _ESCAPED_HALF in text.lower():
            json.dumps(value, default=str, ensure_ascii=False).encode()
        return value
    except UnicodeEncodeError:
        raise Unreadable("a text holds half a character (a lone surrogate)") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"not valid JSON at column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise Unreadable("nested too deeply") from None
    except ValueError as error:  # such as a whole number of thousands of digits
        raise Unreadable(f"not valid JSON: {error}") from None


def _no_constant(name: str) -> NoReturn:
    raise Unreadable(f"not valid JSON: {name} is no number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(f"{twice!r} stands there twice")
    return result


def read_jsonl(content: bytes) -> Iterator[RawLine]:
    """JSON Lines: one object per line; blank lines are nothing."""
    for number, value in _json_lines(content):
        if isinstance(value, Unreadable):
            yield RawLine(number, None, str(value))
        elif not isinstance(value, dict):
            yield RawLine(number, None, "not a JSON object")
        else:
            yield RawLine(number, value)


def read_singer(content: bytes) -> Iterator[RawLine]:
    """Singer messages: RECORD messages of any of the streams; others carry no record."""
    for number, message in _json_lines(content):
        if isinstance(message, Unreadable):
            yield RawLine(number, None, str(message))
            continue
        kind = message.get("type") if isinstance(message, dict) else None
        if kind in _SINGER_SILENT:
            continue
        if kind != "RECORD":
            yield RawLine(number, None, "not a Singer message")
            continue
        stream, record = message.get("stream"), message.get("record")
        if not isinstance(stream, str) or not isinstance(record, dict):
            yield RawLine(number, None, "a RECORD message needs stream and record")
        else:
            yield RawLine(number, record, stream=stream)


def _json_lines(content: bytes) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, json_value(line.decode("utf-8"))
        except UnicodeDecodeError:
            yield number, Unreadable("not UTF-8")
        except Unreadable as error:
            yield number, error


def read_csv(content: bytes) -> Iterator[RawLine]:
    """CSV with a header; lists and objects are JSON in a cell; an empty cell is not given.

    Raises:
        Unreadable: no header, one that is not UTF-8, or one that names a column twice.
    """
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="surrogateescape")
    csv.field_size_limit(CELL_LIMIT)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        filled = (row for row in rows if any(cell.strip() for cell in row))
        names = (name.strip() for name in next(filled, []))
        # A column without name, such as the index of a frame, is one nobody knows.
        header = [name or f"column {number}" for number, name in enumerate(names, start=1)]
        if len(set(header)) < len(header):
            raise Unreadable("the header has one name twice")
        if any(map(_not_utf8, header)):
            raise Unreadable("the header is not UTF-8")
        for number, cells in enumerate(filled, start=1):
            yield _csv_line(number, header, cells)
    except csv.Error as error:
        # From here on nothing can be told apart any more.
        raise Unreadable(f"not valid CSV at line {rows.line_num}: {error}") from None


def _csv_line(number: int, header: list[str], cells: list[str]) -> RawLine:
    if len(cells) != len(header):
        return RawLine(number, None, f"{len(cells)} cells where the header has {len(header)}")
    fields = {name: cell for name, cell in zip(header, cells, strict=True) if cell.strip()}
    if any(map(_not_utf8, fields.values())):
        return RawLine(number, None, "not UTF-8")
    return RawLine(number, fields, as_text=True)


def _not_utf8(text: str) -> bool:
    """Whether bytes that are no character were kept in it."""
    return any("\udc80" <= char <= "\udcff" for char in text)


def _delimiter(text: str) -> str:
    """The one that stands in the header most often."""
    header = text.lstrip().split("\n", 1)[0]
    return max(DELIMITERS, key=header.count)


def read_parquet(content: bytes) -> Iterator[RawLine]:
    """Parquet; lists and structs as they are, or as JSON text.

    Raises:
        Unreadable: not Parquet.
    """
    with tempfile.TemporaryDirectory() as directory, duckdb.connect() as connection:
        path = Path(directory) / "file.parquet"
        path.write_bytes(content)
        try:
            connection.execute("SET TimeZone = 'UTC'")
            found = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
            names = [column[0] for column in found.description or []]
            for number, row in enumerate(iter(found.fetchone, None), start=1):
                fields = zip(names, map(_given, row), strict=True)
                yield RawLine(number, {name: v for name, v in fields if v is not None})
        except duckdb.Error as error:
            reason = str(error).replace(str(path), "the file").split("\n", 1)[0]
            raise Unreadable(f"not valid Parquet: {reason}") from None


def _given(value: Any) -> Any:  # noqa: ANN401 - any column
    """Frames have NaN where nothing is given; struct members are null where nothing is given."""
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, dict):
        return {name: v for name, part in value.items() if (v := _given(part)) is not None}
    if isinstance(value, list):
        return [_given(part) for part in value]
    return value


READERS: dict[str, Reader] = {
    "jsonl": read_jsonl,
    "csv": read_csv,
    "parquet": read_parquet,
    "singer": read_singer,
}
"""By the ending of the file name."""
