"""Starts an export when a file for Business Central arrives."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from dagster import RunRequest, SensorEvaluationContext

from bc_pipeline.catalogue.tasks import ACCOUNTING_NAMES
from bc_pipeline.orchestration.export_sensor import export_request, export_sensor
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


@export_sensor(
    seconds=SECONDS_BETWEEN_LOOKS,
    description="Starts an export for a tenant within a minute of a file arriving in its "
    "`outbound` directory, and not again for a file that stays there until it changes. Only "
    "tenants with `exports.accounting`; one that is at work gets its run afterwards.",
    nothing="No new file for Business Central",
)
def outbound_files_to_exports(
    context: SensorEvaluationContext, due: list[Tenant], seen: dict[str, Listing]
) -> tuple[list[RunRequest], dict[str, Listing]]:
    """New outbound files -> export runs."""
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
            requests.append(_request(tenant, {name: now[name] for name in new}))
        # Of a tenant at work nothing is noted, so its new files are found once it is free.
        seen[tenant.name] = now
    return requests, seen


def _request(tenant: Tenant, new: Listing) -> RunRequest:
    digest = hashlib.sha256(json.dumps(new, sort_keys=True).encode()).hexdigest()
    return export_request(tenant, f"{tenant.name}@{digest}", ACCOUNTING_NAMES)
