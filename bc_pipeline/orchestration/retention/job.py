"""The daily job ``retention``."""

from typing import TYPE_CHECKING, Any

from dagster import (
    DefaultScheduleStatus,
    Nothing,
    OpExecutionContext,
    Out,
    RunRequest,
    in_process_executor,
    job,
    op,
    schedule,
)

from bc_pipeline.orchestration.assets.metadata import table
from bc_pipeline.orchestration.resources import TenantsResource

if TYPE_CHECKING:
    from bc_pipeline.orchestration.retention.clean_up import CleanUp

RETENTION = "retention"
CRON = "47 4 * * *"
"""Once a day (UTC), between two ticks of the half-hours and long after the sweep hour."""


def figures(done: "CleanUp") -> dict[str, Any]:
    """What a clean-up shows on the page of its run."""
    told = done.as_json()
    tenants = told.pop("tenants")
    remarks = told.pop("remarks")
    return {
        **{name: value for name, value in told.items() if value is not None},
        "tenants": table({"tenant": name, **each} for name, each in tenants.items()),
        **({"remarks": "\n".join(remarks)} if remarks else {}),
    }


@op(
    out=Out(Nothing),
    description="Deletes Dagster's runs with their events and logs, and what the snapshots know of "
    "runs, beyond the limits under `retention` in tenants.yaml. Shows what is left, and how fast "
    "that grows.",
)
def delete_old_history(context: OpExecutionContext, tenants: TenantsResource) -> None:
    """One clean-up of the whole installation.

    Raises:
        ConfigError: tenants.yaml cannot be read, or ``defaults.retention`` is wrong.
    """
    # It needs SQLAlchemy, which takes as long to import as half of all definitions.
    from bc_pipeline.orchestration.retention.clean_up import clean_up

    done = clean_up(context.instance, tenants.load(), tell=context.log.info)
    for remark in done.remarks:
        context.log.warning(remark)
    context.add_output_metadata(figures(done))


@job(
    name=RETENTION,
    executor_def=in_process_executor,
    description="Deletes what is older than the limits: runs of Dagster, and the snapshots' own "
    "books of runs. Runs at work, the last run in which an asset was good, and whatever is still "
    "asked for stay.",
)
def retention() -> None:
    """One step, for all tenants."""
    delete_old_history()


@schedule(
    cron_schedule=CRON,
    job=retention,
    default_status=DefaultScheduleStatus.RUNNING,
    description="Once a day old history is deleted. On from the start: without it the disk fills.",
)
def retention_daily() -> RunRequest:
    """The day's clean-up."""
    return RunRequest()
