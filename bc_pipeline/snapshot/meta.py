"""Single values that hold from run to run, in ``ops.meta``."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb


def get(cursor: duckdb.DuckDBPyConnection, key: str) -> str | None:
    """A value, or None."""
    row = cursor.execute("SELECT value FROM ops.meta WHERE key = ?", [key]).fetchone()
    return row[0] if row else None


def get_each(cursor: duckdb.DuckDBPyConnection, keys: Iterable[str]) -> dict[str, str]:
    """The values of those keys that have one, at the price of a single one."""
    return dict(
        cursor.execute(
            "SELECT key, value FROM ops.meta WHERE key IN (SELECT unnest(CAST(? AS VARCHAR[])))",
            [list(keys)],
        ).fetchall()
    )


def put(cursor: duckdb.DuckDBPyConnection, key: str, value: str) -> None:
    """Set a value, in the transaction of ``cursor``."""
    cursor.execute("INSERT OR REPLACE INTO ops.meta (key, value) VALUES (?, ?)", [key, value])


def numbers(cursor: duckdb.DuckDBPyConnection, prefix: str) -> dict[str, int]:
    """The values whose keys start with ``prefix``, by what follows it; each a whole number."""
    found = cursor.execute(
        "SELECT key, CAST(value AS BIGINT) FROM ops.meta WHERE starts_with(key, ?)", [prefix]
    ).fetchall()
    return {key.removeprefix(prefix): value for key, value in found}
