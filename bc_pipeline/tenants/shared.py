"""Tenants share nothing: no account, no company, no directory (decisions 1).

Two that do would undo each other's work: the second one's first sync adopts and overwrites what
belongs to the first. Both are refused, for nobody knows which of them was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bc_pipeline.errors import ConfigError
from bc_pipeline.tenants import companies
from bc_pipeline.tenants.companies import Found, entra_tenant_id, named
from bc_pipeline.tenants.document import Place
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.tenants.urls import normalised

Identify = Callable[[Tenant], Hashable]


@dataclass(frozen=True)
class _Own:
    """Something each tenant has for itself.

    Args:
        key: where tenants.yaml names it.
        identify: equal for two tenants that share it, None when that is not known.
        problem: what is wrong, after the names of the tenants.
        enabled_only: a tenant that never runs may name it too.
        differ: of two that look alike, whether they are known to be different after all.
    """

    key: str
    identify: Identify
    problem: Callable[[Tenant], str]
    enabled_only: bool = True
    differ: Callable[[Tenant, Tenant], bool] = lambda one, other: False


def shared(
    top: Place,
    home: Path,
    tenants: Iterable[Tenant],
    found: Mapping[str, Found] | None = None,
) -> dict[str, ConfigError]:
    """One error for each tenant that shares something with another one.

    Args:
        top: the file, for the text.
        home: BC_PIPELINE_HOME, where what runs have found out is kept.
        tenants: those that are configured soundly.
        found: what has been found out just now, besides what is kept.
    """
    errors: dict[str, ConfigError] = {}
    everybody = list(tenants)
    for own in _owned({**companies.known(home), **(found or {})}):
        for group in _groups(own, everybody):
            names = ", ".join(tenant.name for tenant in group)
            for tenant in group:
                place = top.inner("tenants", tenant.name, *own.key.split("."))
                errors.setdefault(tenant.name, place.error(f"{names} {own.problem(tenant)}"))
    return errors


def _owned(known: Mapping[str, Found]) -> tuple[_Own, ...]:
    def found(tenant: Tenant) -> Found | None:
        entry = known.get(tenant.name)
        return entry if entry and entry.settings == named(tenant.business_central) else None

    def found_company(tenant: Tenant) -> Hashable:
        server, _, environment, _ = named(tenant.business_central)
        entry = found(tenant)
        return (server, environment, entry.company_id) if entry else None

    def entra_id(tenant: Tenant) -> str | None:
        entry = found(tenant)
        told = entry.entra_tenant_id if entry else None
        return entra_tenant_id(tenant.business_central) or told

    def other_entra(one: Tenant, other: Tenant) -> bool:
        return None not in (ids := {entra_id(one), entra_id(other)}) and len(ids) == 2

    return (
        _Own(
            "snapshot_dir",
            lambda tenant: tenant.snapshot_dir,
            lambda tenant: "share one directory; each tenant needs its own",
            enabled_only=False,
        ),
        _Own(
            "optiply.account_id",
            lambda tenant: (normalised(tenant.optiply.api_url), tenant.optiply.account_id),
            _one_account,
        ),
        _Own(
            "business_central.company",
            lambda tenant: named(tenant.business_central),
            _one_company,
            differ=other_entra,
        ),
        _Own("business_central.company", found_company, _one_company, differ=other_entra),
    )


def _one_account(tenant: Tenant) -> str:
    return (
        f"write to one Optiply account, {tenant.optiply.account_id}, and would overwrite each "
        "other's records. Neither runs: correct account_id, or set enabled: false"
    )


def _one_company(tenant: Tenant) -> str:
    settings = tenant.business_central
    return (
        f"mean one company, {settings.company!r} in environment {settings.environment_name!r}. "
        "Neither runs: correct the settings, or set enabled: false. (If these are companies of two "
        "Microsoft Entra tenants, write the id of each in entra_tenant)"
    )


def _groups(own: _Own, tenants: list[Tenant]) -> Iterator[list[Tenant]]:
    """The tenants that share it, two or more at a time."""
    alike: dict[Hashable, list[Tenant]] = {}
    for tenant in tenants:
        identity = own.identify(tenant)
        if identity is not None and (tenant.enabled or not own.enabled_only):
            alike.setdefault(identity, []).append(tenant)
    for group in alike.values():
        same = [
            one
            for one in group
            if any(one is not other and not own.differ(one, other) for other in group)
        ]
        if same:
            yield same
