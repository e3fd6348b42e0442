"""Counting and naming what happened to the records of an entity."""

from __future__ import annotations

import duckdb

from bc_pipeline.report import COUNT_NAMES, EntityResult, Problem, ProblemKind
from bc_pipeline.to_optiply.outcome import Outcome

PATIENCE_RUNS = 3
"""Runs a record may wait for another one before it is reported (flows.md 4)."""
MOST_PROBLEMS = 100
"""Problems of one kind listed one by one; the rest is counted in one more line."""

_SETTLED = """
SELECT remote_id, reference, action, coalesce(wanted_reason, known_reason), known_reason
FROM plan WHERE action IN ('quarantine', 'held')
  OR (NOT $patient AND action = 'defer' AND state = 'deferred' AND attempts >= $patience)
ORDER BY n
"""


def count(result: EntityResult, outcome: Outcome, *, patient: bool) -> None:
    """Put the record into its bucket, and on record if someone should know.

    Args:
        patient: waiting is no problem, however long.
    """
    for kind, _ in outcome.warnings:
        result.warnings[kind] = result.warnings.get(kind, 0) + 1
    if outcome.bucket is None:
        return
    setattr(result, outcome.bucket, getattr(result, outcome.bucket) + 1)
    result.unsettled += outcome.unsettled
    result.renumbered += outcome.bucket == "updated" and outcome.parent_gone is not None
    if outcome.bucket in ("created", "updated", "deleted"):
        result.preview(_change(outcome))
    overdue = outcome.attempts > PATIENCE_RUNS and not patient
    if outcome.kind is not None and (outcome.kind != "deferred" or overdue):
        row = outcome.row
        result.problems.append(
            _problem(result.name, row.remote_id, row.reference, outcome.kind, outcome.reason)
        )


def counted(result: EntityResult) -> int:
    """How many records have found their bucket."""
    return sum(getattr(result, name) for name in COUNT_NAMES)


def settled_problems(
    cursor: duckdb.DuckDBPyConnection, result: EntityResult, *, patient: bool
) -> None:
    """The problems among the records that needed no request."""
    rows = cursor.execute(_SETTLED, {"patience": PATIENCE_RUNS, "patient": patient}).fetchall()
    for remote_id, reference, action, reason, known_reason in rows:
        kind: ProblemKind = "deferred" if action == "defer" else "quarantined"
        told = known_reason if action == "held" else reason
        result.problems.append(_problem(result.name, remote_id, reference, kind, told))


def shorten(result: EntityResult) -> None:
    """Keep the list of problems readable; what is not listed is counted."""
    kept: list[Problem] = []
    seen: dict[ProblemKind, int] = {}
    for problem in result.problems:
        seen[problem.kind] = seen.get(problem.kind, 0) + 1
        if seen[problem.kind] <= MOST_PROBLEMS:
            kept.append(problem)
    for kind, number in seen.items():
        if number > MOST_PROBLEMS:
            more = f"and {number - MOST_PROBLEMS} more; all of them are in the snapshot"
            kept.append(Problem(result.name, None, kind, more))
    result.problems[:] = kept


def _problem(
    entity: str, remote_id: str, reference: str | None, kind: ProblemKind, reason: str | None
) -> Problem:
    text = reason or "no reason given"
    return Problem(entity, remote_id, kind, f"{reference}: {text}" if reference else text)


def _change(outcome: Outcome) -> dict[str, object]:
    """One line of the preview: which record, and its attributes as ``name: before -> after``."""
    before = outcome.row.last_sent or {}
    shown = (
        f"{name}: {before.get(name)} -> {value}"
        if outcome.bucket == "updated"
        else f"{name}: {value}"
        for name, value in outcome.changes.items()
    )
    return {
        "action": outcome.bucket,
        "reference": outcome.row.reference,
        "remote_id": outcome.row.remote_id,
        "changes": "; ".join(shown),
    }
