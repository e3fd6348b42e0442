"""A whole run of a tenant from start to end, without Dagster."""

from __future__ import annotations

import logging
from uuid import uuid4

from bc_pipeline.errors import PipelineError
from bc_pipeline.report import Launch, Problem, ProgressListener, RunSummary
from bc_pipeline.run.dependencies import chosen
from bc_pipeline.run.tenant_run import TenantRun
from bc_pipeline.run.tick import look
from bc_pipeline.run.tick_outcome import noted
from bc_pipeline.tenants.settings import Tenant

logger = logging.getLogger(__name__)


def run_tenant(
    tenant: Tenant,
    launch: Launch | None = None,
    *,
    run_id: str | None = None,
    listener: ProgressListener | None = None,
) -> RunSummary:
    """Run one tenant from start to end, without Dagster. Foreseen failures end up in the summary.

    Raises:
        ConfigError: ``launch.entities`` names something unknown.
    """
    launch = launch or Launch()
    run_id = run_id or str(uuid4())
    if not tenant.enabled:
        return RunSummary(tenant.name, run_id, status="skipped", reason="the tenant is disabled")
    run = TenantRun(
        tenant,
        launch,
        run_id=run_id,
        selected=chosen(tenant, launch.entities),
        listener=listener,
    )
    return _started_to_end(run)


def tick_tenant(
    tenant: Tenant,
    *,
    stock_only: bool = False,
    asked_for: bool = False,
    run_id: str | None = None,
    listener: ProgressListener | None = None,
) -> RunSummary:
    """Look whether a tenant has anything to do, and do it, without Dagster.

    Args:
        stock_only: look only at what moves stock, and send only that.
        asked_for: somebody wants it now, and waits for no whole tick.
    """
    if not tenant.enabled:
        return RunSummary(tenant.name, "", status="skipped", reason="the tenant is disabled")
    try:
        found = look(tenant, stock_only=stock_only, asked_for=asked_for)
    except PipelineError as error:
        problem = Problem("run", None, "blocked", str(error))
        return RunSummary(tenant.name, "", status="failed", reason=str(error), problems=[problem])
    if not found.due:
        return noted(found)
    run = TenantRun(
        tenant,
        Launch(),
        run_id=run_id or str(uuid4()),
        selected=found.due,
        listener=listener,
        tick=found,
    )
    return _started_to_end(run)


def _started_to_end(run: TenantRun) -> RunSummary:
    try:
        run.start()
    except PipelineError as error:
        logger.warning("%s: %s", run.tenant.name, error)
    except BaseException:
        run.cancel()
        raise
    return _finish_or_cancel(run)


def _finish_or_cancel(run: TenantRun) -> RunSummary:
    """Finish; interrupted meanwhile, stop after the requests under way and finish then."""
    try:
        return run.finish()
    except KeyboardInterrupt:
        run.cancel()
        run.finish()
        raise
