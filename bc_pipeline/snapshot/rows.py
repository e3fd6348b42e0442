"""Answers of queries as dictionaries: for what people look at, not for bulk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

Row = dict[str, Any]


def rows(
    cursor: duckdb.DuckDBPyConnection,
    sql: str,
    parameters: Sequence[object] | Mapping[str, object] = (),
) -> list[Row]:
    """Column name -> value, one dictionary per row."""
    answer = cursor.execute(sql, parameters)
    columns = [column[0] for column in answer.description or []]
    return [dict(zip(columns, row, strict=True)) for row in answer.fetchall()]
