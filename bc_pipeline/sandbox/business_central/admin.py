"""Lists of a tenant's environments: the short one for clients, and the admin centre's."""

from __future__ import annotations

import re
from typing import Any

from bc_pipeline.sandbox.business_central.environments import Environment, Environments
from bc_pipeline.sandbox.json_text import JsonValue
from bc_pipeline.sandbox.odata_errors import method_not_allowed, unknown_resource

FAMILY = "BusinessCentral"
_LIST = re.compile(r"/environments/v1\.\d+/?")
_ADMIN = re.compile(
    r"/admin/v2\.\d+/applications(?:/(?P<family>[^/]+))?/environments(?:/(?P<name>[^/]+))?/?"
)


def is_admin(path: str) -> bool:
    """Whether a path, without Business Central's own address, is one of these."""
    return path.startswith(("/environments/", "/admin/"))


def answer(
    environments: Environments, method: str, path: str, *, tenant_id: str, base: str
) -> tuple[int, JsonValue]:
    """Status and JSON of a request.

    Args:
        tenant_id: Entra tenant that owns the environments.
        base: Business Central's own address.

    Raises:
        BcError: 404, no such address or version; 405, only reading is played.
    """
    short, admin = _LIST.fullmatch(path), _ADMIN.fullmatch(path)
    if short is None and admin is None:
        raise unknown_resource(path.strip("/"))
    if method not in ("GET", "HEAD"):
        raise method_not_allowed("Environments are only read here.")
    if admin is None:
        return 200, {"value": [_row(each, tenant_id, base) for each in environments.values()]}
    if admin["family"] is not None and admin["family"].lower() != FAMILY.lower():
        return 404, _error("applicationTypeDoesNotExist", admin["family"])
    full = [_row(each, tenant_id, base) | _details(each) for each in environments.values()]
    if admin["name"] is None:
        return 200, {"value": full}
    for row in full:
        if row["name"].lower() == admin["name"].lower():
            return 200, row
    return 404, _error("environmentNotFound", f"{FAMILY}/{admin['name']}")


def _row(environment: Environment, tenant_id: str, base: str) -> dict[str, Any]:
    return {
        "aadTenantId": tenant_id,
        "applicationFamily": FAMILY,
        "type": environment.kind,
        "name": environment.name,
        "countryCode": "NL",
        "webServiceUrl": base,
        "webClientLoginUrl": f"{base}/{tenant_id}/{environment.name}",
        "ringName": "PROD",
    }


def _details(environment: Environment) -> dict[str, Any]:
    versions = {each.settings.system_version for each in environment.companies.values()}
    version = max(versions, default="")
    return {
        "friendlyName": environment.name,
        "applicationVersion": version,
        "platformVersion": version,
        "status": "Active",
        "locationName": "West Europe",
        "geoName": "Europe",
        "appInsightsKey": "",
    }


def _error(code: str, target: str) -> dict[str, str]:
    return {"code": code, "message": f"'{target}' was not found.", "target": target}
