"""What becomes of records that are gone, wait or may not be made; sell orders are never patched."""

from __future__ import annotations

import pytest

from bc_pipeline_tests.to_optiply.shop import Bench, product, sell_order, supplier


def test_a_gone_product_is_disabled_and_enabled_when_it_comes_back(tenant: Bench) -> None:
    tenant.want("products", [product(1), product(2)])
    tenant.sync("products")
    tenant.want("products", [product(1)])

    gone = tenant.sync("products")
    assert gone.deleted == 1
    assert tenant.rows("products")["item-2"]["status"] == "disabled"
    assert tenant.state("products", "item-2")["state"] == "disabled"
    assert tenant.sync("products").requests == 0

    tenant.want("products", [product(1), product(2)])
    back = tenant.sync("products")
    assert back.updated == 1
    assert tenant.writes()[-1] == ("PATCH", {"status": "enabled"})
    assert tenant.state("products", "item-2")["state"] == "active"


def test_a_gone_supplier_is_ignored_and_never_deleted(tenant: Bench) -> None:
    tenant.want("suppliers", [supplier(1), supplier(2)])
    tenant.sync("suppliers")
    tenant.want("suppliers", [supplier(2)])

    tenant.sync("suppliers")

    assert tenant.writes()[-1] == ("PATCH", {"ignored": True})


def test_a_sell_order_is_never_patched(tenant: Bench) -> None:
    tenant.want("products", [product(1), product(2)])
    tenant.sync("products")
    ids = [tenant.optiply_id("products", f"item-{n}") for n in (1, 2)]
    tenant.want("sell_orders", [sell_order(1, [(ids[0], 1, "10.00")])])
    tenant.sync("sell_orders")
    tenant.want("sell_orders", [sell_order(1, [(ids[1], 2, "20.00")])])

    result = tenant.sync("sell_orders")

    assert (result.unchanged, result.requests) == (1, 0)


def test_a_cancelled_sell_order_is_deleted(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    tenant.sync("products")
    line = (tenant.optiply_id("products", "item-1"), 1, "10.00")
    tenant.want("sell_orders", [sell_order(1, [line])])
    tenant.sync("sell_orders")
    tenant.want("sell_orders", [sell_order(1, [line], decision="remove")])

    result = tenant.sync("sell_orders")

    assert result.deleted == 1
    assert tenant.shop.rows("sellOrders") == []
    assert tenant.shop.rows("sellOrderLines") == []
    assert tenant.sync("sell_orders").requests == 0


@pytest.mark.parametrize(("still_there", "left"), [(True, 1), (False, 0)])
def test_a_sell_order_the_source_lost_is_deleted_only_when_it_is_really_gone(
    tenant: Bench, still_there: bool, left: int
) -> None:
    tenant.want("products", [product(1)])
    tenant.sync("products")
    line = (tenant.optiply_id("products", "item-1"), 1, "10.00")
    tenant.want("sell_orders", [sell_order(1, [line])])
    tenant.sync("sell_orders")
    tenant.want("sell_orders", [])

    result = tenant.sync("sell_orders", still_in_source=lambda remote_id: still_there)

    assert len(tenant.shop.rows("sellOrders")) == left
    assert (result.skipped, result.deleted) == (left, 1 - left)


def test_sell_orders_are_created_newest_first(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    tenant.sync("products")
    line = (tenant.optiply_id("products", "item-1"), 1, "10.00")
    tenant.want("sell_orders", [sell_order(n, [line]) for n in (3, 20, 11)])

    # One at a time, so that the order of arrival is the order of sending.
    tenant.optiply.concurrency = 1
    tenant.sync("sell_orders")

    placed = [sent["placed"] for _, sent in tenant.writes("sellOrders")]
    assert placed == sorted(placed, reverse=True)


@pytest.mark.parametrize(
    ("decision", "bucket", "state"),
    [
        ("skip", "skipped", "skipped"),
        ("update_only", "skipped", "skipped"),
        ("defer", "deferred", "deferred"),
        ("quarantine", "quarantined", "quarantined"),
        ("remove", "skipped", "skipped"),
    ],
)
def test_a_decision_not_to_create_sends_nothing_and_is_remembered(
    tenant: Bench, decision: str, bucket: str, state: str
) -> None:
    tenant.want("products", [product(1, decision=decision, reason="because")])

    result = tenant.sync("products")

    assert (getattr(result, bucket), result.requests) == (1, 0)
    kept = tenant.state("products", "item-1")
    assert (kept["state"], kept["reason"]) == (state, "because")


def test_update_only_updates_what_stands_in_optiply(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    tenant.sync("products")
    tenant.want("products", [product(1, decision="update_only", status="disabled")])

    assert tenant.sync("products").updated == 1
    assert tenant.rows("products")["item-1"]["status"] == "disabled"


def test_a_record_that_stands_keeps_its_id_while_its_mapping_is_in_trouble(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    tenant.sync("products")
    tenant.want("products", [product(1, decision="quarantine", reason="unit is not known")])
    result = tenant.sync("products")

    assert result.problems[0].reason == "item-1: unit is not known"
    assert tenant.state("products", "item-1")["optiply_id"] is not None

    tenant.want("products", [product(1)])
    healed = tenant.sync("products")
    assert (healed.unchanged, healed.requests) == (1, 0)
    assert tenant.state("products", "item-1")["state"] == "active"


def test_waiting_is_reported_only_after_three_runs(tenant: Bench) -> None:
    tenant.want("products", [product(1, decision="defer", reason="no supplier yet")])

    reported = [len(tenant.sync("products").problems) for _ in range(5)]

    assert reported == [0, 0, 0, 1, 1]


def test_a_record_neither_wanted_nor_standing_is_forgotten(tenant: Bench) -> None:
    tenant.want("products", [product(1, decision="skip")])
    tenant.sync("products")
    tenant.want("products", [])
    tenant.sync("products")

    with pytest.raises(AssertionError, match="not in the id map"):
        tenant.state("products", "item-1")


def test_a_new_mapping_version_compares_again_and_sends_only_differences(tenant: Bench) -> None:
    tenant.want("products", [product(1), product(2)])
    tenant.sync("products")

    result = tenant.sync("products", version=2)

    assert (result.unchanged, result.requests) == (2, 0)
    assert tenant.sync("products", version=2).requests == 0
