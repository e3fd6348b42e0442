"""All or nothing, on a cursor one has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb


@contextmanager
def all_or_nothing(cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """BEGIN .. COMMIT around the block; whatever ends it early rolls everything back."""
    cursor.begin()
    try:
        yield
    except BaseException:
        cursor.rollback()
        raise
    cursor.commit()
