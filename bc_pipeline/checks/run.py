"""Checks about a run itself: was the read complete, did a guard hold something back, how old is
the mirror."""

from __future__ import annotations

from datetime import timedelta

from bc_pipeline.assets.table import BY_NAME
from bc_pipeline.checks.model import CheckInput, Finding
from bc_pipeline.sync.run import NOT_CONFIGURED

LATE_AFTER = timedelta(minutes=90)
"""Time since the last good read after which someone should look (flows.md 8)."""


def read_complete(given: CheckInput) -> Finding:
    """The read of the entity reached its end; otherwise nothing was deleted because of it."""
    if given.result.mode == NOT_CONFIGURED:
        return Finding(True, f"Not read: {given.tenant.name} is not configured for it")
    if given.result.complete:
        return Finding(True, f"{given.result.rows} rows are in the mirror")
    reasons = [problem.reason for problem in given.result.problems]
    return Finding(
        False,
        "The read did not complete; the mirror is as it was before. " + " ".join(reasons),
    )


def deletion_guard(given: CheckInput) -> Finding:
    """More records vanished than the guard lets through without an operator (flows.md 6)."""
    held = [problem for problem in given.result.problems if problem.kind == "guard"]
    if not held:
        return Finding(True, "No deletion is held back")
    return Finding(False, " ".join(problem.reason for problem in held))


def mirror_fresh(given: CheckInput) -> Finding:
    """What the asset was mapped from was read not long ago."""
    entities = [need for need in BY_NAME[given.name].needs if need.startswith("bc/")]
    names = ", ".join("?" for _ in entities)
    reads = given.rows(
        "SELECT reads.entity, max(runs.started_at) AS read_at "
        "FROM ops.reads AS reads JOIN ops.runs AS runs USING (run_no) "
        f"WHERE reads.complete AND reads.entity IN ({names}) GROUP BY reads.entity",
        entities,
    )
    late = [row for row in reads if given.now - row["read_at"] > LATE_AFTER]
    if not late:
        return Finding(True, "Everything it is made from was read within the last 90 minutes")
    return Finding(
        False,
        "Made from an old mirror: "
        + ", ".join(
            f"{row['entity']} was last read {row['read_at']:%Y-%m-%d %H:%M} UTC" for row in late
        ),
        sample=late,
    )
