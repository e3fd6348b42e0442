"""Consent at Microsoft: somebody signs in and lets the app registration work for them, or the
application is let in itself."""

from __future__ import annotations

import hmac
import threading
from contextlib import closing
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from bc_pipeline import clock
from bc_pipeline.business_central.refusals import refusal
from bc_pipeline.business_central.sign_in import (
    PENDING,
    SLOW_DOWN,
    SLOWER_BY_SECONDS,
    App,
    Attempt,
    EntraSignIn,
    address,
)
from bc_pipeline.connecting.loopback import Answer, listening
from bc_pipeline.connecting.questions import Person
from bc_pipeline.errors import AuthError, ConfigError, RequestFailed
from bc_pipeline.http.session import new_session
from bc_pipeline.tenants.urls import is_loopback

Method = Literal["browser", "paste", "device", "application"]

SHARED = ("common", "organizations", "consumers")
"""Names of Microsoft Entra that mean whoever signs in, so no application of its own."""
WAIT_SECONDS = 600.0
"""For the person in the browser."""

pause = threading.Event().wait


def consent(tenant: str, app: App, method: Method, person: Person) -> SecretStr | None:
    """The first refresh token; None where the application works for itself.

    Args:
        tenant: its name; a sign-in is good for it alone.
        app: who asks for consent.
        method: in the browser of this machine, of another one, on another device, or by no person.
        person: who is told where to sign in.

    Raises:
        AuthError: declined, refused, too late, or an answer that is not ours; says what to do.
        ConfigError: this method cannot work with the settings.
        RequestFailed: Microsoft Entra gave no usable answer.
    """
    with closing(new_session(1)) as session:
        entra = EntraSignIn(app, session, pause)
        if method == "application":
            if app.entra_tenant.lower() in SHARED:
                raise ConfigError(
                    "an application signs in at its customer's own Microsoft Entra tenant: name it "
                    "with --entra-tenant, by id or domain"
                )
            entra.as_application()
            return None
        if method == "device":
            return _on_device(entra, person)
        _check_address(app.redirect_uri)
        attempt = Attempt.begin(tenant)
        answer = _answer(app, attempt, method, person)
        return entra.redeem(_code(answer, app), attempt.verifier)


def _answer(app: App, attempt: Attempt, method: Method, person: Person) -> Answer:
    def not_ours(answer: Answer) -> AuthError | None:
        return _not_ours(answer, attempt)

    where = address(app, attempt)
    if method == "paste" or not _on_this_machine(app.redirect_uri):
        person.tell(f"Open this address, sign in and accept:\n\n  {where}\n")
        answer = _pasted(person.paste(), app.redirect_uri)
        if refused := not_ours(answer):
            raise refused
        return answer
    with listening(app.redirect_uri, not_ours) as listener:
        person.browse(where)
        return listener.wait(WAIT_SECONDS)


def _on_this_machine(redirect_uri: str) -> bool:
    parts = urlsplit(redirect_uri)
    return parts.scheme == "http" and is_loopback(parts.hostname or "")


def _check_address(redirect_uri: str) -> None:
    """
    Raises:
        ConfigError: no browser could be sent there.
    """
    try:
        parts = urlsplit(redirect_uri)
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        right = None
    if not right:
        raise ConfigError(
            f"the redirect address {redirect_uri!r} is none: write scheme, host, port and path as "
            "they stand in the app registration (--redirect-uri, business_central.redirect_uri)"
        )


def _pasted(text: str, redirect_uri: str) -> Answer:
    """What an address says that the browser was sent back to."""
    given, wanted = urlsplit(text.strip().strip("\"'")), urlsplit(redirect_uri)
    same = (given.scheme, given.netloc.lower(), given.path or "/") == (
        wanted.scheme,
        wanted.netloc.lower(),
        wanted.path or "/",
    )
    if not same:
        raise AuthError(
            f"this is not the address the browser was sent back to: that one begins with "
            f"{redirect_uri}. Start `bc-pipeline connect` again and copy all of it from the "
            "browser's address bar"
        )
    return dict(parse_qsl(given.query, keep_blank_values=True))


def _not_ours(answer: Answer, attempt: Attempt) -> AuthError | None:
    given = answer.get("state", "").encode()
    if hmac.compare_digest(given, attempt.state.encode()):
        return None
    return AuthError(
        "this answer belongs to another sign-in (its state is not the one that was sent). Use the "
        "address shown last, in the browser it was opened in; an older page does not count"
    )


def _code(answer: Answer, app: App) -> str:
    if "error" in answer:
        raise refusal(answer, app.asked)
    code = answer.get("code")
    if not code:
        raise AuthError(
            "Microsoft's answer has no code in it. Start `bc-pipeline connect` again and use the "
            "whole address"
        )
    return code


def _on_device(entra: EntraSignIn, person: Person) -> SecretStr:
    device = entra.begin_device()
    person.tell(f"On any device open {device.page} and enter the code {device.user_code}")
    interval = device.interval
    until = clock.monotonic() + device.expires_in
    failure: RequestFailed | None = None
    while clock.monotonic() < until:
        pause(interval)
        try:
            polled, failure = entra.poll(device), None
        except RequestFailed as error:
            polled, failure = SLOW_DOWN, error  # the person goes on typing meanwhile
        if isinstance(polled, SecretStr):
            return polled
        if polled != PENDING:
            interval += SLOWER_BY_SECONDS
    raise failure or AuthError(
        "nobody entered the code in time. Start `bc-pipeline connect` again, and enter the new one"
    )
