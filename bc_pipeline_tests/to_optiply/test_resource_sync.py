"""Diff and write: new, changed, unchanged, gone, back (flows.md 3, mapping.md 1)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bc_pipeline.errors import Cancelled
from bc_pipeline.report import EntityResult
from bc_pipeline.run.operator_actions import approve_deletions, resend
from bc_pipeline_tests.slow import examples
from bc_pipeline_tests.to_optiply.shop import Bench, product, sell_order, supplier


def test_a_new_record_is_posted_with_everything_optiply_needs(tenant: Bench) -> None:
    tenant.want("products", [product(1, eanCode=None, createdAtRemote="2026-01-02T03:04:05Z")])

    result = tenant.sync("products")

    assert result.created == 1
    method, sent = tenant.writes("products")[0]
    assert method == "POST"
    assert sent == {
        "name": "Item 1",
        "skuCode": "SKU1",
        "price": Decimal("12.50"),
        "stockLevel": 1,
        "unlimitedStock": False,
        "status": "enabled",
        "createdAtRemote": "2026-01-02T03:04:05Z",
        "remoteId": "item-1",
    }
    assert tenant.shop.write_log[0].attributes["remoteDataSyncedToDate"].endswith("Z")


def test_the_id_map_holds_what_was_confirmed(tenant: Bench) -> None:
    tenant.want("products", [product(1)])

    tenant.sync("products")

    row = tenant.rows("products")["item-1"]
    state = tenant.state("products", "item-1")
    assert (state["optiply_id"], state["optiply_uuid"]) == (row["id"], row["uuid"])
    assert (state["state"], state["last_seen_run"]) == ("active", 1)


def test_totals_are_sent_as_text_and_prices_as_numbers(tenant: Bench) -> None:
    tenant.want("products", [product(1, price="0.10")])
    tenant.sync("products")
    line = (tenant.optiply_id("products", "item-1"), 3, "30")
    tenant.want("sell_orders", [sell_order(1, [line])])

    tenant.sync("sell_orders")

    assert tenant.writes("products")[0][1]["price"] == Decimal("0.10")
    sent = tenant.writes("sellOrders")[0][1]
    assert sent["totalValue"] == "30.00"
    assert sent["orderLines"] == [
        {"productId": line[0], "quantity": 3, "subtotalValue": "30.00"},
    ]


def test_a_second_run_without_changes_sends_nothing_at_all(tenant: Bench) -> None:
    tenant.want("products", [product(n) for n in range(30)])
    tenant.sync("products")

    result = tenant.sync("products")

    assert (result.unchanged, result.requests) == (30, 0)


def test_a_changed_record_sends_only_the_attributes_that_changed(tenant: Bench) -> None:
    tenant.want("products", [product(1), product(2)])
    tenant.sync("products")
    tenant.forget_writes()
    tenant.want("products", [product(1, stockLevel=9), product(2)])

    result = tenant.sync("products")

    assert tenant.writes() == [("PATCH", {"stockLevel": 9})]
    assert (result.updated, result.unchanged) == (1, 1)
    assert result.changes[0]["changes"] == "stockLevel: 1 -> 9"


def test_the_same_amount_written_differently_is_no_change(tenant: Bench) -> None:
    tenant.want("products", [product(1, price="12.5", minimumStock="3.0000")])
    tenant.sync("products")
    tenant.want("products", [product(1, price="12.50", minimumStock="3")])

    assert tenant.sync("products").requests == 0


def test_a_value_that_is_lost_is_cleared_once_with_an_explicit_null(tenant: Bench) -> None:
    tenant.want("products", [product(1, eanCode="8712345678906")])
    tenant.sync("products")
    tenant.forget_writes()
    tenant.want("products", [product(1)])

    tenant.sync("products")
    tenant.sync("products")

    assert tenant.writes() == [("PATCH", {"eanCode": None})]
    assert tenant.rows("products")["item-1"]["eanCode"] is None


def test_a_refused_null_is_left_out_and_not_tried_again(tenant: Bench) -> None:
    tenant.shop.refused_nulls.add("products.eanCode")
    tenant.want("products", [product(1, eanCode="8712345678906")])
    tenant.sync("products")
    tenant.forget_writes()
    tenant.want("products", [product(1, stockLevel=7)])

    result = tenant.sync("products")
    tenant.want("products", [product(1, stockLevel=8)])
    tenant.sync("products")

    assert [sent for _, sent in tenant.writes()] == [
        {"eanCode": None, "stockLevel": 7},
        {"stockLevel": 7},
        {"stockLevel": 8},
    ]
    assert (result.updated, result.warnings) == (1, {"null_refused": 1})
    assert tenant.rows("products")["item-1"]["eanCode"] == "8712345678906"


def test_a_value_we_never_sent_is_never_cleared(tenant: Bench) -> None:
    tenant.want("suppliers", [supplier(1)])
    tenant.sync("suppliers")
    tenant.shop.change(
        "suppliers",
        tenant.optiply_id("suppliers", "vendor-1"),
        {"deliveryTime": 14},
        tenant.shop.coupling_id,
    )
    tenant.want("suppliers", [supplier(1, name="Renamed")])

    tenant.sync("suppliers")

    assert tenant.rows("suppliers")["vendor-1"]["deliveryTime"] == 14


def test_unknown_stock_leaves_the_last_known_one(tenant: Bench) -> None:
    tenant.want("products", [product(1, stockLevel=4)])
    tenant.sync("products")
    tenant.forget_writes()
    tenant.want("products", [product(1, stockLevel=None, name="Renamed")])
    tenant.sync("products")
    tenant.want("products", [product(1, stockLevel=4, name="Renamed")])
    tenant.sync("products")

    assert tenant.writes() == [("PATCH", {"name": "Renamed"})]


def test_a_new_product_waits_until_its_stock_is_known(tenant: Bench) -> None:
    tenant.want("products", [product(1, stockLevel=None)])
    waiting = tenant.sync("products")
    tenant.want("products", [product(1)])
    ready = tenant.sync("products")

    assert (waiting.deferred, waiting.problems) == (1, [])
    assert ready.created == 1


def test_what_a_user_may_have_changed_is_sent_only_when_our_value_changes(tenant: Bench) -> None:
    tenant.want("suppliers", [supplier(1)])
    tenant.sync("suppliers")
    tenant.forget_writes()
    resend(tenant.tenant)
    tenant.sync("suppliers")
    tenant.want("suppliers", [supplier(1, ignored=True)])
    tenant.sync("suppliers")

    forced, changed = tenant.writes()
    assert forced == ("PATCH", {"name": "Vendor 1", "emails": ["orders@vendor1.example"]})
    assert changed == ("PATCH", {"ignored": True})


def test_preferred_is_patched_when_the_post_did_not_keep_it(tenant: Bench) -> None:
    tenant.shop.preferred_only_on_patch = True
    tenant.want("products", [product(1)])
    tenant.want("suppliers", [supplier(1)])
    tenant.sync("products")
    tenant.sync("suppliers")
    tenant.want("supplier_products", [tenant.link(1, 1, preferred=True)])

    result = tenant.sync("supplier_products")

    assert result.created == 1
    assert tenant.writes("supplierProducts")[-1] == ("PATCH", {"preferred": True})
    assert tenant.sync("supplier_products").requests == 0


def test_every_record_ends_in_exactly_one_bucket(tenant: Bench) -> None:
    tenant.want("products", [product(n) for n in range(8)])
    tenant.sync("products")
    tenant.want(
        "products",
        [
            product(0),
            product(1, name="Renamed"),
            product(2, decision="skip"),
            product(3, decision="defer"),
            product(4, decision="quarantine"),
            product(9),
            product(10, decision="update_only"),
        ],
    )

    result = tenant.sync("products")

    assert result.as_json() == {
        "created": 1,
        "updated": 1,
        "deleted": 3,
        "unchanged": 1,
        "skipped": 2,
        "deferred": 1,
        "quarantined": 1,
    }


def test_a_cancelled_run_keeps_what_was_confirmed_and_goes_on_next_time(tenant: Bench) -> None:
    tenant.want("products", [product(n) for n in range(40)])
    tenant.cancel_after("POST", 10)
    result = EntityResult(name="optiply/products")
    with pytest.raises(Cancelled):
        tenant.try_sync("products", result)
    assert 10 <= result.created < 40
    assert result.created + result.deferred == 40

    tenant.cancel.clear()
    assert tenant.sync("products").created + result.created == 40
    assert len(tenant.rows("products")) == 40


_NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=9
)
_PRODUCTS = st.dictionaries(
    st.integers(0, 5),
    st.fixed_dictionaries(
        {
            "name": _NAMES,
            "price": st.none() | st.decimals(0, 999, places=2).map(str),
            "stockLevel": st.integers(-5, 99),
            "eanCode": st.none() | st.just("87123"),
            "status": st.sampled_from(["enabled", "disabled"]),
        }
    ),
)


@settings(
    max_examples=examples(4, 30),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(first=_PRODUCTS, second=_PRODUCTS)
def test_whatever_changes_a_repeated_diff_changes_nothing(
    tenant: Bench, first: dict, second: dict
) -> None:
    for wanted in (first, second):
        tenant.want("products", [product(n, **values) for n, values in wanted.items()])
        approve_deletions(tenant.tenant, "products")
        tenant.sync("products")
        repeated = tenant.sync("products")
        assert repeated.requests == 0
        assert repeated.created + repeated.updated + repeated.deleted == 0
    rows = tenant.rows("products")
    for number, values in second.items():
        row = rows[f"item-{number}"]
        assert row["name"] == values["name"]
        assert row["stockLevel"] == values["stockLevel"]
        assert row["price"] == (values["price"] and f"{Decimal(values['price']):.2f}")
        assert row["eanCode"] == values["eanCode"]
        assert row["status"] == values["status"]
    for remote_id, row in rows.items():
        if int(remote_id.removeprefix("item-")) not in second:
            assert row["status"] == "disabled"
