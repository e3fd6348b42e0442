"""Requests, envelopes and write rules of the played Optiply over HTTP (optiply.md 2, 4-7, 9)."""

from __future__ import annotations

from typing import Any

import pytest

from bc_pipeline.sandbox.optiply import OptiplySandbox, Shop
from bc_pipeline_tests.sandbox.optiply.conftest import (
    PLACED,
    PRODUCT,
    Client,
    TestClock,
    buy_line,
    message,
)

# -- envelope and headers ---------------------------------------------------------------------


def test_given_a_post_then_201_with_id_as_text_uuid_and_stamps(client: Client, shop: Shop):
    response = client.write("POST", "/products", PRODUCT | {"price": 12.5})
    data = response.json()["data"]
    assert response.status_code == 201
    assert response.headers["content-type"] == "application/vnd.api+json"
    assert data["type"] == "products"
    assert isinstance(data["id"], str)
    attributes = data["attributes"]
    assert attributes["price"] == "12.50"
    assert attributes["status"] == "enabled"
    assert attributes["createdFromPublicApi"] is True
    assert attributes["accountId"] == shop.account_id
    assert attributes["uuid"]
    assert attributes["createdAt"] == attributes["updatedAt"] == "2026-03-01T12:00:00Z"


def test_given_a_patch_then_absent_attributes_stay_and_updated_at_moves_even_without_change(
    client: Client, product: int, clock: TestClock
):
    clock.advance(5)
    response = client.write("PATCH", f"/products/{product}", {"stockLevel": 5})
    attributes = response.json()["data"]["attributes"]
    assert response.status_code == 200
    assert (attributes["name"], attributes["stockLevel"]) == ("Desk", 5)
    assert attributes["updatedAt"] == "2026-03-01T12:00:05Z"
    assert attributes["createdAt"] == "2026-03-01T12:00:00Z"


def test_given_a_delete_then_204_and_the_row_is_gone_for_every_verb(client: Client, product: int):
    path = f"/products/{product}"
    assert client.write("DELETE", path).status_code == 204
    assert client.call("GET", path).status_code == 404
    assert client.write("DELETE", path).status_code == 404
    assert client.write("PATCH", path, {"stockLevel": 1}).status_code == 404
    assert client.ids("products") == []


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_given_plain_json_as_content_type_then_415(client: Client, product: int, method: str):
    response = client.call(
        method,
        f"/products/{product}" if method == "PATCH" else "/products",
        params={"accountId": client.shop.account_id, "couplingId": client.shop.coupling_id},
        json={"data": {"type": "products", "attributes": PRODUCT}},
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 415
    assert len(client.shop.rows("products")) == 1


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"accountId": None}, 400),
        ({"couplingId": None}, 400),
        ({"accountId": "acme"}, 400),
        ({"accountId": 1}, 403),
        ({"couplingId": 1}, 403),
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_given_a_write_without_its_own_account_and_coupling_then_it_is_refused(
    client: Client, product: int, method: str, query: dict[str, Any], status: int
):
    path = "/products" if method == "POST" else f"/products/{product}"
    assert client.write(method, path, PRODUCT, **query).status_code == status
    assert len(client.shop.rows("products")) == 1


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        '{"data": []}',
        '{"data": {"type": "products"}}',
        '{"data": {"type": "suppliers", "attributes": {}}}',
        '{"data": {"type": "products", "id": "1", "attributes": {}}}',
        '{"data": {"type": "products", "attributes": {"price": NaN}}}',
        '{"data": {"type": "products", "attributes": {"name": "half \\ud83d", "stockLevel": 1, '
        '"unlimitedStock": false}}}',
    ],
)
def test_given_a_malformed_body_then_400(client: Client, body: str):
    query = {"accountId": client.shop.account_id, "couplingId": client.shop.coupling_id}
    response = client.call("POST", "/products", params=query, data=body)
    assert response.status_code == 400
    assert message(response)


def test_given_an_unknown_resource_or_verb_then_404_or_405(client: Client, product: int):
    assert client.call("GET", "/promotions").status_code == 404
    assert client.call("PUT", f"/products/{product}").status_code == 405
    assert client.write("POST", "/accounts", {}).status_code == 405


def test_given_the_id_nan_then_500_as_the_real_one(client: Client):
    assert client.write("PATCH", "/products/nan", PRODUCT).status_code == 500


def test_given_another_shops_row_then_404(client: Client, optiply: OptiplySandbox):
    foreign = optiply.shops["other"].add_by_user("products", PRODUCT)["id"]
    assert client.call("GET", f"/products/{foreign}").status_code == 404
    assert client.write("PATCH", f"/products/{foreign}", PRODUCT).status_code == 404


# -- attributes -------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", sorted(PRODUCT))
def test_given_a_required_attribute_is_missing_then_400_names_it(client: Client, missing: str):
    attributes = {name: value for name, value in PRODUCT.items() if name != missing}
    response = client.write("POST", "/products", attributes)
    assert (response.status_code, message(response)) == (400, f"{missing}: is required")


def test_given_unknown_and_read_only_attributes_then_they_are_ignored(client: Client, shop: Shop):
    id_ = client.create("products", PRODUCT | {"colour": "red", "novel": True, "uuid": "mine"})
    row = shop.rows("products")[0]
    assert row["id"] == id_
    assert "colour" not in row
    assert row["novel"] is None
    assert row["uuid"] != "mine"


def test_given_a_bad_attribute_in_a_patch_then_nothing_changes(client: Client, product: int):
    before = client.shop.rows("products")
    response = client.write("PATCH", f"/products/{product}", {"stockLevel": 9, "status": "gone"})
    assert response.status_code == 400
    assert client.shop.rows("products") == before


def test_given_null_for_a_nullable_attribute_then_it_is_cleared(client: Client, supplier: int):
    path = f"/suppliers/{supplier}"
    assert client.write("PATCH", path, {"deliveryTime": None}).status_code == 200
    assert client.shop.rows("suppliers")[0]["deliveryTime"] is None


def test_given_attributes_or_nulls_the_shop_refuses_then_400_names_them(
    client: Client, supplier: int, shop: Shop
):
    shop.refused_attributes.add("suppliers.remoteDataSyncedToDate")
    shop.refused_nulls.add("suppliers.deliveryTime")
    refused = client.write("PATCH", f"/suppliers/{supplier}", {"remoteDataSyncedToDate": PLACED})
    assert "remoteDataSyncedToDate" in message(refused)
    refused = client.write("PATCH", f"/suppliers/{supplier}", {"deliveryTime": None})
    assert (refused.status_code, message(refused)) == (400, "deliveryTime: must not be null")
    assert shop.rows("suppliers")[0]["deliveryTime"] == 10


def test_given_preferred_only_on_patch_then_creation_does_not_keep_it(
    client: Client, product: int, supplier: int, shop: Shop
):
    shop.preferred_only_on_patch = True
    link = {"name": "x", "productId": product, "supplierId": supplier, "preferred": True}
    id_ = client.create("supplierProducts", link)
    assert shop.rows("supplierProducts")[0]["preferred"] is None
    client.write("PATCH", f"/supplierProducts/{id_}", {"preferred": True})
    assert shop.rows("supplierProducts")[0]["preferred"] is True


# -- remote ids -------------------------------------------------------------------------------


def test_given_a_remote_id_then_it_reads_back_only_as_remote_id_map_where_the_api_shows_it(
    client: Client, product: int, supplier: int, buy_order: int, shop: Shop
):
    expected = {str(shop.coupling_id): "item-1"}
    attributes = client.call("GET", f"/products/{product}").json()["data"]["attributes"]
    assert attributes["remoteIdMap"] == expected
    assert "remoteId" not in attributes
    client.write("PATCH", f"/buyOrders/{buy_order}", {"remoteId": "po-1"})
    attributes = client.call("GET", f"/buyOrders/{buy_order}").json()["data"]["attributes"]
    assert "remoteIdMap" not in attributes
    assert shop.rows("buyOrders")[0]["remoteId"] == "po-1"


def test_given_the_same_remote_id_twice_then_two_rows_stand(client: Client, product: int):
    assert client.create("products", PRODUCT | {"remoteId": "item-1"}) != product


# -- rules between rows -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resource", "attributes", "status"),
    [
        ("buyOrders", {"placed": PLACED, "totalValue": 1, "supplierId": 1}, 400),
        (
            "receiptLines",
            {"occurred": PLACED, "quantity": 1, "buyOrderLineId": 1},
            404,
        ),
        (
            "productCompositions",
            {"composedProductId": 1, "partProductId": 2, "partQuantity": 1},
            400,
        ),
    ],
)
def test_given_an_unknown_parent_then_404_for_receipts_and_400_elsewhere(
    client: Client, resource: str, attributes: dict[str, Any], status: int
):
    assert client.write("POST", f"/{resource}", attributes).status_code == status


def test_given_the_pair_of_a_supplier_product_exists_then_409(
    client: Client, product: int, supplier: int
):
    link = {"name": "x", "productId": product, "supplierId": str(supplier)}
    first = client.create("supplierProducts", link)
    assert client.write("POST", "/supplierProducts", link).status_code == 409
    found = client.ids(
        "supplierProducts", **{"filter[productId]": product, "filter[supplierId]": supplier}
    )
    assert found == [first]
    assert client.write("PATCH", f"/supplierProducts/{first}", link).status_code == 200


def test_given_a_supplier_product_moved_to_a_taken_pair_then_409(
    client: Client, product: int, supplier: int
):
    second = client.create("products", PRODUCT)
    client.create("supplierProducts", {"name": "x", "productId": product, "supplierId": supplier})
    moved = client.create(
        "supplierProducts", {"name": "x", "productId": second, "supplierId": supplier}
    )
    answer = client.write("PATCH", f"/supplierProducts/{moved}", {"productId": product})
    assert answer.status_code == 409
    assert client.ids("supplierProducts", **{"filter[productId]": second}) == [moved]


def test_given_a_circular_composition_then_400(client: Client, product: int):
    part = client.create("products", PRODUCT)
    pair = {"composedProductId": product, "partProductId": part, "partQuantity": 2}
    client.create("productCompositions", pair)
    assert client.write("POST", "/productCompositions", pair).status_code == 409
    mirrored = pair | {"composedProductId": part, "partProductId": product}
    refused = client.write("POST", "/productCompositions", mirrored)
    assert (refused.status_code, "circular" in message(refused)) == (400, True)
    itself = pair | {"partProductId": product}
    assert client.write("POST", "/productCompositions", itself).status_code == 400


def test_given_a_product_or_supplier_with_dependants_then_delete_is_409(
    client: Client, product: int, supplier: int
):
    client.create("supplierProducts", {"name": "x", "productId": product, "supplierId": supplier})
    assert client.write("DELETE", f"/products/{product}").status_code == 409
    assert client.write("DELETE", f"/suppliers/{supplier}").status_code == 409


def test_given_a_buy_order_is_deleted_then_lines_and_receipts_go_with_it(
    client: Client, buy_order: int, product: int
):
    line = buy_line(client, buy_order, product)
    client.create("receiptLines", {"occurred": PLACED, "quantity": 1, "buyOrderLineId": line})
    assert client.write("DELETE", f"/buyOrders/{buy_order}").status_code == 204
    assert client.shop.rows("buyOrderLines") == client.shop.rows("receiptLines") == []
    assert client.write("DELETE", f"/products/{product}").status_code == 204


def test_given_a_buy_order_line_moves_to_another_order_then_the_old_one_no_longer_owns_it(
    client: Client, buy_order: int, supplier: int, product: int
):
    line = buy_line(client, buy_order, product)
    second = client.create("buyOrders", {"placed": PLACED, "totalValue": 1, "supplierId": supplier})
    client.write("PATCH", f"/buyOrderLines/{line}", {"buyOrderId": second})
    client.write("DELETE", f"/buyOrders/{buy_order}")
    assert client.ids("buyOrderLines", **{"filter[buyOrderId]": second}) == [line]


# -- orders -----------------------------------------------------------------------------------


# -- rate limit and Python access ---------------------------------------------------------------


@pytest.mark.parametrize("with_header", [True, False])
def test_given_a_rate_limit_when_it_is_exceeded_then_429(
    client: Client, optiply: OptiplySandbox, with_header: bool
):
    optiply.behaviour.requests_per_second = 2
    optiply.behaviour.send_retry_after = with_header
    answers = [client.call("GET", "/products") for _ in range(10)]
    throttled = [answer for answer in answers if answer.status_code == 429]
    assert answers[0].status_code == 200
    assert throttled
    assert {"Retry-After" in answer.headers for answer in throttled} == {with_header}


def test_given_writes_then_they_are_counted_refused_ones_too(client: Client, product: int):
    client.write("PATCH", f"/products/{product}", {"stockLevel": 7})
    client.write("POST", "/products", {})
    client.write("DELETE", f"/products/{product}")
    client.get("products")
    log = client.shop.write_log
    assert client.shop.writes == 4
    assert [write.method for write in log] == ["POST", "PATCH", "POST", "DELETE"]
    assert log[1].attributes == {"stockLevel": 7}
    assert log[1].id == str(product)


def test_given_a_row_added_by_a_user_then_it_is_not_from_the_public_api(client: Client, shop: Shop):
    id_ = shop.add_by_user("products", PRODUCT)["id"]
    attributes = client.call("GET", f"/products/{id_}").json()["data"]["attributes"]
    assert attributes["createdFromPublicApi"] is False
    assert shop.writes == 0


def test_given_a_shop_cleared_then_it_is_empty_and_still_lets_in(client: Client, product: int):
    client.shop.clear()
    assert client.ids("products") == []
    assert client.ids("accounts") == [client.shop.account_id]
    assert client.shop.writes == 0
