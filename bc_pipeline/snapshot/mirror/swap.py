"""From staging into the mirror: afterwards it shows the read, before that the state it had.

Only rows that are new or different are written, so a read that brings nothing new writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import duckdb

from bc_pipeline.catalogue.tables import BOOKKEEPING, Table
from bc_pipeline.snapshot.mirror.staging import LINES, ROWS, Staging

GONE = "gone_keys"
EVERYTHING, NOTHING = "true", "false"
"""Scopes of a read: rows that were not read are gone, or are just not news."""
FEW = 100_000
"""Of so few rows a statement costs more to plan than to carry out, so it is worth a look first
which of them have anything to do."""


@dataclass(frozen=True)
class Swap:
    """What one swap did to the mirror.

    Args:
        rows: rows read, each key counted once.
        changed: rows of the entity that are new or different.
        deleted: rows of the entity taken out.
        lines: lines read.
        lines_changed: lines written or taken out.
    """

    rows: int
    changed: int
    deleted: int
    lines: int
    lines_changed: int


def swap(
    cursor: duckdb.DuckDBPyConnection,
    staging: Staging,
    *,
    run_no: int,
    read_at: datetime,
    full: bool,
    gone: Collection[str] = (),
) -> Swap:
    """Brings what was staged into the mirror. Call it inside a transaction of ``cursor``.

    A row that was read more than once counts as it was last changed; its lines go with it.

    Args:
        cursor: the cursor that ``staging`` used.
        staging: a completed read.
        run_no: noted on each row written.
        read_at: noted on each row written.
        full: rows that were not read are gone; otherwise they are just not news.
        gone: ids of rows that are gone although the read was not full; none of them was read.
    """
    _keep_one_version(cursor, staging)
    mark = [run_no, read_at]
    rows = _count(cursor, f"SELECT count(*) FROM {ROWS}")
    if not (rows or full or gone):  # no lines then, either: they come with their document
        return Swap(0, 0, 0, 0, 0)
    scope = EVERYTHING if full else NOTHING
    changed, deleted = _replace(cursor, staging.table, ROWS, rows, scope, mark)
    if gone:
        deleted += _delete(cursor, staging.table, gone)
        _verify(cursor, staging.table, ROWS, rows, scope)
    if staging.lines is None:
        return Swap(rows, changed, deleted, 0, 0)
    lines = _count(cursor, f"SELECT count(*) FROM {LINES}")
    scope = EVERYTHING if full else _lines_in_scope(staging, gone)
    written, removed = _replace(cursor, staging.lines, LINES, lines, scope, mark)
    return Swap(rows, changed, deleted, lines, written + removed)


def _replace(
    cursor: duckdb.DuckDBPyConnection,
    table: Table,
    staged: str,
    rows: int,
    scope: str,
    mark: list[object],
) -> tuple[int, int]:
    """Makes the rows of the mirror that are in ``scope`` equal to the ``rows`` staged ones.

    Returns:
        Rows written (new or different), rows taken out for good.

    Raises:
        AssertionError: not every staged row stands in the mirror exactly once.
    """
    mirror = f"bc.{table.name}"
    columns = ", ".join(f'"{name}"' for name in table.columns)
    insert = (
        f"INSERT INTO {mirror} ({columns}, {', '.join(BOOKKEEPING)}) "
        f"SELECT {columns}, _row_hash, ?, ? FROM {staged} AS staged"
    )
    if not _count(cursor, f"SELECT count(*) FROM (SELECT 1 FROM {mirror} LIMIT 1)"):
        written = _changes(cursor, insert, mark)
        _verify(cursor, table, staged, rows, scope)
        return written, 0
    same = _same_key(table.key, "mirror", "staged")
    todo = _todo(cursor, table, staged, rows, scope)
    if todo.standing == rows:
        return 0, 0
    gone = written = 0
    if todo.gone:
        gone = _changes(
            cursor,
            f"DELETE FROM {mirror} AS mirror WHERE ({scope}) "
            f"AND NOT EXISTS (FROM {staged} AS staged WHERE {same})",
        )
    if todo.changed:
        _changes(
            cursor,
            f"DELETE FROM {mirror} AS mirror WHERE EXISTS (FROM {staged} AS staged "
            f"WHERE {same} AND staged._row_hash <> mirror._row_hash)",
        )
    if todo.changed or todo.new:
        written = _changes(
            cursor, f"{insert} WHERE NOT EXISTS (FROM {mirror} AS mirror WHERE {same})", mark
        )
    _verify(cursor, table, staged, rows, scope)
    return written, gone


@dataclass(frozen=True)
class _Todo:
    """What a swap has to do.

    Args:
        gone, changed, new: whether there may be such rows.
        standing: rows of the mirror that stand for staged ones, where there is nothing to do.
    """

    gone: bool
    changed: bool
    new: bool
    standing: int | None = None


def _todo(
    cursor: duckdb.DuckDBPyConnection, table: Table, staged: str, rows: int, scope: str
) -> _Todo:
    if rows > FEW:
        return _Todo(gone=scope != NOTHING, changed=True, new=True)
    same = _same_key(table.key, "mirror", "staged")
    both, known, changed = cursor.execute(
        "SELECT count(*), count(DISTINCT staged.rowid), "
        "coalesce(bool_or(staged._row_hash <> mirror._row_hash), false) "
        f"FROM bc.{table.name} AS mirror JOIN {staged} AS staged ON {same}"
    ).fetchone() or (0, 0, True)
    left = (
        f"SELECT 1 FROM bc.{table.name} AS mirror WHERE ({scope}) "
        f"AND NOT EXISTS (FROM {staged} AS staged WHERE {same}) LIMIT 1"
    )
    gone = scope != NOTHING and cursor.execute(left).fetchone() is not None
    new = known < rows
    return _Todo(gone, changed, new, None if gone or changed or new else both)


def _keep_one_version(cursor: duckdb.DuckDBPyConnection, staging: Staging) -> None:
    """Of rows seen more than once while paging keeps the newest, else the one seen last."""
    if _has_duplicates(cursor, staging.table, ROWS):
        stamp = f'"{staging.table.stamp}" DESC NULLS LAST, ' if staging.table.stamp else ""
        _keep_first(cursor, staging.table, ROWS, f"{stamp}_page DESC, _row_hash")
        if staging.lines:
            # A document's lines are those of the page its kept version came with.
            cursor.execute(
                f"DELETE FROM {LINES} AS line WHERE NOT EXISTS (FROM {ROWS} AS kept WHERE "
                f'kept._page = line._page AND kept."{staging.table.key[0]}" = '
                f'line."{staging.lines.parent}")'
            )
    if staging.lines and _has_duplicates(cursor, staging.lines, LINES):
        _keep_first(cursor, staging.lines, LINES, "_page DESC, _row_hash")


def _has_duplicates(cursor: duckdb.DuckDBPyConnection, table: Table, staged: str) -> bool:
    # Eight bytes a key instead of the key: two keys that collide only cost the closer look.
    return bool(
        _count(
            cursor,
            f"SELECT count(*) - count(DISTINCT hash({_names(table.key)})) FROM {staged}",
        )
    )


def _keep_first(cursor: duckdb.DuckDBPyConnection, table: Table, staged: str, order: str) -> None:
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE kept_versions AS SELECT * FROM {staged} "
        f"QUALIFY row_number() OVER (PARTITION BY {_names(table.key)} ORDER BY {order}) = 1"
    )
    cursor.execute(f"DELETE FROM {staged}")
    cursor.execute(f"INSERT INTO {staged} SELECT * FROM kept_versions")
    cursor.execute("DROP TABLE kept_versions")


def _lines_in_scope(staging: Staging, gone: Collection[str]) -> str:
    """Condition on lines of an incremental read: their document was read, or is gone."""
    parent = f'mirror."{staging.lines.parent}"' if staging.lines else ""
    document = f'"{staging.table.key[0]}"'
    read = f"{parent} IN (SELECT {document} FROM {ROWS})"
    return f"{read} OR {parent} IN (SELECT key FROM {GONE})" if gone else read


def _delete(cursor: duckdb.DuckDBPyConnection, table: Table, gone: Collection[str]) -> int:
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE {GONE} AS SELECT unnest(?) AS key", [sorted(gone)]
    )
    return _changes(
        cursor, f'DELETE FROM bc.{table.name} WHERE "{table.key[0]}" IN (SELECT key FROM {GONE})'
    )


def _verify(
    cursor: duckdb.DuckDBPyConnection, table: Table, staged: str, rows: int, scope: str
) -> None:
    """Every staged row must stand in the mirror exactly once, whatever was there before."""
    if scope == EVERYTHING:
        found = _count(cursor, f"SELECT count(*) FROM bc.{table.name}")
    else:
        same = _same_key(table.key, "mirror", "staged")
        found = _count(
            cursor,
            f"SELECT count(*) FROM bc.{table.name} AS mirror "
            f"WHERE EXISTS (FROM {staged} AS staged WHERE {same})",
        )
    if found != rows:
        raise AssertionError(f"bc.{table.name} holds {found} of {rows} rows read")


def _same_key(key: tuple[str, ...], one: str, other: str) -> str:
    return " AND ".join(f'{one}."{name}" IS NOT DISTINCT FROM {other}."{name}"' for name in key)


def _names(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _count(cursor: duckdb.DuckDBPyConnection, query: str) -> int:
    row = cursor.execute(query).fetchone()
    return int(row[0]) if row else 0


def _changes(
    cursor: duckdb.DuckDBPyConnection, statement: str, values: list[object] | None = None
) -> int:
    row = cursor.execute(statement, values or []).fetchone()
    return int(row[0]) if row else 0
