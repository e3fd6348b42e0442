"""Telling people, from wherever something ran: after each run of a tenant, and now and then for all
of them, so that it is noticed as well that nothing runs.

Nothing here fails or holds up who calls it, and nothing happens without ``alerts`` in tenants.yaml.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import Any

import orjson

from bc_pipeline import clock, disk
from bc_pipeline.alerts import book as books
from bc_pipeline.alerts import matters
from bc_pipeline.alerts.delivery import deliver
from bc_pipeline.alerts.settling import forget, settle, summarise
from bc_pipeline.errors import CannotStore, ConfigError, PipelineError, TenantBusy
from bc_pipeline.run import tick_memory
from bc_pipeline.run.tenant_state import TenantState, read_state
from bc_pipeline.snapshot.store import is_left_open
from bc_pipeline.tenants import files, registry
from bc_pipeline.tenants.alert_settings import Addresses
from bc_pipeline.tenants.pause import paused
from bc_pipeline.tenants.registry import Registry
from bc_pipeline.tenants.secrets import DIRECTORY
from bc_pipeline.tenants.settings import Tenant

LAST_KNOWN = Path(DIRECTORY, "alerts.json")
"""The addresses of ``defaults`` as tenants.yaml last had them: who is told when it is broken."""

log = logging.getLogger(__name__)


def after_run(tenant: Tenant) -> None:
    """A run of a tenant has ended and been booked: tell what it has changed."""
    _safely(tenant.name, lambda: _tenant(tenant))


def before_runs(found: Registry) -> None:
    """Tenants are about to be run: what was cut off before is told, for nobody sees it afterwards.

    Args:
        found: the registry.
    """
    for tenant in found.enabled():
        if is_left_open(tenant.snapshot_dir):
            after_run(tenant)


def after_refusal(load: Callable[[], Registry], name: str) -> None:
    """A run could not begin for want of sound settings.

    Args:
        load: reads the registry.
        name: of the tenant.
    """

    def tell() -> None:
        found = load()
        if name in found.errors:
            _broken(found, name)

    _safely(name, tell)


def look(found: Registry, names: Collection[str] | None = None) -> None:
    """Look how tenants stand, whether or not anything ran, and tell what is new.

    Args:
        found: the registry.
        names: only these tenants; None means all.
    """
    _safely("", lambda: _installation(found))
    for name, tenant in found.tenants.items():
        if names is None or name in names:
            after_run(tenant)
    for name in found.broken():
        if names is None or name in names:
            _safely(name, lambda name=name: _broken(found, name))  # type: ignore[misc]


def file_is_broken(home: Path, error: ConfigError) -> None:
    """tenants.yaml as a whole cannot be read: those are told whom its ``defaults`` last named."""

    def tell() -> None:
        addresses = _last_known(home)
        if addresses:
            path = books.path_of(home, "")
            with books.opened(path) as book:
                settle(
                    book,
                    "",
                    [matters.of_wrong_settings(str(error))],
                    addresses,
                    runs=0,
                    now=clock.now(),
                )
            deliver(path, addresses)

    _safely("", tell)


def contents(path: Path) -> dict[str, Any]:
    """What a book says, for people and JSON.

    Args:
        path: of the book.

    Returns:
        ``standing``: what stands and was told; ``unsent``: messages that wait, without addresses.
    """
    known = books.read(path)
    return {
        "standing": [
            {
                "kind": entry.kind,
                "what": entry.what,
                "entity": entry.entity,
                "since": entry.since,
                "told_at": entry.told_at,
                "escalated": entry.escalated,
            }
            for entry in known.standing.values()
            if entry.told_at is not None
        ],
        "unsent": [
            {"title": each.message.title, "since": each.since, "tries": each.tries,
             "error": each.error}
            for each in known.waiting
        ],
    }  # fmt: skip


def unsent_lines(found: Mapping[str, Any]) -> list[str]:
    """Messages that could not be sent, a line for each reason.

    Args:
        found: as ``contents`` gives it.
    """
    reasons = Counter(row["error"] for row in found["unsent"] if row["error"])
    return [
        f"{number} alerts could not be sent and are tried again: {error}"
        for error, number in reasons.items()
    ]


def _safely(name: str, tell: Callable[[], None]) -> None:
    try:
        tell()
    except TenantBusy:
        return  # another process is at it, or the next one tells
    except Exception as error:  # noqa: BLE001 - nothing of it reaches a run
        # Whatever it is, no run may fail because of it; its text may hold an address.
        log.warning("alerts of %s failed (%s)", name or "the installation", type(error).__name__)


def _tenant(tenant: Tenant) -> None:
    path = books.path_of(tenant.home, tenant.name)
    if not (tenant.alerts and tenant.enabled) or paused(tenant.snapshot_dir):
        if path.exists():
            with books.opened(path) as book:
                forget(book)
        return
    now = clock.now()
    state: TenantState | None = None
    try:
        state = read_state(tenant, now, patient=False)
        state.storage = disk.tried(tenant.snapshot_dir) or state.storage
        found = matters.of_tenant(tenant, state, now)
    except TenantBusy:
        return
    except CannotStore as error:
        found = [matters.of_storage(tenant.name, str(error))]
    except PipelineError as error:
        found = [matters.of_unreadable_state(str(error))]
    with books.opened(path) as book:
        settle(
            book,
            tenant.name,
            found,
            tenant.alerts,
            runs=_runs(tenant, state),
            now=now,
            all_of_it=state is not None,
        )
        summarise(
            book,
            tenant.name,
            tenant.alerts,
            lambda: _further(state),
            zone=tenant.sync.zone(),
            now=now,
        )
        waits = bool(book.waiting)
    if waits:
        deliver(path, tenant.alerts)


def _runs(tenant: Tenant, state: TenantState | None) -> int:
    """Runs so far; ticks without one count as well."""
    memory = tick_memory.confirmed(tenant)
    booked = state.run_no if state else 0
    return max(booked, memory.next_run_no - 1 if memory else 0)


def _further(state: TenantState | None) -> list[str]:
    """What a day's digest tells besides: records that wait, and what the last runs warned of."""
    if state is None:
        return []
    held = Counter((row["entity"], row["state"]) for row in state.held)
    return [
        *(f"{number} {name} in {entity}" for (entity, name), number in held.items()),
        *(
            f"{row['number']} x {row['kind']} in {row['entity']}, such as: {row['message']}"
            for row in state.figures.get("warnings", ())
        ),
    ]


def _broken(found: Registry, name: str) -> None:
    addresses = found.told_of.get(name, ())
    if not addresses:
        return
    path, now = books.path_of(found.home, name), clock.now()
    with books.opened(path) as book:
        settle(
            book,
            name,
            [matters.of_wrong_settings(str(found.errors[name]))],
            addresses,
            runs=0,
            now=now,
            all_of_it=False,
        )
        summarise(book, name, addresses, lambda: (), zone=UTC, now=now)
    deliver(path, addresses)


def _installation(found: Registry) -> None:
    """The file can be read: so it is over, if it was broken. Who is told the next time is noted."""
    if found.common_alerts:
        _remember(found)
    path = books.path_of(found.home, "")
    if not path.exists():
        return
    with books.opened(path) as book:
        settle(book, "", [], found.common_alerts, runs=0, now=clock.now())
        waits = bool(book.waiting)
    if waits:
        deliver(path, found.common_alerts)


def _remember(found: Registry) -> None:
    path = found.home / LAST_KNOWN
    content = orjson.dumps(found.alerts_as_written)
    with suppress(OSError):
        if path.read_bytes() == content:
            return
    with suppress(OSError):  # the next look notes it
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.replace(path, content)


def _last_known(home: Path) -> Addresses:
    try:
        written = orjson.loads((home / LAST_KNOWN).read_bytes())
    except (OSError, ValueError):
        return ()
    return registry.addresses(home, {"alerts": written})
