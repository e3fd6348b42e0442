"""Optiply's OAuth2 password grant: one token per tenant, shared by all processes (behaviour.md 1).

The token endpoint refuses to issue a token while an earlier one is valid, so the token is stored
and re-read before a new one is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from requests.auth import HTTPBasicAuth

from bc_pipeline.errors import AuthError, RequestFailed
from bc_pipeline.optiply.messages import TOKEN_STILL_VALID, WRONG_CREDENTIALS, error_message
from bc_pipeline.tenants.model import Tenant
from bc_pipeline.tenants.oauth import json_object, lifetime_seconds, token_in
from bc_pipeline.tenants.secrets import StoredToken, TokenStore, fingerprint
from bc_pipeline.unreachable import other_place

SYSTEM = "optiply"
RENEW_BEFORE = timedelta(seconds=120)
DEFAULT_LIFETIME_SECONDS = 900
"""Used when the answer does not say how long the token lives."""
REFUSED = {400, 401, 403}
"""Statuses of the token endpoint that repeating cannot cure."""
NOT_FOUND = 404


class OptiplyAuth:
    """Access tokens of one tenant.

    Args:
        tenant: whose credentials to use.
        tokens: where tokens are kept between runs and shared between processes.
        post: sends one token request; raises RequestFailed when no usable answer came.
    """

    def __init__(
        self,
        tenant: Tenant,
        tokens: TokenStore,
        post: Callable[[str, dict[str, str], HTTPBasicAuth], requests.Response],
    ) -> None:
        self._tenant = tenant
        self._tokens = tokens
        self._post = post
        self._current: StoredToken | None = None
        self._broken: str | None = None

    def token(self) -> str:
        """An access token with at least two minutes to live, where Optiply lets us have one.

        Raises:
            AuthError: Optiply refuses the credentials.
            RequestFailed: the token endpoint cannot be reached.
        """
        current = self._current
        if current is not None and self._fresh(current):
            return current.access_token
        return self._renewed(refused=None)

    def renew(self, refused: str) -> str:
        """Another token than ``refused``, which Optiply has just answered 401 to.

        Raises:
            AuthError: there is none to be had.
            RequestFailed: the token endpoint cannot be reached.
        """
        return self._renewed(refused=refused)

    def _renewed(self, refused: str | None) -> str:
        if self._broken is not None:
            raise AuthError(self._broken)
        # The lock holds across threads and processes; whoever waited finds a fresh token.
        with self._tokens.lock(self._tenant.name, SYSTEM):
            stored = self._stored()
            if stored and stored.access_token != refused and self._fresh(stored):
                self._current = stored
                return stored.access_token
            try:
                self._current = self._requested(stored, refused)
            except AuthError as error:
                self._broken = str(error)
                raise
            return self._current.access_token

    def _requested(self, stored: StoredToken | None, refused: str | None) -> StoredToken:
        settings = self._tenant.optiply
        response = self._post(
            f"{settings.login_url}/auth/oauth/token",
            {
                "grant_type": "password",
                "username": settings.username,
                "password": settings.password.get_secret_value(),
            },
            HTTPBasicAuth(settings.client_id, settings.client_secret.get_secret_value()),
        )
        access_token = token_in(response)
        if access_token is not None:
            token = self._issued(access_token, json_object(response.content))
            self._tokens.save(self._tenant.name, SYSTEM, token)
            return token
        if TOKEN_STILL_VALID in response.text:
            return self._still_valid(stored, refused)
        raise self._refusal(response)

    def _still_valid(self, stored: StoredToken | None, refused: str | None) -> StoredToken:
        """The earlier token, which Optiply says is still good."""
        latest = self._stored() or stored
        if latest is None:
            raise AuthError(
                "Optiply issues no new token because an earlier one is still valid, and that one "
                "is not stored here; it is renewed by itself once the earlier one has expired"
            )
        if latest.access_token == refused:
            raise AuthError("Optiply refuses the access token and does not issue another one yet")
        return latest

    def _refusal(self, response: requests.Response) -> Exception:
        wrong = WRONG_CREDENTIALS in response.text
        if wrong or response.status_code in REFUSED:
            return AuthError(
                "credentials broken: Optiply refuses the username, password, client id or client "
                f"secret (HTTP {response.status_code}). Correct them in tenants.yaml"
            )
        status = response.status_code
        elsewhere = 300 <= status < 400 or status == NOT_FOUND
        told = (
            other_place(status, "optiply.login_url") if elsewhere else error_message(response.text)
        )
        return RequestFailed(f"Optiply's token endpoint answered {status}: {told}", status=status)

    def _issued(self, access_token: str, answer: Mapping[str, Any]) -> StoredToken:
        lifetime = lifetime_seconds(answer, DEFAULT_LIFETIME_SECONDS)
        return StoredToken(
            access_token=access_token,
            expires_at=datetime.now(UTC) + timedelta(seconds=lifetime),
            refresh_token=None,
            fingerprint=self._fingerprint(),
            lifetime_seconds=lifetime,
        )

    def _stored(self) -> StoredToken | None:
        """The stored token, unless it belongs to other credentials or has expired."""
        stored = self._tokens.load(self._tenant.name, SYSTEM)
        if stored is None or stored.fingerprint != self._fingerprint():
            return None
        return stored if stored.expires_at > datetime.now(UTC) else None

    def _fingerprint(self) -> str:
        settings = self._tenant.optiply
        return fingerprint(
            settings.login_url,
            settings.client_id,
            settings.client_secret.get_secret_value(),
            settings.username,
            settings.password.get_secret_value(),
        )

    @staticmethod
    def _fresh(token: StoredToken) -> bool:
        # A token that lives shorter than the margin would otherwise be renewed at every request.
        margin = min(RENEW_BEFORE, timedelta(seconds=token.lifetime_seconds / 2))
        return token.expires_at - datetime.now(UTC) > margin
