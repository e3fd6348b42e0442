"""How the records of an entity stand after a run, for runs and ticks that find nothing new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bc_pipeline.report import Counts, EntityResult, Problem


def kept(result: EntityResult, most_problems: int | None = None) -> dict[str, Any]:
    """What to remember of a resource's records.

    Args:
        result: of its task.
        most_problems: problems to keep, to be told again while nothing changes; None: all.
    """
    counts = Counts(
        unchanged=result.created + result.updated + result.unchanged,
        skipped=result.skipped,
        deferred=result.deferred,
        quarantined=result.quarantined,
    )
    problems = [problem.as_json() for problem in result.problems[:most_problems]]
    return {**counts.as_json(), "problems": problems}


def again(name: str, before: Mapping[str, Any], mode: str) -> EntityResult:
    """What was remembered, as the result of a task that found nothing new."""
    problems = [Problem(**problem) for problem in before["problems"]]
    counts = {key: value for key, value in before.items() if key != "problems"}
    return EntityResult(name=name, mode=mode, problems=problems, **counts)
