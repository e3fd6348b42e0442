"""Starts an export when a file for Business Central arrives."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from dagster import (
    DefaultSensorStatus,
    RunRequest,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from bc_pipeline.catalogue.tasks import ACCOUNTING_NAMES
from bc_pipeline.orchestration.assets.keys import export_keys
from bc_pipeline.orchestration.jobs import EXPORT
from bc_pipeline.orchestration.resources import TenantsResource
from bc_pipeline.orchestration.schedules import ready_tenants
from bc_pipeline.orchestration.tags import TENANT_TAG
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_business_central.inbox.place import waiting

SECONDS_BETWEEN_LOOKS = 20

Listing = Mapping[str, list[int]]
"""File name -> what changes when it is written or renamed: times of the last change of its content
and of itself in ns, size. A file that is moved back keeps the first, not the second."""


def listing(tenant: Tenant) -> dict[str, list[int]]:
    """The files of a tenant that wait to be exported."""
    found: dict[str, list[int]] = {}
    for path in waiting(tenant.snapshot_dir):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue  # a run has just taken it
        found[path.name] = [status.st_mtime_ns, status.st_ctime_ns, status.st_size]
    return found


def arrived(now: Listing, before: Listing) -> list[str]:
    """The files that are new or have changed since the last look."""
    return [name for name, stamp in now.items() if before.get(name) != stamp]


@sensor(
    job_name=EXPORT,
    minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
    default_status=DefaultSensorStatus.RUNNING,
    description="Starts an export for a tenant within a minute of a file arriving in its "
    "`outbound` directory, and not again for a file that stays there until it changes. Only "
    "tenants with `exports.accounting`; one that is at work gets its run afterwards.",
)
def outbound_files_to_exports(
    context: SensorEvaluationContext, tenants: TenantsResource
) -> SensorResult | SkipReason:
    """New outbound files -> export runs."""
    due = ready_tenants(context, tenants.load())
    if isinstance(due, SkipReason):
        return due
    seen: dict[str, Listing] = json.loads(context.cursor or "{}")
    requests: list[RunRequest] = []
    for tenant in due:
        if not tenant.exports.accounting:
            continue
        try:
            now = listing(tenant)
        except OSError as error:  # of this tenant's directory alone
            context.log.error(f"{tenant.name}: {error}")
            continue
        if new := arrived(now, seen.get(tenant.name, {})):
            context.log.info(f"{tenant.name}: {', '.join(new)}")
            requests.append(_run_request(tenant, {name: now[name] for name in new}))
        # Of a tenant at work nothing is noted, so its new files are found once it is free.
        seen[tenant.name] = now
    return SensorResult(
        run_requests=requests,
        cursor=json.dumps(seen),
        skip_reason=None if requests else "No new file for Business Central",
    )


def _run_request(tenant: Tenant, new: Listing) -> RunRequest:
    digest = hashlib.sha256(json.dumps(new, sort_keys=True).encode()).hexdigest()
    return RunRequest(
        run_key=f"{tenant.name}@{digest}",
        partition_key=tenant.name,
        asset_selection=export_keys(tenant, ACCOUNTING_NAMES),
        tags={TENANT_TAG: tenant.name},
    )
