"""A tenant's snapshot for the checks, and short ways to fill it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bc_pipeline.orchestration.checks.check import CheckInput
from bc_pipeline.report import EntityResult
from bc_pipeline.run.dependencies import dependencies

NOW = datetime(2026, 8, 22, 12, tzinfo=UTC)
GUID = "5b1e0c2e-0000-4000-8000-000000000001"


def about(given: CheckInput, name: str, **result) -> CheckInput:
    return replace(given, name=name, result=EntityResult(name=name, **result))


def items(given: CheckInput, *rows: tuple[str, str | None]) -> None:
    for number, gtin in rows:
        given.cursor.execute(
            "INSERT INTO bc.items (id, number, gtin) VALUES (?, ?, ?)", [number, number, gtin]
        )


def were_read(given: CheckInput, run_no: int, minutes: int, *names: str, complete: bool = True):
    """A run some minutes ago that read these entities; without names all of the tenant's."""
    given.cursor.execute(
        "INSERT INTO ops.runs (run_no, started_at) VALUES (?, ?)",
        [run_no, NOW - timedelta(minutes=minutes)],
    )
    for name in names or [each for each in dependencies(given.tenant) if each.startswith("bc/")]:
        given.cursor.execute(
            "INSERT INTO ops.reads (run_no, entity, complete, reason) VALUES (?, ?, ?, ?)",
            [run_no, name, complete, None if complete else "HTTP 403"],
        )


def dimensions_were_read(given: CheckInput) -> None:
    given.cursor.execute(
        "INSERT INTO ops.reads (run_no, entity, complete) VALUES (1, 'bc/dimensions', true)"
    )
