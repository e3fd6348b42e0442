"""What happens in the browser: a person signs in and accepts, or does not."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bc_pipeline.sandbox.entra.directory import Directory
from bc_pipeline.sandbox.entra.discovery import address
from bc_pipeline.sandbox.entra.errors import SignInError, ended, missing, unknown_application
from bc_pipeline.sandbox.entra.forms import read_form
from bc_pipeline.sandbox.entra.grants import is_known_scope
from bc_pipeline.sandbox.entra.records import Application, Consent, Person
from bc_pipeline.sandbox.entra.tokens import DEVICE_LIFE, Tokens

# What the two buttons of the page add to what was asked.
_ANSWER = "sandbox_answer"


@dataclass
class Browser:
    """The endpoints a person meets.

    Attributes:
        who: the person who sits there.
        find: the tenant an address names, None for a shared one.
        home: the person's own tenant.
    """

    tokens: Tokens
    applications: Mapping[str, Application]
    who: Callable[[], Person]
    find: Callable[[str], Directory | None]
    home: Directory

    def routes(self) -> list[Route]:
        """Routes below the login URL."""
        both = ["GET", "POST"]
        return [
            Route("/{tenant}/oauth2/v2.0/authorize", self._authorize, methods=both),
            Route("/{tenant}/oauth2/authorize", self._authorize, methods=both),
            Route("/{tenant}/oauth2/v2.0/devicecode", self._device_code, methods=["POST"]),
            Route("/{tenant}/oauth2/devicecode", self._device_code, methods=["POST"]),
            Route("/devicelogin", self._device_login, methods=["GET"]),
        ]

    # --- sign-in with redirect -----------------------------------------------------------------

    async def _authorize(self, request: Request) -> Response:
        """A page while nobody is known to send the person back to; then the answer for the
        client, by the way it asked for."""
        asked = dict(parse_qsl(request.url.query))
        if request.method == "POST":
            asked |= dict(parse_qsl((await request.body()).decode()))
        try:
            directory = self.find(request.path_params["tenant"])
            application = self._application(asked)
        except SignInError as error:
            return _page(
                "Sign in", f"<p>{html.escape(error.description(self.tokens.clock()))}</p>", 400
            )
        answer = asked.pop(_ANSWER, None)
        if self.who().asks and answer is None and asked.get("prompt") != "none":
            return self._question(application, asked)
        try:
            found = {"code": self._code(application, directory, asked, answer)}
        except SignInError as error:
            found = {"error": error.error}
            found["error_description"] = error.description(self.tokens.clock())
            if error.error == "access_denied":
                found["error_subcode"] = "cancel"
        if "state" in asked:
            found["state"] = asked["state"]
        if "code" in found:
            found["session_state"] = "sandbox"
        return _back(asked["redirect_uri"], asked.get("response_mode", "query"), found)

    def _application(self, asked: Mapping[str, str]) -> Application:
        client_id = asked.get("client_id", "")
        application = self.applications.get(client_id)
        if application is None:
            raise unknown_application(client_id)
        uri = asked.get("redirect_uri", "")
        if not application.may_redirect_to(uri):
            text = (
                f"The redirect URI '{uri}' specified in the request does not match the redirect "
                f"URIs configured for the application '{client_id}'."
            )
            raise SignInError(400, "invalid_request", 50011, text)
        return application

    def _code(
        self,
        application: Application,
        directory: Directory | None,
        asked: Mapping[str, str],
        answer: str | None,
    ) -> str:
        _check_request(asked)
        person = self.who()
        error = "access_denied" if answer == "cancel" else None if answer else person.error
        if person.asks and asked.get("prompt") == "none":
            error = error or "interaction_required"
        if error is not None:
            raise ended(error)
        consent = Consent(
            application.client_id,
            person.user,
            asked.get("scope", ""),
            asked.get("nonce"),
            directory or self.home,
        )
        challenge = asked.get("code_challenge")
        method = asked.get("code_challenge_method", "plain")
        return self.tokens.new_code(consent, asked["redirect_uri"], challenge, method)

    def _question(self, application: Application, asked: Mapping[str, str]) -> Response:
        fields = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
            for name, value in asked.items()
        )
        buttons = "".join(
            f'<button name="{_ANSWER}" value="{answer}">{text}</button>'
            for answer, text in (("accept", "Accept"), ("cancel", "Cancel"))
        )
        who = html.escape(self.who().user)
        what = html.escape(application.client_id)
        return _page(
            "Permissions requested",
            f"<p>{who}</p><p>{what} asks to use Business Central.</p>"
            f'<form method="POST">{fields}{buttons}</form>',
        )

    # --- sign-in on another device -------------------------------------------------------------

    async def _device_code(self, request: Request) -> Response:
        base = address(request)
        try:
            directory = self.find(request.path_params["tenant"])
            form = await read_form(request)
            if form.client_id not in self.applications:
                raise unknown_application(form.client_id)
        except SignInError as error:
            return JSONResponse(error.body(self.tokens.clock(), base), error.status)
        consent = Consent(
            form.client_id, self.who().user, form.get("scope"), directory=directory or self.home
        )
        text, device = self.tokens.new_device(consent)
        page = f"{base}/devicelogin"
        return JSONResponse(
            {
                "user_code": device.user_code,
                "device_code": text,
                "verification_uri": page,
                "expires_in": int(DEVICE_LIFE.total_seconds()),
                "interval": int(device.interval),
                "message": f"To sign in, open {page} and enter the code {device.user_code}.",
            }
        )

    async def _device_login(self, request: Request) -> Response:
        """The page where a person types the code: ``?otc=<user code>`` is as good as typing."""
        typed = request.query_params.get("otc", "")
        if not typed:
            form = '<form><input name="otc"> <button>Next</button></form>'
            return _page("Enter code", form)
        for device in self.tokens.devices.values():
            if device.user_code == typed.upper() and device.answer is None:
                device.answer = self.who().error or "accepted"
                return _page("Signed in", "<p>You may close this window.</p>")
        return _page("Enter code", "<p>That code didn't work.</p>", 400)


def _check_request(asked: Mapping[str, str]) -> None:
    if asked.get("response_type") != "code":
        text = "The response_type is not supported; this application uses 'code'."
        raise SignInError(400, "unsupported_response_type", 700054, text)
    scopes = asked.get("scope", "").split()
    if not scopes and not asked.get("resource"):
        raise missing("scope")
    if not all(is_known_scope(scope) for scope in scopes):
        raise SignInError(400, "invalid_scope", 70011, "The scope is not valid.")
    if asked.get("code_challenge_method", "plain") not in ("plain", "S256"):
        raise SignInError(400, "invalid_request", 501491, "The code_challenge_method is invalid.")


def _back(uri: str, mode: str, found: Mapping[str, str]) -> Response:
    """Send the person back to the client with what it is to know."""
    if mode == "form_post":
        fields = "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
            for name, value in found.items()
        )
        form = (
            f'<form method="POST" action="{html.escape(uri)}">{fields}<button>Go on</button></form>'
        )
        return _page("Working...", f"{form}<script>document.forms[0].submit()</script>")
    parts = urlsplit(uri)
    uri = parts._replace(path=parts.path or "/").geturl()  # which only a form does without
    mark = "#" if mode == "fragment" else "&" if "?" in uri else "?"
    return RedirectResponse(f"{uri}{mark}{urlencode(found)}", 302)


def _page(title: str, body: str, status: int = 200) -> Response:
    return HTMLResponse(f"<!DOCTYPE html><title>{title}</title><h1>{title}</h1>{body}", status)
