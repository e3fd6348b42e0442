"""Looking into a tenant's snapshot for as long as a question takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from bc_pipeline.errors import TenantBusy
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.settings import Tenant

WAIT_SECONDS = 15.0
"""How long it is worth waiting for a run to let the snapshot go: most take less."""


@contextmanager
def looking(
    tenant: Tenant, wait_seconds: float = WAIT_SECONDS
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A cursor on the tenant's snapshot, for looking only.

    Raises:
        FileNotFoundError: the tenant has not run yet.
        TenantBusy: a run held the snapshot all the time.
        SnapshotUnusable: it is damaged, or of a newer version.
    """
    try:
        snapshot = Snapshot.open(tenant.snapshot_dir, read_only=True, wait_seconds=wait_seconds)
    except TenantBusy:
        raise TenantBusy(
            f"{tenant.name} is at work: a run holds its snapshot, and nobody can look into it "
            f"until that is through. Ask again in a minute; `bc-pipeline status {tenant.name}` "
            "tells how it stood before"
        ) from None
    with snapshot, snapshot.cursor() as cursor:
        yield cursor
