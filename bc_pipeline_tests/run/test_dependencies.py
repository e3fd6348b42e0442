"""What needs what (flows.md 1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bc_pipeline.run.dependencies import dependencies, sell_order_sources
from bc_pipeline.tenants.settings import Tenant


def tenant(tmp_path: Path, bc: dict[str, Any] | None = None, **sync: Any) -> Tenant:
    return Tenant.model_validate(
        {
            "name": "acme",
            "home": tmp_path,
            "snapshot_dir": tmp_path / "acme",
            "business_central": {
                "environment_name": "P",
                "company": "C",
                "client_id": "c",
                "client_secret": "s",
                **(bc or {}),
            },
            "optiply": {
                "client_id": "c",
                "client_secret": "s",
                "username": "u",
                "password": "p",
                "account_id": 1,
                "coupling_id": 2,
            },
            "sync": sync,
        }
    )


def test_everything_read_needs_the_companies(tmp_path: Path) -> None:
    needs = dependencies(tenant(tmp_path))

    assert needs["bc/companies"].hard == ()
    reads = [name for name in needs if name.startswith("bc/") and name != "bc/companies"]
    assert all(needs[name].hard == ("bc/companies",) for name in reads)


def test_needs_come_before_what_needs_them(tmp_path: Path) -> None:
    needs = dependencies(tenant(tmp_path, {"item_page_name": "Items", "bom_components": True}))

    order = list(needs)
    for name, need in needs.items():
        assert all(order.index(n) < order.index(name) for n in (*need.hard, *need.soft))


def test_suppliers_do_not_wait_for_products_and_stock_is_soft(tmp_path: Path) -> None:
    needs = dependencies(tenant(tmp_path))

    assert needs["optiply/suppliers"].hard == ("bc/vendors", "bc/purchase_orders")
    assert "bc/sales_orders" in needs["optiply/products"].soft
    assert "bc/sales_orders" not in needs["optiply/products"].hard


def test_links_come_from_the_item_page_where_there_is_one(tmp_path: Path) -> None:
    without = dependencies(tenant(tmp_path))["optiply/supplier_products"].hard
    having = dependencies(tenant(tmp_path, {"item_page_name": "Items"}))
    with_page = having["optiply/supplier_products"].hard

    assert "bc/purchase_receipts" in without
    assert "bc/item_page" in with_page
    assert "bc/purchase_receipts" not in with_page


def test_vanished_sales_orders_are_told_by_the_documents_posted_from_them(tmp_path: Path) -> None:
    orders = tenant(tmp_path, sell_order_source="sales_orders")

    assert sell_order_sources(orders) == (
        "bc/sales_orders",
        "bc/sales_invoices",
        "bc/sales_shipments",
    )
    assert sell_order_sources(tenant(tmp_path)) == ("bc/sales_invoices",)
