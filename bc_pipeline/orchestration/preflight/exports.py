"""What ``bc-pipeline check`` asks about exports: does what the settings name exist?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from bc_pipeline.business_central import published_pages
from bc_pipeline.business_central.client import BusinessCentral, query_url
from bc_pipeline.errors import RequestFailed
from bc_pipeline.orchestration.checks.check import Finding
from bc_pipeline.orchestration.checks.dimensions import compare
from bc_pipeline.reading import named_settings
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.tenants.tenant_config import load_dimension_mappings
from bc_pipeline.to_business_central.buy_orders.settings import dimension_faults
from bc_pipeline.values import by_code

Question = Callable[[], Finding]


def mapped_dimensions(tenant: Tenant, bc: BusinessCentral) -> Finding:
    """Whether every dimension of tenant-config.json exists and is not blocked."""
    mappings = load_dimension_mappings(tenant.snapshot_dir)
    url = query_url(bc.company_url("dimensions"), {"$select": "code"})
    codes = {str(row["code"]) for row in bc.rows(url)}
    page = tenant.business_central.dimensions_page_name
    blocked = {_code(row) for row in _page(bc, page) if row.get("Blocked")}
    return compare(mappings, codes, tenant.business_central.company, blocked)


def questions(tenant: Tenant, bc: BusinessCentral) -> Iterator[tuple[str, Question]]:
    """Name and question of each check that the tenant's settings call for: do the things they name
    exist?"""
    exports = tenant.exports
    if published_pages.configured(tenant.business_central):
        yield "published_pages", lambda: _published_pages(tenant, bc)
    namings = (*named_settings.OF_SYNC, *(named_settings.OF_EXPORTS if exports.buy_orders else ()))
    for naming in namings:
        if any(naming.given(tenant)):
            name = naming.key.rpartition(".")[2]
            yield name, lambda naming=naming: _names(naming, tenant, bc)  # type: ignore[misc]
    if exports.buy_orders and exports.buy_order_dimensions:
        yield "buy_order_dimensions", lambda: _buy_order_dimensions(tenant, bc)


def _published_pages(tenant: Tenant, bc: BusinessCentral) -> Finding:
    """Whether pages are named that end with a version of Business Central (decisions 19)."""
    told = published_pages.notice(tenant.business_central, bc.company.major_version)
    return Finding(told is None, told or "none", severity="warn")


def _names(naming: named_settings.Naming, tenant: Tenant, bc: BusinessCentral) -> Finding:
    """Whether Business Central has what a setting names."""
    finding = named_settings.asked(naming, tenant, bc)
    if finding is not None:
        return Finding(False, finding.message)
    return Finding(True, f"Business Central has {', '.join(naming.given(tenant))}")


def _buy_order_dimensions(tenant: Tenant, bc: BusinessCentral) -> Finding:
    """Whether the values that every purchase order gets exist in their mapped dimensions."""
    mappings = load_dimension_mappings(tenant.snapshot_dir)
    url = query_url(bc.company_url("dimensions"), {"$expand": "dimensionValues"})
    page = tenant.business_central.dimension_values_page_name
    blocked = {
        (by_code(row["Dimension_Code"]), by_code(_code(row)))
        for row in _page(bc, page)
        if row.get("Blocked")
    }
    dimensions = list(bc.rows(url))
    for dimension in dimensions:
        for value in dimension["dimensionValues"]:
            value["blocked"] = (by_code(_code(dimension)), by_code(_code(value))) in blocked
    bad = dimension_faults(tenant.exports.buy_order_dimensions, mappings, dimensions)
    return Finding(not bad, "; ".join(bad) or "all values exist")


def _page(bc: BusinessCentral, name: str | None) -> list[dict[str, Any]]:
    """The rows of a published page; none when the tenant has not named one, or it has ended."""
    try:
        return list(bc.rows(bc.page_url(name))) if name else []
    except RequestFailed as error:
        if not published_pages.is_gone(error, bc.company.major_version):
            raise
        return []


def _code(row: dict[str, Any]) -> str:
    return str(row["code"] if "code" in row else row["Code"])
