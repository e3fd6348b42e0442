"""Looking into a tenant's snapshot for as long as a question takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb

from bc_pipeline.errors import TenantBusy
from bc_pipeline.snapshot.lock import holder_of
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.settings import Tenant

WAIT_SECONDS = 15.0
"""How long it is worth waiting for a run to let the snapshot go: most take less."""
PATIENT_SECONDS = 600.0
"""The same where somebody is told what is waited for, and can end it."""
AT_ONCE_SECONDS = 0.3
"""Whoever only looks lets it go within this time."""

Tell = Callable[[str], None]


@contextmanager
def looking(
    tenant: Tenant, wait_seconds: float = WAIT_SECONDS, *, tell: Tell | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A cursor on the tenant's snapshot, for looking only.

    Args:
        tenant: whose.
        wait_seconds: how long to wait for a run that holds it.
        tell: told at once who that is and since when, when there is one; it is waited for longer.

    Raises:
        FileNotFoundError: the tenant has not run yet.
        TenantBusy: a run held the snapshot all the time.
        SnapshotUnusable: it is damaged, or of a newer version.
    """
    with _opened(tenant, wait_seconds, tell) as snapshot, snapshot.cursor() as cursor:
        yield cursor


def _opened(tenant: Tenant, wait_seconds: float, tell: Tell | None) -> Snapshot:
    directory = tenant.snapshot_dir
    try:
        at_once = AT_ONCE_SECONDS if tell else wait_seconds
        return Snapshot.open(directory, read_only=True, wait_seconds=at_once)
    except TenantBusy:
        if tell is None:
            raise _busy(tenant) from None
    tell(
        f"{tenant.name} is at work: {holder_of(directory)}. This goes on as soon as it is free; "
        "Ctrl-C ends the waiting"
    )
    try:
        return Snapshot.open(directory, read_only=True, wait_seconds=PATIENT_SECONDS)
    except TenantBusy:
        raise _busy(tenant) from None


def _busy(tenant: Tenant) -> TenantBusy:
    return TenantBusy(
        f"{tenant.name} is at work: a run holds its snapshot, and nobody can look into it "
        f"until that is through ({holder_of(tenant.snapshot_dir)}). Ask again in a minute; "
        f"`bc-pipeline status {tenant.name}` tells how it stood before"
    )
