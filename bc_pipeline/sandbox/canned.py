"""Answers of faults that need no handling of the request: what a system in trouble says."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from bc_pipeline.sandbox.entra.errors import ended
from bc_pipeline.sandbox.faults import Fault
from bc_pipeline.sandbox.json_text import JsonValue
from bc_pipeline.sandbox.odata_errors import error_body

# Status, headers, body.
Answer = tuple[int, dict[str, str], bytes]

HTML = ({"content-type": "text/html"}, b"<html><body>Service</body></html>")
REFUSAL = "The posting could not be completed."


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
            return fault.status, {}, _encoded(_token_error(fault))
        case "no_value":
            return 200, {}, _encoded({"message": "ok"})
    return None


def _token_error(fault: Fault) -> JsonValue:
    return ended(fault.error).body(datetime.now(UTC), "https://login.example")


def _encoded(body: JsonValue) -> bytes:
    return body.encode() if isinstance(body, str) else orjson.dumps(body)
