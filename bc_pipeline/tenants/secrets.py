"""Tokens that live between runs: one private file per tenant and system.

Files are replaced atomically, so a crash leaves the old or the new token, and one process at a
time renews. What tenants.yaml holds is only the seed of what is kept here.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from filelock import FileLock, Timeout

from bc_pipeline.errors import AuthError
from bc_pipeline.tenants import files

DIRECTORY = "secrets"
LOCK_WAIT_SECONDS = 120.0
"""Longer than any renewal takes, retries included; who waits that long meets a hung process."""


@dataclass(frozen=True)
class StoredToken:
    """Tokens as kept in a file. ``repr`` shows neither token.

    Args:
        access_token: the bearer.
        expires_at: end of its life, UTC.
        refresh_token: what the next renewal is asked with, None where the grant has none.
        fingerprint: ``fingerprint(...)`` of the configured credentials it grew from.
        lifetime_seconds: how long it was to live when issued.
    """

    access_token: str = field(repr=False)
    expires_at: datetime
    refresh_token: str | None = field(repr=False)
    fingerprint: str = field(repr=False)
    lifetime_seconds: float = 3600.0


def fingerprint(*parts: str | None) -> str:
    """A digest of the configured credentials; another value means that they were changed."""
    return sha256(json.dumps(parts).encode()).hexdigest()


class TokenStore:
    """Stored tokens below ``<home>/secrets``.

    Args:
        home: BC_PIPELINE_HOME.
        wait_seconds: how long to wait for another process that is renewing.
    """

    def __init__(self, home: Path, *, wait_seconds: float = LOCK_WAIT_SECONDS) -> None:
        self._directory = home / DIRECTORY
        self._wait_seconds = wait_seconds
        self._guard = threading.Lock()
        self._locks: dict[str, threading.RLock] = {}

    def load(self, tenant: str, system: str) -> StoredToken | None:
        """The stored token, or None when there is none or the file is not one of ours."""
        try:
            kept = json.loads(self._path(tenant, system).read_bytes())
            return StoredToken(
                access_token=kept["access_token"],
                expires_at=datetime.fromisoformat(kept["expires_at"]).astimezone(UTC),
                refresh_token=kept["refresh_token"],
                fingerprint=kept["fingerprint"],
                lifetime_seconds=float(kept["lifetime_seconds"]),
            )
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            # Unreadable: the caller starts again from the configured seed.
            return None

    def saved_at(self, tenant: str, system: str) -> datetime | None:
        """When the token was stored last; None when there is none."""
        try:
            return datetime.fromtimestamp(self._path(tenant, system).stat().st_mtime, UTC)
        except OSError:
            return None

    def save(self, tenant: str, system: str, token: StoredToken) -> None:
        """Replaces the stored token; when this returns it survives a crash of the machine.

        Raises:
            OSError: it could not be written; the old one is still there.
        """
        self._make_directory()
        content = {
            "access_token": token.access_token,
            "expires_at": token.expires_at.isoformat(),
            "refresh_token": token.refresh_token,
            "fingerprint": token.fingerprint,
            "lifetime_seconds": token.lifetime_seconds,
        }
        files.replace(self._path(tenant, system), json.dumps(content).encode())

    def delete(self, tenant: str, system: str) -> None:
        """Forgets the stored token; nothing happens when there is none."""
        self._path(tenant, system).unlink(missing_ok=True)

    @contextmanager
    def lock(self, tenant: str, system: str) -> Iterator[None]:
        """Keeps other threads and processes from renewing the same token meanwhile.

        Load the token again after getting in: the one who was there before may have renewed it.

        Raises:
            AuthError: another process has been renewing for too long.
        """
        self._make_directory()
        path = self._path(tenant, system).with_suffix(".lock")
        with self._thread_lock(path.name):
            file_lock = FileLock(path, timeout=self._wait_seconds, mode=0o600)
            try:
                file_lock.acquire(poll_interval=0.05)
            except Timeout:
                raise AuthError(
                    f"another process has held the {system} token of {tenant} for "
                    f"{self._wait_seconds:.0f} seconds; end it if it hangs"
                ) from None
            try:
                yield
            finally:
                file_lock.release()

    def _thread_lock(self, name: str) -> threading.RLock:
        with self._guard:
            return self._locks.setdefault(name, threading.RLock())

    def _path(self, tenant: str, system: str) -> Path:
        return self._directory / f"{tenant}.{system}.json"

    def _make_directory(self) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
