"""Which Business Central company the settings of each tenant turned out to mean.

A company can be written by name or by id, a Microsoft Entra tenant by domain or by id: only
Business Central knows that two ways mean the same. What a run has learned is kept for the whole
installation in ``<home>/companies.json``, so that two tenants are seen to share a company
(decisions 1).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from filelock import FileLock, Timeout

from bc_pipeline.errors import TenantBusy
from bc_pipeline.tenants import files
from bc_pipeline.tenants.settings import BusinessCentralSettings, Tenant
from bc_pipeline.tenants.urls import normalised

FILE_NAME = "companies.json"
LOCK_WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class Found:
    """What was found out about a tenant's company.

    Args:
        settings: the settings it was found with, ``named(...)``; others may mean another one.
        company_id: Business Central's id of it.
        entra_tenant_id: id of the Microsoft Entra tenant of the environment, None: not known.
    """

    settings: tuple[str, ...]
    company_id: str
    entra_tenant_id: str | None


def company_key(company: str) -> str:
    """A company's id, name or display name as it is compared."""
    return company.strip().strip("{}").casefold()


def named(settings: BusinessCentralSettings) -> tuple[str, ...]:
    """How settings name a company: server, Entra tenant, environment, company; two settings that
    name it in the same words give the same."""
    return (
        normalised(settings.api_url),
        settings.entra_tenant.strip().casefold(),
        settings.environment_name.strip().casefold(),
        company_key(settings.company),
    )


def entra_tenant_id(settings: BusinessCentralSettings) -> str | None:
    """The Entra tenant's id when the settings tell it, not its domain or ``common``."""
    try:
        return str(uuid.UUID(settings.entra_tenant.strip()))
    except ValueError:
        return None


def known(home: Path) -> dict[str, Found]:
    """What has been found out so far, by tenant; nothing when the file is absent or not ours."""
    try:
        document = orjson.loads((home / FILE_NAME).read_bytes())
        return {name: _found(entry) for name, entry in document.items()}
    except files.UNUSABLE:
        return {}


def found_for(tenant: Tenant) -> Found | None:
    """What is known about a tenant as it is configured now."""
    found = known(tenant.home).get(tenant.name)
    return found if found and found.settings == named(tenant.business_central) else None


def remember(tenant: Tenant, company_id: str, entra_tenant_id: str | None) -> None:
    """Keeps what a run has found out.

    Raises:
        TenantBusy: another process does not let go of the file.
        OSError: the file cannot be written.
    """
    tenant.home.mkdir(parents=True, exist_ok=True)
    path = tenant.home / FILE_NAME
    try:
        with FileLock(path.with_suffix(".lock"), timeout=LOCK_WAIT_SECONDS):
            entries = {name: _entry(found) for name, found in known(tenant.home).items()}
            now = Found(named(tenant.business_central), company_key(company_id), entra_tenant_id)
            entries[tenant.name] = _entry(now)
            files.replace(path, orjson.dumps(entries, option=orjson.OPT_INDENT_2))
    except Timeout:
        raise TenantBusy(f"another process holds {path}; end it if it hangs") from None


def _entry(found: Found) -> dict[str, Any]:
    return {
        "settings": list(found.settings),
        "company_id": found.company_id,
        "entra_tenant_id": found.entra_tenant_id,
    }


def _found(entry: dict[str, Any]) -> Found:
    return Found(
        tuple(str(each) for each in entry["settings"]),
        str(entry["company_id"]),
        entry["entra_tenant_id"],
    )
