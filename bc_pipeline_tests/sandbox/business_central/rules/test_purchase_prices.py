"""Prices, taxes and discounts of lines of purchase orders (rules.md 4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.sandbox.changes import apply_to
from bc_pipeline_tests.sandbox.business_central.rules.conftest import DIALOG, FIELD, RELATION, Acme


@pytest.mark.parametrize(
    ("body", "cost"),
    [
        ({"quantity": 2, "directUnitCost": 9}, 9),
        ({"directUnitCost": 9, "quantity": 2}, 9),
        ({"directUnitCost": 9, "unitOfMeasureCode": "DOOS"}, 60),
        ({"unitOfMeasureCode": "DOOS", "directUnitCost": 9}, 9),
        ({"directUnitCost": 9, "locationId": "AMS"}, 5),
        ({"locationId": "AMS", "directUnitCost": 9}, 9),
        ({"directUnitCost": 9, "itemVariantId": "RED"}, 5),
    ],
)
@pytest.mark.usefixtures("json_order")
def test_given_the_cost_is_not_last_then_the_item_card_overwrites_it(
    acme: Acme, lines: str, body: dict[str, Any], cost: int
):
    named = {"locationId": "locations", "itemVariantId": "itemVariants"}
    body = {n: acme.id(named[n], v) if n in named else v for n, v in body.items()}
    line = acme.created(lines, {"itemId": acme.id("items", "A")} | body)
    assert line["directUnitCost"] == cost


@pytest.mark.usefixtures("json_order")
def test_given_the_item_is_not_first_then_what_came_before_it_is_lost(acme: Acme, lines: str):
    body = {"quantity": 3, "directUnitCost": 9, "itemId": acme.id("items", "A")}
    assert acme.refused("POST", lines, body) == FIELD
    body = {"description": "Mine", "expectedReceiptDate": "2026-09-09"} | acme.item()
    line = acme.created(lines, body)
    assert (line["description"], line["expectedReceiptDate"]) == ("Item A", "2026-03-02")


def test_given_a_later_quantity_then_a_listed_price_overwrites_a_cost_sent_before(
    acme: Acme, lines: str
):
    line = acme.created(lines, acme.item(quantity=2, directUnitCost=9, discountPercent=10))
    path = f"{lines}({line['id']})"
    same = acme.patched(path, {"quantity": 2, "unitOfMeasureCode": "STUK"})
    assert (same["directUnitCost"], same["discountPercent"]) == (9, 10)
    unlisted = acme.patched(path, {"quantity": 3})
    assert (unlisted["directUnitCost"], unlisted["discountPercent"]) == (9, 10)
    apply_to(acme.company, "new_purchase_price", {"item": "A", "price": 4, "minimum": 4})
    changed = acme.patched(path, {"quantity": 4})
    assert (changed["directUnitCost"], changed["discountPercent"]) == (4, 0)
    kept = acme.patched(path, {"quantity": 5, "directUnitCost": 9, "discountPercent": 10})
    assert (kept["directUnitCost"], kept["discountAmount"]) == (9, Decimal("4.5"))


def test_given_more_decimals_than_bc_keeps_then_half_is_rounded_up(acme: Acme, lines: str):
    half = Decimal("2.000005")
    line = acme.created(lines, acme.item(quantity=half, directUnitCost=half))
    assert line["quantity"] == line["directUnitCost"] == Decimal("2.00001")


def test_given_amounts_beyond_what_bc_can_count_then_they_are_refused(acme: Acme, lines: str):
    most = Decimal(10) ** 15 - 1
    body = acme.item(quantity=most, directUnitCost=most)
    assert acme.refused("POST", lines, body) == DIALOG
    assert acme.rows(lines) == []


def test_given_no_last_direct_cost_then_the_unit_cost_counts(acme: Acme, lines: str):
    assert acme.created(lines, acme.item("C"))["directUnitCost"] == 4


def test_given_a_foreign_vendor_then_the_item_cost_is_converted_and_free_of_tax(acme: Acme):
    order = acme.order(acme.item(), vendorNumber="USA")
    line = order["purchaseOrderLines"][0]
    assert line["directUnitCost"] == Decimal("6.25")
    assert (line["taxCode"], line["taxPercent"]) == ("BTW21", 0)


def test_given_prices_include_tax_then_cost_and_amounts_follow(acme: Acme):
    order = acme.order(acme.item(quantity=2), vendorNumber="GROSS")
    line = order["purchaseOrderLines"][0]
    assert line["directUnitCost"] == Decimal("6.05")
    assert (line["amountExcludingTax"], line["amountIncludingTax"]) == (10, Decimal("12.1"))


def test_given_discounts_then_percent_and_amount_drive_each_other(acme: Acme, lines: str):
    priced = acme.item(quantity=4, directUnitCost=10)
    by_percent = acme.created(lines, priced | {"discountPercent": 25})
    assert (by_percent["discountAmount"], by_percent["netAmount"]) == (10, 30)
    by_amount = acme.created(lines, priced | {"discountAmount": 5})
    assert by_amount["discountPercent"] == Decimal("12.5")
    acme.company.settings.property_order = "json"
    last = acme.created(lines, priced | {"discountPercent": 25, "discountAmount": 4})
    assert (last["discountPercent"], last["discountAmount"]) == (10, 4)
    assert acme.refused("POST", lines, priced | {"discountPercent": 101}) == FIELD
    assert acme.refused("POST", lines, priced | {"discountAmount": 41}) == DIALOG


def test_given_a_tax_code_then_a_posting_group_goes_in_and_an_identifier_comes_out(
    acme: Acme, lines: str
):
    line = acme.created(lines, acme.account(quantity=2, directUnitCost=50, taxCode="HOOG"))
    assert (line["taxCode"], line["taxPercent"], line["totalTaxAmount"]) == ("BTW21", 21, 21)
    path = f"{lines}({line['id']})"
    free = acme.patched(path, {"taxCode": "NUL"})
    assert (free["taxCode"], free["taxPercent"]) == ("NUL", 0)
    assert acme.refused("PATCH", path, {"taxCode": "BTW21"}) == RELATION
