"""Approvals an operator gives after a brake has held something back (flows.md 6, 10).

An approval is good for the entity's next run only, whether it turns out to be needed or not.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from bc_pipeline import clock
from bc_pipeline.snapshot.store import Snapshot


def give(snapshot: Snapshot, entities: Sequence[str]) -> None:
    """Approve the next run of these entities (task names)."""
    with snapshot.transaction() as cursor:
        for entity in entities:
            cursor.execute(
                "INSERT INTO ops.approvals (entity, approved_at) VALUES (?, ?)",
                [entity, clock.now()],
            )


def pending(cursor: duckdb.DuckDBPyConnection, entity: str) -> bool:
    """Whether there is an approval that has not been used."""
    row = cursor.execute(
        "SELECT count(*) FROM ops.approvals WHERE entity = ? AND used_run IS NULL", [entity]
    ).fetchone()
    return bool(row and row[0])


def use(snapshot: Snapshot, entity: str, run_no: int) -> None:
    """The deletions of this run are through: what was approved is used up."""
    with snapshot.cursor() as cursor:
        if not pending(cursor, entity):
            return
    with snapshot.transaction() as cursor:
        cursor.execute(
            "UPDATE ops.approvals SET used_run = ? WHERE entity = ? AND used_run IS NULL",
            [run_no, entity],
        )
