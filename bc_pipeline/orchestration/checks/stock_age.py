"""Whether the stock that Optiply has is older than it may be."""

from __future__ import annotations

from bc_pipeline.orchestration.checks.check import CheckInput, Finding
from bc_pipeline.run.freshness import freshness
from bc_pipeline.run.stock_age import ASSET, stock_age


def stock_fresh(given: CheckInput) -> Finding:
    """The stock in Optiply is not older than the tenant's limit."""
    if not given.tenant.enabled:
        return Finding(True, f"{given.tenant.name} is disabled")
    found = freshness(given.cursor, given.tenant, given.now, [ASSET])
    age = stock_age(found, given.tenant, given.now)
    return Finding(not age.late, age.in_words(), metadata={"age_minutes": age.minutes or 0.0})
