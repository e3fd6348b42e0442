"""Checks about a run itself: was the read complete, did a guard hold something back, how old is
the entity and what it is made from."""

from __future__ import annotations

from bc_pipeline.orchestration.checks.check import SAMPLE_ROWS, CheckInput, Finding
from bc_pipeline.run.dependencies import made_from
from bc_pipeline.run.freshness import Freshness, freshness, minute
from bc_pipeline.run.tasks import NOT_NEEDED
from bc_pipeline.run.tenant_run import NOT_CONFIGURED
from bc_pipeline.to_optiply.held import held_deletions


def read_complete(given: CheckInput) -> Finding:
    """The read of the entity reached its end; otherwise nothing was deleted because of it."""
    if given.result.mode == NOT_CONFIGURED:
        return Finding(True, f"Not read: {given.tenant.name} is not configured for it")
    if given.result.mode and given.result.mode.startswith(NOT_NEEDED):
        return Finding(True, f"Not read, {given.result.mode}")
    if given.result.complete:
        return Finding(True, f"{given.result.rows} rows are in the mirror")
    reasons = [problem.reason for problem in given.result.problems]
    return Finding(
        False,
        "The read did not complete; the mirror is as it was before. " + " ".join(reasons),
    )


def deletion_guard(given: CheckInput) -> Finding:
    """More records vanished than the guard lets through without an operator (flows.md 6)."""
    stopped = [problem.reason for problem in given.result.problems if problem.kind == "guard"]
    held = held_deletions(given.cursor, given.tenant, given.name)
    if not stopped and not held:
        return Finding(True, "No deletion is held back")
    waits = (
        f"{len(held)} deletions wait for an approval: bc-pipeline approve-deletions "
        f"{given.tenant.name} {given.name}"
    )
    return Finding(
        False,
        " ".join(stopped) or waits,
        sample=[{"number": each.number, "name": each.name} for each in held[:SAMPLE_ROWS]],
        metadata={"held": len(held)},
    )


def fresh(given: CheckInput) -> Finding:
    """The entity itself was read to its end, or sent whole, not long ago. Of a tenant that is
    switched off nothing is expected."""
    if not given.tenant.enabled:
        return Finding(True, f"{given.tenant.name} is disabled")
    found = freshness(given.cursor, given.tenant, given.now, [given.name]).get(given.name)
    if found is None:
        return Finding(True, f"{given.tenant.name} is not configured for it")
    return Finding(not found.late, found.in_words(), metadata=_figures([found]))


def mirror_fresh(given: CheckInput) -> Finding:
    """What the asset was mapped from was read not long ago; never read is graver than old."""
    if not given.tenant.enabled:
        return Finding(True, f"{given.tenant.name} is disabled")
    names = made_from(given.tenant, given.name)
    sources = freshness(given.cursor, given.tenant, given.now, names).values()
    late = [source for source in sources if source.late]
    if not late:
        return Finding(True, "Everything it is made from was read not long ago")
    return Finding(
        False,
        "Made from an old mirror: " + "; ".join(source.in_words() for source in late),
        sample=[{"entity": source.entity, "read_at": source.good} for source in late],
        metadata=_figures(late),
        severity="error" if any(source.good is None for source in late) else None,
    )


def _figures(entities: list[Freshness]) -> dict[str, str]:
    return {each.entity: minute(each.good) if each.good else "never" for each in entities}
