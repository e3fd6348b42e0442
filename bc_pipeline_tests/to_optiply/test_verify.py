"""Comparing Optiply itself with what was sent, and sending it again (decisions 5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.errors import ConfigError, RequestFailed
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.to_optiply import repair
from bc_pipeline.to_optiply.verified import Verified
from bc_pipeline.to_optiply.verify import verify
from bc_pipeline_tests.to_optiply.shop import (
    Bench,
    Kept,
    bench,
    buy_order,
    order_line,
    product,
    receipt_line,
    sell_order,
    supplier,
)

pytestmark = pytest.mark.covers("decision 5")
OTHER_COUPLING = 9000


def compared(tenant: Bench, resource: str, **options: Any) -> Verified:
    with tenant.snapshot.cursor() as cursor:
        return verify(cursor, tenant.optiply, RESOURCES[resource], **options)


def texts(found: Verified) -> list[str]:
    return [f"{each.kind}: {each.text}" for each in found.differences]


def change(tenant: Bench, path: str, number: int, **values: Any) -> None:
    """As somebody else does it."""
    tenant.shop.change(path, number, values, OTHER_COUPLING)


def store(tenant: Bench, path: str, **values: Any) -> None:
    """Every row of a resource as Optiply keeps it, without its rules."""
    for row in tenant.shop.rows(path):
        tenant.shop.get(path, row["id"]).update(values)


@pytest.fixture(scope="module")
def sent(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Three products, two suppliers, a link, a sell order, a buy order, its line and receipt."""
    with bench(sandbox, tmp_path_factory.mktemp("sent")) as tenant:
        tenant.want("products", [product(n, eanCode="87") for n in (1, 2, 3)])
        tenant.want("suppliers", [supplier(1), supplier(2)])
        tenant.sync("products")
        tenant.sync("suppliers")
        item = tenant.optiply_id("products", "item-1")
        tenant.want("supplier_products", [tenant.link(1, 1, deliveryTime=5)])
        tenant.sync("supplier_products")
        tenant.want("sell_orders", [sell_order(1, [(item, 2, "10.00")])])
        tenant.sync("sell_orders")
        tenant.want("buy_orders", [buy_order(1, tenant.optiply_id("suppliers", "vendor-1"))])
        tenant.sync("buy_orders")
        order = tenant.optiply_id("buy_orders", "order-1")
        tenant.want("buy_order_lines", [order_line(1, 1, order, item)])
        tenant.sync("buy_order_lines")
        line = tenant.optiply_id("buy_order_lines", "line-1")
        tenant.want("receipt_lines", [receipt_line(1, line)])
        tenant.sync("receipt_lines")
    return Kept(tenant)


@pytest.fixture
def filled(sent: Kept, tmp_path: Path) -> Iterator[Bench]:
    with sent.again(tmp_path) as running:
        yield running


def test_given_what_was_sent_then_optiply_agrees_and_nothing_is_written(filled: Bench) -> None:
    for name in RESOURCES:
        found = compared(filled, name)
        assert (texts(found), found.by_users, found.not_ours) == ([], 0, 0), name
        assert found.compared == (0 if name == "product_compositions" else found.compared)
    assert compared(filled, "products").compared == 3
    assert filled.writes() == []


def test_given_a_value_somebody_else_changed_then_both_values_are_told(filled: Bench) -> None:
    number = filled.optiply_id("products", "item-1")
    change(filled, "products", number, price="9.00", stockLevel=77, eanCode=None)

    found = compared(filled, "products")

    assert found.counts == {"missing": 0, "changed": 1, "doubled": 0, "unknown": 0}
    assert texts(found) == [
        "changed: SKU1 Item 1: was changed in Optiply by somebody else: eanCode is empty, sent was "
        "87, price is 9.00, sent was 12.50, stockLevel is 77, sent was 1"
    ]


def test_given_an_amount_written_otherwise_then_it_is_the_same(filled: Bench) -> None:
    store(filled, "products", price="12.500")
    store(filled, "buyOrders", totalValue="100")
    assert texts(compared(filled, "products")) == []
    assert texts(compared(filled, "buy_orders")) == []


def test_given_values_people_may_set_then_they_are_theirs(filled: Bench) -> None:
    vendor = filled.optiply_id("suppliers", "vendor-1")
    change(filled, "suppliers", vendor, ignored=True, deliveryTime=9, minimumOrderValue="5")
    link = filled.optiply_id("supplier_products", "item-1_vendor-1")
    change(filled, "supplierProducts", link, deliveryTime=30)

    suppliers, links = compared(filled, "suppliers"), compared(filled, "supplier_products")

    assert texts(suppliers) == texts(links) == []
    assert (suppliers.by_users, links.by_users) == (1, 1)


def test_given_an_order_that_a_user_completed_then_that_is_a_difference(filled: Bench) -> None:
    order = filled.optiply_id("buy_orders", "order-1")
    change(filled, "buyOrders", order, completed="2026-02-09T00:00:00Z")
    assert texts(compared(filled, "buy_orders")) == [
        "changed: PO1 Vendor 1: was changed in Optiply by somebody else: completed is "
        "2026-02-09T00:00:00Z, sent was empty"
    ]
    send_again(filled, "buy_orders")
    assert filled.writes() == [("PATCH", {"completed": None})]


def test_given_rows_that_are_gone_then_they_are_missing_with_what_hung_on_them(
    filled: Bench,
) -> None:
    filled.shop.remove("buyOrders", filled.optiply_id("buy_orders", "order-1"))
    found = [compared(filled, n) for n in ("buy_orders", "buy_order_lines", "receipt_lines")]
    assert [each.counts["missing"] for each in found] == [1, 1, 1]
    assert texts(found[1])[0].startswith("missing: PO1 line 1 Item 1: is not in Optiply any more")


def test_given_a_row_that_stands_twice_then_both_are_named(filled: Bench) -> None:
    known = filled.optiply_id("products", "item-2")
    again = filled.shop.create(
        "products",
        {"name": "x", "stockLevel": 0, "unlimitedStock": False, "remoteId": "item-2"},
        filled.shop.coupling_id,
    )
    found = compared(filled, "products")
    assert texts(found) == [
        f"doubled: SKU2 Item 2: stands in Optiply twice, as rows {known} and {again['id']}"
    ]
    assert found.compared == 3


def test_given_an_order_line_that_stands_twice_then_it_is_found_without_remote_ids(
    filled: Bench,
) -> None:
    (line,) = filled.shop.rows("buyOrderLines")
    names = ("buyOrderId", "productId", "quantity", "subtotalValue", "expectedDeliveryDate")
    filled.shop.create("buyOrderLines", {n: line[n] for n in names}, filled.shop.coupling_id)
    other = {**{n: line[n] for n in names}, "quantity": 99}
    filled.shop.create("buyOrderLines", other, filled.shop.coupling_id)
    counts = compared(filled, "buy_order_lines").counts
    assert counts == {"missing": 0, "changed": 0, "doubled": 1, "unknown": 1}


def test_given_rows_of_people_and_of_other_couplings_then_they_are_counted_and_no_difference(
    filled: Bench,
) -> None:
    row = {"name": "theirs", "stockLevel": 0, "unlimitedStock": False}
    filled.shop.add_by_user("products", row)
    filled.shop.create("products", {**row, "remoteId": "item-1"}, OTHER_COUPLING)
    vendor = filled.optiply_id("suppliers", "vendor-1")
    order = {"placed": "2026-03-01T00:00:00Z", "totalValue": "1.00", "supplierId": vendor}
    filled.shop.add_by_user("buyOrders", order)

    found = compared(filled, "products"), compared(filled, "buy_orders")

    assert [(texts(each), each.not_ours) for each in found] == [([], 2), ([], 1)]


def test_given_a_row_with_our_id_of_a_record_we_know_nothing_of_then_it_is_unknown(
    filled: Bench,
) -> None:
    row = {"name": "left over", "stockLevel": 0, "unlimitedStock": False, "remoteId": "item-9"}
    number = filled.shop.create("products", row, filled.shop.coupling_id)["id"]
    assert texts(compared(filled, "products")) == [
        f"unknown: left over: stands in Optiply as row {number}, and we know nothing of it"
    ]


def test_given_a_creation_that_is_not_confirmed_yet_then_its_row_is_no_difference(
    filled: Bench,
) -> None:
    filled.fault("apply_then_drop", method="POST", path="/products", times=1)
    filled.fault("unavailable", method="GET", path="skuCode", times=None)
    filled.want("products", [*(product(n, eanCode="87") for n in (1, 2, 3)), product(4)])
    filled.sync("products")
    filled.sandbox.faults.clear()
    assert len(filled.shop.rows("products")) == 4
    assert texts(compared(filled, "products")) == []


def test_given_lines_of_a_sell_order_that_were_changed_then_they_are_told(filled: Bench) -> None:
    store(filled, "sellOrderLines", quantity=3)
    assert texts(compared(filled, "sell_orders", lines=False)) == []
    (told,) = texts(compared(filled, "sell_orders"))
    assert "orderLines is" in told


def test_given_a_long_history_then_only_what_was_placed_lately_may_be_compared(
    filled: Bench,
) -> None:
    item = filled.optiply_id("products", "item-1")
    orders = [sell_order(n, [(item, 2, "10.00")]) for n in (1, 2, 20, 21)]
    filled.want("sell_orders", orders)
    filled.sync("sell_orders")
    for number in (2, 21):
        filled.shop.remove("sellOrders", filled.optiply_id("sell_orders", f"invoice-{number}"))
    since = datetime(2026, 1, 15, tzinfo=UTC)

    lately, all_of_it = (compared(filled, "sell_orders", since=moment) for moment in (since, None))

    assert (lately.compared, lately.counts["missing"]) == (1, 1)
    assert (all_of_it.compared, all_of_it.counts["missing"]) == (2, 2)


@pytest.fixture(scope="module")
def many_sent(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    with bench(sandbox, tmp_path_factory.mktemp("many")) as tenant:
        tenant.want("products", [product(n) for n in range(230)])
        tenant.sync("products")
    return Kept(tenant)


@pytest.fixture
def many(many_sent: Kept, tmp_path: Path) -> Iterator[Bench]:
    with many_sent.again(tmp_path) as running:
        yield running


def test_given_more_rows_than_a_page_then_all_are_compared_once(many: Bench) -> None:
    many.shop.remove("products", many.optiply_id("products", "item-150"))
    start = many.sandbox.requests.total
    found = compared(many, "products")
    assert (found.compared, len(found.differences)) == (229, 1)
    # Three pages, and the missing one is asked for.
    asked = many.sandbox.requests.of("optiply", after=start)
    assert len([request for request in asked if "/products" in request.path]) == 4


def test_given_a_list_that_breaks_off_then_nothing_is_said(many: Bench) -> None:
    many.fault("unavailable", method="GET", path="offset%5D=100|offset]=100", times=None)
    with pytest.raises(RequestFailed):
        compared(many, "products")


# -- repair ---------------------------------------------------------------------------------------


def send_again(tenant: Bench, *resources: str) -> dict[str, int]:
    found = [compared(tenant, name) for name in resources]
    repair.check_account(found)
    marked = repair.mark(tenant.snapshot, found)
    for name in resources:
        tenant.sync(name)
    return marked


def test_given_changed_values_when_repaired_then_just_these_are_sent_again(filled: Bench) -> None:
    number = filled.optiply_id("products", "item-1")
    change(filled, "products", number, price="9.00", stockLevel=77)
    assert send_again(filled, "products") == {"optiply/products": 1}
    assert filled.writes() == [("PATCH", {"price": 12.5, "stockLevel": 1})]
    assert texts(compared(filled, "products")) == []
    assert filled.sync("products").requests == 0


def test_given_missing_rows_when_repaired_then_they_are_created_again(filled: Bench) -> None:
    filled.shop.remove("buyOrders", filled.optiply_id("buy_orders", "order-1"))
    assert send_again(filled, "buy_orders") == {"optiply/buy_orders": 1}
    order = filled.optiply_id("buy_orders", "order-1")
    filled.want(
        "buy_order_lines", [order_line(1, 1, order, filled.optiply_id("products", "item-1"))]
    )
    filled.sync("buy_order_lines")
    assert len(filled.shop.rows("buyOrderLines")) == 1
    assert texts(compared(filled, "buy_orders")) == []


def test_given_a_row_that_was_replaced_when_repaired_then_ours_is_the_new_one(
    filled: Bench,
) -> None:
    filled.shop.remove("products", filled.optiply_id("products", "item-3"))
    row = {"name": "new", "stockLevel": 0, "unlimitedStock": False, "remoteId": "item-3"}
    new = filled.shop.create("products", row, filled.shop.coupling_id)
    (told,) = texts(compared(filled, "products"))
    assert told.startswith(f"missing: SKU3 Item 3: is row {new['id']} in Optiply now")

    send_again(filled, "products")

    assert filled.optiply_id("products", "item-3") == new["id"]
    assert filled.rows("products")["item-3"]["name"] == "Item 3"
    assert texts(compared(filled, "products")) == []


def test_given_a_product_out_of_use_that_somebody_enabled_when_repaired_then_it_is_disabled(
    filled: Bench,
) -> None:
    filled.want("products", [product(n, eanCode="87") for n in (1, 2)])
    filled.sync("products")
    change(filled, "products", filled.optiply_id("products", "item-3"), status="enabled")
    assert compared(filled, "products").counts["changed"] == 1
    send_again(filled, "products")
    assert filled.rows("products")["item-3"]["status"] == "disabled"


def test_given_an_account_that_lacks_most_of_ours_then_repair_asks_first(filled: Bench) -> None:
    filled.want("products", [product(n) for n in range(20)])
    filled.sync("products")
    for row in filled.shop.rows("products"):
        if row["remoteId"] not in ("item-1", "item-2", "item-3"):
            filled.shop.remove("products", row["id"])
    found = [compared(filled, "products")]
    with pytest.raises(ConfigError, match="Wrong account"):
        repair.check_account(found)
    assert repair.mark(filled.snapshot, found) == {"optiply/products": 17}
