"""When Optiply is compared with what was sent: on demand, and once a day within a run
(decisions 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import duckdb
import orjson

from bc_pipeline.catalogue.names import resource_names
from bc_pipeline.catalogue.resources import RESOURCES, Resource
from bc_pipeline.errors import RequestFailed
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.reading.sweeps import latest_due
from bc_pipeline.run import identity
from bc_pipeline.snapshot import meta
from bc_pipeline.snapshot.lock import tenant_lock
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.settings import SyncOptions, Tenant
from bc_pipeline.to_optiply import repair
from bc_pipeline.to_optiply.verified import Verified
from bc_pipeline.to_optiply.verify import verify

WAIT_SECONDS = 30.0
KEPT = 20
"""Differences kept from one day to the next; the counts are always complete."""
HISTORY = timedelta(days=31)
_KEY = "verified.{}"


@dataclass(frozen=True)
class LastVerified:
    """What the last daily comparison of an entity has found.

    Args:
        at: when.
        compared: rows of ours that Optiply had.
        counts: differences per kind.
        sample: the first of them, as ``Difference.as_json``.
        reason: why it could not be compared; None when it was.
    """

    at: datetime
    compared: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    sample: list[dict[str, Any]] = field(default_factory=list)
    reason: str | None = None


def verify_tenant(
    tenant: Tenant,
    entity: str | None = None,
    *,
    told: Callable[[Verified], None] | None = None,
) -> list[Verified]:
    """Compare Optiply with what was sent, and write nothing anywhere. No run starts meanwhile.

    Args:
        entity: only this one, ``products`` or ``optiply/products``.
        told: called with each entity as soon as it is compared.

    Raises:
        ConfigError: no such entity, or the snapshot holds the state of something else than what is
            configured.
        FileNotFoundError: the tenant has not run yet.
        TenantBusy: a run is going on.
        AuthError, RequestFailed: Optiply could not be read to the end.
    """
    names = resource_names(entity)
    with (
        tenant_lock(tenant.snapshot_dir, wait_seconds=WAIT_SECONDS),
        Snapshot.open(tenant.snapshot_dir, read_only=True) as snapshot,
        snapshot.cursor() as cursor,
        # Beside another account everything of ours is missing, and would be sent again.
        _connected(tenant, cursor) as optiply,
    ):
        found = []
        for name in names:
            found.append(verify(cursor, optiply, RESOURCES[name]))
            if told is not None:
                told(found[-1])
        return found


def mark_for_repair(
    tenant: Tenant, found: Sequence[Verified], *, even_if_much_is_missing: bool = False
) -> dict[str, int]:
    """Let the next run send again what differs, where sending helps.

    Returns:
        entity -> how many records that is.

    Raises:
        ConfigError: so much is missing that it looks like another account.
        TenantBusy: a run is going on.
    """
    if not even_if_much_is_missing:
        repair.check_account(found)
    with (
        tenant_lock(tenant.snapshot_dir, wait_seconds=WAIT_SECONDS),
        Snapshot.open(tenant.snapshot_dir) as snapshot,
    ):
        return repair.mark(snapshot, found)


def verify_daily(
    snapshot: Snapshot,
    optiply: Optiply,
    resource: Resource,
    options: SyncOptions,
    now: datetime,
) -> None:
    """Compare a resource after it was written, in the first run after the sweep hour of a day, and
    keep what was found for the check. The first time there is nothing to compare yet.

    Of sell orders only the last weeks, and no lines: their history is long, and nobody changes it.
    ``verify`` compares all.
    """
    key = _KEY.format(resource.name)
    with snapshot.cursor() as cursor:
        before = last_verified(cursor, resource.name)
        if before is not None and before.at >= latest_due(options, now):
            return
        try:
            found = None
            if before is not None:
                since = now - HISTORY
                found = verify(cursor, optiply, resource, lines=False, since=since)
            kept = _kept(found, now)
        except RequestFailed as error:
            kept = {"at": now.isoformat(), "reason": str(error)}
    with snapshot.transaction() as cursor:
        meta.put(cursor, key, orjson.dumps(kept, default=str).decode())


def last_verified(cursor: duckdb.DuckDBPyConnection, name: str) -> LastVerified | None:
    """What the last daily comparison of a resource has found; None when there was none yet."""
    text = meta.get(cursor, _KEY.format(name))
    if text is None:
        return None
    kept = orjson.loads(text)
    return LastVerified(**{**kept, "at": datetime.fromisoformat(kept["at"])})


def _kept(found: Verified | None, now: datetime) -> dict[str, Any]:
    if found is None:
        return {"at": now.isoformat()}
    return {
        "at": now.isoformat(),
        "compared": found.compared,
        "counts": found.counts,
        "sample": [difference.as_json() for difference in found.differences[:KEPT]],
    }


@contextmanager
def _connected(tenant: Tenant, cursor: duckdb.DuckDBPyConnection) -> Iterator[Optiply]:
    identity.check_settings(cursor, tenant)
    with closing(Optiply(tenant, TokenStore(tenant.home))) as optiply:
        optiply.preflight()
        yield optiply
