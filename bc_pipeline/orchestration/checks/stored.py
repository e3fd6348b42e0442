"""Checks without a run: what a tenant's snapshot holds, as the last runs left it.

Dagster lets people execute a check by itself, of one tenant or of none in particular. It is then
evaluated for every tenant that has a snapshot.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb

from bc_pipeline import clock
from bc_pipeline.errors import PipelineError
from bc_pipeline.orchestration.checks.check import Check, CheckInput, Finding, Severity, outcome
from bc_pipeline.report import EntityResult, Problem
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.settings import Tenant

WAIT_SECONDS = 10.0
"""How long to wait for a run that holds a tenant's snapshot."""


def evaluate_each(check: Check, name: str, tenants: Iterable[Tenant]) -> dict[str, Finding]:
    """The check of one asset over the snapshot of each tenant that has run it, by tenant."""
    found = ((tenant.name, _evaluate_one(check, name, tenant)) for tenant in tenants)
    return {tenant: finding for tenant, finding in found if finding is not None}


def together(check: Check, findings: Mapping[str, Finding]) -> Finding:
    """What the check says of several tenants; it passes when all do."""
    rows: list[dict[str, Any]] = []
    severity: Severity = "warn"
    for tenant, found in findings.items():
        told = outcome(found, check.severity)
        rows.append({"tenant": tenant, "outcome": told, "finding": found.description})
        if told == "failed":
            severity = "error"
    bad = [row["tenant"] for row in rows if row["outcome"] != "passed"]
    if bad:
        return Finding(False, f"Look at {', '.join(bad)}", sample=rows, severity=severity)
    return Finding(True, f"All is well with the {len(rows)} tenants that have run", sample=rows)


def _evaluate_one(check: Check, name: str, tenant: Tenant) -> Finding | None:
    """None when the tenant has not run this yet."""
    try:
        snapshot = Snapshot.open(tenant.snapshot_dir, read_only=True, wait_seconds=WAIT_SECONDS)
    except FileNotFoundError:
        return None
    except PipelineError as error:
        return Finding(False, str(error), severity="warn")
    with snapshot, snapshot.cursor() as cursor:
        result = last_result(cursor, name)
        try:
            return check.evaluate(CheckInput(name, tenant, cursor, result, clock.now()))
        except duckdb.CatalogException:
            return None  # its wanted rows have never been made


def last_result(cursor: duckdb.DuckDBPyConnection, name: str) -> EntityResult:
    """What the books say of an entity's last read and of its problems in the last run."""
    read = cursor.execute(
        "SELECT rows, complete, reason FROM ops.reads WHERE entity = ? "
        "ORDER BY run_no DESC LIMIT 1",
        [name],
    ).fetchone()
    result = EntityResult(name=name)
    if read:
        result.rows, result.complete = read[0] or 0, bool(read[1])
        if read[2]:
            result.problems.append(Problem(name, None, "blocked", read[2]))
    summary = cursor.execute(
        "SELECT CAST(summary AS VARCHAR) FROM ops.runs WHERE summary IS NOT NULL AND NOT dry_run "
        "ORDER BY run_no DESC LIMIT 1"
    ).fetchone()
    problems = json.loads(summary[0])["problems"] if summary else []
    result.problems += [Problem(**problem) for problem in problems if problem["entity"] == name]
    return result
