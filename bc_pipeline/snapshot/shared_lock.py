"""The tenant's lock where several machines share the snapshots: an advisory lock in PostgreSQL.

Only with BC_PIPELINE_DATABASE_URL, which is also where Dagster keeps its state then. It comes on
top of the lock on the file, for not every shared volume carries those from machine to machine.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

from bc_pipeline import clock
from bc_pipeline.errors import ConfigError, TenantBusy

DATABASE_VARIABLE = "BC_PIPELINE_DATABASE_URL"
SCHEME = "postgresql+psycopg2://"
"""Named in full: without the driver, SQLAlchemy 2.1 asks for another one."""
ID_FILE = "tenant.lock.id"
SECONDS_BETWEEN_ATTEMPTS = 0.2
_CONNECT_SECONDS = 10
# A machine that is gone says no goodbye: the server looks after 30 s, and frees the lock within 60.
_NOTICE_SILENCE = (
    "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
)

log = logging.getLogger(__name__)


class Connection(Protocol):
    """What is used of psycopg2's."""

    autocommit: bool

    def cursor(self) -> Any: ...  # noqa: ANN401
    def close(self) -> None: ...


def database_url() -> str | None:
    """BC_PIPELINE_DATABASE_URL; None without one.

    Raises:
        ConfigError: it is not of the scheme ``postgresql+psycopg2``. The message does not show it,
            for it holds a password.
    """
    url = os.environ.get(DATABASE_VARIABLE, "").strip()
    if not url:
        return None
    if not url.startswith(SCHEME):
        raise ConfigError(
            f"{DATABASE_VARIABLE} is no address of PostgreSQL as it is read here: write it as "
            f"{SCHEME}user:password@host:5432/database"
        )
    return url


def lock_key(snapshot_dir: Path) -> int:
    """The number by which PostgreSQL knows the tenant's lock; the same on each machine.

    It comes from a file in the directory: where the volume is mounted may differ.
    """
    path = snapshot_dir / ID_FILE
    if not path.exists():
        _write_once(path, uuid.uuid4().hex)
    digest = blake2b(path.read_bytes(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


@contextmanager
def shared_lock(snapshot_dir: Path, wait_seconds: float = 0) -> Iterator[None]:
    """Holds the tenant in PostgreSQL for the length of a ``with`` block; without
    BC_PIPELINE_DATABASE_URL it does nothing.

    The server frees the lock with the connection, so with the process, however that ends.

    Args:
        snapshot_dir: the tenant's directory; exists.
        wait_seconds: how long to wait for another run to finish.

    Raises:
        TenantBusy: a run on some machine still holds the tenant.
        ConfigError: the address is wrong, or the database does not let us in.
    """
    url = database_url()
    if url is None:
        yield
        return
    connection = _connected(url)
    try:
        _acquire(connection, lock_key(snapshot_dir), snapshot_dir.name, wait_seconds)
        yield
        _warn_if_lost(connection, snapshot_dir.name)
    finally:
        with contextlib.suppress(Exception):
            connection.close()


def _acquire(connection: Connection, key: int, name: str, wait_seconds: float) -> None:
    until = clock.monotonic() + wait_seconds
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", (key,))
            if cursor.fetchone()[0]:
                return
            if clock.monotonic() >= until:
                raise TenantBusy(f"another run of {name} is in progress, maybe on another machine")
            time.sleep(SECONDS_BETWEEN_ATTEMPTS)


def _connected(url: str) -> Connection:
    try:
        psycopg2 = importlib.import_module("psycopg2")
    except ImportError:
        raise ConfigError(
            f"{DATABASE_VARIABLE} is set, and what talks to PostgreSQL is not installed: "
            "pip install 'bc_pipeline[postgres]'"
        ) from None
    try:
        connection: Connection = psycopg2.connect(
            url.replace(SCHEME, "postgresql://", 1),
            connect_timeout=_CONNECT_SECONDS,
            application_name="bc_pipeline tenant lock",
            options=_NOTICE_SILENCE,
        )
    except psycopg2.Error as error:
        # Its own words may quote the address.
        raise ConfigError(
            f"The database of {DATABASE_VARIABLE} does not let us in ({type(error).__name__}): "
            "see that it runs, and that host, user and password are right"
        ) from None
    connection.autocommit = True
    return connection


def _warn_if_lost(connection: Connection, name: str) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:  # whatever it is, the run itself came to its end
        log.warning(
            "%s: the connection that held its lock was lost on the way", name, exc_info=True
        )


def _write_once(path: Path, text: str) -> None:
    """Of several machines that do this at once, one wins, and nobody sees half of it."""
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    temporary.write_text(text, encoding="utf-8")
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
