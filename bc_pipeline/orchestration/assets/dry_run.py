"""A dry run as Dagster shows it: observations, never materialisations (decisions 33).

Nothing was read into the tenant's mirror and nothing was sent, so no asset is any newer and no
check of it any greener. The first step tells what every asset behind it would have done; Dagster
then skips the steps of those, because nothing was materialised for them.
"""

from __future__ import annotations

from collections.abc import Iterator

from dagster import AssetExecutionContext, AssetObservation, Failure, MetadataValue

from bc_pipeline.catalogue.task import OUTBOUND, Task
from bc_pipeline.catalogue.tasks import BY_NAME
from bc_pipeline.errors import EntityBlocked, PipelineError
from bc_pipeline.orchestration.assets.evaluation import findings, given
from bc_pipeline.orchestration.assets.keys import asset_key
from bc_pipeline.orchestration.assets.metadata import materialized, table
from bc_pipeline.orchestration.assets.tenant_run import RunHandle
from bc_pipeline.orchestration.checks.check import CheckInput, outcome
from bc_pipeline.orchestration.checks.table import checks_of
from bc_pipeline.report import EntityResult
from bc_pipeline.to_business_central.export_types import Preparation
from bc_pipeline.to_business_central.waves import NothingWritten

TAG = "dry_run"
"""Run tag of every dry run, however it was asked for."""


def observe(
    entry: Task, run: RunHandle, context: AssetExecutionContext
) -> Iterator[AssetObservation]:
    """What the asset and all that come after it would have done.

    Raises:
        PipelineError: the tenant run could not start.
        Failure: some of it would have failed; the rest was told before.
    """
    partition = context.partition_key
    names = run.still_to_tell(partition, entry.name)
    context.log.info(f"Dry run: tells what {len(names)} assets would do; nothing is materialised")
    failures: list[str] = []
    for name in names:
        try:
            yield _observed(BY_NAME[name], run, partition)
        except EntityBlocked:
            continue  # what it needs is among the failures
        except NothingWritten as error:
            failures.append(f"{name}: {error}")
            yield _observation(BY_NAME[name], run, partition, run.result(name))
        except PipelineError as error:
            failures.append(f"{name}: {error}")
    if failures:
        raise Failure("The run would fail. " + "; ".join(failures), allow_retries=False)


def _observed(entry: Task, run: RunHandle, partition: str) -> AssetObservation:
    preparation: Preparation | None = None
    if entry.prefix == OUTBOUND:
        preparation = run.prepared(partition, entry.name)
        run.release(entry.name)
    return _observation(entry, run, partition, run.wait(partition, entry.name), preparation)


def _observation(
    entry: Task,
    run: RunHandle,
    partition: str,
    result: EntityResult,
    preparation: Preparation | None = None,
) -> AssetObservation:
    before = given(entry, EntityResult(name=entry.name), run, preparation)
    after = given(entry, result, run)
    return AssetObservation(
        asset_key(entry.name),
        partition=partition,
        description="Dry run: what would have been done",
        metadata={
            **materialized(entry, result, run.tenant_run()),
            "checks": _checks(before, after, run),
        },
    )


def _checks(before: CheckInput, after: CheckInput, run: RunHandle) -> MetadataValue:
    """What the checks say of a run like this one."""
    checks = [check for check in checks_of(after.name) if not check.of_age]
    told = [
        *findings([check for check in checks if check.before], before, run),
        *findings([check for check in checks if not check.before], after, run),
    ]
    return table(
        {
            "check": check.name,
            "outcome": outcome(finding, check.severity),
            "finding": finding.description,
        }
        for check, finding in told
    )
