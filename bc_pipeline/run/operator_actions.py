"""What an operator can do between two runs (flows.md 10). Nothing here talks to a remote system.

Everything that changes something takes the tenant lock, so it never meets a run at work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb
import orjson

from bc_pipeline.catalogue.names import find, resource_names
from bc_pipeline.catalogue.task import OPTIPLY, OUTBOUND
from bc_pipeline.catalogue.tasks import BY_NAME, entity_names
from bc_pipeline.errors import ConfigError
from bc_pipeline.reading.mirror_state import SELL_ORDER_SOURCE
from bc_pipeline.run import identity
from bc_pipeline.run.exports import is_export
from bc_pipeline.run.identity import Change
from bc_pipeline.snapshot import learned
from bc_pipeline.snapshot.lock import tenant_lock
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_business_central.inbox import resend as outbound_resend
from bc_pipeline.to_optiply import approvals
from bc_pipeline.to_optiply.diff import FORCED
from bc_pipeline.to_optiply.held import HeldDeletion, held_deletions

__all__ = [
    "HeldBack",
    "accept_sell_order_source",
    "approve_deletions",
    "held_back",
    "rebind",
    "renamed",
    "resend",
    "resend_named",
    "resend_outbound",
    "retry",
]

WAIT_SECONDS = 30.0
STANDING = "optiply_id IS NOT NULL AND state <> 'deleted'"


def retry(tenant: Tenant, entity: str | None = None, remote_id: str | None = None) -> int:
    """Try quarantined and deferred records again in the next run, instead of when they are due.

    Args:
        entity: only this entity; of an ``outbound/*`` one, as ``resend_outbound``. None means those
            of Optiply.
        remote_id: only this record; its BC number is understood too.

    Returns:
        how many records that is.

    Raises:
        ConfigError: no such entity.
        TenantBusy: a run is going on.
    """
    if entity is not None and is_export(entity):
        return resend_outbound(tenant, entity, remote_id)
    return _update(
        tenant,
        entity,
        remote_id,
        "next_attempt_run = NULL, failed_hash = NULL, attempts = 0",
        "state IN ('quarantined', 'deferred')",
    )


def resend(tenant: Tenant, entity: str | None = None, remote_id: str | None = None) -> int:
    """Send all attributes of records again in the next run, changed or not. What a user may have
    set in Optiply (a supplier ignored, a product phased out) is left alone.

    Args, Returns, Raises: as ``retry``.
    """
    if entity is not None and is_export(entity):
        return resend_outbound(tenant, entity, remote_id)
    return _update(tenant, entity, remote_id, f"content_hash = '{FORCED}'", STANDING)


def resend_outbound(tenant: Tenant, entity: str | None = None, key: str | None = None) -> int:
    """Bring records that were refused to the next run again: those that came
    in files as a new file, buy orders by setting them free.

    Args:
        entity: only this entity, ``customers`` or ``outbound/customers``.
        key: only this record: its key, externalId, BC number or BC id.

    Returns:
        how many records that is.

    Raises:
        ConfigError: no such entity.
        TenantBusy: a run is going on.
    """
    with _writable(tenant) as snapshot:
        return outbound_resend.resend(snapshot, tenant.snapshot_dir, entity, key)


def resend_named(tenant: Tenant, entity: str | None = None, key: str | None = None) -> int:
    """``resend`` or ``resend_outbound``, by what an operator calls the entity: one that is written
    to Business Central, else one of Optiply's; without one, all that goes to Business Central.

    Returns, Raises: as these.
    """
    name = _resent(entity) if entity else None
    if name is not None and BY_NAME[name].prefix == OPTIPLY:
        return resend(tenant, name, key)
    return resend_outbound(tenant, name, key)


def _resent(entity: str) -> str:
    try:
        return entity_names([entity], (OUTBOUND,))[0]
    except ConfigError:
        return entity_names([entity], (OPTIPLY, OUTBOUND))[0]


@dataclass(frozen=True)
class HeldBack:
    """What waits for an operator's approval.

    Args:
        deletions: records that would be taken away in Optiply.
        stopped: entities that another brake stopped in the last run, with its reason.
    """

    deletions: tuple[HeldDeletion, ...] = ()
    stopped: Mapping[str, str] = field(default_factory=dict)

    @property
    def entities(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*(each.entity for each in self.deletions), *self.stopped]))


def held_back(tenant: Tenant, entity: str | None = None) -> HeldBack:
    """What ``approve_deletions`` would let through; changes nothing.

    Raises:
        ConfigError: no such entity.
        TenantBusy: a run is going on.
    """
    named = {f"optiply/{name}" for name in resource_names(entity)}
    try:
        snapshot = Snapshot.open(tenant.snapshot_dir, read_only=True, wait_seconds=WAIT_SECONDS)
    except FileNotFoundError:
        return HeldBack()
    with snapshot, snapshot.cursor() as cursor:
        found = _held_back(cursor, tenant)
    return HeldBack(
        tuple(each for each in found.deletions if each.entity in named),
        {name: reason for name, reason in found.stopped.items() if name in named},
    )


def approve_deletions(tenant: Tenant, entity: str | None = None) -> tuple[str, ...]:
    """Let the next run do what a brake has held back; good for one run.

    Args:
        entity: this entity, whatever is held back; None means those with deletions that wait
            (``held.held_deletions``), and those a brake stopped in the last run.

    Returns:
        the entities approved.

    Raises: as ``retry``.
    """
    named = tuple(f"optiply/{name}" for name in resource_names(entity)) if entity else None
    with _writable(tenant) as snapshot:
        with snapshot.cursor() as cursor:
            entities = _held_back(cursor, tenant).entities if named is None else named
        approvals.give(snapshot, entities)
    return entities


def accept_sell_order_source(tenant: Tenant) -> str:
    """Accept that ``sync.sell_order_source`` was changed: the next run takes the sell orders of
    the old source away (behind the deletion guard) and creates those of the new one.

    Returns:
        the source accepted.
    """
    with _writable(tenant) as snapshot:
        learned.put(snapshot, SELL_ORDER_SOURCE, tenant.sync.sell_order_source)
    return tenant.sync.sell_order_source


def renamed(tenant: Tenant) -> list[Change]:
    """What ``rebind`` would take over.

    Raises:
        ConfigError: another account is configured, which no renaming explains.
        FileNotFoundError: the tenant has not run yet.
        TenantBusy: a run holds the snapshot.
    """
    with (
        Snapshot.open(tenant.snapshot_dir, read_only=True) as snapshot,
        snapshot.cursor() as cursor,
    ):
        return identity.renamed(cursor, tenant)


def rebind(tenant: Tenant) -> list[Change]:
    """The state belongs to the environment and addresses configured now: they were only renamed.

    Returns:
        what was taken over.

    Raises:
        ConfigError: as ``renamed``.
        TenantBusy: a run is going on.
    """
    with _writable(tenant) as snapshot:
        with snapshot.cursor() as cursor:
            changed = identity.renamed(cursor, tenant)
        identity.bind(snapshot, tenant)
    return changed


def _update(
    tenant: Tenant, entity: str | None, remote_id: str | None, assignments: str, condition: str
) -> int:
    count = 0
    with _writable(tenant) as snapshot, snapshot.transaction() as cursor:
        for name in resource_names(entity):
            ids = None if remote_id is None else find(cursor, name, remote_id)
            narrowed = (
                "" if ids is None else " AND remote_id IN (SELECT unnest(CAST(? AS VARCHAR[])))"
            )
            row = cursor.execute(
                f"UPDATE sync.{name} SET {assignments} WHERE {condition}{narrowed}",
                [] if ids is None else [ids],
            ).fetchone()
            count += int(row[0]) if row else 0
    return count


def _held_back(cursor: duckdb.DuckDBPyConnection, tenant: Tenant) -> HeldBack:
    """The deletions that wait, and the entities another brake stopped in the last run."""
    waiting = tuple(held_deletions(cursor, tenant))
    row = cursor.execute(
        "SELECT CAST(summary AS VARCHAR) FROM ops.runs WHERE NOT dry_run "
        "AND summary IS NOT NULL ORDER BY run_no DESC LIMIT 1"
    ).fetchone()
    problems = orjson.loads(row[0])["problems"] if row else []
    listed = {each.entity for each in waiting}
    stopped = {
        problem["entity"]: problem["reason"]
        for problem in problems
        if problem["kind"] == "guard" and problem["entity"] not in listed
    }
    return HeldBack(waiting, stopped)


@contextmanager
def _writable(tenant: Tenant) -> Iterator[Snapshot]:
    with (
        tenant_lock(tenant.snapshot_dir, wait_seconds=WAIT_SECONDS),
        Snapshot.open(tenant.snapshot_dir) as snapshot,
    ):
        yield snapshot
