"""Rows that stand in Optiply already, or no longer."""

from __future__ import annotations

import pytest

from bc_pipeline.errors import EntityFailed
from bc_pipeline.run.operator_actions import approve_deletions
from bc_pipeline_tests.to_optiply.shop import Bench, product, supplier


def test_an_existing_pair_is_adopted_and_brought_up_to_date(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    tenant.want("suppliers", [supplier(1), supplier(2)])
    tenant.sync("products")
    tenant.sync("suppliers")
    tenant.want("supplier_products", [tenant.link(1, 1)])
    tenant.sync("supplier_products")
    other = tenant.link(1, 2, price="9.99")
    existing = tenant.shop.add_by_user(
        "supplierProducts",
        {k: other[k] for k in ("name", "productId", "supplierId")} | {"price": 1},
    )
    tenant.want("supplier_products", [tenant.link(1, 1), other])

    result = tenant.sync("supplier_products")

    assert (result.updated, result.created, result.unchanged) == (1, 0, 1)
    row = tenant.rows("supplierProducts")["item-1_vendor-2"]
    assert (row["id"], row["price"]) == (existing["id"], "9.99")
    assert tenant.sync("supplier_products").requests == 0


def test_a_supplier_product_removed_in_optiply_is_posted_again(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    tenant.want("suppliers", [supplier(1)])
    tenant.sync("products")
    tenant.sync("suppliers")
    tenant.want("supplier_products", [tenant.link(1, 1)])
    tenant.sync("supplier_products")
    tenant.shop.remove(
        "supplierProducts", tenant.optiply_id("supplier_products", "item-1_vendor-1")
    )
    tenant.want("supplier_products", [tenant.link(1, 1, price="7.00")])
    tenant.forget_writes()

    result = tenant.sync("supplier_products")

    assert [method for method, _ in tenant.writes()] == ["PATCH", "POST"]
    assert result.created == 1
    assert tenant.rows("supplierProducts")["item-1_vendor-1"]["price"] == "7.00"


def test_a_pair_that_is_gone_is_not_preferred_any_more(tenant: Bench) -> None:
    tenant.want("products", [product(1), product(2)])
    tenant.want("suppliers", [supplier(1), supplier(2)])
    tenant.sync("products")
    tenant.sync("suppliers")
    other = tenant.link(2, 1)

    def preferred() -> dict[str, bool]:
        tenant.sync("supplier_products")
        rows = tenant.rows("supplierProducts")
        return {id: rows[id]["preferred"] for id in rows if id.startswith("item-1")}

    tenant.want("supplier_products", [tenant.link(1, 1), other])
    assert preferred() == {"item-1_vendor-1": True}
    tenant.want("supplier_products", [tenant.link(1, 2), other])
    assert preferred() == {"item-1_vendor-1": False, "item-1_vendor-2": True}
    tenant.want("supplier_products", [tenant.link(1, 1), other])
    assert preferred() == {"item-1_vendor-1": True, "item-1_vendor-2": False}


def test_a_product_removed_in_optiply_is_created_anew(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    tenant.sync("products")
    tenant.shop.remove("products", tenant.optiply_id("products", "item-1"))
    tenant.want("products", [product(1, stockLevel=8)])

    assert tenant.sync("products").created == 1
    assert tenant.rows("products")["item-1"]["stockLevel"] == 8


def test_a_product_replaced_in_optiply_is_found_by_its_sku(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    tenant.sync("products")
    tenant.shop.remove("products", tenant.optiply_id("products", "item-1"))
    again = tenant.shop.add_by_user(
        "products",
        {"name": "Item 1", "skuCode": "SKU1", "stockLevel": 0, "unlimitedStock": False},
    )
    tenant.want("products", [product(1, stockLevel=8)])

    assert tenant.sync("products").updated == 1
    row = tenant.rows("products")["item-1"]
    assert (row["id"], row["stockLevel"]) == (again["id"], 8)


def test_deleting_what_is_gone_already_counts_as_done(tenant: Bench) -> None:
    tenant.want("products", [product(1), product(2)])
    tenant.sync("products")
    tenant.shop.remove("products", tenant.optiply_id("products", "item-1"))
    tenant.want("products", [product(2)])

    assert tenant.sync("products").deleted == 1
    assert tenant.sync("products").requests == 0


def test_many_unknown_rows_mean_a_wrong_account(tenant: Bench) -> None:
    tenant.want("products", [product(n) for n in range(30)])
    tenant.sync("products")
    for row in tenant.shop.rows("products")[:10]:
        tenant.shop.remove("products", row["id"])
    tenant.want("products", [product(n, stockLevel=99) for n in range(30)])

    with pytest.raises(EntityFailed, match="Wrong account"):
        tenant.sync("products")
    assert len(tenant.shop.rows("products")) == 20
    assert tenant.state("products", "item-3")["optiply_id"] is not None

    approve_deletions(tenant.tenant, "products")
    tenant.sync("products")
    assert len(tenant.rows("products")) == 30


def test_all_of_a_few_unknown_rows_mean_a_wrong_account_too(tenant: Bench) -> None:
    tenant.want("products", [product(n) for n in range(30)])
    tenant.sync("products")
    for row in tenant.shop.rows("products"):
        tenant.shop.remove("products", row["id"])
    changed = [product(n, stockLevel=99) for n in range(6)]
    tenant.want("products", changed + [product(n) for n in range(6, 30)])

    # A new mapping version looks at every record, most of which need no request.
    with pytest.raises(EntityFailed, match="Wrong account"):
        tenant.sync("products", version=2)
    assert tenant.shop.rows("products") == []
