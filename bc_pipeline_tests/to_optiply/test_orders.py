"""Buy orders, their lines and receipts: replaced, cascaded, orphaned (flows.md 3, 6, mapping.md
5, 7)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.to_optiply.shop import (
    Bench,
    Kept,
    bench,
    buy_order,
    order_line,
    product,
    receipt_line,
    supplier,
)


@pytest.fixture(scope="module")
def sent(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """One order with two lines, a receipt on the first."""
    with bench(sandbox, tmp_path_factory.mktemp("sent")) as tenant:
        tenant.want("products", [product(1), product(2)])
        tenant.want("suppliers", [supplier(1), supplier(2)])
        tenant.sync("products")
        tenant.sync("suppliers")
        tenant.want("buy_orders", [buy_order(1, vendor(tenant, 1))])
        tenant.sync("buy_orders")
        want_lines(tenant)
        tenant.sync("buy_order_lines")
        want_receipt(tenant)
        tenant.sync("receipt_lines")
    return Kept(tenant)


@pytest.fixture
def ordered(sent: Kept, tmp_path: Path) -> Iterator[Bench]:
    with sent.again(tmp_path) as running:
        yield running


def vendor(tenant: Bench, number: int) -> int:
    return tenant.optiply_id("suppliers", f"vendor-{number}")


def want_lines(tenant: Bench, numbers: tuple[int, ...] = (1, 2)) -> None:
    order = tenant.state("buy_orders", "order-1")["optiply_id"]
    lines = [order_line(n, 1, order, tenant.optiply_id("products", f"item-{n}")) for n in numbers]
    tenant.want("buy_order_lines", lines)


def want_receipt(tenant: Bench) -> None:
    line = tenant.state("buy_order_lines", "line-1")["optiply_id"]
    decision = "write" if line else "defer"
    tenant.want("receipt_lines", [receipt_line(1, line, decision=decision)])


def sync_all(tenant: Bench) -> None:
    tenant.sync("buy_orders")
    want_lines(tenant)
    tenant.sync("buy_order_lines")
    want_receipt(tenant)
    tenant.sync("receipt_lines")


def test_an_order_carries_the_account_and_its_supplier(tenant: Bench) -> None:
    tenant.want("suppliers", [supplier(1)])
    tenant.sync("suppliers")
    tenant.want("buy_orders", [buy_order(1, vendor(tenant, 1))])

    tenant.sync("buy_orders")

    sent = tenant.writes("buyOrders")[0][1]
    assert sent["accountId"] == tenant.shop.account_id
    assert sent["totalValue"] == "100.00"
    assert "completed" not in sent


def test_an_order_is_completed_and_reopened_with_an_explicit_null(ordered: Bench) -> None:
    order = buy_order(1, vendor(ordered, 1), completed="2026-02-05T00:00:00Z")
    ordered.want("buy_orders", [order])
    ordered.sync("buy_orders")
    ordered.want("buy_orders", [buy_order(1, vendor(ordered, 1))])
    ordered.sync("buy_orders")

    assert ordered.writes() == [
        ("PATCH", {"completed": "2026-02-05T00:00:00Z"}),
        ("PATCH", {"completed": None}),
    ]


def test_another_vendor_means_delete_and_create_again_with_lines_and_receipts(
    ordered: Bench,
) -> None:
    extra = '{"po_number":"PO1","vendor_id":"vendor-2"}'
    ordered.want("buy_orders", [buy_order(1, vendor(ordered, 2), extra=extra)])

    result = ordered.sync("buy_orders")

    assert (result.created, result.deleted) == (1, 0)
    assert [method for method, _ in ordered.writes("buyOrders")] == ["DELETE", "POST"]
    assert ordered.state("buy_order_lines", "line-1")["optiply_id"] is None
    assert ordered.state("receipt_lines", "receipt-1")["optiply_id"] is None

    sync_all(ordered)
    assert {row["supplierId"] for row in ordered.shop.rows("buyOrders")} == {vendor(ordered, 2)}
    assert len(ordered.rows("buyOrderLines")) == 2
    assert len(ordered.rows("receiptLines")) == 1


def test_a_supplier_with_a_new_id_in_optiply_is_no_other_vendor(ordered: Bench) -> None:
    ordered.want("buy_orders", [buy_order(1, vendor(ordered, 2))])

    ordered.sync("buy_orders")

    assert ordered.writes() == [("PATCH", {"supplierId": vendor(ordered, 2)})]


def test_a_line_that_moved_to_another_order_is_deleted_and_created_again(ordered: Bench) -> None:
    ordered.want("buy_orders", [buy_order(n, vendor(ordered, 1)) for n in (1, 2)])
    ordered.sync("buy_orders")
    ordered.forget_writes()
    moved = order_line(
        2,
        2,
        ordered.optiply_id("buy_orders", "order-2"),
        ordered.optiply_id("products", "item-2"),
    )
    stays = order_line(
        1,
        1,
        ordered.optiply_id("buy_orders", "order-1"),
        ordered.optiply_id("products", "item-1"),
    )
    ordered.want("buy_order_lines", [stays, moved])

    ordered.sync("buy_order_lines")

    assert [method for method, _ in ordered.writes()] == ["DELETE", "POST"]


def test_a_cancelled_order_takes_its_lines_and_receipts_along(ordered: Bench) -> None:
    ordered.want("buy_orders", [buy_order(1, vendor(ordered, 1), decision="remove")])

    assert ordered.sync("buy_orders").deleted == 1
    ordered.want("buy_order_lines", [])
    ordered.want("receipt_lines", [])
    assert ordered.sync("buy_order_lines").requests == 0
    assert ordered.sync("receipt_lines").requests == 0
    assert ordered.shop.rows("buyOrderLines") == []
    assert ordered.state("receipt_lines", "receipt-1")["state"] == "deleted"


def test_a_removed_line_is_deleted_with_its_receipt(ordered: Bench) -> None:
    want_lines(ordered, (2,))

    assert ordered.sync("buy_order_lines").deleted == 1
    assert ordered.state("receipt_lines", "receipt-1")["optiply_id"] is None
    assert ordered.shop.rows("receiptLines") == []


def test_an_order_that_left_the_list_stays_until_it_is_confirmed(ordered: Bench) -> None:
    ordered.want("buy_orders", [])

    result = ordered.sync("buy_orders", keep_absent=True)

    assert (result.skipped, result.deleted, result.requests) == (1, 0, 0)
    assert len(ordered.shop.rows("buyOrders")) == 1


def test_an_order_removed_in_optiply_comes_back_with_lines_and_receipts(ordered: Bench) -> None:
    ordered.shop.remove("buyOrders", ordered.optiply_id("buy_orders", "order-1"))
    ordered.want("buy_orders", [buy_order(1, vendor(ordered, 1), totalValue="110.00")])

    sync_all(ordered)

    assert len(ordered.rows("buyOrders")) == 1
    assert len(ordered.rows("buyOrderLines")) == 2
    assert len(ordered.rows("receiptLines")) == 1


def test_a_receipt_without_its_line_waits_and_the_line_comes_back(ordered: Bench) -> None:
    line = ordered.optiply_id("buy_order_lines", "line-1")
    ordered.shop.remove("buyOrderLines", line)
    ordered.want("receipt_lines", [receipt_line(1, line), receipt_line(2, line)])

    result = ordered.sync("receipt_lines")

    assert (result.unchanged + result.deferred, result.quarantined) == (2, 0)
    assert ordered.state("buy_order_lines", "line-1")["optiply_id"] is None

    want_lines(ordered)
    ordered.sync("buy_order_lines")
    line = ordered.optiply_id("buy_order_lines", "line-1")
    ordered.want("receipt_lines", [receipt_line(1, line), receipt_line(2, line)])
    ordered.sync("receipt_lines")
    assert {row["buyOrderLineId"] for row in ordered.rows("receiptLines").values()} == {line}


def test_a_receipt_finds_the_line_that_took_the_place_of_its_own(ordered: Bench) -> None:
    old = ordered.optiply_id("buy_order_lines", "line-1")
    sent = ordered.rows("buyOrderLines")["line-1"]
    ordered.shop.remove("buyOrderLines", old)
    again = ordered.shop.create(
        "buyOrderLines",
        {k: sent[k] for k in ("buyOrderId", "productId", "quantity", "subtotalValue")},
        ordered.shop.coupling_id,
    )
    ordered.want("receipt_lines", [receipt_line(2, old)])

    assert ordered.sync("receipt_lines").created == 1
    assert ordered.optiply_id("buy_order_lines", "line-1") == again["id"]
