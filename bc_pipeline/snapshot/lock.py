"""One run per tenant at a time, across processes and machines sharing a disk (flows.md 1)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from bc_pipeline.errors import TenantBusy
from bc_pipeline.snapshot.shared_lock import shared_lock

LOCK_FILE = "tenant.lock"


@contextmanager
def tenant_lock(snapshot_dir: Path, wait_seconds: float = 0) -> Iterator[None]:
    """Holds the tenant for the length of a ``with`` block.

    The operating system frees the lock when the process ends, however it ends. Where PostgreSQL
    is configured, it is held there as well (``shared_lock``), for runs on other machines.

    Args:
        snapshot_dir: the tenant's directory; created when absent.
        wait_seconds: how long to wait for another run to finish; 0 = not at all.

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
        with shared_lock(snapshot_dir, wait_seconds):
            yield
    finally:
        lock.release()
