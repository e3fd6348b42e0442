"""Properties are applied in the order of the page's controls, and what prices a line anew
(behaviour.md 4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import requests

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.changes import apply_to
from bc_pipeline_tests.sandbox.business_central.rules.conftest import DIALOG, FIELD, NAME, Acme
from bc_pipeline_tests.sandbox.conftest import small_sandbox

pytestmark = pytest.mark.covers("sandbox: page order")

PLACES = {"locationId": "locations", "itemVariantId": "itemVariants"}


def named(acme: Acme, body: dict[str, Any]) -> dict[str, Any]:
    """Codes of locations and variants become ids."""
    return {n: acme.id(PLACES[n], v) if n in PLACES else v for n, v in body.items()}


@pytest.mark.parametrize(
    ("body", "cost"),
    [
        ({"directUnitCost": 9, "quantity": 2}, 9),
        ({"directUnitCost": 9, "unitOfMeasureCode": "DOOS"}, 9),
        ({"locationId": "AMS", "directUnitCost": 9}, 5),
        ({"itemVariantId": "RED", "directUnitCost": 9}, 5),
    ],
)
def test_given_an_order_line_then_location_and_variant_come_after_the_cost_and_price_it_anew(
    acme: Acme, body: dict[str, Any], cost: int
):
    line = acme.order(acme.item() | named(acme, body))["purchaseOrderLines"][0]
    assert line["directUnitCost"] == cost


def test_given_a_bill_line_then_a_location_takes_cost_and_discount_from_the_item_card(acme: Acme):
    sent = named(acme, {"locationId": "AMS"}) | {"discountAmount": 1, "unitCost": 9}
    line = acme.invoice(acme.item(quantity=2) | sent)["purchaseInvoiceLines"][0]
    assert (line["unitCost"], line["discountAmount"], line["discountPercent"]) == (5, 0, 0)
    assert line["locationId"] == acme.id("locations", "AMS")


def test_given_an_item_anywhere_in_the_body_then_it_is_picked_first(acme: Acme):
    body = {"description": "Mine", "directUnitCost": 9, "quantity": 3} | acme.item(quantity=3)
    line = acme.order(body)["purchaseOrderLines"][0]
    assert (line["description"], line["directUnitCost"], line["quantity"]) == ("Mine", 9, 3)


def test_given_a_changed_line_then_the_order_of_the_page_holds_too(acme: Acme):
    line = acme.order(acme.item(directUnitCost=9))["purchaseOrderLines"][0]
    body = named(acme, {"locationId": "RTM"}) | {"directUnitCost": 8}
    moved = acme.patched(f"purchaseOrderLines({line['id']})", body)
    assert moved["directUnitCost"] == 5
    restated = acme.patched(f"purchaseOrderLines({line['id']})", {"directUnitCost": 8})
    assert (restated["directUnitCost"], restated["locationId"]) == (8, body["locationId"])


def test_given_both_discounts_then_the_percent_stands_last_on_the_page(acme: Acme):
    sent = {"discountPercent": 25, "discountAmount": 4, "directUnitCost": 10, "quantity": 4}
    line = acme.order(acme.item() | sent)["purchaseOrderLines"][0]
    assert (line["discountPercent"], line["discountAmount"]) == (25, 10)


def test_given_a_header_then_its_vendor_is_picked_first(acme: Acme):
    body = {"currencyCode": "USD", "vendorNumber": "V1"}
    assert acme.created("purchaseOrders", body)["currencyCode"] == "USD"


def test_given_the_switch_then_the_order_of_the_body_holds(acme: Acme, sandbox: Sandbox):
    url = f"{sandbox.base_url}/_control/settings"
    body = {"company": NAME, "property_order": "json"}
    assert requests.post(url, json=body, timeout=10).json() == [NAME]
    sent = named(acme, {"locationId": "AMS"}) | {"directUnitCost": 9}
    line = acme.order(acme.item() | sent)["purchaseOrderLines"][0]
    assert line["directUnitCost"] == 9


@pytest.mark.parametrize("body", [{"property_order": "none"}, {"colour": "red"}, {"company": "X"}])
def test_given_a_wrong_switch_then_it_says_what_is_wrong(sandbox: Sandbox, body: dict[str, str]):
    answer = requests.post(f"{sandbox.base_url}/_control/settings", json=body, timeout=10)
    assert answer.status_code == 400
    assert next(iter(body.values())) in answer.text or next(iter(body)) in answer.text


def test_given_a_sandbox_with_the_switch_then_all_its_companies_have_it_also_after_a_reset():
    for chosen in ("json", "page"):
        sandbox = small_sandbox(property_order=chosen)
        sandbox.reset()
        orders = {c.settings.property_order for c in sandbox.business_central.companies.values()}
        assert orders == {chosen}


# --- prices ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "sent", "cost", "discount"),
    [
        ({"price": 4}, {}, 4, 0),
        ({"price": 4, "discount": 10}, {}, 4, 10),
        ({"price": 4, "vendor": "V2"}, {}, 5, 0),
        ({"price": 4, "minimum": 3}, {"quantity": 2}, 5, 0),
        ({"price": 4, "minimum": 3}, {"quantity": 3}, 4, 0),
        ({"price": 4}, {"unitOfMeasureCode": "DOOS"}, 48, 0),
        ({"price": 40, "unit": "DOOS"}, {"unitOfMeasureCode": "DOOS"}, 40, 0),
    ],
)
def test_given_a_price_list_then_it_goes_before_the_item_card(
    acme: Acme, price: dict[str, Any], sent: dict[str, Any], cost: int, discount: int
):
    apply_to(acme.company, "new_purchase_price", {"item": "A"} | price)
    line = acme.order(acme.item() | sent)["purchaseOrderLines"][0]
    assert (line["directUnitCost"], line["discountPercent"]) == (cost, discount)


def test_given_a_changed_quantity_then_only_a_listed_price_changes_the_cost(acme: Acme):
    line = acme.order(acme.item(directUnitCost=9))["purchaseOrderLines"][0]
    path = f"purchaseOrderLines({line['id']})"
    assert acme.patched(path, {"quantity": 2})["directUnitCost"] == 9
    apply_to(acme.company, "new_purchase_price", {"item": "A", "price": 3, "minimum": 10})
    assert acme.patched(path, {"quantity": 9})["directUnitCost"] == 9
    assert acme.patched(path, {"quantity": 10})["directUnitCost"] == 3


def test_given_a_discount_on_a_line_that_costs_nothing_then_its_percent_is_zero(acme: Acme):
    sent = {"directUnitCost": 0, "discountAmount": 2}
    line = acme.order(acme.item() | sent)["purchaseOrderLines"][0]
    assert (line["discountAmount"], line["discountPercent"]) == (2, 0)
    priced = acme.patched(f"purchaseOrderLines({line['id']})", {"directUnitCost": 9})
    assert (priced["discountAmount"], priced["netAmount"]) == (0, 9)


@pytest.mark.parametrize("amount", [Decimal("10.01"), -1])
def test_given_a_discount_beyond_the_line_then_its_percent_refuses_it(
    acme: Acme, amount: Decimal | int
):
    body = acme.item(directUnitCost=10, discountAmount=amount)
    draft = acme.order()
    assert acme.refused("POST", f"purchaseOrders({draft['id']})/purchaseOrderLines", body) == DIALOG


@pytest.mark.covers("sandbox: field validation")
@pytest.mark.parametrize("entity_set", ["purchaseOrders", "purchaseInvoices"])
def test_given_a_discount_without_a_quantity_then_it_is_refused(acme: Acme, entity_set: str):
    made = acme.created(entity_set, {"vendorNumber": "V1"})
    lines = f"{entity_set}({made['id']})/{entity_set.removesuffix('s')}Lines"
    body = {"itemId": acme.id("items", "A"), "discountAmount": 1}
    assert acme.refused("POST", lines, body) == FIELD
    assert acme.rows(lines) == []
