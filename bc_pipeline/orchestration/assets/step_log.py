"""What a step did, as lines of its log: for whoever reads the page of a run and knows no more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dagster import DagsterLogManager

from bc_pipeline.catalogue.task import BC, OUTBOUND, Task
from bc_pipeline.report import EntityResult, Problem
from bc_pipeline.run.tenant_run import NOT_CONFIGURED
from bc_pipeline.values import several

PROBLEMS_TOLD = 20
_CHANGES = ("created", "updated", "deleted")
_HELD = ("quarantined", "deferred", "skipped")


def log_done(entry: Task, result: EntityResult, log: DagsterLogManager) -> None:
    """Write what a step did, and what it held back, into its log. An event of Dagster's storage
    each: so few lines that everything can be kept.

    Args:
        entry: the task.
        result: what it did.
        log: of the step.
    """
    log.info(". ".join(done(entry, result)))
    if lines := held(result):
        log.warning("\n".join(lines))


def done(entry: Task, result: EntityResult) -> list[str]:
    """What was done, one line for each thing: read, mapped, sent, requests that met trouble."""
    if result.mode == NOT_CONFIGURED:
        return [f"{entry.name} is not asked for by the tenant's settings: nothing was done"]
    tell = _read if entry.prefix == BC else _written
    return [*tell(entry, result), *_trouble(result)]


def held(result: EntityResult) -> list[str]:
    """What was held back or did not work, and why; the first ``PROBLEMS_TOLD`` one by one."""
    lines = [_problem(each) for each in result.problems[:PROBLEMS_TOLD]]
    if left := len(result.problems) - len(lines):
        lines.append(f"and {left} more; `bc-pipeline records` lists all")
    kinds = Counter[str](result.warnings)
    lines += [f"Warning {kind}: {count} times" for kind, count in sorted(kinds.items())]
    return lines


def _read(entry: Task, result: EntityResult) -> Iterator[str]:
    how = f" ({result.mode})" if result.mode else ""
    yield f"Read {several(result.rows, 'row')} of {entry.entity}{how}{_cost(result)}"
    if not result.complete:
        yield "The read did not come to its end: the mirror is as it was before"


def _written(entry: Task, result: EntityResult) -> Iterator[str]:
    waits = entry.prefix == OUTBOUND
    target = "Business Central" if waits else "Optiply"
    yield f"{several(result.rows, 'record')} " + ("waited" if waits else "mapped")
    sent = ", ".join(f"{getattr(result, name)} {name}" for name in _CHANGES)
    yield f"Sent to {target}: {sent}; {result.unchanged} unchanged{_cost(result)}"
    if result.adopted:
        yield f"{several(result.adopted, 'row')} stood in Optiply already and were taken over"
    if kept := [f"{number} {name}" for name in _HELD if (number := getattr(result, name))]:
        yield f"Held back: {', '.join(kept)}"


def _cost(result: EntityResult) -> str:
    return f", {several(result.requests, 'request')}, {result.seconds:.1f} s"


def _trouble(result: EntityResult) -> Iterator[str]:
    if result.retried or result.throttled:
        yield f"{result.retried} requests were repeated, {result.throttled} were told to slow down"


def _problem(problem: Problem) -> str:
    record = f"{problem.record}: " if problem.record else ""
    return f"{problem.kind}: {record}{problem.reason}"
