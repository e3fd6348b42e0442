"""Makes one Dagster asset of each entry of the asset table.

Each step is the same few lines: wait for its task of the tenant run, report what the task did,
evaluate the asset's checks. Assets that write to Business Central show some of their checks before
they let the writing begin.
"""

from collections.abc import Iterator

from dagster import (
    AssetCheckEvaluation,
    AssetCheckResult,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetObservation,
    AssetsDefinition,
    AssetSpec,
    DagsterExecutionInterruptedError,
    Failure,
    MaterializeResult,
    multi_asset,
)

from bc_pipeline.catalogue.entities import ENTITIES
from bc_pipeline.catalogue.task import GROUPS, OUTBOUND, SYSTEMS, Task
from bc_pipeline.catalogue.tasks import TASKS
from bc_pipeline.errors import AuthError, ConfigError, PipelineError, TenantBusy
from bc_pipeline.orchestration.assets.dry_run import observe
from bc_pipeline.orchestration.assets.evaluation import check_result, evaluation, given, results
from bc_pipeline.orchestration.assets.keys import asset_key, step_key
from bc_pipeline.orchestration.assets.launch import TenantRunResource
from bc_pipeline.orchestration.assets.metadata import materialized
from bc_pipeline.orchestration.assets.schema import column_lineage, column_schema
from bc_pipeline.orchestration.assets.step_log import log_done
from bc_pipeline.orchestration.assets.tenant_run import RunHandle
from bc_pipeline.orchestration.checks.check import Check
from bc_pipeline.orchestration.checks.stored import evaluate_each, together
from bc_pipeline.orchestration.checks.table import checks_of
from bc_pipeline.orchestration.partitions import TENANTS, preview_is_known
from bc_pipeline.report import EntityResult
from bc_pipeline.to_business_central.waves import NothingWritten

OWNERS = ["team:supply-chain-integration"]

WHAT_TO_DO = {
    AuthError: "Renew the tenant's credentials, then `bc-pipeline check {tenant}`.",
    ConfigError: "Correct the tenant's settings, then `bc-pipeline check {tenant}`.",
    TenantBusy: "Wait for the tenant's other run; the next scheduled run picks everything up.",
}


def build_assets() -> list[AssetsDefinition]:
    """All assets, in the order of the asset table."""
    return [_build(entry) for entry in TASKS]


def _build(entry: Task) -> AssetsDefinition:
    checks = checks_of(entry.name)
    with preview_is_known():
        specs = [_check_spec(entry, check) for check in checks]

    @multi_asset(
        name=step_key(entry.name),
        description=entry.description,
        specs=[_spec(entry)],
        check_specs=specs,
        partitions_def=TENANTS,
        # Makes the outputs optional: launch configuration may leave an asset out (`entities`).
        can_subset=True,
    )
    def step(
        context: AssetExecutionContext, tenant_run: TenantRunResource
    ) -> Iterator[MaterializeResult | AssetCheckResult | AssetCheckEvaluation | AssetObservation]:
        selected = _selected(checks, context)
        if not context.selected_asset_keys:
            yield from _checks_only(entry, selected, context, tenant_run)
            return
        run = tenant_run.handle
        try:
            if not run.includes(entry.name):
                context.log.info("Left out by `entities` of the launch configuration")
                return
            if run.dry_run:
                yield from observe(entry, run, context)
                return
            if entry.prefix == OUTBOUND:
                yield from _before(entry, run, context, selected)
            result = run.wait(context.partition_key, entry.name)
        except NothingWritten as error:
            # Were the step to fail, Dagster would skip what comes after it, and records that are
            # fine would wait. The check `none_failed` fails as an error instead.
            yield from _report(entry, run.result(entry.name), run, selected, context)
            if not run.goes_on_after(entry.name):
                raise _as_failure(error, context.partition_key) from None
            return
        except PipelineError as error:
            yield from _after_failure(entry, run, selected, context)
            raise _as_failure(error, context.partition_key) from None
        except (KeyboardInterrupt, DagsterExecutionInterruptedError):
            run.cancel()
            raise
        yield from _report(entry, result, run, selected, context)

    return step


def _check_spec(entry: Task, check: Check) -> AssetCheckSpec:
    return AssetCheckSpec(
        check.name,
        asset=asset_key(entry.name),
        description=check.description,
        blocking=check.blocking,
        partitions_def=TENANTS,
    )


def _before(
    entry: Task, run: RunHandle, context: AssetExecutionContext, checks: list[Check]
) -> Iterator[AssetCheckResult]:
    """Show the checks that come before any writing, then let it begin. When one of them blocks, the
    tenant run writes nothing either, and says so to whoever waits for the task."""
    preparation = run.prepared(context.partition_key, entry.name)
    about = given(entry, EntityResult(name=entry.name), run, preparation)
    yield from results([check for check in checks if check.before], entry, about, run)
    run.release(entry.name)


def _after_failure(
    entry: Task, run: RunHandle, checks: list[Check], context: AssetExecutionContext
) -> Iterator[AssetCheckResult]:
    """How the entity stands when its task has failed: how old what we have is, why the read broke
    off, which of its records were written and which refused."""
    if not run.started:
        return
    result = run.result(entry.name)
    log_done(entry, result, context.log)
    about = given(entry, result, run)
    yield from results([check for check in checks if check.always], entry, about, run)


def _spec(entry: Task) -> AssetSpec:
    system = SYSTEMS[entry.prefix]
    lineage = column_lineage(entry.table)
    return AssetSpec(
        asset_key(entry.name),
        description=entry.description,
        deps=[asset_key(need) for need in entry.needs],
        group_name=GROUPS[entry.prefix],
        owners=OWNERS,
        kinds={"duckdb", system},
        tags={"system": system},
        metadata={
            "dagster/table_name": entry.table,
            "dagster/column_schema": column_schema(entry.table),
            **({"dagster/column_lineage": lineage} if lineage else {}),
            **_how_it_is_read(entry),
        },
        skippable=True,
    )


def _how_it_is_read(entry: Task) -> dict[str, str]:
    setting = {"only_with": entry.setting} if entry.setting else {}
    if entry.name not in ENTITIES:
        return setting
    entity = ENTITIES[entry.name]
    return {"read": f"{entity.mode}: {entity.why}", **setting}


def _as_failure(error: PipelineError, tenant: str) -> Failure:
    """The error as Dagster shows it: cause and advice, without the way it came. Not retried: the
    tenant run has retried what may be."""
    # A task that failed tells that it did; what kind of error it met is that of its cause.
    origin = error.__cause__ if isinstance(error.__cause__, PipelineError) else error
    advice = next(
        (
            told.format(tenant=tenant)
            for kind, told in WHAT_TO_DO.items()
            if isinstance(origin, kind)
        ),
        "",
    )
    return Failure(
        description=f"{origin.kind}: {error}" + (f". {advice}" if advice else ""),
        metadata={"kind": origin.kind},
        allow_retries=False,
    )


def _report(
    entry: Task,
    result: EntityResult,
    run: RunHandle,
    checks: list[Check],
    context: AssetExecutionContext,
) -> Iterator[MaterializeResult | AssetCheckResult]:
    """What the task did, then its checks; nothing of it when they cannot be evaluated."""
    log_done(entry, result, context.log)
    after = [check for check in checks if not check.before]
    found = list(results(after, entry, given(entry, result, run), run))
    # Results inside of MaterializeResult would be turned into evaluations twice, and each time
    # Dagster looks for the materialization they are about.
    yield MaterializeResult(metadata=materialized(entry, result, run.tenant_run()))
    yield from found


def _selected(checks: list[Check], context: AssetExecutionContext) -> list[Check]:
    wanted = {key.name for key in context.selected_asset_check_keys}
    return [check for check in checks if check.name in wanted]


def _checks_only(
    entry: Task,
    checks: list[Check],
    context: AssetExecutionContext,
    tenant_run: TenantRunResource,
) -> Iterator[AssetCheckResult | AssetCheckEvaluation]:
    """Somebody executes checks without the asset: evaluate them on what is stored, of one tenant,
    or of each and then of all together."""
    tenants = tenant_run.tenants.load().tenants
    if context.has_partition_key:
        tenants = {context.partition_key: tenant_run.tenants.get(context.partition_key)}
    for check in checks:
        found = evaluate_each(check, entry.name, tenants.values())
        if not context.has_partition_key:
            for tenant, finding in found.items():
                yield evaluation(check, entry, finding, tenant)
        yield check_result(check, entry, together(check, found))
