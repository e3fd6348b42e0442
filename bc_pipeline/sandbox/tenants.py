"""tenants.yaml of the sandbox's two tenants: what a person would write to reach it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bc_pipeline.sandbox.companies import cronus, wholesale
from bc_pipeline.sandbox.companies.dimension_pages import DIMENSION_VALUES_PAGE, DIMENSIONS_PAGE
from bc_pipeline.sandbox.running import Running

# The two tenants: partition key -> how its Entra application signs in.
CRONUS = "cronus"
WHOLESALE = "wholesale"
ENTRA_TENANT = {CRONUS: "common", WHOLESALE: "wholesale.example"}

# Far above what the sandbox can answer: its shops have no rate limit unless a test sets one.
OPTIPLY_REQUESTS_PER_SECOND = 1000


def client_secret(tenant: str) -> str:
    """The secret of a tenant's Entra application; the sandbox guards nothing."""
    return f"{tenant}-client-secret"


# What a person switches on once the first sync is green (flows.md 9).
EXPORTS = {"buy_orders": True, "accounting": True, "post_documents": True}


def write_tenants(sandbox: Running, home: Path, *, exports: bool = False) -> Path:
    """Write ``tenants.yaml`` and the seed of cronus's refresh token below ``home``.

    Args:
        sandbox: which is running.
        home: BC_PIPELINE_HOME.
        exports: whether both tenants write to Business Central.

    Returns:
        the path of ``tenants.yaml``.
    """
    secrets = home / "secrets"
    secrets.mkdir(parents=True, exist_ok=True)
    seed = secrets / f"{CRONUS}.refresh_token"
    seed.touch(mode=0o600)
    seed.write_text(sandbox.entra.consent(CRONUS, "user@cronus.example"), "utf-8")
    tenants = {
        CRONUS: _tenant(sandbox, CRONUS, cronus.NAME) | {"sync": {"timezone": "Europe/Amsterdam"}},
        WHOLESALE: _tenant(sandbox, WHOLESALE, wholesale.NAME),
    }
    tenants[CRONUS]["business_central"]["refresh_token"] = {"file": f"secrets/{seed.name}"}
    tenants[WHOLESALE]["business_central"] |= {
        "item_page_name": wholesale.ITEM_PAGE,
        "item_units_page_name": wholesale.ITEM_UNITS_PAGE,
        "bom_components": True,
        "dimensions_page_name": DIMENSIONS_PAGE,
        "dimension_values_page_name": DIMENSION_VALUES_PAGE,
    }
    # MARGE goods are sold under the margin scheme: no rate takes the VAT out of their price.
    tenants[WHOLESALE]["sync"] = {"vat_percent_by_tax_group": {"HOOG": 21, "LAAG": 9, "NUL": 0}}
    path = home / "tenants.yaml"
    text = yaml.safe_dump({"tenants": tenants}, sort_keys=False, allow_unicode=True)
    path.write_text(text, "utf-8")
    if exports:
        switch_exports_on(path)
    return path


def switch_exports_on(path: Path) -> None:
    """Let every tenant of a ``tenants.yaml`` write to Business Central."""
    document = yaml.safe_load(path.read_text("utf-8"))
    for settings in document["tenants"].values():
        settings["exports"] = dict(EXPORTS)
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    path.write_text(text, "utf-8")


def _tenant(sandbox: Running, name: str, company: str) -> dict[str, Any]:
    shop = sandbox.optiply.shops[name]
    base = sandbox.base_url
    return {
        "business_central": {
            "environment_name": sandbox.business_central.environments.main.name,
            "entra_tenant": ENTRA_TENANT[name],
            "company": company,
            "client_id": name,
            "client_secret": client_secret(name),
            "api_url": f"{base}/bc",
            "login_url": f"{base}/entra",
        },
        "optiply": {
            "api_url": f"{base}/optiply/v1",
            "login_url": f"{base}/optiply-login/api",
            "client_id": shop.client_id,
            "client_secret": shop.client_secret,
            "username": shop.username,
            "password": shop.password,
            "account_id": shop.account_id,
            "coupling_id": shop.coupling_id,
            "requests_per_second": OPTIPLY_REQUESTS_PER_SECOND,
        },
    }
