"""Headers of purchase orders (rules.md 3)."""

from __future__ import annotations

from typing import Any

import pytest

from bc_pipeline.sandbox.changes import purchases, receiving
from bc_pipeline_tests.sandbox.business_central.rules.conftest import (
    DIALOG,
    FIELD,
    NOWHERE,
    RELATION,
    ZERO,
    Acme,
)

READ_ONLY = (400, "BadRequest_InvalidOperation")


def test_given_only_a_vendor_then_the_order_is_filled_from_it(acme: Acme):
    order = acme.created("purchaseOrders", {"vendorId": acme.id("vendors", "V1")})
    assert order["number"] == "106001"
    assert (order["vendorNumber"], order["vendorName"]) == ("V1", "Vendor V1")
    assert (order["payToVendorNumber"], order["payToName"]) == ("V1", "Vendor V1")
    assert order["orderDate"] == order["postingDate"] == "2026-03-02"
    assert order["status"] == "Draft"
    assert (order["currencyId"], order["currencyCode"]) == (ZERO, "EUR")
    assert order["paymentTermsId"] == acme.id("paymentTerms", "14D")
    assert (order["buyFromAddressLine1"], order["buyFromCity"]) == ("Markt 1", "Delft")
    assert order["payToCity"] == "Delft"
    assert (order["shipToName"], order["shipToCity"]) == ("Acme", "Ede")
    assert order["totalAmountIncludingTax"] == 0
    assert order["fullyReceived"] is False


def test_given_orders_follow_each_other_then_their_numbers_do(acme: Acme):
    numbers = [acme.order()["number"] for _ in range(3)]
    assert numbers == ["106001", "106002", "106003"]
    acme.deleted(f"purchaseOrders({acme.rows('purchaseOrders')[0]['id']})")
    assert acme.order()["number"] == "106004"


@pytest.mark.parametrize("body", [{}, {"vendorId": ZERO}, {"vendorNumber": ""}])
def test_given_no_vendor_then_the_order_is_refused(acme: Acme, body: dict[str, Any]):
    assert acme.refused("POST", "purchaseOrders", body | {"orderDate": "2026-03-01"}) == DIALOG
    assert acme.rows("purchaseOrders") == []


def test_given_an_unknown_vendor_or_two_different_ones_then_the_order_is_refused(acme: Acme):
    first, second = acme.id("vendors", "V1"), "V2"
    for body in (
        {"vendorId": NOWHERE},
        {"vendorNumber": "NOBODY"},
        {"vendorId": first, "vendorNumber": second},
        {"vendorNumber": "V1", "payToVendorId": NOWHERE},
        {"vendorNumber": "V1", "payToVendorId": first, "payToVendorNumber": second},
    ):
        assert acme.refused("POST", "purchaseOrders", body) == DIALOG
    assert acme.rows("purchaseOrders") == []


def test_given_id_and_number_of_the_same_vendor_then_it_is_taken(acme: Acme):
    body = {"vendorId": acme.id("vendors", "V1"), "vendorNumber": "v1"}
    assert acme.created("purchaseOrders", body)["vendorNumber"] == "V1"


def test_given_another_vendor_is_paid_then_it_is_the_pay_to_vendor(acme: Acme):
    assert acme.order(vendorNumber="PAID")["payToVendorNumber"] == "V1"
    assert acme.order(payToVendorNumber="V2")["payToVendorNumber"] == "V2"


def test_given_another_buy_from_address_then_the_same_vendor_is_paid_there(acme: Acme):
    assert acme.order(buyFromCity="Gouda")["payToCity"] == "Gouda"
    assert acme.order(vendorNumber="PAID", buyFromCity="Gouda")["payToCity"] == "Delft"


def test_given_a_blocked_vendor_then_no_order_but_blocked_for_payment_is_fine(acme: Acme):
    assert acme.refused("POST", "purchaseOrders", {"vendorNumber": "SHUT"}) == DIALOG
    assert acme.order(vendorNumber="UNPAID")["vendorNumber"] == "UNPAID"


def test_given_a_vendor_blocked_for_privacy_then_no_order_and_no_invoice(acme: Acme):
    acme.change("vendors", "V2", **{"#privacyBlocked": True})
    for documents in ("purchaseOrders", "purchaseInvoices"):
        assert acme.refused("POST", documents, {"vendorNumber": "V2"}) == DIALOG


def test_given_a_vendor_with_a_location_then_its_lines_start_there(acme: Acme):
    depot = acme.id("locations", "RTM")
    acme.change("vendors", "V2", **{"#locationId": depot})
    [line] = acme.order(acme.item(), vendorNumber="V2")["purchaseOrderLines"]
    assert line["locationId"] == depot


def test_given_a_vendor_without_posting_group_then_no_order(acme: Acme):
    assert acme.refused("POST", "purchaseOrders", {"vendorNumber": "BARE"}) == FIELD
    made = acme.created("vendors", {"number": "MADE", "displayName": "Made by API"})
    assert acme.order(vendorNumber=made["number"])["vendorName"] == "Made by API"
    acme.company.settings.templates.pop("vendors")
    acme.created("vendors", {"number": "BARE2"})
    assert acme.refused("POST", "purchaseOrders", {"vendorNumber": "BARE2"}) == FIELD


@pytest.mark.parametrize(
    "name", ["number", "status", "vendorName", "totalAmountIncludingTax", "payToCity"]
)
def test_given_a_read_only_property_then_it_is_refused(acme: Acme, name: str):
    body = {"vendorNumber": "V1", name: "X"}
    assert acme.refused("POST", "purchaseOrders", body) == READ_ONLY


@pytest.mark.parametrize("name", ["dueDate", "vendorInvoiceNumber"])
def test_given_a_property_of_invoices_then_it_is_unknown(acme: Acme, name: str):
    body = {"vendorNumber": "V1", name: "2026-03-01"}
    assert acme.refused("POST", "purchaseOrders", body) == (400, "BadRequest")


def test_given_dates_then_they_are_kept(acme: Acme):
    order = acme.order(
        orderDate="2026-02-20", postingDate="2026-02-21", requestedReceiptDate="2026-04-01"
    )
    dates = [order[n] for n in ("orderDate", "postingDate", "requestedReceiptDate")]
    assert dates == ["2026-02-20", "2026-02-21", "2026-04-01"]


def test_given_a_foreign_vendor_then_its_currency_is_copied_and_lcy_is_stored_blank(acme: Acme):
    order = acme.order(vendorNumber="USA")
    assert (order["currencyCode"], order["currencyId"]) == ("USD", acme.id("currencies", "USD"))
    path = f"purchaseOrders({order['id']})"
    local = acme.patched(path, {"currencyCode": "EUR"})
    assert (local["currencyCode"], local["currencyId"]) == ("EUR", ZERO)
    assert acme.patched(path, {"currencyId": acme.id("currencies", "TRY")})["currencyCode"] == "TRY"
    assert acme.patched(path, {"currencyId": ZERO})["currencyCode"] == "EUR"
    assert acme.refused("PATCH", path, {"currencyCode": "XYZ"}) == DIALOG


@pytest.mark.parametrize("documents", ["purchaseOrders", "purchaseInvoices"])
def test_given_id_and_code_of_two_currencies_then_they_are_refused(acme: Acme, documents: str):
    dollar = {"vendorNumber": "V1", "currencyId": acme.id("currencies", "USD")}
    assert acme.refused("POST", documents, dollar | {"currencyCode": "TRY"}) == DIALOG
    assert acme.created(documents, dollar | {"currencyCode": "USD"})["currencyCode"] == "USD"


def test_given_an_unknown_country_then_it_is_refused(acme: Acme):
    acme.company.insert("countriesRegions", {"code": "NL"})
    for name in ("buyFromCountry", "shipToCountry"):
        body = {"vendorNumber": "V1", name: "XX"}
        assert acme.refused("POST", "purchaseOrders", body) == RELATION
        assert acme.order(**{name: "NL"})[name] == "NL"


@pytest.mark.usefixtures("json_order")
def test_given_the_currency_comes_before_the_vendor_then_the_vendors_wins(acme: Acme):
    before = acme.created("purchaseOrders", {"currencyCode": "USD", "vendorNumber": "V1"})
    after = acme.created("purchaseOrders", {"vendorNumber": "V1", "currencyCode": "USD"})
    assert (before["currencyCode"], after["currencyCode"]) == ("EUR", "USD")


def test_given_unknown_terms_or_purchaser_then_they_are_refused(acme: Acme):
    path = f"purchaseOrders({acme.order()['id']})"
    assert acme.refused("PATCH", path, {"paymentTermsId": NOWHERE}) == DIALOG
    assert acme.refused("PATCH", path, {"shipmentMethodId": NOWHERE}) == DIALOG
    assert acme.refused("PATCH", path, {"purchaser": "NOBODY"}) == RELATION
    assert acme.patched(path, {"paymentTermsId": ZERO})["paymentTermsId"] == ZERO


def test_given_ship_to_values_then_only_non_blank_ones_override_on_post(acme: Acme):
    order = acme.order(shipToName="Depot", shipToCity="")
    assert (order["shipToName"], order["shipToCity"]) == ("Depot", "Ede")
    assert acme.patched(f"purchaseOrders({order['id']})", {"shipToCity": ""})["shipToCity"] == ""


def test_given_another_requested_date_then_the_lines_expect_their_goods_then(acme: Acme):
    order = acme.order(acme.item(), {"description": "Note"}, requestedReceiptDate="2026-04-01")
    path = f"purchaseOrders({order['id']})"
    assert order["purchaseOrderLines"][0]["expectedReceiptDate"] == "2026-04-01"
    acme.patched(path, {"requestedReceiptDate": "2026-05-01"})
    dates = [r["expectedReceiptDate"] for r in acme.rows(f"{path}/purchaseOrderLines")]
    assert dates == ["2026-05-01", "0001-01-01"]


def test_given_an_invoice_discount_then_it_is_spread_over_the_lines_to_the_cent(acme: Acme):
    lines = [acme.item(directUnitCost=cost) for cost in (10, 20, 3)]
    order = acme.order(*lines)
    path = f"purchaseOrders({order['id']})"
    changed = acme.patched(path, {"discountAmount": 10})
    shares = [r["invoiceDiscountAllocation"] for r in acme.rows(f"{path}/purchaseOrderLines")]
    assert shares == [3.03, 6.06, 0.91]
    assert (changed["discountAmount"], changed["totalAmountExcludingTax"]) == (10, 23)
    assert acme.refused("PATCH", path, {"discountAmount": 40}) == DIALOG


def test_given_prices_include_tax_then_only_before_there_are_lines(acme: Acme):
    empty = acme.order()
    assert acme.patched(f"purchaseOrders({empty['id']})", {"pricesIncludeTax": True})
    filled = acme.order(acme.item())
    body = {"pricesIncludeTax": True}
    assert acme.refused("PATCH", f"purchaseOrders({filled['id']})", body) == DIALOG


def test_given_another_vendor_then_it_is_taken_while_there_are_no_lines(acme: Acme):
    empty = acme.order()
    changed = acme.patched(f"purchaseOrders({empty['id']})", {"vendorNumber": "USA"})
    assert (changed["vendorName"], changed["currencyCode"]) == ("Vendor USA", "USD")
    filled = acme.order(acme.item())
    path = f"purchaseOrders({filled['id']})"
    question = (400, "Application_CallbackNotAllowed")
    assert acme.refused("PATCH", path, {"vendorNumber": "USA"}) == question
    receiving.receive_purchase_order(acme.company, order=filled["number"])
    assert acme.refused("PATCH", path, {"vendorNumber": "USA"}) == DIALOG
    assert acme.patched(path, {"vendorNumber": "V1"})["vendorNumber"] == "V1"


def test_given_a_released_order_then_only_dates_can_change(acme: Acme):
    order = acme.order(acme.item())
    path = f"purchaseOrders({order['id']})"
    for status in ("Open", "In_x0020_Review"):
        purchases.change_purchase_order_status(acme.company, order=order["number"], status=status)
        for body in ({"vendorNumber": "V2"}, {"currencyCode": "USD"}, {"discountAmount": 1}):
            assert acme.refused("PATCH", path, body) == FIELD
        day = "2026-06-01" if status == "Open" else "2026-07-01"
        assert acme.patched(path, {"requestedReceiptDate": day})["requestedReceiptDate"] == day


def test_given_fully_received_is_sent_then_it_stays_what_the_lines_say(acme: Acme):
    order = acme.order(acme.item())
    changed = acme.patched(f"purchaseOrders({order['id']})", {"fullyReceived": True})
    assert changed["fullyReceived"] is False


def test_given_goods_came_in_uninvoiced_then_the_order_cannot_be_deleted(acme: Acme):
    order = acme.order(acme.item(quantity=3))
    path = f"purchaseOrders({order['id']})"
    receiving.receive_purchase_order(acme.company, order=order["number"], quantities={"10000": 1})
    assert acme.refused("DELETE", path) == DIALOG


def test_given_a_deleted_order_then_lines_and_dimensions_are_gone_with_it(acme: Acme):
    order = acme.order(acme.item("D"), vendorNumber="DIM")
    acme.deleted(f"purchaseOrders({order['id']})")
    for table in ("purchaseOrders", "purchaseOrderLines", "dimensionSetLines"):
        assert not acme.company.tables[table]


def test_given_a_bad_line_in_a_deep_insert_then_nothing_is_left(acme: Acme):
    body = {"vendorNumber": "DIM", "purchaseOrderLines": [acme.item(), acme.item("BLOCKED")]}
    assert acme.refused("POST", "purchaseOrders", body) == FIELD
    for table in ("purchaseOrders", "purchaseOrderLines", "dimensionSetLines"):
        assert not acme.company.tables[table]


def test_given_a_shortcut_dimension_then_it_is_in_the_set_and_the_other_way_round(acme: Acme):
    order = acme.order(vendorNumber="DIM")
    path = f"purchaseOrders({order['id']})"
    assert order["shortcutDimension1Code"] == "SALES"
    acme.patched(path, {"shortcutDimension1Code": "WEB"})
    assert acme.dimensions(path) == {"DEPARTMENT": "WEB"}
    body = {"valueCode": "SALES"}
    acme.patched(f"{path}/dimensionSetLines({acme.id('dimensions', 'DEPARTMENT')})", body)
    assert acme.json(path)["shortcutDimension1Code"] == "SALES"
    assert acme.refused("PATCH", path, {"shortcutDimension1Code": "NONE"}) == RELATION
    for code in ("SHUT", "TOTAL"):
        assert acme.refused("PATCH", path, {"shortcutDimension1Code": code}) == DIALOG
    acme.patched(path, {"shortcutDimension1Code": ""})
    assert acme.dimensions(path) == {}
