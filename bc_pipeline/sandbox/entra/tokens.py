"""Tokens and codes that were handed out, and how long each is good for."""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson

from bc_pipeline.sandbox.entra.errors import invalid_grant
from bc_pipeline.sandbox.entra.records import AccessToken, Code, Consent, Device, RefreshToken

REFRESH_TOKEN_LIFE = timedelta(days=90)
CODE_LIFE = timedelta(minutes=10)
DEVICE_LIFE = timedelta(minutes=15)


@dataclass
class Tokens:
    """All of them, by their text.

    Attributes:
        access_token_seconds: life of an access token.
        refresh_grace_seconds: how long a replaced refresh token still works; None: as long as any
            other, for Entra does not revoke a token because it was used (platform 6).
    """

    clock: Callable[[], datetime]
    access_token_seconds: float = 3600
    refresh_grace_seconds: float | None = None
    access: dict[str, AccessToken] = field(default_factory=dict)
    refresh: dict[str, RefreshToken] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)

    @property
    def expires_in(self) -> int:
        """Seconds, as answers tell them."""
        return int(self.access_token_seconds)

    def new_access(self, consent: Consent) -> str:
        """A new access token."""
        text = f"eyJ.{secrets.token_urlsafe(48)}"
        expires_at = self.clock() + timedelta(seconds=self.access_token_seconds)
        self.access[text] = AccessToken(
            consent.client_id, consent.user, expires_at, consent.directory
        )
        return text

    def new_refresh(self, consent: Consent) -> str:
        """A new refresh token."""
        text = f"0.{secrets.token_urlsafe(48)}"
        self.refresh[text] = RefreshToken(consent, self.clock())
        return text

    def new_code(
        self, consent: Consent, redirect_uri: str, challenge: str | None, method: str
    ) -> str:
        """A new authorisation code."""
        text = f"1.{secrets.token_urlsafe(48)}"
        expires_at = self.clock() + CODE_LIFE
        self.codes[text] = Code(consent, redirect_uri, expires_at, challenge, method)
        return text

    def new_device(self, consent: Consent) -> tuple[str, Device]:
        """A new device code and what stands behind it."""
        text = f"D{secrets.token_urlsafe(48)}"
        user_code = secrets.token_hex(4).upper()
        self.devices[text] = Device(consent, user_code, self.clock() + DEVICE_LIFE)
        return text, self.devices[text]

    def valid_refresh(self, text: str, client_id: str) -> RefreshToken:
        """The refresh token of this text.

        Raises:
            SignInError: unknown, revoked, another application's, spent or unused for too long.
        """
        token = self.refresh.get(text)
        if token is None or token.consent.client_id != client_id or self._is_spent(token):
            raise invalid_grant(700082, "The refresh token is not valid or has expired.")
        return token

    def use(self, token: RefreshToken) -> None:
        """A refresh token was exchanged: it lives on from now, and counts as replaced."""
        token.used_at = self.clock()
        token.replaced_at = token.replaced_at or token.used_at

    def _is_spent(self, token: RefreshToken) -> bool:
        now = self.clock()
        if now > token.used_at + REFRESH_TOKEN_LIFE:
            return True
        if token.replaced_at is None or self.refresh_grace_seconds is None:
            return False
        return now > token.replaced_at + timedelta(seconds=self.refresh_grace_seconds)


def id_token(consent: Consent, issuer: str, now: datetime, life: int) -> str:
    """Who signed in, as OpenID Connect tells it. The signature is none that could be checked."""
    name = consent.user.partition("@")[0]
    claims: dict[str, Any] = {
        "aud": consent.client_id,
        "iss": issuer,
        "iat": int(now.timestamp()),
        "nbf": int(now.timestamp()),
        "exp": int(now.timestamp()) + life,
        "name": name,
        "oid": object_id(consent),
        "sub": object_id(consent),
        "preferred_username": consent.user,
        "tid": consent.directory.id,
        "ver": "2.0",
    }
    if consent.nonce is not None:
        claims["nonce"] = consent.nonce
    header = {"typ": "JWT", "alg": "RS256", "kid": "sandbox"}
    return ".".join((_part(header), _part(claims), _text(b"sandbox")))


def client_info(consent: Consent) -> str:
    """Which account it was, as Microsoft's own libraries ask for it."""
    return _part({"uid": object_id(consent), "utid": consent.directory.id})


def object_id(consent: Consent) -> str:
    """The user's id in their tenant."""
    return str(uuid.uuid5(uuid.UUID(consent.directory.id), consent.user))


def _part(value: dict[str, Any]) -> str:
    return _text(orjson.dumps(value))


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
