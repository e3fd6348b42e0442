"""The token endpoint: what a client may exchange for tokens.

The v1 endpoint names what it wants by ``resource``, the v2.0 endpoint by ``scope``; v1 answers
numbers as text.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bc_pipeline.sandbox.entra.directory import Directory
from bc_pipeline.sandbox.entra.errors import (
    SignInError,
    ended,
    invalid_client,
    invalid_grant,
    missing,
)
from bc_pipeline.sandbox.entra.forms import Form
from bc_pipeline.sandbox.entra.records import Application, Code, Consent
from bc_pipeline.sandbox.entra.tokens import Tokens, client_info, id_token

RESOURCE = "https://api.businesscentral.dynamics.com"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_OPENID = ("offline_access", "openid", "profile", "email")


@dataclass(frozen=True)
class TokenRequest:
    """One request at the token endpoint, its client known.

    Attributes:
        directory: the tenant the address names; None for a shared address.
        v2: which of the two endpoints.
        issuer: of id tokens.
    """

    tokens: Tokens
    application: Application
    directory: Directory | None
    form: Form
    v2: bool
    issuer: str

    def answer(self) -> dict[str, Any]:
        """The JSON it is answered with.

        Raises:
            SignInError: whatever Entra refuses.
        """
        name = self.form.required("grant_type")
        grant = _GRANTS.get(name)
        if grant is None:
            text = "The app requested an unsupported grant type."
            raise SignInError(400, "unsupported_grant_type", 70003, text)
        self.form.prove(self.application)
        return grant(self)

    # --- grants --------------------------------------------------------------------------------

    def client_credentials(self) -> dict[str, Any]:
        """The application speaks for itself."""
        if self.directory is None:
            raise SignInError(400, "invalid_request", 50059, "No tenant-identifying information.")
        wanted = self.form.required("scope" if self.v2 else "resource")
        if self.v2 and wanted != f"{RESOURCE}/.default":
            raise SignInError(400, "invalid_scope", 1002012, "The scope is not valid.")
        self._check_scopes()
        client_id = self.application.client_id
        consent = Consent(client_id, f"app:{client_id}", directory=self.directory)
        return self._tokens(consent, delegated=False)

    def refresh_token(self) -> dict[str, Any]:
        """A person's consent, told by a refresh token."""
        text = self.form.required("refresh_token")
        token = self.tokens.valid_refresh(text, self.application.client_id)
        self._check_tenant(token.consent)
        self._check_scopes()
        self.tokens.use(token)
        return self._tokens(token.consent)

    def authorization_code(self) -> dict[str, Any]:
        """A person's sign-in, told by the code that came back through the browser."""
        code = self._code(self.form.required("code"))
        if self.form.required("redirect_uri") != code.redirect_uri:
            text = "The reply address does not match the one given when requesting the code."
            raise invalid_grant(500112, text)
        self._check_tenant(code.consent)
        if code.challenge is not None:
            _check_verifier(self.form.get("code_verifier"), code)
        code.redeemed = True
        return self._tokens(code.consent)

    def device_code(self) -> dict[str, Any]:
        """A person's sign-in on another device."""
        device = self.tokens.devices.get(self.form.required("device_code"))
        if device is None or device.consent.client_id != self.application.client_id:
            raise SignInError(400, "bad_verification_code", 70019, "Verification code is invalid.")
        if self.tokens.clock() > device.expires_at:
            raise SignInError(400, "expired_token", 70020, "The device code has expired.")
        if not self.application.public_flows:
            text = "The request body must contain 'client_assertion' or 'client_secret'."
            raise invalid_client(7000218, text)
        if device.redeemed:
            raise invalid_grant(54005, "The device code was already redeemed.")
        if device.answer is None:
            if device.is_hasty(self.tokens.clock()):
                raise SignInError(400, "slow_down", 70016, "The client polls too often.")
            raise SignInError(400, "authorization_pending", 70016, "Authorization is pending.")
        if device.answer == "access_denied":
            raise SignInError(400, "authorization_declined", 70018, "The user declined.")
        if device.answer != "accepted":
            raise ended(device.answer)
        device.redeemed = True
        return self._tokens(device.consent)

    # --- what they share -----------------------------------------------------------------------

    def _code(self, text: str) -> Code:
        code = self.tokens.codes.get(text)
        if code is None or code.consent.client_id != self.application.client_id:
            raise invalid_grant(70000, "The provided authorization code is not valid.")
        if code.redeemed:
            raise invalid_grant(54005, "OAuth2 Authorization code was already redeemed.")
        if self.tokens.clock() > code.expires_at:
            raise invalid_grant(70008, "The provided authorization code has expired.")
        return code

    def _check_tenant(self, consent: Consent) -> None:
        if self.directory not in (None, consent.directory):
            text = "The provided code or token is intended to be used with another tenant."
            raise invalid_grant(700005, text)

    def _check_scopes(self) -> None:
        resource = self.form.get("resource").rstrip("/")
        if not self.v2 and resource not in ("", RESOURCE):
            text = f"The resource principal named {resource} was not found."
            raise SignInError(400, "invalid_resource", 500011, text)
        if not all(is_known_scope(scope) for scope in self.form.get("scope").split()):
            raise SignInError(400, "invalid_scope", 70011, "The scope is not valid.")

    def _tokens(self, consent: Consent, *, delegated: bool = True) -> dict[str, Any]:
        now, life = self.tokens.clock(), self.tokens.expires_in
        answer: dict[str, Any] = {
            "token_type": "Bearer",
            "expires_in": life,
            "ext_expires_in": life,
            "access_token": self.tokens.new_access(consent),
        }
        if not self.v2:
            at = int(now.timestamp())
            seconds = {"expires_in": life, "ext_expires_in": life, "not_before": at}
            answer |= {name: str(n) for name, n in (seconds | {"expires_on": at + life}).items()}
            answer["resource"] = RESOURCE
        if not delegated:
            return answer
        scope = "user_impersonation"
        answer["scope"] = f"{RESOURCE}/{scope}" if self.v2 else scope
        if not self.v2 or consent.asked("offline_access"):
            answer["refresh_token"] = self.tokens.new_refresh(consent)
        if consent.asked("openid"):
            answer["id_token"] = id_token(consent, self.issuer, now, life)
        if self.form.get("client_info") == "1":
            answer["client_info"] = client_info(consent)
        return answer


_GRANTS: Mapping[str, Callable[[TokenRequest], dict[str, Any]]] = {
    "client_credentials": TokenRequest.client_credentials,
    "refresh_token": TokenRequest.refresh_token,
    "authorization_code": TokenRequest.authorization_code,
    DEVICE_GRANT: TokenRequest.device_code,
}


def is_known_scope(scope: str) -> bool:
    """Whether a scope is one of Business Central's or of OpenID Connect."""
    return scope == RESOURCE or scope.startswith(f"{RESOURCE}/") or scope in _OPENID


def _check_verifier(verifier: str, code: Code) -> None:
    if not verifier:
        raise missing("code_verifier")
    derived = verifier
    if code.method == "S256":
        digest = hashlib.sha256(verifier.encode("ascii", "replace")).digest()
        derived = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if derived != code.challenge:
        text = "The Code_Verifier does not match the code_challenge supplied before."
        raise invalid_grant(501481, text)
