"""Reference data into the mirror, as a read of the entity would have brought it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb
import orjson

from bc_pipeline import clock
from bc_pipeline.business_central.read_result import ReadResult
from bc_pipeline.catalogue.tables import Table
from bc_pipeline.errors import ReadFailed
from bc_pipeline.snapshot.mirror.pages import MalformedRows
from bc_pipeline.snapshot.mirror.staging import Staging
from bc_pipeline.snapshot.mirror.swap import Swap, swap
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.snapshot.transaction import all_or_nothing


def store(
    snapshot: Snapshot,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    lines: Table | None = None,
    expand: str | None = None,
    *,
    run_no: int,
) -> None:
    """Makes the mirror equal to a complete list; rows that are as before are not touched.

    Args:
        snapshot: opened for writing.
        table: mirror table of the rows.
        rows: all that BC has, with their lines inside.
        lines: mirror table of the lines, None where there are none.
        expand: the property of a row that holds its lines.
        run_no: noted on rows that are new or different.

    Raises:
        ReadFailed: the rows cannot be what BC meant to send, or could not be stored.
    """
    try:
        with snapshot.cursor() as cursor, snapshot.scratch() as directory:
            page = directory / f"{table.name}.json"
            # Decimals go as text, which the loader reads exactly.
            page.write_bytes(orjson.dumps(list(rows), default=str))
            staging = Staging(cursor, table, lines, expand)
            staging.load(page, exact=True)
            with snapshot.writing(), all_or_nothing(cursor):
                done = swap(cursor, staging, run_no=run_no, read_at=clock.now(), full=True)
                _read(table, done).record(cursor, run_no)
                _note_blocked(cursor, table, rows)
                if lines and expand:
                    _note_blocked(cursor, lines, [line for row in rows for line in row[expand]])
    except (MalformedRows, duckdb.Error, OSError) as error:
        raise ReadFailed(f"{table.name} could not be stored: {error}") from error


def _read(table: Table, done: Swap) -> ReadResult:
    """What ``ops.reads`` is told, so that the list need not be read again soon."""
    return ReadResult(
        entity=f"bc/{table.name}",
        mode="full",
        rows=done.rows,
        changed=done.changed,
        deleted=done.deleted,
        lines=done.lines,
        lines_changed=done.lines_changed,
        pages=1,
    )


def _note_blocked(
    cursor: duckdb.DuckDBPyConnection, table: Table, rows: Iterable[Mapping[str, Any]]
) -> None:
    """Sets ``blocked`` where ordinary reads never see it; their rows stay as they are otherwise."""
    if "blocked" not in table.absent:
        return
    known = [(row["id"], row["blocked"]) for row in rows]
    cursor.execute(
        f"UPDATE bc.{table.name} AS mirror SET blocked = known.blocked "
        "FROM (SELECT unnest(?::VARCHAR[]) AS id, unnest(?::BOOLEAN[]) AS blocked) AS known "
        "WHERE mirror.id = known.id AND mirror.blocked IS DISTINCT FROM known.blocked",
        [[id for id, _ in known], [blocked for _, blocked in known]],
    )
