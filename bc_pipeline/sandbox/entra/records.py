"""What Entra remembers: applications, the person at the browser, codes and tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from bc_pipeline.sandbox.entra.directory import HOME, Directory

_LOOPBACK = ("localhost", "127.0.0.1")
_SLOWER_BY = 5.0  # seconds, as RFC 8628 has it
_LENIENCE = 0.9  # clocks differ


@dataclass
class Application:
    """An app registration: what a tenant's administrator set up for a client.

    Attributes:
        client_secret: None for a public client.
        redirect_uris: where a person may be sent back to; the port of a loopback address is free.
        enabled_in_bc: False: consent was given, but the app was not set up inside Business
            Central (behaviour.md 1).
        secret_expired: its secret was right until its end.
        public_flows: whether people may sign in with a device code.
    """

    client_id: str
    client_secret: str | None
    redirect_uris: tuple[str, ...] = (
        "http://localhost",
        "http://localhost/callback",
        "http://127.0.0.1",
        "http://127.0.0.1/callback",
    )
    enabled_in_bc: bool = True
    secret_expired: bool = False
    public_flows: bool = True

    def may_redirect_to(self, uri: str) -> bool:
        """Whether an address is one of the registered ones."""
        return _comparable(uri) in map(_comparable, self.redirect_uris)


def _comparable(uri: str) -> tuple[str, str, str]:
    parts = urlsplit(uri)
    host = parts.netloc.lower()
    name = host.rpartition(":")[0] or host
    # Without a path the slash is optional; behind one it counts, and so does letter case.
    return parts.scheme, name if name in _LOOPBACK else host, parts.path or "/"


@dataclass
class Person:
    """Who sits at the browser, and what they do there.

    Attributes:
        error: what the sign-in ends with instead of a code: ``access_denied`` (they cancel),
            ``admin_approval`` (only an administrator may consent), ``consent_required``,
            ``interaction_required``, ``login_required``, ``server_error`` and so on; None when
            they sign in and accept.
        asks: show a page with both answers instead of answering at once.
    """

    user: str = "user@cronus.example"
    error: str | None = None
    asks: bool = False


@dataclass(frozen=True)
class Consent:
    """What a person (or an application for itself) agreed to; every token stands for one."""

    client_id: str
    user: str
    scope: str = ""
    nonce: str | None = None
    directory: Directory = HOME

    def asked(self, scope: str) -> bool:
        """Whether one scope was among those asked for."""
        return scope in self.scope.split()


@dataclass
class AccessToken:
    """Who an access token speaks for, and until when."""

    client_id: str
    user: str
    expires_at: datetime
    directory: Directory = HOME


@dataclass
class RefreshToken:
    """A refresh token of a delegated user.

    Attributes:
        used_at: last use, or when it was handed out: it lives on from there.
        replaced_at: once a newer one was handed out for it.
    """

    consent: Consent
    used_at: datetime
    replaced_at: datetime | None = None

    @property
    def user(self) -> str:
        """Whose token it is."""
        return self.consent.user


@dataclass
class Code:
    """An authorisation code on its way through the browser.

    Attributes:
        challenge, method: of PKCE; None without.
        redeemed: a code is good for one exchange.
    """

    consent: Consent
    redirect_uri: str
    expires_at: datetime
    challenge: str | None = None
    method: str = "plain"
    redeemed: bool = False


@dataclass
class Device:
    """A device code that waits for a person to type its user code in a browser."""

    consent: Consent
    user_code: str
    expires_at: datetime
    answer: str | None = None  # "accepted", or the error they ended it with
    redeemed: bool = False
    interval: float = 1.0
    polled_at: datetime | None = None

    def is_hasty(self, now: datetime) -> bool:
        """Whether a poll comes sooner than the interval allows, which is longer from then on."""
        before, self.polled_at = self.polled_at, now
        hasty = before is not None and (now - before).total_seconds() < self.interval * _LENIENCE
        if hasty:
            self.interval += _SLOWER_BY
        return hasty
