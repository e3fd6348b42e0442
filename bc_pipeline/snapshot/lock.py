"""One run per tenant at a time, across processes and machines sharing a disk (flows.md 1)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import orjson
from filelock import FileLock, Timeout

from bc_pipeline import clock
from bc_pipeline.errors import TenantBusy
from bc_pipeline.snapshot.shared_lock import shared_lock
from bc_pipeline.tenants import files

LOCK_FILE = "tenant.lock"
_AT = "%Y-%m-%d %H:%M UTC"
HOLDER_FILE = "at_work.json"


@contextmanager
def tenant_lock(
    snapshot_dir: Path, wait_seconds: float = 0, *, holder: str = "a command"
) -> Iterator[None]:
    """Holds the tenant for the length of a ``with`` block.

    The operating system frees the lock when the process ends, however it ends. Where PostgreSQL
    is configured, it is held there as well (``shared_lock``), for runs on other machines.

    Args:
        snapshot_dir: the tenant's directory; created when absent.
        wait_seconds: how long to wait for another run to finish; 0 = not at all.
        holder: who it is, for those who wait.

    Raises:
        TenantBusy: another run still holds the tenant.
        ConfigError: PostgreSQL is configured and does not let us in.
    """
    snapshot_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(snapshot_dir / LOCK_FILE, thread_local=False)
    try:
        lock.acquire(timeout=wait_seconds, poll_interval=0.05)
    except Timeout:
        raise TenantBusy(f"another run of {snapshot_dir.name} is in progress") from None
    try:
        with shared_lock(snapshot_dir, wait_seconds), _told(snapshot_dir, holder):
            yield
    finally:
        lock.release()


def holder_of(snapshot_dir: Path) -> str:
    """Who is at work on a tenant that somebody holds, and since when: ``run 1ece956a has held it
    since 2026-08-22 10:29 UTC``."""
    try:
        known = orjson.loads((snapshot_dir / HOLDER_FILE).read_bytes())
        return f"{known['holder']} has held it since {datetime.fromisoformat(known['since']):{_AT}}"
    except files.UNUSABLE:
        return "another process holds it"


@contextmanager
def _told(snapshot_dir: Path, holder: str) -> Iterator[None]:
    """What ``holder_of`` tells meanwhile. A process that is killed leaves it; nobody asks for it
    while the tenant is free."""
    path = snapshot_dir / HOLDER_FILE
    with suppress(OSError):
        files.replace(path, orjson.dumps({"holder": holder, "since": clock.now()}), durable=False)
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)
