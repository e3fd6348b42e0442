"""Entra's errors: on the token endpoint as JSON, on the way back to a client as its query, and for
people as a page. Clients match on ``error``, never on text or number."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any


class SignInError(Exception):
    """What Entra answers instead of a token or a code.

    Args:
        number: of the AADSTS code, for people.
    """

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.number = number
        self.text = text

    def description(self, now: datetime) -> str:
        """The text with what support asks for."""
        return (
            f"AADSTS{self.number}: {self.text} Trace ID: {uuid.uuid4()} "
            f"Correlation ID: {uuid.uuid4()} Timestamp: {_time(now)}"
        )

    def body(self, now: datetime, address: str) -> dict[str, Any]:
        """The JSON of a token endpoint; ``address`` is Entra's own."""
        return {
            "error": self.error,
            "error_description": self.description(now),
            "error_codes": [self.number],
            "timestamp": _time(now),
            "trace_id": str(uuid.uuid4()),
            "correlation_id": str(uuid.uuid4()),
            "error_uri": f"{address}/error?code={self.number}",
        }


# What a person's sign-in can end with, by OAuth2 error: AADSTS number and text.
_ENDS = {
    "access_denied": (65004, "User declined to consent to access the app."),
    "admin_approval": (90094, "An administrator has to grant the app its permissions."),
    "consent_required": (65001, "The user or administrator has not consented to use the app."),
    "interaction_required": (50076, "You must use multi-factor authentication to access it."),
    "login_required": (50058, "A silent sign-in request was sent but no user is signed in."),
    "server_error": (90033, "A transient error has occurred. Please try again."),
    "temporarily_unavailable": (90033, "A transient error has occurred. Please try again."),
}

# What the person met -> what the client is told.
_WORDS = {"admin_approval": "access_denied"}


def ended(error: str) -> SignInError:
    """A sign-in that ended with an OAuth2 error."""
    number, text = _ENDS.get(error, (90000, "The sign-in ended."))
    return SignInError(400, _WORDS.get(error, error), number, text)


def missing(name: str) -> SignInError:
    """A parameter that must be there is not."""
    text = f"The request body must contain the following parameter: '{name}'."
    return SignInError(400, "invalid_request", 900144, text)


def unknown_tenant(name: str) -> SignInError:
    """No Entra tenant of this name or id."""
    return SignInError(
        400,
        "invalid_request",
        90002,
        f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are "
        "signing into the correct cloud.",
    )


def unknown_application(client_id: str) -> SignInError:
    """No application of this id in the tenant."""
    text = f"Application with identifier '{client_id}' was not found in the directory."
    return SignInError(400, "unauthorized_client", 700016, text)


def invalid_grant(number: int, text: str) -> SignInError:
    """The code or token presented is good for nothing."""
    return SignInError(400, "invalid_grant", number, text)


def invalid_client(number: int, text: str) -> SignInError:
    """The client did not prove who it is."""
    return SignInError(401, "invalid_client", number, text)


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%SZ")
