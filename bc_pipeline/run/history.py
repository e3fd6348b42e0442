"""The book of runs: ``ops.runs`` and ``ops.entity_counts``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson

from bc_pipeline import clock
from bc_pipeline.report import COUNT_NAMES, EntityResult, RunSummary
from bc_pipeline.snapshot.store import Snapshot

RUNNING = "running"
INTERRUPTED = "the process ended before the run was through"
WRITTEN = ("optiply/", "outbound/")
"""Groups of tasks that write; theirs are the counts."""
SENT = "sent"
"""Kind of count of an entity that was sent whole: nothing it had to send was left out because of
a failure of the entity itself."""


def begin(snapshot: Snapshot, run_id: str, *, dry_run: bool, idle: int = 0) -> int:
    """Open a run and return its number. Runs that never ended are closed as failed: the caller
    holds the tenant lock, so nobody is at work on them.

    Args:
        snapshot: the tenant's.
        run_id: the orchestrator's id.
        dry_run: nothing is sent.
        idle: ticks since the last run that had nothing to do; they count as runs, because records
            are tried again at distances measured in runs.
    """
    now = clock.now()
    with snapshot.transaction() as cursor:
        cursor.execute(
            "UPDATE ops.runs SET status = 'failed', reason = ?, ended_at = ? WHERE status = ?",
            [INTERRUPTED, now, RUNNING],
        )
        row = cursor.execute("SELECT coalesce(max(run_no), 0) FROM ops.runs").fetchone()
        run_no = (int(row[0]) if row else 0) + idle + 1
        cursor.execute(
            "INSERT INTO ops.runs (run_no, run_id, started_at, status, dry_run) "
            "VALUES (?, ?, ?, ?, ?)",
            [run_no, run_id, now, RUNNING, dry_run],
        )
    return run_no


def warn(snapshot: Snapshot, run_no: int, kind: str, message: str) -> None:
    """Note a warning about the run as a whole."""
    with snapshot.transaction() as cursor:
        cursor.execute(
            "INSERT INTO ops.warnings VALUES (?, NULL, NULL, ?, ?)", [run_no, kind, message]
        )


def note_sent(snapshot: Snapshot, run_no: int, entity: str) -> None:
    """The entity was sent whole; noted at once, so that it holds whatever becomes of the run."""
    with snapshot.transaction() as cursor:
        cursor.execute("INSERT INTO ops.entity_counts VALUES (?, ?, ?, 1)", [run_no, entity, SENT])


def end(snapshot: Snapshot, run_no: int, summary: RunSummary) -> None:
    """Close a run with its outcome and the counts of its entities."""
    with snapshot.transaction() as cursor:
        cursor.execute(
            "UPDATE ops.runs SET ended_at = ?, status = ?, reason = ?, summary = ? "
            "WHERE run_no = ?",
            [
                clock.now(),
                summary.status,
                summary.reason,
                orjson.dumps(summary.as_json()).decode(),
                run_no,
            ],
        )
        rows = list(_counts(summary.entities))
        if rows:
            entities, kinds, counts = (list(column) for column in zip(*rows, strict=True))
            cursor.execute(
                "INSERT INTO ops.entity_counts SELECT ?, unnest(CAST(? AS VARCHAR[])), "
                "unnest(CAST(? AS VARCHAR[])), unnest(CAST(? AS BIGINT[]))",
                [run_no, entities, kinds, counts],
            )


def next_attempts(snapshot: Snapshot, resources: Iterable[str]) -> dict[str, int]:
    """Resource -> number of the run that tries the first of its quarantined records again."""
    selects = [
        f"SELECT '{name}', min(next_attempt_run) FROM sync.{name} WHERE state = 'quarantined'"
        for name in resources
    ]
    if not selects:
        return {}
    with snapshot.cursor() as cursor:
        found = cursor.execute(" UNION ALL ".join(selects)).fetchall()
    return {name: int(number) for name, number in found if number is not None}


def _counts(entities: Mapping[str, EntityResult]) -> list[tuple[str, str, int]]:
    return [
        (entity, kind, getattr(result, kind))
        for entity, result in entities.items()
        for kind in ("rows", "requests", *(COUNT_NAMES if entity.startswith(WRITTEN) else ()))
    ]
