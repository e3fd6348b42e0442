"""Optiply's OAuth2 password grant: one token per tenant, shared by all processes (optiply.md 1).

The token endpoint refuses to issue a token while an earlier one is valid, so the token is stored
and re-read before a new one is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import requests
from requests.auth import HTTPBasicAuth

from bc_pipeline import clock
from bc_pipeline.errors import AuthError, RequestFailed
from bc_pipeline.http.oauth import json_object, lifetime_seconds, token_in
from bc_pipeline.http.tokens import TokenHolder
from bc_pipeline.http.unreachable import other_place
from bc_pipeline.optiply.messages import TOKEN_STILL_VALID, WRONG_CREDENTIALS, error_message
from bc_pipeline.tenants.secrets import StoredToken, TokenStore, fingerprint
from bc_pipeline.tenants.settings import Tenant

SYSTEM = "optiply"
DEFAULT_LIFETIME_SECONDS = 900
"""Used when the answer does not say how long the token lives."""
REFUSED = {400, 401, 403}
"""Statuses of the token endpoint that repeating cannot cure."""
NOT_FOUND = 404


class OptiplyAuth(TokenHolder):
    """Access tokens of one tenant for Optiply.

    Args:
        tenant: whose credentials to use.
        store: where tokens are kept between runs and shared between processes.
        post: sends one token request; raises RequestFailed when no usable answer came.
    """

    SYSTEM = SYSTEM
    RENEW_BEFORE_SHARE = 0.5

    def __init__(
        self,
        tenant: Tenant,
        store: TokenStore,
        post: Callable[[str, dict[str, str], HTTPBasicAuth], requests.Response],
    ) -> None:
        super().__init__(tenant.name, store)
        self._tenant = tenant
        self._post = post

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
            self._store.save(self._tenant.name, SYSTEM, token)
            return token
        if TOKEN_STILL_VALID in response.text:
            return self._still_valid(stored, refused)
        raise self._refused_by(response)

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

    def _refused_by(self, response: requests.Response) -> Exception:
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
            expires_at=clock.now() + timedelta(seconds=lifetime),
            refresh_token=None,
            fingerprint=self._fingerprint(),
            lifetime_seconds=lifetime,
        )

    def _stored(self) -> StoredToken | None:
        """None for one that has expired, too: there is nothing in it to renew it with."""
        stored = super()._stored()
        return stored if stored and stored.expires_at > clock.now() else None

    def _fingerprint(self) -> str:
        settings = self._tenant.optiply
        return fingerprint(
            settings.login_url,
            settings.client_id,
            settings.client_secret.get_secret_value(),
            settings.username,
            settings.password.get_secret_value(),
        )
