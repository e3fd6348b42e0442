"""Figures of a tenant's books that monitoring and alerts ask for."""

from __future__ import annotations

from typing import Any

import duckdb

from bc_pipeline.catalogue.names import has_table
from bc_pipeline.snapshot.rows import rows

COUNTED = ("products", "suppliers", "sell_orders")
"""Resources whose number in Optiply is compared with what it should be (flows.md 8)."""

COUNT_TOLERANCE = 0.01
"""Share of records that may be missing in Optiply before someone should look (flows.md 8)."""

NEWEST = """
SELECT entity, max(run_no) AS run_no FROM ops.entity_counts JOIN ops.runs USING (run_no)
WHERE NOT coalesce(dry_run, false) AND ended_at IS NOT NULL GROUP BY entity
"""
"""SELECT entity, run_no: of each entity the newest run that worked on it."""
_WARNINGS = f"""
SELECT entity, kind, min(message) AS message, count(*) AS number
FROM ops.warnings JOIN ({NEWEST}) USING (entity, run_no) GROUP BY ALL ORDER BY ALL
"""
_OUTCOMES = """
SELECT status, count(*) AS number FROM ops.runs
WHERE NOT coalesce(dry_run, false) AND ended_at IS NOT NULL GROUP BY status ORDER BY status
"""
_REQUESTS = """
SELECT CAST(summary->'requests' AS VARCHAR) AS requests FROM ops.runs
WHERE NOT coalesce(dry_run, false) AND ended_at IS NOT NULL AND summary IS NOT NULL
ORDER BY run_no DESC LIMIT 1
"""


def figures(cursor: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """What the books tell, whatever the time is; plain values, fit for JSON.

    Returns:
        ``warnings``: of the newest run of each entity, a row for each kind; ``missing``: entity ->
        records wanted, and how many of them stand in Optiply; ``outcomes``: status -> runs in the
        books; ``requests``: the last run's, as in its summary, as JSON text.
    """
    asked = rows(cursor, _REQUESTS)
    return {
        "warnings": rows(cursor, _WARNINGS),
        "missing": {
            f"optiply/{name}": wanted_and_there(cursor, name)
            for name in COUNTED
            if has_table(cursor, "optiply", name)
        },
        "outcomes": {row["status"]: row["number"] for row in rows(cursor, _OUTCOMES)},
        "requests": asked[0]["requests"] if asked else None,
    }


def wanted_and_there(cursor: duckdb.DuckDBPyConnection, resource: str) -> list[int]:
    """How many records Optiply should have, and how many of these it has."""
    found = cursor.execute(
        f"SELECT count(*), count(state.optiply_id) FROM optiply.{resource} AS wanted "
        f"LEFT JOIN sync.{resource} AS state ON state.remote_id = wanted.remote_id "
        "AND state.state <> 'deleted' WHERE wanted.decision = 'write'"
    ).fetchone()
    return list(found or (0, 0))
