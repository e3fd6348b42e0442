"""Whether the process of a run still lives, whatever launched it.

Dagster asks its launcher, and not every launcher knows: of a Celery worker that was killed, or of a
command that somebody killed, nothing is ever heard again, and the run would keep its tenants from
being run until somebody ends it. So a run holds a lock of its own, which goes with its process.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bc_pipeline.errors import TenantBusy
from bc_pipeline.snapshot.lock import tenant_lock

DIRECTORY = "sweeps"
"""Below BC_PIPELINE_HOME."""
_HELD = "at_work"
_SECONDS_TO_BEGIN = 30.0


@contextmanager
def at_work(home: Path, run_id: str) -> Iterator[None]:
    """The block is the work of a run; afterwards nothing is left of it below ``home``."""
    directory = home / DIRECTORY / run_id
    try:
        with tenant_lock(directory, wait_seconds=_SECONDS_TO_BEGIN):
            (directory / _HELD).touch()
            try:
                yield
            finally:
                (directory / _HELD).unlink(missing_ok=True)
    finally:
        forget(home, run_id)


def has_died(home: Path, run_id: str) -> bool:
    """Whether the run's process ended without a word. False of one that has not begun yet."""
    directory = home / DIRECTORY / run_id
    if not (directory / _HELD).exists():
        return False
    try:
        with tenant_lock(directory):
            return (directory / _HELD).exists()
    except TenantBusy:
        return False


def forget(home: Path, run_id: str) -> None:
    """Leave nothing of a run's work below ``home``."""
    shutil.rmtree(home / DIRECTORY / run_id, ignore_errors=True)
