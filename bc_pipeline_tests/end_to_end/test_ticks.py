"""Whatever changes in Business Central, Optiply is right after one tick, although a tick reads only
what a look has found; and a tick after which nothing changes finds nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from bc_pipeline.run.execute import tick_tenant
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.changes import random_changes
from bc_pipeline.sandbox.optiply.comparison import snapshot
from bc_pipeline_tests.end_to_end.accounting import EVERY
from bc_pipeline_tests.end_to_end.installation import Installation
from bc_pipeline_tests.end_to_end.test_convergence import differing, without_dates

STEPS = 30
SEEDS = (1, 2, 3, 4) if EVERY else (1,)


@pytest.mark.parametrize("tenant", ["cronus", "wholesale"])
@pytest.mark.parametrize("seed", SEEDS)
def test_ticks_arrive_where_a_fresh_full_sync_arrives(
    tenant: str, seed: int, tmp_path: Path
) -> None:
    with Sandbox(seed=seed, wholesale_items=150) as sandbox:
        # Given a tenant whose first tick has read everything
        kept = Installation.create(sandbox, tmp_path / "kept")
        company = sandbox.business_central.companies[kept.tenant(tenant).business_central.company]
        tick_tenant(kept.tenant(tenant))
        sandbox.business_central.set_replica_lag(20, company.name)

        # When it changes, a little before each tick
        done: list[str] = []
        for step in range(STEPS):
            done += random_changes(company, seed=seed * 1000 + step, count=1 + step % 4)
            if step % 3 == 0:
                tick_tenant(kept.tenant(tenant), stock_only=True)
            summary = tick_tenant(kept.tenant(tenant))
            assert not summary.failed, (summary.reason, summary.problems)

        # Then an empty shop synced from scratch holds the same, and the next tick finds nothing
        last = tick_tenant(kept.tenant(tenant))
        assert not last.run_id, last.reason
        assert last.business_central.total <= 2
        sandbox.business_central.set_replica_lag(0, company.name)
        fresh = Installation.create(sandbox, tmp_path / "fresh")
        shop = sandbox.optiply.add_shop("fresh")
        fresh.point_to(tenant, shop)
        assert fresh.sync(tenant).status in ("success", "partial")
        kept_rows, fresh_rows = snapshot(sandbox.optiply.shops[tenant]), snapshot(shop)
        found = differing(without_dates(kept_rows, company), without_dates(fresh_rows, company))
        assert not found, "\n".join([*found[:40], f"({len(found)} in all)", *done])
