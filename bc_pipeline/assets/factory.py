"""Makes one Dagster asset of each entry of the asset table.

Every asset's step is the same few lines: wait for its task of the engine, report what the task did,
evaluate the asset's checks.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetsDefinition,
    AssetSpec,
    DagsterExecutionInterruptedError,
    Failure,
    MaterializeResult,
    multi_asset,
)

from bc_pipeline.assets.keys import asset_key, step_key
from bc_pipeline.assets.metadata import preview, result_metadata, table
from bc_pipeline.assets.run import RunHandle
from bc_pipeline.assets.schema import column_schema
from bc_pipeline.assets.table import ENTRIES, GROUPS, AssetEntry
from bc_pipeline.business_central.entities import ENTITIES
from bc_pipeline.checks.catalogue import checks_of
from bc_pipeline.checks.model import Check, CheckInput, Finding, outcome
from bc_pipeline.checks.stored import evaluate_stored
from bc_pipeline.errors import AuthError, ConfigError, PipelineError, TenantBusy
from bc_pipeline.resources import TenantRunResource
from bc_pipeline.sync.model import EntityResult
from bc_pipeline.tenants.partitions import TENANTS

OWNERS = ["team:supply-chain-integration"]

SEVERITIES = {"error": AssetCheckSeverity.ERROR, "warn": AssetCheckSeverity.WARN}

WHAT_TO_DO = {
    AuthError: "Renew the tenant's credentials, then `bc-pipeline check TENANT`.",
    ConfigError: "Correct the tenant's settings, then `bc-pipeline check TENANT`.",
    TenantBusy: "Wait for the tenant's other run; the next scheduled run picks everything up.",
}


def build_assets() -> list[AssetsDefinition]:
    """All assets, in the order of the asset table."""
    return [_build(entry) for entry in ENTRIES]


def _build(entry: AssetEntry) -> AssetsDefinition:
    checks = checks_of(entry.name)

    @multi_asset(
        name=step_key(entry.name),
        description=entry.description,
        specs=[_spec(entry)],
        check_specs=[
            AssetCheckSpec(check.name, asset=asset_key(entry.name), description=check.description)
            for check in checks
        ],
        partitions_def=TENANTS,
        # Makes the outputs optional: launch configuration may leave an asset out (`entities`).
        can_subset=True,
    )
    def step(
        context: AssetExecutionContext, tenant_run: TenantRunResource
    ) -> Iterator[MaterializeResult | AssetCheckResult]:
        selected = _selected(checks, context)
        if not context.selected_asset_keys:
            yield from _checks_only(entry, selected, context, tenant_run)
            return
        run = tenant_run.handle
        try:
            if not run.includes(entry.name):
                context.log.info("Left out by `entities` of the launch configuration")
                return
            result = run.wait(context.partition_key, entry.name)
        except PipelineError as error:
            raise _as_failure(error) from error
        except (KeyboardInterrupt, DagsterExecutionInterruptedError):
            run.cancel()
            raise
        yield _report(entry, result, run, selected)

    return step


def _spec(entry: AssetEntry) -> AssetSpec:
    group = GROUPS[entry.prefix]
    return AssetSpec(
        asset_key(entry.name),
        description=entry.description,
        deps=[asset_key(need) for need in entry.needs],
        group_name=group,
        owners=OWNERS,
        kinds={"duckdb", group},
        tags={"system": group},
        metadata={
            "dagster/table_name": entry.table,
            "dagster/column_schema": column_schema(entry.table),
            **_how_it_is_read(entry),
        },
        skippable=True,
    )


def _how_it_is_read(entry: AssetEntry) -> dict[str, str]:
    if entry.name not in ENTITIES:
        return {}
    entity = ENTITIES[entry.name]
    setting = {"only_with": entry.setting} if entry.setting else {}
    return {"read": f"{entity.mode}: {entity.why}", **setting}


def _as_failure(error: PipelineError) -> Failure:
    """The error as Dagster shows it. Not retried: the engine has retried what may be."""
    advice = WHAT_TO_DO.get(type(error), "")
    return Failure(
        description=f"{error.kind}: {error} {advice}".strip(),
        metadata={"kind": error.kind},
        allow_retries=False,
    )


def _report(
    entry: AssetEntry, result: EntityResult, run: RunHandle, checks: list[Check]
) -> MaterializeResult:
    engine = run.engine()
    given = CheckInput(
        name=entry.name,
        tenant=engine.tenant,
        cursor=engine.snapshot.cursor(),
        result=result,
        now=datetime.now(UTC),
    )
    return MaterializeResult(
        metadata={
            **result_metadata(entry, result),
            "preview": preview(engine.snapshot, entry, result),
            "dagster/column_schema": column_schema(entry.table),
            "dry_run": engine.launch.dry_run,
        },
        check_results=[_evaluate(check, given, run) for check in checks],
    )


def _selected(checks: list[Check], context: AssetExecutionContext) -> list[Check]:
    wanted = {key.name for key in context.selected_asset_check_keys}
    return [check for check in checks if check.name in wanted]


def _checks_only(
    entry: AssetEntry,
    checks: list[Check],
    context: AssetExecutionContext,
    tenant_run: TenantRunResource,
) -> Iterator[AssetCheckResult]:
    """Somebody executes checks without the asset: evaluate them on what is stored."""
    tenants = tenant_run.tenants.load().tenants
    if context.has_partition_key:
        tenants = {context.partition_key: tenant_run.tenants.get(context.partition_key)}
    for check in checks:
        yield _check_result(check, evaluate_stored(check, entry.name, tenants.values()))


def _evaluate(check: Check, given: CheckInput, run: RunHandle) -> AssetCheckResult:
    finding = check.evaluate(given)
    run.note_check(check.name, outcome(finding, check.severity))
    return _check_result(check, finding)


def _check_result(check: Check, finding: Finding) -> AssetCheckResult:
    metadata = dict(finding.metadata)
    if finding.sample:
        metadata["sample"] = table(finding.sample)
    return AssetCheckResult(
        check_name=check.name,
        passed=finding.passed,
        severity=SEVERITIES[finding.severity or check.severity],
        description=finding.description,
        metadata=metadata,
    )
