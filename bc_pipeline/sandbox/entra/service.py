"""Entra over HTTP: what may be asked of it, and what tests may do to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bc_pipeline.sandbox.entra.browser import Browser
from bc_pipeline.sandbox.entra.directory import HOME, SHARED, Directory
from bc_pipeline.sandbox.entra.discovery import address, configuration
from bc_pipeline.sandbox.entra.errors import SignInError, unknown_application, unknown_tenant
from bc_pipeline.sandbox.entra.forms import read_form
from bc_pipeline.sandbox.entra.grants import RESOURCE, TokenRequest
from bc_pipeline.sandbox.entra.records import (
    AccessToken,
    Application,
    Consent,
    Person,
    RefreshToken,
)
from bc_pipeline.sandbox.entra.tokens import Tokens


@dataclass
class Entra:
    """Sign-in with its tenants, applications and tokens.

    Attributes:
        access_token_seconds: life of an access token.
        refresh_grace_seconds: how long a replaced refresh token still works; None: as long as any
            other.
        directories: Entra tenants there are; the first owns the sandbox's Business Central.
        person: who signs in at the browser, and how that ends.
    """

    clock: Callable[[], datetime]
    access_token_seconds: float = 3600
    refresh_grace_seconds: float | None = None
    directories: list[Directory] = field(default_factory=lambda: [HOME])
    applications: dict[str, Application] = field(default_factory=dict)
    person: Person = field(default_factory=Person)

    def __post_init__(self) -> None:
        self._tokens = Tokens(self.clock, self.access_token_seconds, self.refresh_grace_seconds)

    # --- for tests -----------------------------------------------------------------------------

    @property
    def access_tokens(self) -> dict[str, AccessToken]:
        """Access tokens by their text."""
        return self._tokens.access

    @property
    def refresh_tokens(self) -> dict[str, RefreshToken]:
        """Refresh tokens by their text."""
        return self._tokens.refresh

    def register(self, client_id: str, client_secret: str | None) -> Application:
        """Register an application; without a secret it is a public client."""
        application = Application(client_id, client_secret)
        self.applications[client_id] = application
        return application

    def consent(self, client_id: str, user: str) -> str:
        """A first refresh token, as a person's consent in the browser yields."""
        return self._tokens.new_refresh(
            Consent(client_id, user, f"{RESOURCE}/.default offline_access")
        )

    def revoke(self, user: str) -> None:
        """Take a user's consent back: every refresh token of theirs becomes ``invalid_grant``."""
        for key in [k for k, token in self.refresh_tokens.items() if token.user == user]:
            del self.refresh_tokens[key]

    def sign_everybody_out(self) -> None:
        """End every consent and every session, as an administrator who revokes them does."""
        self.refresh_tokens.clear()
        self.expire_access_tokens()

    def expire_access_tokens(self) -> None:
        """End every access token at once, before its ``expires_in``."""
        self.access_tokens.clear()

    # --- for Business Central ------------------------------------------------------------------

    def identify(self, authorization: str | None) -> AccessToken | None:
        """Who a valid ``Authorization`` header speaks for, None when it does not."""
        scheme, _, text = (authorization or "").partition(" ")
        token = self.access_tokens.get(text) if scheme.lower() == "bearer" else None
        if token is None or token.expires_at <= self.clock():
            return None
        return token if self.applications[token.client_id].enabled_in_bc else None

    # --- HTTP ----------------------------------------------------------------------------------

    def routes(self) -> list[Route]:
        """Routes to mount at the login URL."""
        home = self.directories[0]
        browser = Browser(
            self._tokens, self.applications, lambda: self.person, self.directory, home
        )
        well_known = ".well-known/openid-configuration"
        return [
            Route("/{tenant}/oauth2/v2.0/token", self._token_v2, methods=["POST"]),
            Route("/{tenant}/oauth2/token", self._token_v1, methods=["POST"]),
            Route(f"/{{tenant}}/v2.0/{well_known}", self._discovery_v2),
            Route(f"/{{tenant}}/{well_known}", self._discovery_v1),
            Route("/{tenant}/discovery/v2.0/keys", self._keys),
            *browser.routes(),
        ]

    def directory(self, tenant: str) -> Directory | None:
        """The tenant an address names, None where it is one for everybody.

        Raises:
            SignInError: there is none of this name.
        """
        if tenant.lower() in SHARED:
            return None
        for directory in self.directories:
            if directory.is_named(tenant):
                return directory
        raise unknown_tenant(tenant)

    async def _token_v2(self, request: Request) -> Response:
        return await self._token(request, v2=True)

    async def _token_v1(self, request: Request) -> Response:
        return await self._token(request, v2=False)

    async def _token(self, request: Request, *, v2: bool) -> Response:
        base = address(request)
        try:
            directory = self.directory(request.path_params["tenant"])
            form = await read_form(request)
            request.scope["state"]["user"] = form.client_id
            application = self.applications.get(form.client_id)
            if application is None:
                raise unknown_application(form.client_id)
            issuer = f"{base}/{(directory or self.directories[0]).id}/v2.0"
            asked = TokenRequest(self._tokens, application, directory, form, v2, issuer)
            return _uncached(JSONResponse(asked.answer()))
        except SignInError as error:
            return _uncached(JSONResponse(error.body(self.clock(), base), error.status))

    async def _discovery_v2(self, request: Request) -> Response:
        return self._discovery(request, v2=True)

    async def _discovery_v1(self, request: Request) -> Response:
        return self._discovery(request, v2=False)

    def _discovery(self, request: Request, *, v2: bool) -> Response:
        base, tenant = address(request), request.path_params["tenant"]
        try:
            directory = self.directory(tenant)
        except SignInError as error:
            body = error.body(self.clock(), base) | {"error": "invalid_tenant"}
            return JSONResponse(body, error.status)
        issuer = directory.id if directory else "{tenantid}"
        return JSONResponse(configuration(base, tenant, issuer, v2=v2))

    async def _keys(self, request: Request) -> Response:
        return JSONResponse({"keys": []})


def _uncached(response: Response) -> Response:
    response.headers["cache-control"] = "no-store, no-cache"
    response.headers["pragma"] = "no-cache"
    return response
