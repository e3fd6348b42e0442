"""Who is told when something is wrong: the addresses under ``alerts``."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from bc_pipeline.tenants.base import Settings
from bc_pipeline.tenants.urls import is_loopback

AlertKind = Literal[
    "failed",
    "disk",
    "late",
    "stock_late",
    "guard",
    "blocked",
    "config",
    "token",
    "went_back",
    "slow",
    "quarantined",
    "counts",
    "recovered",
    "digest",
]
"""What an address may ask for; ``alerts/kinds.py`` says of each what it means."""

WEBHOOK_SCHEMES = ("http", "https")
IN_THE_CLEAR = ("json", "xml", "form")
"""Schemes of Apprise that post without encryption; each has one with an ``s`` more."""
SECRET_PREFIX = "whsec_"  # noqa: S105 - what such a secret begins with, not one


def _decodable(secret: SecretStr) -> SecretStr:
    try:
        webhook_key(secret)
    except (ValueError, binascii.Error):
        raise ValueError("is no secret of a webhook: whsec_ and the key in base64") from None
    return secret


def webhook_key(secret: SecretStr) -> bytes:
    """The bytes a webhook is signed with.

    Raises:
        ValueError: it is not base64, or empty.
    """
    key = base64.b64decode(secret.get_secret_value().removeprefix(SECRET_PREFIX), validate=True)
    if not key:
        raise ValueError("empty")
    return key


class AlertAddress(Settings):
    """One address, and what it is told of."""

    url: SecretStr = Field(
        description="Address as Apprise takes it (slack://..., mailtos://...), or the https:// of "
        "a webhook of yours, which is signed as Standard Webhooks has it"
    )
    secret: Annotated[SecretStr, AfterValidator(_decodable)] | None = Field(
        None, description="Of a webhook: whsec_ and the key in base64, which its owner has too"
    )
    on: tuple[AlertKind, ...] | None = Field(
        None, description="What it is told of; without it, of everything"
    )
    digest_hour: int = Field(
        8, ge=0, le=23, description="Local hour (sync.timezone) from which the day's digest is sent"
    )

    @property
    def scheme(self) -> str:
        """What stands before ``://``; all of the address that may be shown."""
        return self.url.get_secret_value().strip().partition("://")[0].lower()

    @property
    def is_webhook(self) -> bool:
        """Whether it is a webhook of somebody's own, and no service that Apprise knows."""
        return self.scheme in WEBHOOK_SCHEMES

    def wants(self, *kinds: str) -> bool:
        """Whether it is told of one of these kinds."""
        return self.on is None or not set(kinds).isdisjoint(self.on)

    @model_validator(mode="after")
    def _safe(self) -> AlertAddress:
        """Nothing of the address itself is in the error: it is as good as a password."""
        text = self.url.get_secret_value().strip()
        if "://" not in text or not self.scheme:
            raise ValueError("url has no scheme: write it as Apprise has it, or https://")
        plain = self.scheme in IN_THE_CLEAR or self.scheme == "http"
        try:
            host = urlsplit(text).hostname or ""
        except ValueError:
            host = ""
        if plain and not is_loopback(host):
            raise ValueError(f"url is not encrypted: write {self.scheme}s://")
        if self.is_webhook and not host:
            raise ValueError("url names no host")
        if self.is_webhook and self.secret is None:
            raise ValueError(
                "secret is missing: a webhook is signed. Of Slack, Teams and the like write the "
                "address as Apprise has it, such as slack://"
            )
        if self.secret is not None and not self.is_webhook:
            raise ValueError("secret is for webhooks (https://) only")
        return self


Addresses = tuple[AlertAddress, ...]
