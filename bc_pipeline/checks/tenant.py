"""``bc-pipeline check``: would a run of this tenant start? Asks both systems, writes to neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass

from bc_pipeline.business_central.client import BusinessCentral, query_url
from bc_pipeline.checks.dimensions import NAME as DIMENSIONS
from bc_pipeline.checks.dimensions import compare
from bc_pipeline.checks.model import Finding, Outcome, outcome
from bc_pipeline.errors import PipelineError
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.tenants.model import Tenant
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.tenant_config import load_dimension_mappings


@dataclass(frozen=True)
class Answer:
    """One line of the report; ``detail`` says what was found or what to do."""

    name: str
    outcome: Outcome
    detail: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def check_tenant(tenant: Tenant) -> Iterator[Answer]:
    """Check credentials, company, dimension mappings, optional pages and the Optiply account.

    Nothing is written to either system; a rotated refresh token is kept, as it must be.
    """
    tokens = TokenStore(tenant.home)
    with closing(BusinessCentral(tenant, tokens)) as business_central:
        yield from _business_central(tenant, business_central)
    with closing(Optiply(tenant, tokens)) as optiply:
        yield from _ask("optiply", lambda: _optiply(optiply))


def _business_central(tenant: Tenant, bc: BusinessCentral) -> Iterator[Answer]:
    reached = list(_ask("business_central", lambda: _company(bc)))
    yield from reached
    if reached[0].outcome == "failed":
        return
    yield from _ask(DIMENSIONS, lambda: _dimensions(tenant, bc))
    for name, url in _optional_pages(tenant, bc):
        yield from _ask(name, lambda url=url: _readable(bc, url))  # type: ignore[misc]


def _ask(name: str, question: Callable[[], Finding]) -> Iterator[Answer]:
    try:
        finding = question()
    except PipelineError as error:
        yield Answer(name, "failed", f"{error.kind}: {error}")
        return
    yield Answer(name, outcome(finding, "error"), finding.description)


def _company(bc: BusinessCentral) -> Finding:
    company = bc.preflight()
    return Finding(True, f"signed in; the company is {company.display_name or company.name}")


def _dimensions(tenant: Tenant, bc: BusinessCentral) -> Finding:
    mappings = load_dimension_mappings(tenant.snapshot_dir)
    url = query_url(bc.company_url("dimensions"), {"$select": "code"})
    codes = {str(row["code"]) for row in bc.rows(url)}
    return compare(mappings, codes, tenant.business_central.company)


def _optional_pages(tenant: Tenant, bc: BusinessCentral) -> Iterator[tuple[str, str]]:
    settings = tenant.business_central
    if settings.item_page_name:
        yield "item_page", bc.page_url(settings.item_page_name)
    if settings.item_units_page_name:
        yield "item_units_page", bc.page_url(settings.item_units_page_name)
    if tenant.reads_inventory_by_location:
        yield "inventory_by_location", bc.extension_url("inventoryByLocations")
    if settings.bom_components:
        yield "bom_components", bc.extension_url("bomComponents")


def _readable(bc: BusinessCentral, url: str) -> Finding:
    rows = list(bc.rows(query_url(url, {"$top": "1"})))
    return Finding(True, "can be read" if rows else "can be read, but has no rows")


def _optiply(optiply: Optiply) -> Finding:
    optiply.preflight()
    first = next(optiply.pages("products"), [])
    return Finding(
        True,
        f"signed in; account {optiply.account_id} "
        + ("has products" if first else "has no products yet"),
    )
