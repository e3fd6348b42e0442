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


def not_implemented(message: str) -> BcError:
    """501: OData has it, Business Central does not."""
    return BcError(501, "BadRequest_MethodNotImplemented", message)


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


# --- errors of business logic (rules.md, behaviour.md 5) -----------------------------------------


def dialog(message: str) -> BcError:
    """400: AL called Error(); almost every rule of rules.md is told this way."""
    return BcError(400, "Application_DialogException", message)


def field_error(message: str) -> BcError:
    """400: AL called TestField or FieldError."""
    return BcError(400, "Application_FieldValidationException", message)


def no_relation(table: str, field: str, value: object) -> BcError:
    """400: the value is in no row of the table the field refers to."""
    return BcError(
        400,
        "Internal_InvalidTableRelation",
        f"The field {field} contains a value ({value}) that cannot be found in the related table "
        f"({table}).",
    )


def same_key(entity_name: str, key: object) -> BcError:
    """400: a record with this key exists."""
    return BcError(
        400,
        "Internal_EntityWithSameKeyExists",
        f"The record in table {entity_name} already exists. Identification fields and values: "
        f"'{key}'",
    )


def read_only(name: str) -> BcError:
    """400: the page does not let this property be written."""
    return BcError(400, "BadRequest_InvalidOperation", f"Control '{name}' is read-only.")


def method_not_allowed(message: str) -> BcError:
    """405: this verb is not allowed on this URL or entity."""
    return BcError(405, "BadRequest_MethodNotAllowed", message)
