"""``bc-pipeline check``: would a run of this tenant start? Asks both systems, writes to neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass

from bc_pipeline.business_central.client import BusinessCentral
from bc_pipeline.checks import exports
from bc_pipeline.checks.dimensions import NAME as DIMENSIONS
from bc_pipeline.checks.exports import readable
from bc_pipeline.checks.model import Finding, Outcome, outcome
from bc_pipeline.errors import PipelineError
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.sync import identity
from bc_pipeline.tenants.model import Tenant
from bc_pipeline.tenants.secrets import TokenStore


@dataclass(frozen=True)
class Answer:
    """One line of the report; ``detail`` says what was found or what to do."""

    name: str
    outcome: Outcome
    detail: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def check_tenant(tenant: Tenant) -> Iterator[Answer]:
    """Check credentials, company, dimension mappings, optional pages, what the export settings name
    and the Optiply account.

    Nothing is written to either system; a rotated refresh token is kept, as it must be.
    """
    tokens = TokenStore(tenant.home)
    yield from _ask("state", lambda: _state(tenant))
    with closing(BusinessCentral(tenant, tokens)) as business_central:
        yield from _business_central(tenant, business_central)
    with closing(Optiply(tenant, tokens)) as optiply:
        yield from _ask("optiply", lambda: _optiply(optiply))


def _business_central(tenant: Tenant, bc: BusinessCentral) -> Iterator[Answer]:
    reached = list(_ask("business_central", lambda: _company(bc)))
    yield from reached
    if reached[0].outcome == "failed":
        return
    yield from _ask(DIMENSIONS, lambda: exports.mapped_dimensions(tenant, bc))
    for name, url in _optional_pages(tenant, bc):
        yield from _ask(name, lambda url=url: readable(bc, url))  # type: ignore[misc]
    for name, question in exports.questions(tenant, bc):
        yield from _ask(name, question)


def _ask(name: str, question: Callable[[], Finding]) -> Iterator[Answer]:
    try:
        finding = question()
    except PipelineError as error:
        yield Answer(name, "failed", f"{error.kind}: {error}")
        return
    yield Answer(name, outcome(finding, "error"), finding.description)


def _state(tenant: Tenant) -> Finding:
    try:
        snapshot = Snapshot.open(tenant.snapshot_dir, read_only=True)
    except FileNotFoundError:
        return Finding(True, "none yet: the first run fills it")
    with snapshot, snapshot.cursor() as cursor:
        identity.check_settings(cursor, tenant)
    return Finding(True, f"{tenant.snapshot_dir} belongs to what is configured")


def _company(bc: BusinessCentral) -> Finding:
    company = bc.preflight()
    identity.check_shared(bc.tenant, bc, company)
    return Finding(True, f"signed in; the company is {company.display_name or company.name}")


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
    if settings.dimensions_page_name:
        yield "dimensions_page", bc.page_url(settings.dimensions_page_name)
    if settings.dimension_values_page_name:
        yield "dimension_values_page", bc.page_url(settings.dimension_values_page_name)


def _optiply(optiply: Optiply) -> Finding:
    optiply.preflight()
    first = next(optiply.pages("products"), [])
    return Finding(
        True,
        f"signed in; account {optiply.account_id} "
        + ("has products" if first else "has no products yet"),
    )
