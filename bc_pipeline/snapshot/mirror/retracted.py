"""Posted documents that were shown and taken back: what they said never happened (decisions 23).

Business Central takes documents away for two reasons. A posting that was seen before it was
committed is rolled back; that concerns documents that had just been stamped. And years later old
documents are deleted to save room; what they say has happened all the same.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import duckdb

from bc_pipeline.snapshot.mirror.comparison import Comparison
from bc_pipeline.snapshot.mirror.staging import LINES, ROWS, Staging

YOUNG = timedelta(days=30)
"""Documents stamped this long before the newest one at most are not deleted to save room."""


def young(found: Comparison, gone: Collection[str]) -> set[str]:
    """Those of the documents that are gone which never happened."""
    newest = found.newest()
    if newest is None:
        return set()
    return set(gone) & found.not_brought(stamped_since=newest[1] - YOUNG)


def note(
    cursor: duckdb.DuckDBPyConnection,
    staging: Staging,
    entity: str,
    documents: Collection[str],
    run_no: int,
) -> None:
    """Keeps the ids of documents and of their lines, in the transaction of ``cursor`` and before
    they leave the mirror; forgets those that are there again.

    Args:
        cursor: the one that staged.
        staging: the read that found out.
        entity: name of the entity.
        documents: ids that never happened.
        run_no: number of the run.
    """
    table, lines = staging.table.name, staging.lines
    cursor.execute(
        f"DELETE FROM ops.retracted WHERE entity = ? AND (id IN (SELECT id FROM {ROWS})"
        f"{f' OR id IN (SELECT id FROM {LINES})' if lines else ''})",
        [entity],
    )
    if not documents:
        return
    of_lines = (
        f" UNION ALL SELECT id FROM bc.{lines.name} WHERE {lines.parent} IN (FROM gone)"
        if lines
        else ""
    )
    cursor.execute(
        "INSERT OR REPLACE INTO ops.retracted WITH gone AS (SELECT unnest($ids) AS id) "
        f"SELECT $entity, id, $run_no FROM (SELECT id FROM bc.{table} WHERE id IN (FROM gone)"
        f"{of_lines})",
        {"ids": sorted(documents), "entity": entity, "run_no": run_no},
    )
