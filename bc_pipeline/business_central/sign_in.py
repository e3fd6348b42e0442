"""The first sign-in of a tenant at Microsoft Entra: by authorisation code with PKCE, by device
code, or as the application itself (behaviour.md 1). Runs go on from what this yields."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import requests
from pydantic import SecretStr

from bc_pipeline.business_central.auth import SCOPE
from bc_pipeline.business_central.refusals import Asked, refusal
from bc_pipeline.errors import AuthError, RequestFailed
from bc_pipeline.http.oauth import UNREADABLE, json_object, succeeded, token_in
from bc_pipeline.http.unreachable import other_place, why

DELEGATED_SCOPE = f"{SCOPE} offline_access"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
PENDING = "authorization_pending"
SLOW_DOWN = "slow_down"
SLOWER_BY_SECONDS = 5.0
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
    """

    def __init__(self, app: App, session: requests.Session) -> None:
        self._app = app
        self._session = session

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
        response = self._post("devicecode", {"scope": DELEGATED_SCOPE})
        answer = json_object(response.content)
        if not succeeded(response):
            raise self._failure(response, answer)
        try:
            return Device(
                str(answer["device_code"]),
                str(answer["user_code"]),
                str(answer["verification_uri"]),
                float(answer.get("interval", SLOWER_BY_SECONDS)),
                float(answer.get("expires_in", 900)),
            )
        except (KeyError, TypeError, ValueError):
            raise RequestFailed("Microsoft Entra answered no device code") from None

    def poll(self, device: Device) -> SecretStr | str:
        """The refresh token once the person has signed in; before that ``PENDING`` or
        ``SLOW_DOWN``.

        Raises:
            AuthError, RequestFailed: as ``redeem``; also when they declined, or took too long.
        """
        response = self._post("token", {"grant_type": DEVICE_GRANT, "device_code": device.code})
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

    def _granted(self, form: dict[str, str]) -> dict[str, Any]:
        response = self._post("token", form)
        answer = json_object(response.content)
        if token_in(response) is None:
            raise self._failure(response, answer)
        return answer

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
            raise RequestFailed(f"no answer from Microsoft Entra: {cause}") from None

    def _failure(self, response: requests.Response, answer: dict[str, Any]) -> Exception:
        status = response.status_code
        if answer.get("error"):
            return refusal(answer, self._app.asked)
        if succeeded(response):
            return RequestFailed(f"Microsoft Entra: HTTP {status}, {UNREADABLE}")
        told = other_place(status, _SETTING) if status < 500 else "try again in a few minutes"
        return RequestFailed(f"Microsoft Entra answered HTTP {status}: {told}")


def _refresh_token(answer: dict[str, Any]) -> SecretStr:
    token = answer.get("refresh_token")
    if not isinstance(token, str) or not token:
        raise AuthError(
            "Microsoft let the person in, but gave no refresh token: the app registration lacks "
            "the delegated permission offline_access. Add it, then start `bc-pipeline connect` "
            "again"
        )
    return SecretStr(token)
