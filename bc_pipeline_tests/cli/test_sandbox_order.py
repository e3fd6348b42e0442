"""``bc-pipeline sandbox order``: goods ordered in Optiply as a user there does."""

from __future__ import annotations

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.cli.conftest import CommandLine


@pytest.fixture
def shop_with_goods(sandbox: Sandbox) -> str:
    """A shop whose supplier sells two items of CRONUS."""
    shop = sandbox.optiply.shops["cronus"]
    shop.clear()
    company = next(iter(sandbox.business_central.companies.values()))
    vendor = next(row for row in company.tables["vendors"].values() if row["blocked"] == "_x0020_")
    supplier = shop.add_by_user("suppliers", {"name": "Goods", "remoteId": vendor["id"]})
    items = [row for row in company.tables["items"].values() if not row["blocked"]]
    for item in items[:2]:
        product = shop.add_by_user(
            "products",
            {"name": "Lamp", "stockLevel": 0, "unlimitedStock": False, "remoteId": item["id"]},
        )
        offer = {"productId": product["id"], "supplierId": supplier["id"], "name": "Lamp"}
        shop.add_by_user("supplierProducts", offer)
    return "cronus"


def test_given_products_of_a_supplier_then_a_buy_order_of_them_stands_in_optiply(
    command: CommandLine, sandbox: Sandbox, shop_with_goods: str
):
    outcome = command(
        "sandbox", "order", shop_with_goods, "--pieces", "5", "--url", sandbox.base_url
    )

    (order,) = sandbox.optiply.shops["cronus"].rows("buyOrders")
    lines = sandbox.optiply.shops["cronus"].rows("buyOrderLines")
    assert outcome.code == 0
    assert outcome.stdout == f"Buy order {order['id']} in Optiply: 2 products of Goods\n"
    assert [line["quantity"] for line in lines] == [5, 5]


@pytest.mark.parametrize(
    ("shop", "url", "complaint"),
    [
        ("wholesale", None, "wholesale has no products of Business Central yet: sync it first"),
        ("acme", None, "there is no shop 'acme', but cronus, wholesale"),
        ("cronus", "http://127.0.0.1:1", "no sandbox answers on http://127.0.0.1:1: start one"),
    ],
)
def test_given_nothing_to_order_then_it_says_why(
    command: CommandLine, sandbox: Sandbox, shop: str, url: str | None, complaint: str
):
    sandbox.optiply.shops["wholesale"].clear()

    outcome = command("sandbox", "order", shop, "--url", url or sandbox.base_url, "--json")

    assert outcome.code == 2
    assert complaint in outcome.json["error"]
