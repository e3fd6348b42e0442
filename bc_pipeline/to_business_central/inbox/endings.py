"""Which format a file has, by the ending of its name (decisions 14)."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from datetime import tzinfo
from typing import NoReturn

from bc_pipeline.to_business_central.inbox.formats import (
    RawLine,
    Unreadable,
    read_json,
    read_jsonl,
    read_singer,
)
from bc_pipeline.to_business_central.inbox.tables import read_csv, read_parquet

Reader = Callable[[bytes, tzinfo], Iterator[RawLine]]
"""The content and the tenant's time zone -> its records.

Raises:
    Unreadable: where it cannot be read any further; the operator is told how to save it instead.
"""

SINGER = "singer"
PACKED = ".gz"
_TEMPORARY = frozenset(
    {"tmp", "temp", "part", "partial", "filepart", "crdownload", "download", "swp", "lock"}
)


def _any_zone(read: Callable[[bytes], Iterator[RawLine]]) -> Reader:
    return lambda content, zone: read(content)


def _unpacked(read: Reader) -> Reader:
    def reader(content: bytes, zone: tzinfo) -> Iterator[RawLine]:
        try:
            plain = gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            raise Unreadable("not a whole gzip file; pack it anew") from None
        yield from read(plain, zone)

    return reader


def _workbook(content: bytes, zone: tzinfo) -> NoReturn:
    raise Unreadable("a workbook is not read; save its sheet as 'CSV UTF-8' and drop that")


_TEXTS: dict[str, Reader] = {
    "jsonl": _any_zone(read_jsonl),
    "ndjson": _any_zone(read_jsonl),
    "json": _any_zone(read_json),
    "csv": _any_zone(read_csv),
    SINGER: _any_zone(read_singer),
}
READERS: dict[str, Reader] = {
    **_TEXTS,
    **{ending + PACKED: _unpacked(read) for ending, read in _TEXTS.items()},
    "parquet": read_parquet,
    **dict.fromkeys(("xlsx", "xlsm", "xls", "ods"), _workbook),
}
"""By ending, in lower case."""

READABLE = f"write .parquet, .{', .'.join(_TEXTS)}, the latter also packed as {PACKED}"
"""For an operator."""


def file_format(name: str) -> str:
    """The ending of a file name, in lower case: ``jsonl``, ``csv.gz``."""
    packed = name.lower().endswith(PACKED)
    plain = name[: -len(PACKED)] if packed else name
    return plain.rpartition(".")[2].lower() + (PACKED if packed else "")


def is_singer(name: str) -> bool:
    """Whether the lines of the file name their own stream."""
    return file_format(name).removesuffix(PACKED) == SINGER


def is_temporary(name: str) -> bool:
    """Whether a producer is, by the name, still writing it."""
    return name.endswith("~") or name.rpartition(".")[2].lower() in _TEMPORARY
