"""Where a person clicks to see a record in Business Central, and the dashboard of Optiply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote, urlsplit, urlunsplit

import duckdb

from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.tenants.urls import is_loopback

ONLINE = "api.businesscentral.dynamics.com"
"""The only host whose web client is known; an address of one's own has another, or none."""
WEB_CLIENT = "https://businesscentral.dynamics.com"
_OWN_COMPANY = """
SELECT name FROM bc.companies
WHERE lower($wanted) IN (lower(id), lower(name), lower(displayName)) LIMIT 2
"""


@dataclass(frozen=True)
class _Page:
    """A page of the web client: its number, the table under it, and the field people search by."""

    number: int
    table: str
    field: str = "No."


_PAGES: Mapping[str, _Page] = MappingProxyType(
    {
        "items": _Page(30, "Item"),
        "vendors": _Page(26, "Vendor"),
        "customers": _Page(21, "Customer"),
        "locations": _Page(5703, "Location", "Code"),
        "purchase_orders": _Page(50, "Purchase Header"),
        "purchase_receipts": _Page(136, "Purch. Rcpt. Header"),
        "purchase_invoices": _Page(51, "Purchase Header"),
        "sales_invoices": _Page(132, "Sales Invoice Header"),
        "sales_orders": _Page(42, "Sales Header"),
        "sales_shipments": _Page(130, "Sales Shipment Header"),
    }
)
_SHOWN_AS: Mapping[str, str] = MappingProxyType(
    {
        "products": "items",
        "suppliers": "vendors",
        "supplier_products": "items",
        "buy_orders": "purchase_orders",
        "buy_order_lines": "purchase_orders",
        "receipt_lines": "purchase_receipts",
    }
)
"""Resource of Optiply -> the entity whose number its records are called by."""

_AFTER_NUMBER: Mapping[str, str] = MappingProxyType(
    {"supplier_products": " from ", "buy_order_lines": " line ", "receipt_lines": " line "}
)
"""Resource of Optiply -> what follows the number in what its records are called."""


def in_business_central(
    tenant: Tenant, company: str | None, entity: str, number: str | None
) -> str | None:
    """The address of a record's page in the web client.

    Args:
        tenant: whose.
        company: the company's name, as ``own_company`` gives it.
        entity: one of Business Central (``items``), of Optiply (``products``) or an export.
        number: what people call the record there.

    Returns:
        None where there is no such page, or where the web client is not Microsoft's.
    """
    settings = tenant.business_central
    page = _PAGES.get(_shown_as(tenant, entity))
    if page is None or not number or not company or urlsplit(settings.api_url).hostname != ONLINE:
        return None
    whose = "" if settings.entra_tenant == "common" else f"/{quote(settings.entra_tenant)}"
    called = number.split(_AFTER_NUMBER[entity])[0] if entity in _AFTER_NUMBER else number
    wanted = called.replace("'", "''")
    query = {
        "company": company,
        "page": str(page.number),
        "filter": f"'{page.table}'.'{page.field}' IS '{wanted}'",
    }
    told = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
    return f"{WEB_CLIENT}{whose}/{quote(settings.environment_name)}/?{told}"


def in_optiply(tenant: Tenant) -> str | None:
    """The address of Optiply's dashboard, None where there is none. A single record has no
    documented address there: people search for its number."""
    parts = urlsplit(tenant.optiply.login_url)
    if is_loopback(parts.hostname or ""):
        return None
    return urlunsplit((parts.scheme, parts.netloc, "/", "", ""))


def own_company(cursor: duckdb.DuckDBPyConnection, tenant: Tenant) -> str | None:
    """The name by which the web client knows the tenant's company; None while it was never read.

    Args:
        cursor: of the tenant's snapshot.
        tenant: whose.
    """
    given = {"wanted": tenant.business_central.company.strip()}
    found = cursor.execute(_OWN_COMPANY, given).fetchall()
    return str(found[0][0]) if len(found) == 1 else None


def _shown_as(tenant: Tenant, entity: str) -> str:
    if entity == "sell_orders":
        return tenant.sync.sell_order_source
    return _SHOWN_AS.get(entity, entity)
