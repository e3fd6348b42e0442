"""Evaluating the checks of an asset inside a run, and what Dagster is told about each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from dagster import AssetCheckEvaluation, AssetCheckResult, AssetCheckSeverity

from bc_pipeline import clock
from bc_pipeline.catalogue.task import Task
from bc_pipeline.orchestration.assets.keys import asset_key
from bc_pipeline.orchestration.assets.metadata import table
from bc_pipeline.orchestration.assets.tenant_run import RunHandle
from bc_pipeline.orchestration.checks.check import Check, CheckInput, Finding, outcome
from bc_pipeline.report import EntityResult
from bc_pipeline.to_business_central.export_types import Preparation

SEVERITIES = {"error": AssetCheckSeverity.ERROR, "warn": AssetCheckSeverity.WARN}


def given(
    entry: Task, result: EntityResult, run: RunHandle, preparation: Preparation | None = None
) -> CheckInput:
    """What the checks of an asset may look at, as the run sees it now."""
    tenant_run = run.tenant_run()
    return CheckInput(
        name=entry.name,
        tenant=tenant_run.tenant,
        cursor=tenant_run.snapshot.cursor(),
        result=result,
        now=clock.now(),
        preparation=preparation,
    )


def findings(
    checks: list[Check], about: CheckInput, run: RunHandle
) -> Iterator[tuple[Check, Finding]]:
    """The finding of each check; the run's summary gets the outcomes."""
    for check in checks:
        finding = check.evaluate(about)
        run.note_check(check.name, outcome(finding, check.severity))
        yield check, finding


def results(
    checks: list[Check], entry: Task, about: CheckInput, run: RunHandle
) -> Iterator[AssetCheckResult]:
    """The checks as Dagster shows them."""
    for check, finding in findings(checks, about, run):
        # Dagster shows the latest evaluation whichever partition it was of: it has to say so.
        metadata = {"tenant": about.tenant.name, **finding.metadata}
        yield check_result(check, entry, replace(finding, metadata=metadata))


def check_result(check: Check, entry: Task, finding: Finding) -> AssetCheckResult:
    """One finding as Dagster takes it, of the partition the step works on."""
    return AssetCheckResult(
        check_name=check.name,
        asset_key=asset_key(entry.name),
        passed=finding.passed,
        severity=SEVERITIES[finding.severity or check.severity],
        description=finding.description,
        metadata=_metadata(finding),
    )


def evaluation(check: Check, entry: Task, finding: Finding, tenant: str) -> AssetCheckEvaluation:
    """One finding as Dagster books it, of a partition the step does not work on."""
    return AssetCheckEvaluation(
        asset_key(entry.name),
        check.name,
        finding.passed,
        {"tenant": tenant, **_metadata(finding)},
        severity=SEVERITIES[finding.severity or check.severity],
        description=finding.description,
        blocking=check.blocking,
        partition=tenant,
    )


def _metadata(finding: Finding) -> dict[str, Any]:
    sample = {"sample": table(finding.sample)} if finding.sample else {}
    return {**finding.metadata, **sample}
