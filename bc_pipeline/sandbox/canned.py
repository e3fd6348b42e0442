"""Answers of faults that need no handling of the request: what a system in trouble says."""

from __future__ import annotations

import orjson

from bc_pipeline.sandbox.business_central.errors import error_body
from bc_pipeline.sandbox.faults import Fault
from bc_pipeline.sandbox.json_text import JsonValue

# Status, headers, body.
Answer = tuple[int, dict[str, str], bytes]

HTML = ({"content-type": "text/html"}, b"<html><body>Service</body></html>")
REFUSAL = "The posting could not be completed."
# Entra's number and text of errors that come without anything being wrong with the request.
_TOKEN_ERRORS = {
    "interaction_required": (50076, "You must use multi-factor authentication to access this."),
    "consent_required": (65001, "The user or administrator has not consented to use the app."),
    "login_required": (50058, "A silent sign-in request was sent but no user is signed in."),
    "server_error": (90033, "A transient error has occurred. Please try again."),
}


def canned_answer(fault: Fault, system: str) -> Answer | None:
    """The answer of a fault that does not need the request to be handled."""
    wait = {} if fault.retry_after is None else {"retry-after": f"{fault.retry_after:g}"}
    match fault.action:
        case "apply_then_refuse":
            body = fault.body or error_body("Application_DialogException", REFUSAL)
            return fault.status, dict(fault.headers), _encoded(body)
        case "status" | "apply_then_fail":
            body = fault.body
            if body is None:
                body = error_body("Internal_ServerError", "The request could not be handled.")
            return fault.status, dict(fault.headers), _encoded(body)
        case "throttled":
            text = "Too many requests reached. Actual (6001). Maximum (6000)."
            return 429, wait, _encoded(error_body("Application_TooManyRequests", text))
        case "unavailable":
            text = "The service is temporarily unavailable."
            return 503, wait, _encoded(error_body("Internal_TenantUnavailable", text))
        case "deadlock":
            text = "The operation was deadlocked with another user. Please retry the activity."
            return 409, {}, _encoded(error_body("Internal_ServerError", text))
        case "try_again":
            text = "The service is busy. Please try again later."
            return 400, {}, _encoded(error_body("Internal_ServerError", text))
        case "expired_token":
            if system == "bc":
                text = "The server has rejected the client credentials."
                body = error_body("Authentication_InvalidCredentials", text)
            else:
                body = {"error": "invalid_token", "error_description": "Access token expired"}
            return 401, {}, _encoded(body)
        case "not_json":
            return 200, *HTML
        case "empty":
            return 200, {}, b""
        case "token_error":
            return fault.status, {}, _encoded(_token_error(fault.error))
        case "no_value":
            return 200, {}, _encoded({"message": "ok"})
    return None


def _token_error(error: str) -> JsonValue:
    number, text = _TOKEN_ERRORS.get(error, (90002, "The request was refused."))
    return {
        "error": error,
        "error_description": f"AADSTS{number}: {text}",
        "error_codes": [number],
        "trace_id": "00000000-0000-0000-0000-000000000000",
        "correlation_id": "00000000-0000-0000-0000-000000000000",
    }


def _encoded(body: JsonValue) -> bytes:
    return body.encode() if isinstance(body, str) else orjson.dumps(body)
