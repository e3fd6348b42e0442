"""Optiply's token endpoint: password grant with the client's credentials in the Basic header
(optiply.md 1)."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bc_pipeline.sandbox.optiply.store import Shop

WRONG_CREDENTIALS = "UserDetailsService returned null, which is an interface contract violation"
TOKEN_STILL_GOOD = "Rate limit exceeded: access_token not expired"  # noqa: S105 - an error text


class TokenRefused(Exception):
    """An OAuth2 error answer of the token endpoint."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True)
class Token:
    """Whose token it is and until when it is good."""

    shop: Shop
    expires_at: datetime


class TokenOffice:
    """Hands out access tokens and recognises them.

    Args:
        shops: all shops by name; read at every request, so later ones and changed passwords count.
        clock: current UTC time.
    """

    def __init__(self, shops: Mapping[str, Shop], clock: Callable[[], datetime]) -> None:
        self._shops = shops
        self._clock = clock
        self._tokens: dict[str, Token] = {}

    def grant(
        self,
        authorization: str | None,
        form: Mapping[str, str],
        *,
        lifetime_seconds: float,
        refuse_while_valid: bool,
        refusal_status: int,
    ) -> tuple[Shop, dict[str, Any]]:
        """The shop and the answer's body for a token request.

        Raises:
            TokenRefused: wrong grant, wrong credentials, or an earlier token is still good and
                ``refuse_while_valid`` is set.
        """
        if form.get("grant_type") != "password":
            raise TokenRefused(400, "unsupported_grant_type", "Unsupported grant type")
        client = _basic_credentials(authorization)
        shop = next((s for s in self._shops.values() if s.username == form.get("username")), None)
        if (
            shop is None
            or form.get("password") != shop.password
            or client != (shop.client_id, shop.client_secret)
        ):
            raise TokenRefused(401, "unauthorized", WRONG_CREDENTIALS)
        if refuse_while_valid and self._has_valid_token(shop):
            raise TokenRefused(refusal_status, "access_denied", TOKEN_STILL_GOOD)
        text = secrets.token_urlsafe(32)
        expires_at = self._clock() + timedelta(seconds=lifetime_seconds)
        self._tokens[text] = Token(shop, expires_at)
        return shop, {
            "access_token": text,
            "refresh_token": secrets.token_urlsafe(32),
            "token_type": "bearer",
            "expires_in": int(lifetime_seconds),
        }

    def shop_of(self, authorization: str | None) -> Shop | None:
        """The shop a valid Bearer header speaks for."""
        scheme, _, text = (authorization or "").partition(" ")
        token = self._tokens.get(text) if scheme.lower() == "bearer" else None
        return token.shop if token and token.expires_at > self._clock() else None

    def expire(self, shop: Shop | None = None) -> None:
        """Ends all access tokens, or those of one shop, before their time."""
        self._tokens = {
            text: token
            for text, token in self._tokens.items()
            if shop is not None and token.shop is not shop
        }

    def _has_valid_token(self, shop: Shop) -> bool:
        now = self._clock()
        return any(t.shop is shop and t.expires_at > now for t in self._tokens.values())


def _basic_credentials(authorization: str | None) -> tuple[str, str] | None:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, password
