"""What Microsoft Entra says when somebody is not let in while a tenant is connected: what happened,
and what to do.

A run needs only the word of OAuth2 (``auth.py``). Whoever connects a tenant can act on Microsoft's
own number, which tells one cause of ``invalid_request`` from another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bc_pipeline.errors import AuthError

_NUMBER = re.compile(r"\bAADSTS(\d{4,9})\b")
_WORD = re.compile(r"[a-z_]{1,64}")
_AGAIN = "Start `bc-pipeline connect` again"
_CONSENT = (
    "Let an administrator of Microsoft Entra grant admin consent to the app registration: in the "
    "Entra admin centre under App registrations, API permissions, or at {admin_consent}"
)
_SECRET = "give its value (not its id) with --client-secret-file"  # noqa: S105 - words

REFUSALS: Mapping[int, str] = MappingProxyType(
    {
        50011: "the redirect address {redirect_uri} is not one of the app registration's. Add "
        "exactly this address there under Authentication, platform Web, or name one that stands "
        "there with --redirect-uri",
        50020: "this user does not belong to the Microsoft Entra tenant {entra_tenant}. Sign in as "
        "one of its users, or correct --entra-tenant",
        50034: "the Microsoft Entra tenant does not know this user. Sign in as one of its users",
        50058: f"nobody is signed in. {_AGAIN} and sign in",
        50059: "it cannot be told which Microsoft Entra tenant is meant. Name it with "
        "--entra-tenant, by id or domain",
        50076: f"Microsoft wants a second factor. {_AGAIN} and sign in with it",
        50079: f"the user has to set up a second factor first. Do that, then {_AGAIN.lower()}",
        50105: "the user is not assigned to the app. Assign them under Enterprise applications, "
        "Users and groups",
        50126: "user name or password is wrong",
        50158: f"Microsoft wants to see the person once more. {_AGAIN}",
        50194: "the app registration serves its own Microsoft Entra tenant only. Name that one "
        "with --entra-tenant, or make the app multitenant",
        53003: "a conditional access policy forbids it. Ask the administrator of Microsoft Entra "
        "to let this app or this user pass",
        54005: f"this sign-in was used before: its code is good for one time. {_AGAIN}",
        65001: f"nobody has consented to this app yet. {_CONSENT}",
        65004: f"the person who signed in declined what the app asks for. {_AGAIN} and accept; who "
        "may not accept asks an administrator of Microsoft Entra",
        70000: f"the code of this sign-in is not valid. {_AGAIN} and use the newest address",
        70008: f"this sign-in has expired: its code lives for ten minutes. {_AGAIN}",
        70011: "the app registration has no permission for Business Central. Add the delegated "
        "permission user_impersonation or Financials.ReadWrite.All",
        70018: f"the sign-in was declined on the other device. {_AGAIN}",
        70019: f"the device code is not valid. {_AGAIN}",
        70020: f"the device code has expired. {_AGAIN} and type the code within fifteen minutes",
        90002: "there is no Microsoft Entra tenant {entra_tenant}. Correct --entra-tenant",
        90014: "the request lacks something that Microsoft needs. Check --client-id and "
        "--entra-tenant",
        90094: f"this Microsoft Entra tenant lets only administrators consent. {_CONSENT}",
        90095: "the request for an administrator's consent was sent and waits for them. Once it is "
        f"granted, {_AGAIN.lower()}",
        500011: "this Microsoft Entra tenant does not know Business Central: it has no licence of "
        "it, or another tenant is meant. Check --entra-tenant",
        500112: "the redirect address differs from the one the sign-in began with. "
        f"{_AGAIN} with the same --redirect-uri",
        501481: f"the answer belongs to another sign-in than this one. {_AGAIN}",
        530003: "a conditional access policy wants a managed device. Sign in on one, or ask the "
        "administrator of Microsoft Entra",
        700016: "the Microsoft Entra tenant {entra_tenant} does not know the app registration "
        "{client_id}. Check --client-id and --entra-tenant",
        700025: "the app registration is a public client, which has no secret. Add the platform "
        "Web and a secret to it",
        700051: "the app registration may not hand out codes. Add the platform Web with the "
        "redirect address {redirect_uri}",
        1002012: "the app registration has no permission for Business Central. Add the application "
        "permission API.ReadWrite.All, and grant admin consent",
        7000112: "the app registration is disabled. Enable it, or use another one",
        7000215: f"the client secret is wrong: {_SECRET}",
        7000216: f"the client secret is missing: {_SECRET}",
        7000218: "the app registration wants its secret, or is not allowed device codes. Allow "
        "public client flows under Authentication, or connect without --device-code",
        7000222: "the client secret has expired. Make a new one for the app registration under "
        f"Certificates & secrets, and {_SECRET}",
    }
)
"""Number of AADSTS -> what happened and what to do."""

_BY_WORD: Mapping[str, int] = MappingProxyType(
    {
        "access_denied": 65004,
        "authorization_declined": 70018,
        "bad_verification_code": 70019,
        "consent_required": 65001,
        "expired_token": 70020,
        "interaction_required": 50158,
        "invalid_client": 7000215,
        "invalid_grant": 70000,
        "invalid_scope": 70011,
        "login_required": 50058,
        "unauthorized_client": 700016,
    }
)
"""Word of OAuth2 -> the number whose words fit where Microsoft gives none that is known."""

PASSING = frozenset(("temporarily_unavailable", "server_error"))
"""Words of answers that may be better a little later."""


@dataclass(frozen=True)
class Asked:
    """What a refusal is about, to be named in its words."""

    client_id: str
    entra_tenant: str
    redirect_uri: str
    login_url: str

    @property
    def admin_consent(self) -> str:
        """Where an administrator consents for everybody."""
        return f"{self.login_url}/{self.entra_tenant}/adminconsent?client_id={self.client_id}"


def refusal(answer: Mapping[str, Any], asked: Asked) -> AuthError:
    """An answer without a token or a code, in words. Of Microsoft's own text only word and number
    are repeated: the rest is localised and may quote the request.

    Args:
        answer: the JSON of an endpoint, or what came back through the browser.
        asked: by whom.
    """
    given = answer.get("error")
    word = given if isinstance(given, str) and _WORD.fullmatch(given) else ""
    number = _number(answer)
    known = number if number in REFUSALS else _BY_WORD.get(word)
    told = f"AADSTS{number}" if number else ""
    label = ", ".join(filter(None, (word, told))) or "no reason given"
    if word in PASSING:
        words = f"Microsoft is not able to answer just now. {_AGAIN} in a few minutes"
    elif known is None:
        words = (
            "check --client-id, --entra-tenant and the app registration; docs/connect.md tells how "
            "it is set up"
        )
    else:
        words = REFUSALS[known].format(
            client_id=asked.client_id,
            entra_tenant=asked.entra_tenant,
            redirect_uri=asked.redirect_uri,
            admin_consent=asked.admin_consent,
        )
    return AuthError(f"Microsoft does not let us in ({label}): {words}")


def _number(answer: Mapping[str, Any]) -> int | None:
    codes = answer.get("error_codes")
    if isinstance(codes, list) and codes and isinstance(codes[0], int):
        return codes[0]
    found = _NUMBER.search(str(answer.get("error_description") or ""))
    return int(found[1]) if found else None
