from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

from dagster import (
    AssetCheckEvaluation,
    AssetMaterialization,
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    DagsterRunStatus,
    JobDefinition,
    MetadataValue,
    job,
    op,
)
from dagster._core.events import StepMaterializationData

from bc_pipeline import clock
from bc_pipeline.orchestration.assets.keys import asset_key
from bc_pipeline.orchestration.retention.clean_up import CleanUp, clean_up
from bc_pipeline.tenants import registry
from bc_pipeline_tests.clocks import MovedClock

COMPANIES = "bc/companies"
VENDORS = "bc/vendors"


@op
def nothing() -> None:
    """Of the jobs only their names matter here."""


def _empty_job(name: str) -> JobDefinition:
    @job(name=name)
    def empty() -> None:
        nothing()

    return empty


JOBS = {name: _empty_job(name) for name in ("sync", "retention")}
BULKY = {"preview": MetadataValue.text("x" * 10_000)}
KEEP_TWO: dict[str, object] = {"retention": {"runs": 2}}


def booked(
    instance: DagsterInstance,
    tenant: str | None = "acme",
    *,
    assets: tuple[str, ...] = (COMPANIES,),
    checks: tuple[str, ...] = (),
    status: DagsterRunStatus = DagsterRunStatus.SUCCESS,
    of_job: str = "sync",
    **options: Any,
) -> str:
    """A run as Dagster books it, with nothing done in it; its id."""
    tags = {"dagster/partition": tenant} if tenant else {}
    run = instance.create_run_for_job(JOBS[of_job], status=status, tags=tags, **options)
    for name in assets if tenant else ():
        _report(
            instance,
            run.run_id,
            DagsterEventType.ASSET_MATERIALIZATION,
            StepMaterializationData(AssetMaterialization(asset_key(name), partition=tenant)),
        )
        for check in checks:
            evaluation = AssetCheckEvaluation(asset_key(name), check, passed=True, metadata=BULKY)
            _report(instance, run.run_id, DagsterEventType.ASSET_CHECK_EVALUATION, evaluation)
    return run.run_id


def _report(instance: DagsterInstance, run_id: str, kind: DagsterEventType, data: Any) -> None:
    event = DagsterEvent(kind.value, job_name="sync", event_specific_data=data, message="")
    instance.report_dagster_event(event, run_id)


def cleaned(instance: DagsterInstance, **options: Any) -> CleanUp:
    """One clean-up with the settings as they are now."""
    return clean_up(instance, registry.load(), **options)


def later(time: timedelta) -> AbstractContextManager[None]:
    """The clock as it is so much later."""
    return clock.using(MovedClock(datetime.now(UTC) + time))


def run_ids(instance: DagsterInstance) -> set[str]:
    """The runs there are."""
    return {record.dagster_run.run_id for record in instance.get_run_records()}
