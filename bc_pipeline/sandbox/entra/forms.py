"""What a client sends to a token endpoint, and how it proves who it is."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request

from bc_pipeline.sandbox.entra.errors import invalid_client, missing
from bc_pipeline.sandbox.entra.records import Application


@dataclass(frozen=True)
class Form:
    """A token request: its form, and the credentials of its HTTP Basic header if it has one."""

    values: Mapping[str, str]
    basic: tuple[str, str] | None = None

    def required(self, name: str) -> str:
        """A parameter.

        Raises:
            SignInError: it is missing or empty.
        """
        value = self.values.get(name)
        if not value:
            raise missing(name)
        return value

    def get(self, name: str) -> str:
        """A parameter, empty when absent."""
        return self.values.get(name, "")

    @property
    def client_id(self) -> str:
        """Who asks.

        Raises:
            SignInError: nobody says.
        """
        return self.basic[0] if self.basic else self.required("client_id")

    def prove(self, application: Application) -> None:
        """Check the client's secret, wherever it was sent.

        Raises:
            SignInError: it is wrong or missing, or was sent by a client that has none.
        """
        given = self.basic[1] if self.basic else self.values.get("client_secret")
        if application.client_secret is None:
            if given is not None:
                raise invalid_client(700025, "Client is public so no secret should be presented.")
            return
        if not given:
            text = "The request body must contain 'client_assertion' or 'client_secret'."
            raise invalid_client(7000218, text)
        # Some clients encode what they put into the header, as the standard says; some do not.
        spellings = (given, unquote_plus(given)) if self.basic else (given,)
        if application.client_secret not in spellings:
            raise invalid_client(7000215, "Invalid client secret provided.")
        if application.secret_expired:
            raise invalid_client(7000222, "The provided client secret keys are expired.")


async def read_form(request: Request) -> Form:
    """The form of a request.

    Raises:
        SignInError: its Authorization header is no HTTP Basic.
    """
    values = dict(parse_qsl((await request.body()).decode()))
    header = request.headers.get("authorization")
    return Form(values, _basic(header) if header else None)


def _basic(header: str) -> tuple[str, str]:
    scheme, _, text = header.partition(" ")
    try:
        pair = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        pair = ""
    name, colon, secret = pair.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise invalid_client(7000216, "'client_id' and 'client_secret' are required.")
    return unquote_plus(name), secret
