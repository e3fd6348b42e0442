"""Business Central's errors and the shape they are answered in (behaviour.md 5)."""

from __future__ import annotations

import uuid
from typing import Any


class BcError(Exception):
    """An answer that is an error.

    Args:
        status: HTTP status.
        code: ``error.code``, which clients match on.
        message: text without the correlation id, which is added when answering.
        headers: extra headers of the answer.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


def error_body(code: str, message: str) -> dict[str, Any]:
    """The error object, its message ending in a correlation id as BC's do."""
    correlation = uuid.uuid4()
    return {"error": {"code": code, "message": f"{message}  CorrelationId:  {correlation}."}}


def bad_request(message: str, code: str = "BadRequest") -> BcError:
    """400: the request itself cannot be understood or is not allowed."""
    return BcError(400, code, message)


def unknown_property(name: str, entity_name: str) -> BcError:
    """400: a property the type does not have."""
    return bad_request(
        f"Could not find a property named '{name}' on type 'Microsoft.NAV.{entity_name}'."
    )


def not_found(message: str) -> BcError:
    """404: no entity has this key."""
    return BcError(404, "BadRequest_NotFound", message)


def unknown_resource(segment: str) -> BcError:
    """404: no such entity set or path segment."""
    return BcError(
        404, "BadRequest_ResourceNotFound", f"Resource not found for the segment '{segment}'."
    )


def company_not_found(name: str) -> BcError:
    """404: no such company in the environment."""
    return BcError(404, "Internal_CompanyNotFound", f'Cannot find company "{name}".')


def invalid_credentials() -> BcError:
    """401: the access token is missing, unknown or expired."""
    return BcError(
        401,
        "Authentication_InvalidCredentials",
        "The server has rejected the client credentials.",
        {"www-authenticate": "Bearer"},
    )
