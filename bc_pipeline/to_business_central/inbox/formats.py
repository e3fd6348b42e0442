"""JSON files of unified records: from bytes to one raw value per record.

Numbers stay exact. A line that cannot be read fails alone; only a file that cannot be read at all
fails as a whole. JSON Lines and Singer count the lines of the file, all others the records.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

_BOM = b"\xef\xbb\xbf"
_SINGER_SILENT = frozenset({"SCHEMA", "STATE", "ACTIVATE_VERSION"})


class Unreadable(Exception):
    """What stands there cannot be read; ``str(error)`` says why, in the operator's words."""


@dataclass(frozen=True)
class RawLine:
    """One record as read.

    Args:
        number: of the line (JSON Lines, Singer) or of the record (the others), from 1.
        value: its fields; None when it could not be read.
        error: why it could not be read.
        stream: the stream the line itself names (Singer).
        table: it is a row of a spreadsheet or frame, which have ways of their own (``cells``).
        delimiter: of the cells of a CSV file: every value is text, lists and objects are JSON.
    """

    number: int
    value: Mapping[str, Any] | None
    error: str | None = None
    stream: str | None = None
    table: bool = False
    delimiter: str | None = None


def json_value(text: str) -> Any:  # noqa: ANN401 - any JSON
    """A JSON text with exact decimals.

    Raises:
        Unreadable: not JSON, or an object names a key twice (one of the two would be lost).
    """
    try:
        # Control characters may stand in texts as they are; they are dropped later.
        return json.loads(
            text,
            parse_float=Decimal,
            parse_constant=_no_constant,
            object_pairs_hook=_object,
            strict=False,
        )
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
        else:
            yield _record(number, value)


def read_json(content: bytes) -> Iterator[RawLine]:
    """JSON: an array of objects, one object, or one object per line.

    Raises:
        Unreadable: an array that is no JSON.
    """
    text = content.removeprefix(_BOM).strip()
    if text.startswith(b"["):
        for number, value in enumerate(json_value(_decoded(text)), start=1):
            yield _record(number, value)
        return
    try:
        whole = json_value(_decoded(text))
    except Unreadable:
        yield from read_jsonl(content)
    else:
        yield _record(1, whole)


def _record(number: int, value: Any) -> RawLine:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return RawLine(number, value)
    return RawLine(number, None, "not a JSON object")


def _decoded(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("not UTF-8") from None


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
    for number, line in enumerate(content.removeprefix(_BOM).split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, json_value(_decoded(line))
        except Unreadable as error:
            yield number, error
