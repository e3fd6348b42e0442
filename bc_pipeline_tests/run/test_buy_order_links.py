"""Buy orders made in Optiply in the id map (mapping.md 8.2, steps 7 and 8)."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.optiply.client import Record
from bc_pipeline.to_business_central.buy_orders.buy_order import buy_order as read_order
from bc_pipeline.to_business_central.buy_orders.links import (
    LinkedOrder,
    LinkedRow,
    is_linked,
    link,
    tell_remote_ids,
)
from bc_pipeline.to_business_central.buy_orders.marked_orders import MarkedOrder, OrderLine, pairing
from bc_pipeline_tests.to_optiply.shop import Bench, buy_order, product, supplier

ORDER = {"placed": "2026-02-01T08:15:00Z", "totalValue": "100.00"}


def made_by_user(tenant: Bench) -> tuple[int, int, LinkedOrder]:
    """A buy order of a user, linked to order-1."""
    tenant.want("suppliers", [supplier(1)])
    tenant.sync("suppliers")
    tenant.want("products", [product(1)])
    tenant.sync("products")
    vendor = tenant.optiply_id("suppliers", "vendor-1")
    item = tenant.optiply_id("products", "item-1")
    row = tenant.shop.add_by_user(
        "buyOrders",
        {
            **ORDER,
            "supplierId": vendor,
            "orderLines": [{"productId": item, "quantity": 5, "subtotalValue": "100.00"}],
        },
    )
    (line,) = tenant.shop.rows("buyOrderLines")
    values = {**ORDER, "supplierId": vendor, "completed": None, "assembly": None}
    linked = LinkedOrder(
        LinkedRow("order-1", row["id"], row["uuid"], values, {"vendor_id": "vendor-1"}),
        (LinkedRow("line-1", line["id"], None, {"buyOrderId": row["id"], "quantity": 5}),),
    )
    tenant.forget_writes()
    return row["id"], vendor, linked


def test_a_linked_order_is_only_changed_where_business_central_differs(tenant: Bench) -> None:
    _, vendor, linked = made_by_user(tenant)
    link(tenant.snapshot, linked, run_no=1)
    tenant.want("buy_orders", [buy_order(1, vendor, totalValue="99.99")])

    assert tenant.sync("buy_orders").updated == 1

    ((method, sent),) = tenant.writes()
    assert method == "PATCH"
    assert sent == {
        "placed": "2026-02-01T00:00:00Z",
        "totalValue": "99.99",
        "assembly": False,
        "remoteId": "order-1",
    }
    assert tenant.state("buy_orders", "order-1")["origin"] == "optiply"
    assert tenant.sync("buy_orders").requests == 0


def test_remote_ids_are_told_once_and_a_failure_is_told_again_later(tenant: Bench) -> None:
    order_id, _, linked = made_by_user(tenant)
    link(tenant.snapshot, linked, run_no=1)
    tenant.refuse(400, "not now", method="PATCH", path="/buyOrders/", times=1)

    (failure,) = tell_remote_ids(tenant.snapshot, tenant.optiply)
    assert f"buy order {order_id} was not told its remote id" in failure
    assert tell_remote_ids(tenant.snapshot, tenant.optiply) == []
    tenant.forget_writes()
    assert tell_remote_ids(tenant.snapshot, tenant.optiply) == []

    assert tenant.writes() == []
    assert tenant.rows("buyOrders")["order-1"]["id"] == order_id
    assert set(tenant.rows("buyOrderLines")) == {"line-1"}
    assert is_linked(tenant.snapshot, order_id) == "order-1"


def test_an_order_deleted_in_optiply_is_no_failure(tenant: Bench) -> None:
    order_id, _, linked = made_by_user(tenant)
    link(tenant.snapshot, linked, run_no=1)
    tenant.shop.remove("buyOrders", order_id)

    assert tell_remote_ids(tenant.snapshot, tenant.optiply) == []


def order_with(*lines: tuple[int, int]) -> object:
    records = [
        Record(10 + n, {"productId": p, "quantity": q, "subtotalValue": "1.00"})
        for n, (p, q) in enumerate(lines)
    ]
    return read_order(Record(1, {"supplierId": 7}), records)


def marked(*lines: tuple[int | None, int]) -> MarkedOrder:
    return MarkedOrder(
        {"id": "{ORDER-1}", "number": "P", "vendorId": "V", "purchaseOrderLines": []},
        tuple(
            OrderLine(f"l{n}", n * 10000, f"i{p}", f"I{p}", str(q), "1", product_id=p, quantity=q)
            for n, (p, q) in enumerate(lines, start=1)
        ),
        None,
    )


def test_lines_are_paired_by_product_and_quantity_first_and_then_by_product() -> None:
    linked = pairing(order_with((1, 5), (1, 7), (2, 3)), marked((1, 7), (2, 9), (1, 6), (3, 1)))  # type: ignore[arg-type]

    assert sorted((x.optiply_id, x.remote_id) for x in linked.lines) == [
        (10, "l3"),
        (11, "l1"),
        (12, "l2"),
    ]
    assert linked.order.remote_id == "order-1"
    assert Decimal(linked.lines[0].extra["ordered_quantity"]) == 7


LINES = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4)), max_size=6)


@given(mine=LINES, theirs=LINES)
def test_no_line_is_paired_twice_and_only_with_its_own_product(
    mine: list[tuple[int, int]], theirs: list[tuple[int, int]]
) -> None:
    linked = pairing(order_with(*mine), marked(*theirs))  # type: ignore[arg-type]

    pairs = [(x.optiply_id - 10, int(x.remote_id[1:]) - 1) for x in linked.lines]
    assert len({m for m, _ in pairs}) == len({t for _, t in pairs}) == len(pairs)
    assert all(mine[m][0] == theirs[t][0] for m, t in pairs)
    left = [p for p, _ in mine]
    for product_id in (p for p, _ in theirs):
        if product_id in left:
            left.remove(product_id)
    assert len(pairs) == len(mine) - len(left)
