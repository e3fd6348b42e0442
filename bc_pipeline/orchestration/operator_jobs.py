"""What a support person does without a shell: jobs that do what the commands of the same names do,
for the tenant chosen as partition. The page of the run is the record of it."""

# Dagster reads the annotation of an op's configuration as it stands, so it cannot be postponed.

from collections.abc import Callable, Sequence
from typing import Any

from dagster import (
    Config,
    Failure,
    JobDefinition,
    Nothing,
    OpExecutionContext,
    Out,
    in_process_executor,
    job,
    op,
)
from pydantic import Field

from bc_pipeline.catalogue.task import OPTIPLY, OUTBOUND
from bc_pipeline.catalogue.tasks import entity_names
from bc_pipeline.errors import PipelineError
from bc_pipeline.orchestration.assets.linked import linked_table
from bc_pipeline.orchestration.partitions import TENANTS
from bc_pipeline.orchestration.resources import TenantsResource
from bc_pipeline.orchestration.tags import BY_TAG
from bc_pipeline.run import operator_actions
from bc_pipeline.tenants import pause as pauses
from bc_pipeline.tenants.settings import Tenant

SHOWN = 200
Outcome = tuple[str, dict[str, Any]]
"""What was done, in a sentence, and what the page of the run shows of it."""


class ByConfig(Config):
    """Who does it."""

    by: str = Field(default="", description="Your name, kept with the run for whoever asks later")


class RecordConfig(ByConfig):
    """Which records are meant."""

    entity: str = Field(
        default="",
        description="Only this entity, e.g. products, or Bills for what goes to Business Central; "
        "empty = all",
    )
    record: str = Field(
        default="",
        description="Only this record: its number in Business Central, or the producer's id; "
        "needs the entity",
    )


class ApproveConfig(ByConfig):
    """Which deletions are meant, and whether they are approved or only shown."""

    entity: str = Field(default="", description="Only this entity, e.g. products; empty = all")
    approve: bool = Field(
        default=False,
        description="false shows what waits and changes nothing; true lets the next run take it "
        "away in Optiply",
    )


class PauseConfig(ByConfig):
    """Why the tenant is paused."""

    why: str = Field(default="", description="For whoever finds the tenant paused")


def retry(tenant: Tenant, config: RecordConfig) -> Outcome:
    """Quarantined and deferred records are tried again in the next run."""
    name = _named(config.entity, (OPTIPLY, OUTBOUND))
    count = operator_actions.retry(tenant, name, config.record or None)
    return f"The next run tries {count} records again", {"records": count}


def resend(tenant: Tenant, config: RecordConfig) -> Outcome:
    """What could not be written to Business Central comes again; of an entity of Optiply all
    attributes are sent again."""
    count = operator_actions.resend_named(tenant, config.entity or None, config.record or None)
    return f"The next run sends {count} records again", {"records": count}


def approve_deletions(tenant: Tenant, config: ApproveConfig) -> Outcome:
    """What the deletion guard holds back is shown, and let through when that is said."""
    waiting = operator_actions.held_back(tenant, config.entity or None)
    rows = [each.as_json() for each in waiting.deletions]
    shown = linked_table(
        [{name: row[name] for name in ("entity", "number", "name")} for row in rows[:SHOWN]]
    )
    metadata = {"deletions": len(rows), "waiting": shown, "stopped": dict(waiting.stopped)}
    if not waiting.entities:
        return "Nothing is held back", metadata
    if not config.approve:
        text = f"{len(rows)} deletions in {', '.join(waiting.entities)} wait; nothing was approved"
        return f"{text}. Look at them, then launch this again with approve: true", metadata
    approved = operator_actions.approve_deletions(tenant, config.entity or None)
    return f"Approved for the next run: {', '.join(approved)}", metadata


def pause(tenant: Tenant, config: PauseConfig) -> Outcome:
    """No schedule or sensor starts the tenant until it is resumed."""
    found = pauses.pause(tenant.snapshot_dir, by=config.by, why=config.why)
    return f"{tenant.name} is {found.in_words()}", {}


def resume(tenant: Tenant, config: ByConfig) -> Outcome:
    """The schedules work on the tenant again."""
    found = pauses.resume(tenant.snapshot_dir)
    return (f"Resumed; it was {found.in_words()}" if found else "It was not paused"), {}


def _named(entity: str, prefixes: Sequence[str]) -> str | None:
    return entity_names([entity], tuple(prefixes))[0] if entity else None


def _done(
    context: OpExecutionContext,
    tenants: TenantsResource,
    config: ByConfig,
    act: Callable[[Tenant, Any], Outcome],
) -> None:
    """Do it, and say on the page of the run what was done, to whom and by whom.

    Raises:
        Failure: it could not be done, in words.
    """
    if config.by:
        context.instance.add_run_tags(context.run_id, {BY_TAG: config.by})
    try:
        text, metadata = act(tenants.get(context.partition_key), config)
    except PipelineError as error:
        raise Failure(f"{error.kind}: {error}", allow_retries=False) from None
    context.log.info(f"{context.partition_key}: {text}")
    context.add_output_metadata({"done": text, **metadata})


def _job(
    name: str, config_of: type[ByConfig], act: Callable[[Tenant, Any], Outcome]
) -> JobDefinition:
    described = " ".join((act.__doc__ or "").split())

    def action(context: OpExecutionContext, config, tenants: TenantsResource) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        _done(context, tenants, config, act)

    action.__annotations__["config"] = config_of
    step = op(name=f"{name}_now", out=Out(Nothing), description=described)(action)

    @job(
        name=name,
        partitions_def=TENANTS,
        executor_def=in_process_executor,
        description=f"{described} Choose the tenant as partition.",
    )
    def acting() -> None:
        step()

    return acting


OPERATOR_JOBS = [
    _job("retry", RecordConfig, retry),
    _job("resend", RecordConfig, resend),
    _job("approve_deletions", ApproveConfig, approve_deletions),
    _job("pause", PauseConfig, pause),
    _job("resume", ByConfig, resume),
]
