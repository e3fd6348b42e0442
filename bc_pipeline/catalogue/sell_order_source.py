"""Which documents count as sales: ``sync.sell_order_source``.

An order that left BC's list was invoiced or cancelled, and only the posted documents tell which
(mapping.md 4.1): who takes sales from orders needs these, too.
"""

from __future__ import annotations

from bc_pipeline.tenants.settings import Tenant


def from_orders(tenant: Tenant) -> bool:
    """Whether sales orders tell what was sold."""
    return tenant.sync.sell_order_source == "sales_orders"


def from_invoices(tenant: Tenant) -> bool:
    """Whether posted sales invoices do, or what became of orders."""
    return tenant.sync.sell_order_source != "sales_shipments"


def from_shipments(tenant: Tenant) -> bool:
    """Whether posted sales shipments do, or what became of orders."""
    return tenant.sync.sell_order_source != "sales_invoices"
