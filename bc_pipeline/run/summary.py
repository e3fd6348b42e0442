"""From what the tasks of a run did to its summary."""

from __future__ import annotations

from collections.abc import Mapping

from bc_pipeline.business_central.client import BusinessCentral
from bc_pipeline.business_central.dry_run import DryRunBusinessCentral
from bc_pipeline.errors import PipelineError, TenantBusy
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.report import Problem, ProblemKind, RequestCounts, RunStatus, RunSummary
from bc_pipeline.run.exports import is_export
from bc_pipeline.run.graph import Graph

_KINDS: Mapping[str, ProblemKind] = {"auth": "auth", "config": "config"}


def count_requests(summary: RunSummary, bc: BusinessCentral, optiply: Optiply) -> None:
    """The requests of the run; of a dry run also those it would have sent."""
    for counter, counts in (
        (bc.counter, summary.business_central),
        (optiply.counter, summary.optiply),
    ):
        for name in ("total", "retried", "throttled"):
            setattr(counts, name, getattr(counter, name))
    if isinstance(bc, DryRunBusinessCentral):
        summary.requests_noted = [noted.as_json() for noted in bc.noted]


def add_requests(counts: RequestCounts, further: RequestCounts) -> None:
    """Count requests made before the run as its own."""
    for name in ("total", "retried", "throttled"):
        setattr(counts, name, getattr(counts, name) + getattr(further, name))


def refuse(summary: RunSummary, error: PipelineError) -> None:
    """The run could not even begin."""
    summary.reason = str(error)
    if isinstance(error, TenantBusy):
        summary.status = "skipped"
        return
    summary.status = "failed"
    summary.problems = [Problem("run", None, _KINDS.get(error.kind, "blocked"), str(error))]


def take(summary: RunSummary, graph: Graph, *, cancelled: bool) -> None:
    """Results, failures and problems of all tasks, and what they make of the run."""
    summary.entities = graph.results()
    summary.failed = graph.failed()
    summary.blocked = graph.blocked()
    summary.problems = [p for r in summary.entities.values() for p in r.problems]
    summary.status = _status(summary)
    summary.reason = "cancelled" if cancelled else _reason(summary)


def _status(summary: RunSummary) -> RunStatus:
    """``failed`` only when nothing at all came out of the run."""
    ended_badly = {*summary.failed, *summary.blocked}
    writing = {
        name
        for name, result in summary.entities.items()
        if name.startswith("optiply/")
        # An export that had nothing to do says nothing about the run.
        or (is_export(name) and (result.rows or name in ended_badly))
    }
    matter = writing or set(summary.entities)
    if matter and matter <= ended_badly:
        return "failed"
    return "partial" if ended_badly or summary.problems else "success"


def _reason(summary: RunSummary) -> str | None:
    """The first failure in the order of the run; None when no entity failed. What ended an entity
    is the last of its problems."""
    for name in summary.failed:
        for problem in reversed(summary.entities[name].problems):
            if problem.remote_id is None:
                return f"{name}: {problem.reason}"
    return None
