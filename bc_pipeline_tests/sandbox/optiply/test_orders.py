"""Sell and buy orders of the played Optiply with their lines (optiply.md 4-7)."""

from __future__ import annotations

from typing import Any

import pytest

from bc_pipeline_tests.sandbox.optiply.conftest import PLACED, Client


def sell_order(*lines: dict[str, Any]) -> dict[str, Any]:
    return {"placed": PLACED, "totalValue": "20.00", "orderLines": list(lines), "remoteId": "so-1"}


def line(product: int, quantity: int = 2) -> dict[str, Any]:
    return {"productId": product, "quantity": quantity, "subtotalValue": "10.00"}


def test_given_a_sell_order_with_lines_then_they_stand_under_their_own_endpoint(
    client: Client, product: int
):
    response = client.write("POST", "/sellOrders", sell_order(line(product)))
    data = response.json()["data"]
    assert response.status_code == 201
    assert "orderLines" not in data["attributes"]
    found = client.get("sellOrderLines", **{"filter[sellOrderId]": data["id"]})["data"]
    assert [row["attributes"]["quantity"] for row in found] == [2]
    assert found[0]["attributes"]["subtotalValue"] == "10.00"
    assert client.write("DELETE", f"/sellOrders/{data['id']}").status_code == 204
    assert client.ids("sellOrderLines") == []


@pytest.mark.parametrize(
    "broken",
    [
        [{"productId": 1, "quantity": 1, "subtotalValue": 1}],
        [{"quantity": 1, "subtotalValue": 1}],
        [{"productId": 0, "quantity": "1", "subtotalValue": 1}],
        {"productId": 0},
        ["x"],
    ],
    ids=str,
)
def test_given_a_broken_line_then_neither_order_nor_lines_stand(
    client: Client, product: int, broken: Any
):
    for row in broken if isinstance(broken, list) else []:
        if isinstance(row, dict) and row.get("productId") == 0:
            row["productId"] = product
    attributes = sell_order(line(product)) | {"orderLines": broken}
    assert client.write("POST", "/sellOrders", attributes).status_code == 400
    assert client.shop.rows("sellOrders") == client.shop.rows("sellOrderLines") == []


def test_given_a_product_twice_in_a_sell_order_then_400(client: Client, product: int):
    refused = client.write("POST", "/sellOrders", sell_order(line(product), line(product)))
    assert refused.status_code == 400
    order = client.create("sellOrders", sell_order(line(product)))
    again = client.write("POST", "/sellOrderLines", line(product) | {"sellOrderId": order})
    assert again.status_code == 400


def test_given_a_product_twice_in_a_buy_order_then_both_lines_stand(
    client: Client, product: int, supplier: int
):
    lines = [line(product), line(product) | {"expectedDeliveryDate": PLACED}]
    order = {"placed": PLACED, "totalValue": 1, "supplierId": supplier, "orderLines": lines}
    id_ = client.create("buyOrders", order)
    dates = [row["expectedDeliveryDate"] for row in client.shop.rows("buyOrderLines")]
    order_date = client.shop.rows("buyOrders")[0]["expectedDeliveryDate"]
    assert dates == [order_date, PLACED]
    refused = client.write("PATCH", f"/buyOrders/{id_}", {"orderLines": lines})
    assert refused.status_code == 400


@pytest.mark.parametrize(
    ("delivery_time", "sent", "expected"),
    [
        (10, {}, "2026-02-11T00:00:00Z"),
        (None, {}, None),
        (10, {"expectedDeliveryDate": "2026-05-01T00:00:00Z"}, "2026-05-01T00:00:00Z"),
        (10, {"expectedDeliveryDate": None}, None),
    ],
)
def test_given_no_expected_delivery_date_then_it_follows_from_the_suppliers_delivery_time(
    client: Client, delivery_time: int | None, sent: dict[str, Any], expected: str | None
):
    supplier = client.create("suppliers", {"name": "V", "deliveryTime": delivery_time})
    order = {"placed": PLACED, "totalValue": 1, "supplierId": supplier}
    client.create("buyOrders", order | sent)
    assert client.shop.rows("buyOrders")[0]["expectedDeliveryDate"] == expected


def test_given_an_expected_delivery_beyond_the_calendar_then_400_and_no_order(client: Client):
    supplier = client.create("suppliers", {"name": "V", "deliveryTime": 10})
    order = {"placed": "9999-12-31T00:00:00Z", "totalValue": 1, "supplierId": supplier}
    assert client.write("POST", "/buyOrders", order).status_code == 400
    assert client.shop.rows("buyOrders") == []
