"""Paging, sorting and filters of the played Optiply (optiply.md 3)."""

from __future__ import annotations

from typing import Any

import pytest

from bc_pipeline.sandbox.optiply import Shop
from bc_pipeline_tests.sandbox.optiply.conftest import Client, TestClock


def product(number: int, **more: Any) -> dict[str, Any]:
    return {
        "name": f"Product {number}",
        "stockLevel": number,
        "unlimitedStock": False,
        "skuCode": f"P-{number}",
        **more,
    }


def fill(shop: Shop, count: int) -> list[int]:
    return [shop.add_by_user("products", product(n))["id"] for n in range(count)]


def test_given_no_limit_then_50_rows_come(client: Client, shop: Shop):
    fill(shop, 60)
    page = client.get("products")
    assert len(page["data"]) == 50
    assert "links" in page


def test_given_links_next_when_followed_to_the_end_then_every_row_comes_once(
    client: Client, shop: Shop
):
    ids = fill(shop, 25)
    page = client.get("products", **{"page[limit]": 10, "sort": "id"})
    seen = [int(row["id"]) for row in page["data"]]
    while "links" in page:
        page = client.call("GET", page["links"]["next"]).json()
        seen += [int(row["id"]) for row in page["data"]]
    assert seen == ids


def test_given_an_offset_beyond_the_end_then_an_empty_page(client: Client, shop: Shop):
    fill(shop, 3)
    page = client.get("products", **{"page[limit]": 10, "page[offset]": 10})
    assert page == {"data": []}


@pytest.mark.parametrize(
    "parameters",
    [
        {"page[limit]": 101},
        {"page[limit]": 0},
        {"page[limit]": "many"},
        {"page[limit]": 10, "page[offset]": 5},
        {"page[offset]": -50},
        {"sort": "colour"},
        {"filter[colour]": "red"},
        {"filter[remoteId]": "x"},
        {"filter[id][IN]": "1"},
        {"filter[stockLevel]": "many"},
        {"filter[updatedAt][GE]": "yesterday"},
        {"filter[updatedAt][GE]": "2026-01-01T00:00:00"},
        {"filter[unlimitedStock]": "maybe"},
        {"filter": "x"},
    ],
    ids=str,
)
def test_given_a_query_the_api_does_not_know_then_400(client: Client, parameters: dict[str, Any]):
    assert client.call("GET", "/products", params=parameters).status_code == 400


def test_given_sort_then_rows_come_in_that_order(client: Client, shop: Shop):
    ids = fill(shop, 3)
    assert client.ids("products", sort="-id") == ids[::-1]
    assert client.ids("products", sort="-unlimitedStock,-stockLevel") == ids[::-1]


def test_given_no_sort_when_a_row_changes_then_it_moves(client: Client, shop: Shop):
    ids = fill(shop, 3)
    client.write("PATCH", f"/products/{ids[0]}", {"stockLevel": 9})
    assert client.ids("products") == [ids[1], ids[2], ids[0]]
    assert client.ids("products", sort="id") == ids


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("filter[stockLevel]", "2", [2]),
        ("filter[stockLevel][EQ]", "2", [2]),
        ("filter[stockLevel][NEQ]", "2", [0, 1, 3]),
        ("filter[stockLevel][GT]", "2", [3]),
        ("filter[stockLevel][ge]", "2", [2, 3]),
        ("filter[stockLevel][LT]", "2", [0, 1]),
        ("filter[stockLevel][le]", "2", [0, 1, 2]),
        ("filter[name][LIKE]", "%uct 1", [1]),
        ("filter[name][LIKE]", "product%", [0, 1, 2, 3]),
        ("filter[name][LIKE]", "uct", []),
        ("filter[skuCode]", "P-3", [3]),
        ("filter[price]", "12.5", [2]),
        ("filter[price][NEQ]", "12.5", [0, 1, 3]),
        ("filter[status]", "ENABLED", [0, 1, 2, 3]),
        ("filter[unlimitedStock]", "true", []),
    ],
)
def test_given_a_filter_then_only_passing_rows_come(
    client: Client, shop: Shop, name: str, value: str, expected: list[int]
):
    for number in range(4):
        price = {"price": 12.50} if number == 2 else {}
        shop.add_by_user("products", product(number, **price))
    page = client.get("products", **{name: value, "sort": "id"})
    assert [row["attributes"]["stockLevel"] for row in page["data"]] == expected


def test_given_several_filters_then_all_must_hold(client: Client, shop: Shop):
    ids = fill(shop, 4)
    found = client.ids("products", **{"filter[stockLevel][GE]": 1, "filter[stockLevel][LT]": 3})
    assert found == ids[1:3]


def test_given_a_filter_on_id_and_updated_at_then_it_works(
    client: Client, shop: Shop, clock: TestClock
):
    old, new = fill(shop, 2)
    clock.advance(60)
    client.write("PATCH", f"/products/{new}", {"stockLevel": 5})
    assert client.ids("products", **{"filter[id]": old}) == [old]
    assert client.ids("products", **{"filter[id]": 1}) == []
    assert client.ids("products", **{"filter[updatedAt][GT]": "2026-03-01T12:00:00Z"}) == [new]
    assert client.ids("products", **{"filter[updatedAt][GE]": "2026-03-01T13:01:00+01:00"}) == [new]


def test_given_a_filter_on_the_account_then_only_the_own_one_has_rows(client: Client, shop: Shop):
    ids = fill(shop, 2)
    assert client.ids("products", **{"filter[accountId]": shop.account_id}) == ids
    assert client.ids("products", **{"filter[accountId]": shop.account_id + 1}) == []
