"""Microsoft Entra's token endpoint, as far as Business Central clients need it (behaviour.md 1)."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

RESOURCE = "https://api.businesscentral.dynamics.com"


@dataclass
class Application:
    """An app registration: what a tenant's administrator set up for a client."""

    client_id: str
    client_secret: str
    # False: consent was given, but the app was not set up inside Business Central (behaviour.md 1).
    enabled_in_bc: bool = True


@dataclass
class AccessToken:
    """Who an access token speaks for, and until when."""

    client_id: str
    user: str
    expires_at: datetime


@dataclass
class RefreshToken:
    """A refresh token of a delegated user; ``replaced_at`` once a newer one was handed out."""

    client_id: str
    user: str
    replaced_at: datetime | None = None


class TokenError(Exception):
    """An OAuth2 error answer: matched on ``error``, never on the text."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.number = number
        self.text = text


@dataclass
class Entra:
    """Token endpoint with its applications and tokens.

    Attributes:
        access_token_seconds: life of an access token.
        refresh_grace_seconds: how long a replaced refresh token still works.
    """

    clock: Callable[[], datetime]
    access_token_seconds: float = 3600
    refresh_grace_seconds: float = 60
    applications: dict[str, Application] = field(default_factory=dict)
    access_tokens: dict[str, AccessToken] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)

    def register(self, client_id: str, client_secret: str) -> Application:
        """Register an application."""
        application = Application(client_id, client_secret)
        self.applications[client_id] = application
        return application

    def consent(self, client_id: str, user: str) -> str:
        """A first refresh token, as a person's consent in the browser yields."""
        return self._new_refresh_token(client_id, user)

    def revoke(self, user: str) -> None:
        """Take a user's consent back: every refresh token of theirs becomes ``invalid_grant``."""
        for key in [k for k, token in self.refresh_tokens.items() if token.user == user]:
            del self.refresh_tokens[key]

    def expire_access_tokens(self) -> None:
        """End every access token at once, before its ``expires_in``."""
        self.access_tokens.clear()

    def user_of(self, authorization: str | None) -> str | None:
        """The user a valid ``Authorization`` header speaks for, None when it does not."""
        scheme, _, text = (authorization or "").partition(" ")
        token = self.access_tokens.get(text) if scheme.lower() == "bearer" else None
        if token is None or token.expires_at <= self.clock():
            return None
        if not self.applications[token.client_id].enabled_in_bc:
            return None
        return token.user

    def routes(self) -> list[Route]:
        """Routes to mount at the login URL."""
        return [Route("/{tenant}/oauth2/v2.0/token", self._token, methods=["POST"])]

    async def _token(self, request: Request) -> Response:
        try:
            form = dict(parse_qsl((await request.body()).decode()))
            request.scope["state"]["user"] = form.get("client_id")
            return JSONResponse(self._grant(request.path_params["tenant"], form))
        except TokenError as error:
            return JSONResponse(self._error_body(error), error.status)

    def _grant(self, tenant: str, form: Mapping[str, str]) -> dict[str, Any]:
        grant = _required(form, "grant_type")
        application = self.applications.get(_required(form, "client_id"))
        if application is None:
            raise TokenError(400, "unauthorized_client", 700016, "Application was not found.")
        if _required(form, "client_secret") != application.client_secret:
            raise TokenError(401, "invalid_client", 7000215, "Invalid client secret provided.")
        if grant == "client_credentials":
            return self._client_credentials(tenant, application, form)
        if grant == "refresh_token":
            return self._refresh(application, form)
        raise TokenError(400, "unsupported_grant_type", 70003, "The grant type is not supported.")

    def _client_credentials(
        self, tenant: str, application: Application, form: Mapping[str, str]
    ) -> dict[str, Any]:
        if tenant in ("common", "organizations", "consumers"):
            raise TokenError(400, "invalid_request", 50059, "No tenant-identifying information.")
        if _required(form, "scope") != f"{RESOURCE}/.default":
            raise TokenError(400, "invalid_scope", 1002012, "The scope is not valid.")
        token = self._new_access_token(application.client_id, f"app:{application.client_id}")
        return {"token_type": "Bearer", "ext_expires_in": self._expires_in()} | token

    def _refresh(self, application: Application, form: Mapping[str, str]) -> dict[str, Any]:
        key = _required(form, "refresh_token")
        token = self.refresh_tokens.get(key)
        if token is None or token.client_id != application.client_id or self._is_spent(token):
            raise TokenError(400, "invalid_grant", 700082, "The refresh token is not valid.")
        if not all(_is_known_scope(scope) for scope in form.get("scope", "").split()):
            raise TokenError(400, "invalid_scope", 70011, "The scope is not valid.")
        if token.replaced_at is None:
            token.replaced_at = self.clock()
        return {
            "token_type": "Bearer",
            "scope": f"{RESOURCE}/user_impersonation",
            "refresh_token": self._new_refresh_token(token.client_id, token.user),
        } | self._new_access_token(token.client_id, token.user)

    def _is_spent(self, token: RefreshToken) -> bool:
        if token.replaced_at is None:
            return False
        return self.clock() > token.replaced_at + timedelta(seconds=self.refresh_grace_seconds)

    def _expires_in(self) -> int:
        return int(self.access_token_seconds)

    def _new_access_token(self, client_id: str, user: str) -> dict[str, Any]:
        text = f"eyJ.{secrets.token_urlsafe(48)}"
        expires_at = self.clock() + timedelta(seconds=self.access_token_seconds)
        self.access_tokens[text] = AccessToken(client_id, user, expires_at)
        return {"access_token": text, "expires_in": self._expires_in()}

    def _new_refresh_token(self, client_id: str, user: str) -> str:
        text = f"0.{secrets.token_urlsafe(48)}"
        self.refresh_tokens[text] = RefreshToken(client_id, user)
        return text

    def _error_body(self, error: TokenError) -> dict[str, Any]:
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        timestamp = self.clock().strftime("%Y-%m-%d %H:%M:%SZ")
        return {
            "error": error.error,
            "error_description": (
                f"AADSTS{error.number}: {error.text} Trace ID: {trace} "
                f"Correlation ID: {correlation} Timestamp: {timestamp}"
            ),
            "error_codes": [error.number],
            "timestamp": timestamp,
            "trace_id": trace,
            "correlation_id": correlation,
        }


def _required(form: Mapping[str, str], name: str) -> str:
    value = form.get(name)
    if not value:
        text = f"The request body must contain the following parameter: '{name}'."
        raise TokenError(400, "invalid_request", 900144, text)
    return value


def _is_known_scope(scope: str) -> bool:
    return scope.startswith(RESOURCE) or scope in ("offline_access", "openid", "profile")
