"""The job ``sweep``: brings a shard of the tenants up to date in one warm process.

A schedule starts a few of these instead of a process per tenant; each tenant with something to do
has a run of its own all the same, in its own partition.
"""

# Dagster reads the annotation of an op's configuration as it stands, so it cannot be postponed.

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from dagster import (
    Config,
    JobDefinition,
    Nothing,
    OpExecutionContext,
    Out,
    Output,
    RunConfig,
    in_process_executor,
    job,
    op,
)
from pydantic import Field

from bc_pipeline.orchestration import partitions
from bc_pipeline.orchestration.alive import at_work
from bc_pipeline.orchestration.assets.keys import asset_key
from bc_pipeline.orchestration.assets.metadata import table
from bc_pipeline.orchestration.at_work import is_busy
from bc_pipeline.orchestration.instance import pool_connections
from bc_pipeline.orchestration.jobs import STOCK, SYNC
from bc_pipeline.orchestration.nested_run import NestedRun
from bc_pipeline.orchestration.outcome_tags import SENT_TAG, outcome_tags
from bc_pipeline.orchestration.resources import TenantsResource
from bc_pipeline.orchestration.sweep import shard_of, sweep
from bc_pipeline.orchestration.tags import FIRST_ASSET, PARENT_TAG, TENANT_TAG
from bc_pipeline.orchestration.tenants_asset import due_overview
from bc_pipeline.report import RunSummary
from bc_pipeline.run import tick_memory
from bc_pipeline.run.tick import Tick
from bc_pipeline.values import counted

SWEEP = "sweep"
OP = "sweep_tenants"
DEADLINE_SECONDS = 600.0
"""What a tenant may take of a sweep. One that takes longer goes on in a sweep of its own."""
MOST_ROWS = 500
AT_WORK = "another run of the tenant is waiting or at work"
NOTHING_TO_DO = "nothing to do"

FindJob = Callable[[str], JobDefinition]


class SweepConfig(Config):
    """Which tenants a sweep works on, and on what of them."""

    shard: int = Field(default=0, description="Which part of the tenants, from 0")
    shards: int = Field(default=1, description="How many parts there are")
    tenants: list[str] = Field(
        default=[], description="Just these tenants, for as long as they take; empty = the shard"
    )
    without: list[str] = Field(default=[], description="Tenants of the shard to leave out")
    stock: bool = Field(default=False, description="Look at stock only, and send nothing else")


def run_config(config: SweepConfig) -> RunConfig:
    """Launch configuration of a sweep."""
    return RunConfig(ops={OP: config})


def sweep_job(find_job: FindJob) -> JobDefinition:
    """The job.

    Args:
        find_job: gives a job of the project by name, once the project is put together.
    """

    @op(
        name=OP,
        # Nothing to be kept: a file for each sweep would never go.
        out=Out(Nothing),
        description="Looks at each tenant of its shard, and runs those that have something to do.",
    )
    def sweep_tenants(
        context: OpExecutionContext, config: SweepConfig, tenants: TenantsResource
    ) -> Output[None]:
        pool_connections(context.instance)
        rows, counts = [], Counter[str]()
        with at_work(tenants.load().home, context.run.run_id):
            for summary in _outcomes(context, config, tenants, find_job):
                outcome = _outcome(summary)
                if outcome == "failed":
                    context.log.error(f"{summary.tenant}: {summary.reason}")
                counts[outcome] += 1
                if outcome != NOTHING_TO_DO:
                    rows.append(_row(summary))
        if rows and (told := due_overview(context.instance, tenants.load())):
            context.log_event(told)
        context.log.info(counted(counts) or "none")
        return Output(None, metadata=_metadata(counts, rows))

    @job(
        name=SWEEP,
        executor_def=in_process_executor,
        description="Looks at every tenant of a shard and runs those that have something to do, "
        "each as a run of its own partition. The schedules start it; by hand it does the same.",
    )
    def sweeping() -> None:
        sweep_tenants()

    return sweeping


def _outcomes(
    context: OpExecutionContext, config: SweepConfig, tenants: TenantsResource, find_job: FindJob
) -> Iterator[RunSummary]:
    registry = tenants.load()
    known = set(context.instance.get_dynamic_partitions(partitions.NAME))
    name_of_job = STOCK if config.stock else SYNC

    def mine(name: str) -> bool:
        if config.tenants:
            return name in config.tenants
        return name not in config.without and shard_of(name, config.shards) == config.shard

    def executed(name: str, selection: list[str], tick: Tick | None) -> RunSummary:
        if is_busy(context.instance, name):
            return RunSummary(name, "", status="skipped", reason=AT_WORK)
        nested = NestedRun(
            find_job(name_of_job if tick else SYNC),
            name,
            [asset_key(each) for each in selection],
            RunConfig(loggers={"console": {"config": {"log_level": "WARNING"}}}),
            {TENANT_TAG: name, PARENT_TAG: context.run.run_id},
            context.run,
            tick,
            None if config.tenants else DEADLINE_SECONDS,
        )
        summary = nested.execute(context.instance)
        if nested.overran and tick is not None:
            tick_memory.note_overrun(tick.tenant.snapshot_dir)
        return summary

    def run(tick: Tick) -> RunSummary:
        context.log.info(f"{tick.tenant.name}: {tick.why}")
        return executed(tick.tenant.name, sorted(tick.due), tick)

    swept = [each for each in registry.enabled() if mine(each.name) and each.name in known]
    later = set[str]()
    patient = bool(config.tenants)
    for summary in sweep(swept, run, stock_only=config.stock, patient=patient):
        if summary.reason == AT_WORK:
            later.add(summary.tenant)
        else:
            yield summary
    again = [each for each in swept if each.name in later]
    yield from sweep(again, run, stock_only=config.stock, patient=patient)
    for name in sorted(registry.broken()):
        # Its first step fails and says what is wrong, so that its own partition is red, and not
        # only a line in the log of the sweep (decision 32).
        if mine(name) and name in known and not config.stock:
            yield executed(name, [FIRST_ASSET], None)


def _outcome(summary: RunSummary) -> str:
    """Under what a tenant is counted."""
    if summary.status == "failed" or summary.run_id:
        return summary.status
    return "at work elsewhere" if summary.reason == AT_WORK else NOTHING_TO_DO


def _row(summary: RunSummary) -> dict[str, Any]:
    return {
        "tenant": summary.tenant,
        "status": summary.status,
        "sent": outcome_tags(summary)[SENT_TAG] if summary.run_id else "",
        "seconds": round(summary.seconds),
        "run": summary.run_id,
        "why": summary.reason or "",
    }


def _metadata(counts: Counter[str], rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"tenants": sum(counts.values()), **counts, "runs": table(rows[:MOST_ROWS])}
