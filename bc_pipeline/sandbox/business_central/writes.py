"""Writing requests: refused, in Business Central's own words."""

from __future__ import annotations

from bc_pipeline.sandbox.business_central.errors import BcError, bad_request
from bc_pipeline.sandbox.business_central.urls import Target


def refuse_write(method: str, target: Target, data_access_intent: str | None) -> BcError:
    """The error a request that is not a GET is answered with (behaviour.md 3, 4)."""
    if (data_access_intent or "").lower() == "readonly":
        return bad_request("Data-Access-Intent: ReadOnly is only allowed with GET.")
    last = target.segments[-1] if target.segments else None
    if method in ("PATCH", "DELETE", "PUT") and (last is None or last.key is None):
        return BcError(405, "BadRequest_MethodNotAllowed", f"{method} is not allowed here.")
    if method not in ("POST", "PATCH", "DELETE"):
        return BcError(405, "BadRequest_MethodNotAllowed", f"{method} is not allowed here.")
    return BcError(501, "BadRequest_MethodNotImplemented", f"{method} is not implemented here.")
