"""Access tokens for Business Central from Microsoft Entra (behaviour.md 1)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import requests

from bc_pipeline import clock
from bc_pipeline.business_central.retry import retry_after_seconds
from bc_pipeline.business_central.throttle import Throttle
from bc_pipeline.errors import AuthError, PipelineError, RequestFailed
from bc_pipeline.http.oauth import UNREADABLE, json_object, lifetime_seconds, succeeded, token_in
from bc_pipeline.http.repeating import Again, Backoff, repeated
from bc_pipeline.http.tokens import TokenHolder
from bc_pipeline.http.unreachable import other_place, why
from bc_pipeline.tenants.secrets import StoredToken, TokenStore, fingerprint
from bc_pipeline.tenants.settings import Tenant

SYSTEM = "business_central"
SCOPE = "https://api.businesscentral.dynamics.com/.default"
DEFAULT_LIFETIME_SECONDS = 3599

_SIGN_IN_AGAIN = (
    "Someone has to sign in again at Microsoft, as the user this tenant was connected with: "
    "`bc-pipeline connect {tenant}`"
)
_PERSON_NEEDED = {
    "invalid_grant": "the sign-in has expired, was revoked or does not count any more",
    "interaction_required": "Microsoft wants to see the person (multi-factor authentication, or a "
    "conditional access policy)",
    "consent_required": "the consent to this app is missing or was withdrawn",
    "login_required": "the sign-in does not count any more",
}
_ADMINISTRATOR_NEEDED = (
    "an administrator of Microsoft Entra has to consent to the app registration, or to let it pass "
    "the conditional access policies"
)
_WHAT_TO_DO = {
    "invalid_client": (
        "the client secret is wrong or has expired. Make a new one for the app registration and "
        "put it in tenants.yaml"
    ),
    "unauthorized_client": (
        "the app registration may not use this grant. Correct client_id, entra_tenant or the app's "
        "permissions"
    ),
    "invalid_scope": (
        "the app registration has no permission for Business Central. Grant API.ReadWrite.All"
    ),
    "invalid_request": "the request is not acceptable. Check entra_tenant, client_id and grant",
}
_PASSING = {"temporarily_unavailable", "server_error"}
"""Error words of an answer that may be better a little later, whatever its status."""


class AccessTokens(TokenHolder):
    """The access token of one tenant for Business Central.

    A rotated refresh token is on disk before the access token that came with it is handed out.

    Args:
        tenant: whose credentials to use.
        store: where tokens live between runs.
        session: carries the requests to Entra.
        throttle: only waits through it, so that a cancelled run does not keep on trying.
        backoff: between tries.
    """

    SYSTEM = SYSTEM
    RENEW_BEFORE_SHARE = 0.1

    def __init__(
        self,
        tenant: Tenant,
        store: TokenStore,
        session: requests.Session,
        throttle: Throttle,
        backoff: Backoff,
    ) -> None:
        super().__init__(tenant.name, store)
        self._tenant = tenant
        self._settings = tenant.business_central
        self._session = session
        self._throttle = throttle
        self._backoff = backoff

    def redacted(self, text: str) -> str:
        """``text`` without any secret of this tenant that a server may have echoed into it."""
        current = self._current
        for secret in (
            self._settings.client_secret.get_secret_value(),
            self._seed(),
            current.access_token if current else None,
            current.refresh_token if current else None,
        ):
            if secret:
                text = text.replace(secret, "***")
        return text

    def _requested(self, stored: StoredToken | None, refused: str | None) -> StoredToken:
        """A new token from Entra, already on disk."""
        refresh_token = (stored.refresh_token if stored else None) or self._seed()
        asked_at = clock.now()
        answer = self._ask(self._form(refresh_token))
        lifetime = lifetime_seconds(answer, DEFAULT_LIFETIME_SECONDS)
        renewed = StoredToken(
            access_token=answer["access_token"],
            expires_at=asked_at + timedelta(seconds=lifetime),
            refresh_token=answer.get("refresh_token") or refresh_token,
            fingerprint=self._fingerprint(),
            lifetime_seconds=lifetime,
        )
        self._store.save(self._tenant.name, SYSTEM, renewed)
        return renewed

    def _ask(self, form: dict[str, str]) -> dict[str, Any]:
        return repeated(
            lambda: self._ask_once(form),
            tries=self._settings.max_attempts,
            backoff=self._backoff,
            sleep=self._throttle.wait,
        )

    def _ask_once(self, form: dict[str, str]) -> dict[str, Any]:
        try:
            response = self._session.post(
                f"{self._settings.login_url}/{self._settings.entra_tenant}/oauth2/v2.0/token",
                data=form,
                headers={"Accept": "application/json"},
                timeout=(
                    self._settings.connect_timeout_seconds,
                    min(self._settings.read_timeout_seconds, 60.0),
                ),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # The exception holds the request and that its body: it is not passed on.
            cause = why(error, self._settings.login_url, "business_central.login_url")
            raise _again(f"no answer: {cause}") from None
        answer = json_object(response.content)
        if token_in(response) is not None:
            return answer
        raise self._failure(response, answer)

    def _failure(self, response: requests.Response, answer: dict[str, Any]) -> Exception:
        status = response.status_code
        error = answer.get("error")
        word = error if isinstance(error, str) and re.fullmatch(r"[a-z_]{1,64}", error) else None
        unreadable = succeeded(response)
        if unreadable or status in (408, 429) or status >= 500 or word in _PASSING:
            return _again(
                f"HTTP {status}, {UNREADABLE}"
                if unreadable
                else f"HTTP {status} {word or ''}".strip(),
                retry_after_seconds(status, response.headers),
            )
        if word is None and status not in (400, 401, 403):
            told = other_place(status, "business_central.login_url")
            return AuthError(f"Microsoft Entra gave no token: HTTP {status}, {told}")
        # Only the error word is repeated: the description is localised and may quote the request.
        return AuthError(
            f"Microsoft Entra refuses the credentials of {self._tenant.name} "
            f"({word or f'HTTP {status}'}): {self._todo(word or '')}"
        )

    def _todo(self, word: str) -> str:
        """What a person can do about a refusal."""
        if word in _PERSON_NEEDED and self._settings.refresh_token is not None:
            again = _SIGN_IN_AGAIN.format(tenant=self._tenant.name)
            return f"{_PERSON_NEEDED[word]}. {again}"
        if word in _PERSON_NEEDED:
            return f"{_PERSON_NEEDED[word]}; {_ADMINISTRATOR_NEEDED}"
        return _WHAT_TO_DO.get(word, "check entra_tenant, client_id and client_secret")

    def _form(self, refresh_token: str | None) -> dict[str, str]:
        form = {
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret.get_secret_value(),
        }
        if refresh_token is None:
            return {**form, "grant_type": "client_credentials", "scope": SCOPE}
        return {
            **form,
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "scope": f"{SCOPE} offline_access",
        }

    def _seed(self) -> str | None:
        token = self._settings.refresh_token
        return token.get_secret_value() if token else None

    def _fingerprint(self) -> str:
        # A new client secret does not spoil a refresh token, so it is not part of this.
        settings = self._settings
        return fingerprint(
            settings.login_url, settings.entra_tenant, settings.client_id, self._seed()
        )


def _again(reason: str, retry_after: float | None = None) -> Again:
    """The token endpoint may answer better a little later."""
    return Again(RequestFailed(f"Microsoft Entra gave no token: {reason}"), retry_after)


def no_access(tenant: Tenant, status: int, code: str | None) -> PipelineError:
    """BC refuses a token that Entra has just issued: what a person has to do (behaviour.md 1)."""
    delegated = tenant.business_central.refresh_token is not None
    todo = (
        "give the user who consented a licence and a permission set for this company"
        if delegated
        else "register the client id on the page Microsoft Entra Applications of Business Central, "
        "state Enabled, with permission sets (SUPER is not allowed)"
    )
    return AuthError(
        f"Business Central refuses access for {tenant.name} (HTTP {status}"
        f"{f', {code}' if code else ''}): {todo}"
    )
