"""Access tokens: one holder for both systems, renewed in time by one thread of one process."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import ClassVar

from bc_pipeline import clock
from bc_pipeline.errors import AuthError
from bc_pipeline.tenants.secrets import StoredToken, TokenStore

RENEW_BEFORE_SECONDS = 120.0


class TokenHolder(ABC):
    """The access token of one tenant for one system, shared by threads and processes.

    What is renewed is on disk before it is handed out.

    Args:
        tenant: name of the tenant.
        store: where tokens live between runs.
    """

    SYSTEM: ClassVar[str]
    """As in the store."""
    RENEW_BEFORE_SHARE: ClassVar[float]
    """Of a token that lives so short that two minutes would be most of its life."""

    def __init__(self, tenant: str, store: TokenStore) -> None:
        self._tenant_name = tenant
        self._store = store
        self._guard = threading.Lock()
        self._current: StoredToken | None = None
        self._refusal: str | None = None

    def token(self) -> str:
        """An access token that is good for a while yet.

        Raises:
            AuthError: the credentials are refused; ``str(error)`` says what to do.
            RequestFailed: no usable answer, tries included.
        """
        current = self._current
        if current is not None and self._lasts(current):
            return current.access_token
        return self._renewed(refused=None)

    def renew(self, refused: str) -> str:
        """Another access token than ``refused``, which has just been answered 401.

        Threads that come with the same refused token share one renewal.

        Raises:
            AuthError, RequestFailed: as ``token``.
        """
        return self._renewed(refused)

    @abstractmethod
    def _requested(self, stored: StoredToken | None, refused: str | None) -> StoredToken:
        """Ask for a new token, which is on disk when this returns."""

    @abstractmethod
    def _fingerprint(self) -> str:
        """Of the credentials a stored token must have grown from."""

    def _renewed(self, refused: str | None) -> str:
        with self._guard:
            current = self._current
            if current and current.access_token != refused and self._lasts(current):
                return current.access_token
            if self._refusal is not None:
                # Asking again would give the same answer, to every thread and every entity.
                raise AuthError(self._refusal)
            with self._store.lock(self._tenant_name, self.SYSTEM):
                # Whoever held the lock before, in whatever process, may have renewed already.
                stored = self._stored()
                if not stored or stored.access_token == refused or not self._lasts(stored):
                    try:
                        stored = self._requested(stored, refused)
                    except AuthError as error:
                        self._refusal = str(error)
                        raise
                self._current = stored
            return stored.access_token

    def _stored(self) -> StoredToken | None:
        """The stored token, unless it grew from credentials configured earlier."""
        stored = self._store.load(self._tenant_name, self.SYSTEM)
        return stored if stored and stored.fingerprint == self._fingerprint() else None

    def _lasts(self, token: StoredToken) -> bool:
        margin = min(RENEW_BEFORE_SECONDS, token.lifetime_seconds * self.RENEW_BEFORE_SHARE)
        return (token.expires_at - clock.now()).total_seconds() > margin
