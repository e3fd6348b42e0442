"""Whose state a snapshot holds, and that no other tenant works on the same company.

The id map of one account would disable or double the whole shop of another; a trial's buy orders
would be deleted in Optiply once the trial becomes production (decisions 1, 2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import duckdb

from bc_pipeline.business_central.client import BusinessCentral, Company
from bc_pipeline.errors import ConfigError
from bc_pipeline.snapshot import learned
from bc_pipeline.snapshot.schema import SYNC_TABLES
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants import companies, registry
from bc_pipeline.tenants.companies import company_key
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.tenants.urls import normalised

_COMPANY = "business_central.company"


@dataclass(frozen=True)
class Change:
    """A setting that tells whose state it is and does not fit the state there is.

    Args:
        key: in tenants.yaml.
        before, now: what the state belongs to, what is configured.
        renamable: it may be another name of the same thing.
    """

    key: str
    before: str
    now: str
    renamable: bool


@dataclass(frozen=True)
class _Part:
    configured: Callable[[Tenant], str]
    alike: Callable[[str], str] = str.casefold
    renamable: bool = True


_SETTINGS: Mapping[str, _Part] = {
    "business_central.environment_name": _Part(lambda t: t.business_central.environment_name),
    "business_central.entra_tenant": _Part(lambda t: t.business_central.entra_tenant),
    "business_central.api_url": _Part(lambda t: t.business_central.api_url, normalised),
    "optiply.api_url": _Part(lambda t: t.optiply.api_url, normalised),
    "optiply.account_id": _Part(lambda t: str(t.optiply.account_id), renamable=False),
}

_HOLDS_STATE = " UNION ALL ".join(
    f"(SELECT 1 FROM {table} LIMIT 1)"
    for table in (
        "ops.reads WHERE complete",
        "outbound.ledger",
        *(f"sync.{name}" for name in SYNC_TABLES),
    )
)


def changes(cursor: duckdb.DuckDBPyConnection, tenant: Tenant) -> list[Change]:
    """Settings that name something else than what the snapshot holds the state of.

    A snapshot of version 0.1.0 knows its company and account only: the rest is taken as it is
    configured at the first run, so only a change made at that very moment stays unseen.
    """
    if cursor.execute(_HOLDS_STATE).fetchone() is None:
        return []
    found = []
    known = learned.get_each(cursor, (f"identity.{key}" for key in _SETTINGS))
    for key, part in _SETTINGS.items():
        before, now = known.get(f"identity.{key}"), part.configured(tenant)
        if before is not None and part.alike(before) != part.alike(now):
            found.append(Change(key, before, now, part.renamable))
    return found


def check_settings(cursor: duckdb.DuckDBPyConnection, tenant: Tenant) -> None:
    """Refuse to go on with the state of something else; asks nobody.

    Raises:
        ConfigError: the snapshot holds the state of another environment, server or account.
    """
    changed = changes(cursor, tenant)
    if not changed:
        return
    now = ", ".join(f"{change.key} is now {change.now!r}" for change in changed)
    before = ", ".join(f"{_words(change.key)} {change.before!r}" for change in changed)
    todo = "use another snapshot_dir"
    if all(change.renamable for change in changed):
        todo += f", or `bc-pipeline rebind {tenant.name}` when the environment was only renamed"
    raise ConfigError(
        f"{now}, but {tenant.snapshot_dir} holds other state: this state belongs to {before}; "
        f"{todo}. Nothing was read or written"
    )


def renamed(cursor: duckdb.DuckDBPyConnection, tenant: Tenant) -> list[Change]:
    """The changes that ``rebind`` may take over.

    Raises:
        ConfigError: another account is configured, which no renaming explains.
    """
    changed = changes(cursor, tenant)
    for change in changed:
        if not change.renamable:
            raise ConfigError(
                f"{change.key} was {change.before} and is now {change.now}, which is more than "
                f"another name: set it back, or use another snapshot_dir than {tenant.snapshot_dir}"
            )
    return changed


def check_company(
    snapshot: Snapshot, tenant: Tenant, bc: BusinessCentral, company: Company
) -> None:
    """Refuse a company that the state does not belong to, or that is another tenant's too; keep
    whose state it is from now on.

    Raises:
        ConfigError: one of the two.
    """
    with snapshot.cursor() as cursor:
        check_same_company(cursor, tenant, company)
    check_shared(tenant, bc, company)
    learned.put(snapshot, f"identity.{_COMPANY}", company_key(company.id))
    bind(snapshot, tenant)


def check_same_company(cursor: duckdb.DuckDBPyConnection, tenant: Tenant, company: Company) -> None:
    """Refuse a company that the state does not belong to.

    Raises:
        ConfigError: it is another one's.
    """
    company_id = company_key(company.id)
    before = learned.get(cursor, f"identity.{_COMPANY}")
    if before not in (None, company_id) and cursor.execute(_HOLDS_STATE).fetchone():
        raise ConfigError(
            f"{_COMPANY} now means {company.name!r} ({company_id}), but {tenant.snapshot_dir} "
            f"holds other state: this state belongs to company {before}; set it back, or use "
            "another snapshot_dir"
        )


def bind(snapshot: Snapshot, tenant: Tenant) -> None:
    """The state belongs to what is configured now."""
    learned.put_each(
        snapshot, {f"identity.{key}": part.configured(tenant) for key, part in _SETTINGS.items()}
    )


def check_shared(tenant: Tenant, bc: BusinessCentral, company: Company) -> None:
    """Keep which company the settings mean, and refuse it when another tenant's mean it too.

    Raises:
        ConfigError: names both tenants.
    """
    found = companies.found_for(tenant)
    if found is not None and found.company_id == company_key(company.id):
        return  # already known when the settings were read
    entra = companies.entra_tenant_id(tenant.business_central) or bc.entra_tenant_id()
    companies.remember(tenant, company.id, entra)
    if error := registry.load(tenant.home).errors.get(tenant.name):
        raise error


def _words(key: str) -> str:
    section, _, name = key.partition(".")
    return f"{name.removesuffix('_name').replace('_', ' ')} of {section}"
