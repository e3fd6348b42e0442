"""A shop that has rows already, or a lost snapshot, is recognised and not duplicated
(flows.md 3, optiply.md 7)."""

from __future__ import annotations

from typing import Any

import pytest

from bc_pipeline.to_business_central.buy_orders.links import LinkedOrder, LinkedRow, link
from bc_pipeline_tests.to_optiply.shop import (
    Bench,
    buy_order,
    order_line,
    product,
    receipt_line,
    sell_order,
    supplier,
)

MINIMUM: dict[str, Any] = {"stockLevel": 0, "unlimitedStock": False}


SHOWS_NO_REMOTE_IDS = ("buy_orders", "buy_order_lines", "receipt_lines")


def test_after_losing_the_snapshot_nothing_is_created_or_changed(tenant: Bench) -> None:
    orders = fill(tenant)
    tenant.forget_map()
    tenant.forget_writes()

    for resource in (
        "products",
        "suppliers",
        "supplier_products",
        "sell_orders",
        "buy_orders",
        "buy_order_lines",
        "receipt_lines",
    ):
        result = tenant.sync(resource, before_adopting=lambda cursor: None)
        assert result.created == 0, resource
        if resource in SHOWS_NO_REMOTE_IDS:
            assert result.updated > 0, resource
        else:
            assert (result.updated, result.unchanged > 0) == (0, True), resource
    # Rows that look alike may carry each other's remote id, which Optiply does not show: those
    # are told theirs again, and nothing else is sent.
    assert {(method, *attributes) for method, attributes in tenant.writes()} == {
        ("PATCH", "remoteId")
    }
    assert orders == {n: tenant.optiply_id("buy_orders", f"order-{n}") for n in orders}


def fill(tenant: Bench) -> dict[int, int]:
    """One of everything; some order lines and orders are alike."""
    tenant.want("products", [product(1), product(2)])
    tenant.want("suppliers", [supplier(1), supplier(2)])
    tenant.sync("products")
    tenant.sync("suppliers")
    items = [tenant.optiply_id("products", f"item-{n}") for n in (1, 2)]
    vendor = tenant.optiply_id("suppliers", "vendor-1")
    tenant.want("supplier_products", [tenant.link(1, 1), tenant.link(2, 2)])
    tenant.sync("supplier_products")
    tenant.want("sell_orders", [sell_order(n, [(items[0], n, "10.00")]) for n in (1, 2)])
    tenant.sync("sell_orders")
    tenant.want("buy_orders", [buy_order(1, vendor), buy_order(2, vendor)])
    tenant.sync("buy_orders")
    ids = {n: tenant.optiply_id("buy_orders", f"order-{n}") for n in (1, 2)}
    tenant.want(
        "buy_order_lines",
        [
            order_line(1, 1, ids[1], items[0]),
            order_line(2, 1, ids[1], items[0]),
            order_line(3, 2, ids[2], items[1]),
        ],
    )
    tenant.sync("buy_order_lines")
    lines = [tenant.optiply_id("buy_order_lines", f"line-{n}") for n in (1, 2, 3)]
    tenant.want("receipt_lines", [receipt_line(n, line) for n, line in enumerate(lines)])
    tenant.sync("receipt_lines")
    return ids


def test_a_reconnected_shop_is_matched_by_the_remote_ids_of_any_coupling(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    tenant.sync("products")
    old = tenant.optiply_id("products", "item-1")
    tenant.forget_map()
    tenant.forget_writes()
    tenant.shop.coupling_id += 1000
    tenant.optiply.coupling_id += 1000
    tenant.want("products", [product(1, skuCode="other")])

    assert tenant.sync("products").updated == 1
    assert tenant.optiply_id("products", "item-1") == old
    assert tenant.writes() == [("PATCH", {"skuCode": "other", "remoteId": "item-1"})]


def test_products_are_matched_by_sku_and_only_differences_are_sent(tenant: Bench) -> None:
    row = tenant.shop.add_by_user(
        "products", {"name": "Item 1", "skuCode": "SKU1", "price": "12.5", **MINIMUM}
    )
    tenant.want("products", [product(1)])

    assert tenant.sync("products").updated == 1
    assert tenant.optiply_id("products", "item-1") == row["id"]
    ((_, sent),) = tenant.writes()
    assert sent.keys() <= {"stockLevel", "status", "remoteId"}
    assert sent["stockLevel"] == 1
    assert sent["remoteId"] == "item-1"


def test_an_ambiguous_sku_or_name_is_no_match(tenant: Bench) -> None:
    for _ in range(2):
        tenant.shop.add_by_user("products", {"name": "A", "skuCode": "SKU1", **MINIMUM})
        tenant.shop.add_by_user("suppliers", {"name": "Vendor 1"})
    tenant.want("products", [product(1)])
    tenant.want("suppliers", [supplier(1)])

    assert tenant.sync("products").created == 1
    assert tenant.sync("suppliers").created == 1


def test_of_two_wanted_records_with_one_name_neither_is_matched(tenant: Bench) -> None:
    tenant.shop.add_by_user("suppliers", {"name": "Same"})
    tenant.want("suppliers", [supplier(1, name="Same"), supplier(2, name="Same")])

    assert tenant.sync("suppliers").created == 2


def test_what_a_user_decided_in_optiply_survives_adoption(tenant: Bench) -> None:
    tenant.shop.add_by_user("suppliers", {"name": "Vendor 1", "ignored": True, "deliveryTime": 9})
    tenant.shop.add_by_user(
        "products", {"name": "Item 1", "skuCode": "SKU1", "notBeingBought": True, **MINIMUM}
    )
    tenant.want("suppliers", [supplier(1)])
    tenant.want("products", [product(1, notBeingBought=False)])
    tenant.sync("suppliers")
    tenant.sync("products")

    vendor = tenant.rows("suppliers")["vendor-1"]
    assert (vendor["ignored"], vendor["deliveryTime"]) == (True, 9)
    assert tenant.rows("products")["item-1"]["notBeingBought"] is True


def test_one_row_is_adopted_by_one_record_only(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    tenant.sync("products")
    tenant.forget_map()
    # The item was deleted in BC and made anew under the same number.
    tenant.want("products", [product(1, remote_id="item-new"), product(1, remote_id="item-1")])

    result = tenant.sync("products")

    assert (result.created, result.unchanged) == (1, 1)
    assert len(tenant.rows("products")) == 2


def test_orders_of_the_same_vendor_and_day_are_told_apart_by_their_lines(tenant: Bench) -> None:
    fill(tenant)
    before = tenant.optiply_id("buy_orders", "order-1"), tenant.optiply_id("buy_orders", "order-2")
    tenant.forget_map("buy_orders", "buy_order_lines", "receipt_lines")
    items = [tenant.optiply_id("products", f"item-{n}") for n in (1, 2)]
    # As the mapping shows them before the orders stand: without their order's id.
    tenant.want(
        "buy_order_lines",
        [
            order_line(1, 1, None, items[0]),
            order_line(2, 1, None, items[0]),
            order_line(3, 2, None, items[1]),
        ],
    )

    tenant.sync("buy_orders")

    after = tenant.optiply_id("buy_orders", "order-1"), tenant.optiply_id("buy_orders", "order-2")
    assert after == before


def test_a_line_that_never_got_to_optiply_does_not_hide_its_order(tenant: Bench) -> None:
    fill(tenant)
    before = tenant.optiply_id("buy_orders", "order-1"), tenant.optiply_id("buy_orders", "order-2")
    tenant.forget_map("buy_orders", "buy_order_lines", "receipt_lines")
    items = [tenant.optiply_id("products", f"item-{n}") for n in (1, 2)]
    tenant.want(
        "buy_order_lines",
        [
            order_line(1, 1, None, items[0]),
            order_line(2, 1, None, items[0]),
            order_line(9, 1, None, items[0], decision="quarantine", quantity=None),
            order_line(3, 2, None, items[1]),
        ],
    )

    assert tenant.sync("buy_orders").created == 0

    after = tenant.optiply_id("buy_orders", "order-1"), tenant.optiply_id("buy_orders", "order-2")
    assert after == before


def test_existing_rows_are_read_only_once(tenant: Bench) -> None:
    tenant.shop.add_by_user("products", {"name": "A", "skuCode": "A", **MINIMUM})
    tenant.want("products", [product(1)])
    tenant.sync("products")
    tenant.want("products", [product(1), product(2)])

    assert tenant.sync("products").requests == 1


def test_orders_recognised_by_their_marker_do_not_keep_the_others_from_being_adopted(
    tenant: Bench,
) -> None:
    tenant.want("suppliers", [supplier(1)])
    tenant.sync("suppliers")
    vendor = tenant.optiply_id("suppliers", "vendor-1")
    given = {"supplierId": vendor, "placed": "2026-02-01T00:00:00Z", "totalValue": "100.00"}
    own = tenant.shop.add_by_user("buyOrders", given)
    known = tenant.shop.create("buyOrders", given, tenant.shop.coupling_id)
    marked = LinkedRow("order-1", own["id"], None, {**given, "assembly": False}, {})
    link(tenant.snapshot, LinkedOrder(marked), run_no=1)
    tenant.want("buy_orders", [buy_order(1, vendor), buy_order(2, vendor)])

    result = tenant.sync("buy_orders")

    assert result.created == 0
    assert tenant.optiply_id("buy_orders", "order-1") == own["id"]
    assert tenant.optiply_id("buy_orders", "order-2") == known["id"]
    assert len(tenant.rows("buyOrders")) == 2


OTHER_COUPLING = 9000


@pytest.mark.covers("decision 4")
def test_a_row_of_another_coupling_is_never_adopted(tenant: Bench) -> None:
    theirs = tenant.shop.create(
        "products", {"name": "X", "skuCode": "SKU1", "remoteId": "other", **MINIMUM}, OTHER_COUPLING
    )
    vendor = tenant.shop.create("suppliers", {"name": "Vendor 1", "remoteId": "v"}, OTHER_COUPLING)
    tenant.want("products", [product(1)])
    tenant.want("suppliers", [supplier(1)])

    results = tenant.sync("products"), tenant.sync("suppliers")

    for result, theirs_id, path in zip(
        results, (theirs["id"], vendor["id"]), ("products", "suppliers"), strict=True
    ):
        assert (result.created, result.adopted) == (1, 0)
        assert result.warnings == {"row_of_others": 1}
        assert len(tenant.shop.rows(path)) == 2
        assert tenant.optiply_id(path, result.changes[0]["remote_id"]) != theirs_id
    assert tenant.shop.get("products", theirs["id"])["name"] == "X"
    with tenant.snapshot.cursor() as cursor:
        (told,) = cursor.execute(
            "SELECT message FROM ops.warnings WHERE entity = 'optiply/products'"
        ).fetchone()
    assert told.startswith(f"item-1: row {theirs['id']} of Optiply looks the same")


@pytest.mark.covers("decision 4")
def test_a_row_of_another_company_of_the_same_coupling_is_never_adopted(tenant: Bench) -> None:
    tenant.want("products", [product(1, remote_id="item-of-the-trial")])
    tenant.sync("products")
    tenant.forget_map()
    tenant.want("products", [product(1)])

    result = tenant.sync("products")

    assert (result.created, result.adopted, result.warnings) == (1, 0, {"row_of_others": 1})
    assert len(tenant.rows("products")) == 2


@pytest.mark.covers("decision 4")
def test_a_row_of_others_is_not_taken_for_one_that_was_removed(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    tenant.sync("products")
    tenant.shop.remove("products", tenant.optiply_id("products", "item-1"))
    theirs = tenant.shop.create(
        "products", {"name": "X", "skuCode": "SKU1", "remoteId": "other", **MINIMUM}, OTHER_COUPLING
    )
    tenant.want("products", [product(1, stockLevel=8)])

    assert tenant.sync("products").created == 1
    assert tenant.optiply_id("products", "item-1") != theirs["id"]


@pytest.mark.covers("decision 4")
def test_a_pair_of_another_coupling_is_refused_and_not_overwritten(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    tenant.want("suppliers", [supplier(1)])
    tenant.sync("products")
    tenant.sync("suppliers")
    link = tenant.link(1, 1)
    theirs = tenant.shop.create(
        "supplierProducts",
        {**{k: link[k] for k in ("name", "productId", "supplierId")}, "remoteId": "x", "price": 1},
        OTHER_COUPLING,
    )
    tenant.want("supplier_products", [link])

    result = tenant.sync("supplier_products")

    assert (result.created, result.updated, result.quarantined) == (0, 0, 1)
    assert "another coupling or company" in result.problems[0].reason
    assert tenant.shop.get("supplierProducts", theirs["id"])["price"] == theirs["price"]


@pytest.mark.covers("decision 4")
def test_the_number_of_adopted_rows_is_counted(tenant: Bench) -> None:
    for number in range(3):
        tenant.shop.add_by_user(
            "products", {"name": f"Item {number}", "skuCode": f"SKU{number}", **MINIMUM}
        )
    tenant.want("products", [product(n) for n in range(5)])

    result = tenant.sync("products")

    assert (result.adopted, result.updated, result.created) == (3, 3, 2)
    assert tenant.sync("products").adopted == 0
