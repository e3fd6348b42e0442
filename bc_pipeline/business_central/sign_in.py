"""The first sign-in of a tenant at Microsoft Entra: by authorisation code with PKCE, by device
code, or as the application itself (behaviour.md 1). Runs go on from what this yields."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import requests
from pydantic import SecretStr

from bc_pipeline.business_central.auth import SCOPE
from bc_pipeline.business_central.refusals import PASSING, Asked, refusal
from bc_pipeline.business_central.retry import retry_after_seconds
from bc_pipeline.errors import AuthError, RequestFailed
from bc_pipeline.http.oauth import (
    UNREADABLE,
    json_object,
    lifetime_seconds,
    succeeded,
    token_in,
)
from bc_pipeline.http.repeating import Again, Backoff, repeated
from bc_pipeline.http.unreachable import other_place, why

DELEGATED_SCOPE = f"{SCOPE} offline_access"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
PENDING = "authorization_pending"
SLOW_DOWN = "slow_down"
SLOWER_BY_SECONDS = 5.0
DEVICE_LIFETIME_SECONDS = 900.0
_LONGEST_INTERVAL_SECONDS = 60.0
_TRIES = 4
_TIMEOUT = (10.0, 60.0)
_SETTING = "business_central.login_url"


@dataclass(frozen=True)
class App:
    """The app registration that signs in, and where."""

    client_id: str
    client_secret: SecretStr
    entra_tenant: str
    redirect_uri: str
    login_url: str

    @property
    def asked(self) -> Asked:
        """As refusals name it."""
        return Asked(self.client_id, self.entra_tenant, self.redirect_uri, self.login_url)

    def endpoint(self, name: str) -> str:
        """The address of an endpoint of the Microsoft identity platform."""
        return f"{self.login_url}/{self.entra_tenant}/oauth2/v2.0/{name}"


@dataclass(frozen=True)
class Attempt:
    """One sign-in through the browser; good for one answer.

    Attributes:
        state: comes back with the answer, which is ours only if it is the same.
        verifier: proves when the code is redeemed that it was asked for here. ``repr`` hides it.
    """

    state: str
    verifier: str = field(repr=False)

    @classmethod
    def begin(cls, tenant: str) -> Attempt:
        """A new one, bound to a tenant."""
        return cls(f"{tenant}.{secrets.token_urlsafe(32)}", secrets.token_urlsafe(64))

    @property
    def challenge(self) -> str:
        """What the address shows of the verifier (S256)."""
        digest = hashlib.sha256(self.verifier.encode("ascii")).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


@dataclass(frozen=True)
class Device:
    """A sign-in on another device. ``repr`` hides what the answer is fetched with.

    Attributes:
        code: what is polled with.
        user_code, page: what the person types, and where.
        interval, expires_in: seconds between two polls, and until it is too late.
    """

    code: str = field(repr=False)
    user_code: str
    page: str
    interval: float
    expires_in: float


def address(app: App, attempt: Attempt) -> str:
    """Where the person signs in and accepts; holds no secret."""
    asked = {
        "client_id": app.client_id,
        "response_type": "code",
        "redirect_uri": app.redirect_uri,
        "response_mode": "query",
        "scope": DELEGATED_SCOPE,
        "state": attempt.state,
        "code_challenge": attempt.challenge,
        "code_challenge_method": "S256",
        "prompt": "select_account",
    }
    return f"{app.endpoint('authorize')}?{urlencode(asked)}"


class EntraSignIn:
    """Asks Microsoft Entra's token endpoint on behalf of an app registration.

    Args:
        app: which one.
        session: carries the requests.
        sleep: waits before a request is repeated.
    """

    def __init__(self, app: App, session: requests.Session, sleep: Callable[[float], Any]) -> None:
        self._app = app
        self._session = session
        self._sleep = sleep

    def redeem(self, code: str, verifier: str) -> SecretStr:
        """The refresh token for the code of a sign-in in the browser.

        Raises:
            AuthError: refused; says what to do.
            RequestFailed: no usable answer.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._app.redirect_uri,
            "code_verifier": verifier,
            "scope": DELEGATED_SCOPE,
        }
        return _refresh_token(self._granted(form))

    def begin_device(self) -> Device:
        """Begin a sign-in on another device.

        Raises:
            AuthError, RequestFailed: as ``redeem``.
        """
        answer = self._repeated(lambda: self._device_code())
        return Device(
            answer["device_code"],
            answer["user_code"],
            answer["verification_uri"],
            _interval(answer),
            lifetime_seconds(answer, DEVICE_LIFETIME_SECONDS),
        )

    def poll(self, device: Device) -> SecretStr | str:
        """The refresh token once the person has signed in; before that ``PENDING`` or
        ``SLOW_DOWN``.

        Raises:
            AuthError, RequestFailed: as ``redeem``; also when they declined, or took too long.
        """
        try:
            return self._polled({"grant_type": DEVICE_GRANT, "device_code": device.code})
        except Again as error:
            raise error.failure from None

    def _polled(self, form: dict[str, str]) -> SecretStr | str:
        response = self._post("token", form)
        answer = json_object(response.content)
        if answer.get("error") in (PENDING, SLOW_DOWN):
            return str(answer["error"])
        if token_in(response) is None:
            raise self._failure(response, answer)
        return _refresh_token(answer)

    def as_application(self) -> None:
        """Make sure that the application itself is let in (``client_credentials``).

        Raises:
            AuthError, RequestFailed: as ``redeem``.
        """
        self._granted({"grant_type": "client_credentials", "scope": SCOPE})

    def _device_code(self) -> dict[str, Any]:
        response = self._post("devicecode", {"scope": DELEGATED_SCOPE})
        answer = json_object(response.content)
        named = (answer.get(key) for key in ("device_code", "user_code", "verification_uri"))
        if succeeded(response) and all(isinstance(each, str) and each for each in named):
            return answer
        raise self._failure(response, answer)

    def _granted(self, form: dict[str, str]) -> dict[str, Any]:
        return self._repeated(lambda: self._grant(form))

    def _grant(self, form: dict[str, str]) -> dict[str, Any]:
        response = self._post("token", form)
        answer = json_object(response.content)
        if token_in(response) is None:
            raise self._failure(response, answer)
        return answer

    def _repeated(self, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The answer, asked for again while it may be better a little later (decisions 35, 41). A
        code that was taken although its answer was lost is refused then, which says so."""
        return repeated(ask, tries=_TRIES, backoff=Backoff(), sleep=self._sleep)

    def _post(self, endpoint: str, form: dict[str, str]) -> requests.Response:
        who = {"client_id": self._app.client_id}
        if endpoint == "token":
            who["client_secret"] = self._app.client_secret.get_secret_value()
        try:
            return self._session.post(
                self._app.endpoint(endpoint),
                data={**who, **form},
                headers={"Accept": "application/json"},
                timeout=_TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # The exception holds the request and that its body: it is not passed on.
            cause = why(error, self._app.login_url, _SETTING)
            raise Again(RequestFailed(f"no answer from Microsoft Entra: {cause}")) from None

    def _failure(self, response: requests.Response, answer: dict[str, Any]) -> Exception:
        status = response.status_code
        later = retry_after_seconds(status, response.headers)
        if (word := answer.get("error")) and not succeeded(response):
            refused = refusal(answer, self._app.asked)
            passing = isinstance(word, str) and word in PASSING
            return Again(RequestFailed(str(refused)), later) if passing else refused
        if succeeded(response):
            return Again(RequestFailed(f"Microsoft Entra: HTTP {status}, {UNREADABLE}"))
        if status in (408, 429) or status >= 500:
            text = f"Microsoft Entra answered HTTP {status}: try again in a few minutes"
            return Again(RequestFailed(text), later)
        return RequestFailed(
            f"Microsoft Entra answered HTTP {status}: {other_place(status, _SETTING)}"
        )


def _interval(answer: dict[str, Any]) -> float:
    """Seconds between two polls; the usual ones where the answer says nonsense (decisions 35)."""
    told = lifetime_seconds({"expires_in": answer.get("interval")}, SLOWER_BY_SECONDS)
    return min(told, _LONGEST_INTERVAL_SECONDS)


def _refresh_token(answer: dict[str, Any]) -> SecretStr:
    token = answer.get("refresh_token")
    if not isinstance(token, str) or not token:
        raise AuthError(
            "Microsoft let the person in, but gave no refresh token: the app registration lacks "
            "the delegated permission offline_access. Add it, then start `bc-pipeline connect` "
            "again"
        )
    return SecretStr(token)
