"""What rows do to one another, whose account they are, and couplings that share them."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.optiply import OptiplySandbox, Shop
from bc_pipeline_tests.sandbox.conftest import small_sandbox
from bc_pipeline_tests.sandbox.optiply.conftest import Client, TestClock

pytestmark = pytest.mark.covers("sandbox: optiply")

PRODUCT = {"name": "Desk", "stockLevel": 5, "unlimitedStock": False}
PLACED = "2026-02-01T00:00:00Z"


@pytest.fixture
def product(client: Client) -> int:
    return client.create("products", PRODUCT)


@pytest.fixture
def suppliers(client: Client) -> tuple[int, int]:
    return tuple(client.create("suppliers", {"name": f"V{n}"}) for n in (1, 2))  # type: ignore[return-value]


def link(client: Client, product: int, supplier: int, **other: Any) -> int:
    values = {"name": "x", "productId": product, "supplierId": supplier}
    return client.create("supplierProducts", values | other)


def shown(client: Client, resource: str) -> dict[int, dict[str, Any]]:
    return {int(row["id"]): row["attributes"] for row in client.get(resource)["data"]}


# --- preferred -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_given_a_second_preferred_supplier_of_a_product_then_it_takes_that_from_the_first(
    client: Client, product: int, suppliers: tuple[int, int], clock: TestClock, method: str
):
    first = link(client, product, suppliers[0], preferred=True)
    elsewhere = link(client, client.create("products", PRODUCT), suppliers[0], preferred=True)
    clock.advance(60)
    if method == "POST":
        second = link(client, product, suppliers[1], preferred=True)
    else:
        second = link(client, product, suppliers[1])
        client.write("PATCH", f"/supplierProducts/{second}", {"preferred": True})
    rows = shown(client, "supplierProducts")
    assert [rows[id_]["preferred"] for id_ in (first, second, elsewhere)] == [False, True, True]
    assert rows[first]["updatedAt"] == rows[second]["updatedAt"]


def test_given_a_supplier_that_is_not_preferred_then_the_first_stays(
    client: Client, product: int, suppliers: tuple[int, int]
):
    first = link(client, product, suppliers[0], preferred=True)
    second = link(client, product, suppliers[1], preferred=False)
    client.write("PATCH", f"/supplierProducts/{second}", {"preferred": False, "price": "1.00"})
    assert shown(client, "supplierProducts")[first]["preferred"] is True


# --- accounts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_given_a_foreign_account_in_the_query_then_403(client: Client, product: int, method: str):
    path = "/products" if method in ("GET", "POST") else f"/products/{product}"
    if method == "GET":
        assert client.call("GET", path, params={"accountId": 1}).status_code == 403
        own = {"accountId": client.shop.account_id}
        assert client.call("GET", path, params=own).status_code == 200
    else:
        assert client.write(method, path, PRODUCT, accountId=1).status_code == 403
    assert len(client.shop.rows("products")) == 1


def test_given_a_foreign_account_in_the_attributes_then_403(
    client: Client, suppliers: tuple[int, int]
):
    order = {"placed": PLACED, "totalValue": 1, "supplierId": suppliers[0]}
    for foreign in (1, "1"):
        refused = client.write("POST", "/buyOrders", order | {"accountId": foreign})
        assert refused.status_code == 403
    assert client.shop.rows("buyOrders") == []
    for own in (client.shop.account_id, str(client.shop.account_id), None):
        client.create("buyOrders", order | {"accountId": own})


def test_given_any_resource_then_only_those_of_the_contract_show_their_account(
    client: Client, product: int, suppliers: tuple[int, int]
):
    link(client, product, suppliers[0])
    line = {"productId": product, "quantity": 1, "subtotalValue": "1.00"}
    order = {"placed": PLACED, "totalValue": 1, "orderLines": [line]}
    client.create("sellOrders", order)
    client.create("buyOrders", order | {"supplierId": suppliers[0]})
    (buy_line,) = shown(client, "buyOrderLines")
    receipt = {"occurred": PLACED, "quantity": 1, "buyOrderLineId": buy_line}
    client.create("receiptLines", receipt)
    part = client.create("products", PRODUCT)
    pair = {"composedProductId": product, "partProductId": part, "partQuantity": 1}
    client.create("productCompositions", pair)
    account = client.shop.account_id
    for resource in ("products", "suppliers", "sellOrders", "buyOrders"):
        assert {row["accountId"] for row in shown(client, resource).values()} == {account}
    without = ("supplierProducts", "sellOrderLines", "buyOrderLines", "receiptLines")
    for resource in (*without, "productCompositions"):
        rows = shown(client, resource)
        assert rows
        assert all("accountId" not in row for row in rows.values())
        assert client.get(resource, **{"filter[accountId]": account})["data"]


# --- lines of buy orders -------------------------------------------------------------------------


@pytest.mark.parametrize("nested", [True, False])
def test_given_a_buy_order_line_without_date_then_it_takes_the_orders(
    client: Client, product: int, nested: bool
):
    supplier = client.create("suppliers", {"name": "V", "deliveryTime": 10})
    line = {"productId": product, "quantity": 1, "subtotalValue": "1.00"}
    order = {"placed": PLACED, "totalValue": 1, "supplierId": supplier}
    if nested:
        dated = line | {"expectedDeliveryDate": None}
        client.create("buyOrders", order | {"orderLines": [line, dated]})
    else:
        id_ = client.create("buyOrders", order)
        for more in ({}, {"expectedDeliveryDate": None}):
            client.create("buyOrderLines", line | {"buyOrderId": id_} | more)
    dates = [row["expectedDeliveryDate"] for row in shown(client, "buyOrderLines").values()]
    assert dates == ["2026-02-11T00:00:00Z", None]


def test_given_a_buy_order_line_then_it_names_its_product_by_uuid_too(
    client: Client, product: int, suppliers: tuple[int, int]
):
    other = client.create("products", PRODUCT)
    uuids = {id_: row["uuid"] for id_, row in shown(client, "products").items()}
    line = {"productId": product, "quantity": 1, "subtotalValue": "1.00", "productUuid": "x"}
    order = {"placed": PLACED, "totalValue": 1, "supplierId": suppliers[0], "orderLines": [line]}
    client.create("buyOrders", order)
    ((id_, made),) = shown(client, "buyOrderLines").items()
    assert made["productUuid"] == uuids[product]
    ignored = {"productUuid": uuids[other]}
    client.write("PATCH", f"/buyOrderLines/{id_}", ignored)
    assert shown(client, "buyOrderLines")[id_]["productUuid"] == uuids[product]
    client.write("PATCH", f"/buyOrderLines/{id_}", {"productId": other})
    assert shown(client, "buyOrderLines")[id_]["productUuid"] == uuids[other]


# --- sorting -------------------------------------------------------------------------------------


def test_given_decimals_then_they_are_sorted_as_numbers(client: Client):
    for price in ("9.00", None, "100.00", "10.50"):
        client.create("products", PRODUCT | {"price": price})

    def prices(sort: str) -> list[str | None]:
        return [row["attributes"]["price"] for row in client.get("products", sort=sort)["data"]]

    assert prices("price") == [None, "9.00", "10.50", "100.00"]
    assert prices("-price") == ["100.00", "10.50", "9.00", None]


# --- couplings -----------------------------------------------------------------------------------


@pytest.fixture
def other(client: Client, optiply: OptiplySandbox) -> Client:
    """The API user of another coupling to the same shop."""
    return Client(client.base_url, optiply.add_coupling("acme", "acme too")).login()


def test_given_two_couplings_then_they_share_rows_and_have_remote_ids_of_their_own(
    client: Client, other: Client, shop: Shop
):
    product = client.create("products", PRODUCT | {"remoteId": "mine"})
    assert other.shop.account_id == shop.account_id
    assert other.shop.coupling_id != shop.coupling_id
    assert other.ids("products") == [product]
    other.write("PATCH", f"/products/{product}", {"stockLevel": 6, "remoteId": "theirs"})
    read = shown(client, "products")[product]
    assert read["stockLevel"] == 6
    assert read["remoteIdMap"] == {
        str(shop.coupling_id): "mine",
        str(other.shop.coupling_id): "theirs",
    }
    assert [row["remoteId"] for row in shop.rows("products")] == ["mine"]
    assert [row["remoteId"] for row in other.shop.rows("products")] == ["theirs"]
    foreign = other.write("PATCH", f"/products/{product}", {}, couplingId=shop.coupling_id)
    assert foreign.status_code == 403


def test_given_a_coupling_of_a_coupling_then_all_are_of_one_account(
    client: Client, other: Client, optiply: OptiplySandbox
):
    third = optiply.add_coupling("acme too", "third")
    client.create("products", PRODUCT)
    assert len(third.rows("products")) == 1
    client.shop.clear()
    assert third.rows("products") == other.shop.rows("products") == []
    assert [row["id"] for row in third.rows("accounts")] == [third.account_id]
    with pytest.raises(ValueError, match="exists"):
        optiply.add_coupling("acme", "third")


def test_given_the_control_interface_then_couplings_and_their_rows_are_added():
    with small_sandbox() as sandbox:
        name = "webshop"
        made = control(sandbox, "couplings", {"shop": "cronus", "name": name})
        shop = sandbox.optiply.shops["cronus"]
        assert made["account_id"] == shop.account_id
        assert made["coupling_id"] not in (None, shop.coupling_id)
        row = {"shop": name, "resource": "products", "attributes": PRODUCT | {"remoteId": "w1"}}
        id_ = control(sandbox, "optiply-rows", row)["id"]
        by_user = row | {"shop": "cronus", "by_user": True, "attributes": PRODUCT}
        control(sandbox, "optiply-rows", by_user)
        assert [(r["id"] == id_, r["createdFromPublicApi"]) for r in shop.rows("products")] == [
            (True, True),
            (False, False),
        ]
        assert shop.remote_id_map("products", id_) == {str(made["coupling_id"]): "w1"}
        client = Client(sandbox.base_url, sandbox.optiply.shops[name])
        assert client.ask_token().status_code == 200


def control(sandbox: Sandbox, path: str, body: Any) -> Any:
    answer = requests.post(f"{sandbox.base_url}/_control/{path}", json=body, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()
