"""What ``bc-pipeline check`` asks about exports: does what the settings name exist?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from bc_pipeline.business_central.client import BusinessCentral, query_url
from bc_pipeline.checks.dimensions import compare
from bc_pipeline.checks.model import Finding
from bc_pipeline.tenants.model import Tenant
from bc_pipeline.tenants.tenant_config import load_dimension_mappings

Question = Callable[[], Finding]


def readable(bc: BusinessCentral, url: str) -> Finding:
    """Whether a list can be read at all."""
    rows = list(bc.rows(query_url(url, {"$top": "1"})))
    return Finding(True, "can be read" if rows else "can be read, but has no rows")


def mapped_dimensions(tenant: Tenant, bc: BusinessCentral) -> Finding:
    """Whether every dimension of tenant-config.json exists and is not blocked."""
    mappings = load_dimension_mappings(tenant.snapshot_dir)
    url = query_url(bc.company_url("dimensions"), {"$select": "code"})
    codes = {str(row["code"]) for row in bc.rows(url)}
    page = tenant.business_central.dimensions_page_name
    blocked = {_code(row) for row in _page(bc, page) if row.get("Blocked")}
    return compare(mappings, codes, tenant.business_central.company, blocked)


def questions(tenant: Tenant, bc: BusinessCentral) -> Iterator[tuple[str, Question]]:
    """Name and question of each check the tenant's export settings call for."""
    exports = tenant.exports
    if exports.accounting:
        for name, path in (
            ("accounts", "accounts"),
            ("vendor_payment_journals", "vendorPaymentJournals"),
        ):
            yield name, lambda path=path: readable(bc, bc.company_url(path))  # type: ignore[misc]
    if exports.buy_orders and exports.export_location_id:
        yield "export_location_id", lambda: _location(tenant, bc)
    if exports.buy_orders and exports.buy_order_dimensions:
        yield "buy_order_dimensions", lambda: _buy_order_dimensions(tenant, bc)


def _location(tenant: Tenant, bc: BusinessCentral) -> Finding:
    wanted = (tenant.exports.export_location_id or "").strip("{} ").casefold()
    url = query_url(bc.company_url("locations"), {"$select": "id,code"})
    locations = list(bc.rows(url))
    if any(wanted in (str(row["id"]).casefold(), _code(row).casefold()) for row in locations):
        return Finding(True, f"{tenant.exports.export_location_id} is a location")
    codes = ", ".join(sorted(_code(row) for row in locations)) or "none"
    return Finding(
        False, f"exports.export_location_id: there is no such location; there are: {codes}"
    )


def _buy_order_dimensions(tenant: Tenant, bc: BusinessCentral) -> Finding:
    """Whether the values that every purchase order gets exist in their mapped dimensions."""
    mappings = load_dimension_mappings(tenant.snapshot_dir)
    url = query_url(bc.company_url("dimensions"), {"$expand": "dimensionValues"})
    values = {
        (_code(dimension), _code(value))
        for dimension in bc.rows(url)
        for value in dimension["dimensionValues"]
    }
    page = tenant.business_central.dimension_values_page_name
    blocked = {
        (str(row["Dimension_Code"]), _code(row)) for row in _page(bc, page) if row.get("Blocked")
    }
    bad: list[str] = []
    for prefix, value in tenant.exports.buy_order_dimensions.items():
        found = (mappings.codes.get(prefix, ""), value.strip().upper())
        if prefix not in mappings.codes:
            bad.append(f"{prefix} is not mapped by {mappings.path.name}")
        elif found not in values:
            bad.append(f"{found[0]} has no value {value}")
        elif found in blocked:
            bad.append(f"value {value} of {found[0]} is blocked")
    if bad:
        return Finding(False, f"exports.buy_order_dimensions: {'; '.join(bad)}")
    return Finding(True, "all values exist")


def _page(bc: BusinessCentral, name: str | None) -> list[dict[str, Any]]:
    """The rows of a published page; none when the tenant has not named one."""
    return list(bc.rows(bc.page_url(name))) if name else []


def _code(row: dict[str, Any]) -> str:
    return str(row["code"] if "code" in row else row["Code"])
