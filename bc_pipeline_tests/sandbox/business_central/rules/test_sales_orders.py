"""Sales orders and their lines (rules.md 11)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.sandbox.changes import apply_to
from bc_pipeline_tests.sandbox.business_central.rules.conftest import (
    DIALOG,
    FIELD,
    NOWHERE,
    RELATION,
    ZERO,
    Acme,
)
from bc_pipeline_tests.sandbox.consistency import faults

pytestmark = pytest.mark.covers("sandbox: sales orders")
READ_ONLY = (400, "BadRequest_InvalidOperation")


@pytest.fixture
def order(acme: Acme) -> dict[str, Any]:
    return acme.sales_order()


@pytest.fixture
def lines(order: dict[str, Any]) -> str:
    return f"salesOrders({order['id']})/salesOrderLines"


def post(acme: Acme, order: dict[str, Any]) -> None:
    acme.act(f"salesOrders({order['id']})/Microsoft.NAV.shipAndInvoice")


# --- headers (11.1-11.3) --------------------------------------------------------------------------


def test_given_a_customer_then_an_order_is_filled_from_it(acme: Acme):
    order = acme.created("salesOrders", {"customerId": acme.id("customers", "K1")})
    assert (order["number"], order["status"]) == ("101001", "Draft")
    assert (order["customerNumber"], order["billToCustomerNumber"]) == ("K1", "K1")
    assert (order["customerName"], order["sellToCity"]) == ("Customer K1", "Delft")
    assert (order["shipToCity"], order["billToCity"]) == ("Delft", "Delft")
    assert order["orderDate"] == order["postingDate"] == "2026-03-02"
    assert order["paymentTermsId"] == acme.id("paymentTerms", "14D")
    assert (order["currencyCode"], order["currencyId"]) == ("EUR", ZERO)
    assert (order["partialShipping"], order["pricesIncludeTax"]) == (True, False)
    billed = acme.created("salesOrders", {"customerNumber": "BILLED"})
    assert billed["billToCustomerNumber"] == "K1"
    foreign = acme.created("salesOrders", {"customerNumber": "USA"})
    assert foreign["currencyCode"] == "USD"


def test_given_no_unknown_or_contradicting_customers_then_they_are_refused(acme: Acme):
    first, second = acme.id("customers", "K1"), acme.id("customers", "K2")
    for body in (
        {},
        {"customerId": ZERO},
        {"customerId": NOWHERE},
        {"customerNumber": "NOBODY"},
        {"customerId": first, "customerNumber": "K2"},
        {"customerId": first, "billToCustomerId": second, "billToCustomerNumber": "K1"},
    ):
        assert acme.refused("POST", "salesOrders", body) == DIALOG, body
    assert acme.rows("salesOrders") == []


@pytest.mark.parametrize(
    ("number", "error"),
    [("SHUT", DIALOG), ("NO-SHIP", DIALOG), ("NO-INVOICE", DIALOG), ("BARE", FIELD)],
)
def test_given_a_customer_who_may_not_order_then_it_is_refused(
    acme: Acme, number: str, error: tuple[int, str]
):
    assert acme.refused("POST", "salesOrders", {"customerNumber": number}) == error


def test_given_what_bc_gives_itself_then_it_is_read_only(acme: Acme):
    for name in ("number", "customerName", "billToName", "totalTaxAmount"):
        body = {"customerNumber": "K1", name: 1 if name.startswith("total") else "X"}
        assert acme.refused("POST", "salesOrders", body) == READ_ONLY
    ignored = acme.created("salesOrders", {"customerNumber": "K1", "fullyShipped": True})
    assert ignored["fullyShipped"] is False


def test_given_dates_addresses_and_texts_then_they_are_as_sent(acme: Acme):
    sent = {
        "orderDate": "2026-02-01",
        "postingDate": "2026-02-02",
        "requestedDeliveryDate": "2026-04-01",
        "externalDocumentNumber": "WEB-1",
        "shipToName": "Shop",
        "shipToCity": "Breda",
        "partialShipping": False,
        "phoneNumber": "0612345678",
    }
    order = acme.sales_order(acme.item(), **sent)
    assert {name: order[name] for name in sent} == sent
    assert order["salesOrderLines"][0]["shipmentDate"] == "2026-04-01"
    path = f"salesOrders({order['id']})"
    moved = acme.patched(path, {"requestedDeliveryDate": "2026-05-05"})
    assert moved["requestedDeliveryDate"] == "2026-05-05"
    assert acme.rows(f"{path}/salesOrderLines")[0]["shipmentDate"] == "2026-05-05"


def test_given_references_that_do_not_exist_then_they_are_refused(
    acme: Acme, order: dict[str, Any]
):
    path = f"salesOrders({order['id']})"
    assert acme.refused("PATCH", path, {"paymentTermsId": NOWHERE}) == DIALOG
    assert acme.refused("PATCH", path, {"currencyCode": "XXX"}) == DIALOG
    assert acme.refused("PATCH", path, {"salesperson": "NOBODY"}) == RELATION


def test_given_a_released_order_then_dates_only_can_change(acme: Acme):
    order = acme.sales_order(acme.item(quantity=2))
    path = f"salesOrders({order['id']})"
    line = f"{path}/salesOrderLines({order['salesOrderLines'][0]['id']})"
    acme.company.modify("salesOrders", order["id"], status="Open")
    assert acme.refused("PATCH", path, {"externalDocumentNumber": "X"}) == FIELD
    assert acme.patched(path, {"requestedDeliveryDate": "2026-05-05"})
    assert acme.refused("PATCH", line, {"quantity": 3}) == FIELD
    assert acme.refused("DELETE", line) == FIELD
    assert acme.patched(line, {"shipmentDate": "2026-06-06"})["shipmentDate"] == "2026-06-06"


def test_given_an_order_then_it_is_deleted_with_its_lines_unless_goods_went_out(acme: Acme):
    order = acme.sales_order(acme.item(quantity=2))
    acme.deleted(f"salesOrders({order['id']})")
    assert acme.company.find("salesOrderLines") == []
    shipped = acme.sales_order(acme.item(quantity=2))
    params = {"order": shipped["number"], "quantities": {"10000": 1}}
    apply_to(acme.company, "ship_sales_order", params)
    assert acme.refused("DELETE", f"salesOrders({shipped['id']})") == DIALOG


# --- lines (11.6) ---------------------------------------------------------------------------------


def test_given_an_item_then_the_line_is_priced_by_the_card_and_taxed(acme: Acme, lines: str):
    line = acme.created(lines, acme.item(quantity=3))
    assert (line["lineType"], line["description"]) == ("Item", "Item A")
    assert (line["unitPrice"], line["netAmount"]) == (8, 24)
    assert (line["taxCode"], line["taxPercent"]) == ("BTW21", 21)
    assert line["unitOfMeasureId"] == acme.id("unitsOfMeasure", "STUK")
    assert (line["shipQuantity"], line["invoiceQuantity"], line["shippedQuantity"]) == (3, 3, 0)
    assert line["shipmentDate"] == "2026-03-02"
    boxes = acme.created(lines, acme.item(unitOfMeasureCode="DOOS"))
    assert boxes["unitPrice"] == 96


def test_given_prices_of_cards_lists_and_customers_then_they_are_converted(acme: Acme):
    def price(number: str, **line: Any) -> Decimal:
        made = acme.sales_order(acme.item(**line), customerNumber=number)
        return made["salesOrderLines"][0]["unitPrice"]

    assert price("GROSS") == Decimal("9.68")
    assert price("USA") == 10
    acme.change("items", "A", priceIncludesTax=True)
    assert (price("K1"), price("GROSS")) == (Decimal("6.61157"), 8)
    apply_to(acme.company, "new_sales_price", {"item": "A", "price": 5, "customer": "K1"})
    assert (price("K1"), price("K2")) == (5, Decimal("6.61157"))


def test_given_a_line_then_the_location_prices_it_anew_and_quantities_do_not(
    acme: Acme, lines: str
):
    place = acme.id("locations", "AMS")
    line = acme.created(lines, acme.item(unitPrice=9, locationId=place))
    assert line["unitPrice"] == 8
    path = f"{lines}({line['id']})"
    restated = acme.patched(path, {"unitPrice": 9, "discountPercent": 10})
    assert (restated["unitPrice"], restated["discountAmount"]) == (9, Decimal("0.9"))
    assert acme.patched(path, {"quantity": 2})["unitPrice"] == 9


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"itemId": NOWHERE}, DIALOG),
        ({"itemId": ZERO}, DIALOG),
        ({"lineObjectNumber": "A"}, RELATION),
        ({"description": "x", "quantity": 1}, FIELD),
        ({"lineType": "Item", "lineObjectNumber": "A", "discountAmount": 1}, FIELD),
        ({"lineType": "Item", "lineObjectNumber": "A", "locationId": NOWHERE}, RELATION),
        ({"lineType": "Item", "lineObjectNumber": "A", "itemVariantId": NOWHERE}, RELATION),
        ({"lineType": "Item", "lineObjectNumber": "A", "unitOfMeasureId": NOWHERE}, RELATION),
        ({"lineType": "Item", "lineObjectNumber": "BLOCKED"}, FIELD),
        ({"lineType": "Item", "lineObjectNumber": "NOT-SOLD"}, FIELD),
        ({"lineType": "Account", "lineObjectNumber": "4999"}, FIELD),
        ({"lineType": "Item", "lineObjectNumber": "A", "shippedQuantity": 1}, READ_ONLY),
        ({"lineType": "Item", "lineObjectNumber": "A", "directUnitCost": 1}, (400, "BadRequest")),
    ],
)
def test_given_a_line_that_cannot_be_sold_then_it_is_refused(
    acme: Acme, lines: str, body: dict[str, Any], error: tuple[int, str]
):
    assert acme.refused("POST", lines, body) == error
    assert acme.rows(lines) == []


def test_given_an_item_that_is_only_not_bought_then_it_is_sold(acme: Acme, lines: str):
    assert acme.created(lines, acme.item("NOT-BOUGHT"))["lineObjectNumber"] == "NOT-BOUGHT"


def test_given_lines_change_or_go_then_the_totals_follow(
    acme: Acme, order: dict[str, Any], lines: str
):
    first = acme.created(lines, acme.item(quantity=3))
    second = acme.created(lines, acme.account(unitPrice=10, taxCode="HOOG"))
    path = f"salesOrders({order['id']})"
    assert acme.json(path)["totalAmountIncludingTax"] == 41.14
    acme.patched(f"{lines}({first['id']})", {"quantity": 1})
    acme.deleted(f"{lines}({second['id']})")
    header = acme.json(path)
    assert (header["totalAmountExcludingTax"], header["totalTaxAmount"]) == (8, 1.68)
    discounted = acme.patched(path, {"discountAmount": 2})
    assert discounted["totalAmountExcludingTax"] == 6
    assert faults(acme.company) == []


# --- posting (11.4, 11.7, 11.8) -------------------------------------------------------------------


def test_given_an_order_is_posted_then_it_is_gone_and_all_that_follows_is_there(acme: Acme):
    place = acme.id("locations", "AMS")
    order = acme.sales_order(
        acme.item(quantity=2, unitOfMeasureCode="DOOS", locationId=place),
        {"description": "Thank you"},
        acme.account("4100", unitPrice=5, taxCode="HOOG"),
        customerNumber="DIM",
        externalDocumentNumber="WEB-1",
        orderDate="2026-02-01",
        postingDate="2026-02-02",
    )
    post(acme, order)
    assert acme.rows("salesOrders") == []
    invoice = acme.rows("salesInvoices?$expand=salesInvoiceLines")[0]
    assert (invoice["orderId"], invoice["orderNumber"]) == (order["id"], order["number"])
    assert invoice["id"] != order["id"]
    assert (invoice["status"], invoice["externalDocumentNumber"]) == ("Open", "WEB-1")
    assert (invoice["invoiceDate"], invoice["postingDate"]) == ("2026-02-01", "2026-02-02")
    assert invoice["totalAmountIncludingTax"] == invoice["remainingAmount"] == 238.37
    assert [row["quantity"] for row in invoice["salesInvoiceLines"]] == [2, 0, 1]
    shipment = acme.rows("salesShipments?$expand=salesShipmentLines")[0]
    assert (shipment["orderNumber"], shipment["postingDate"]) == (order["number"], "2026-02-02")
    assert [row["quantity"] for row in shipment["salesShipmentLines"]] == [2, 1]
    entry = acme.rows("itemLedgerEntries")[0]
    assert (entry["entryType"], entry["quantity"], entry["postingDate"]) == (
        "Sale",
        -24,
        "2026-02-02",
    )
    assert entry["documentNumber"] == shipment["number"]
    assert acme.company.inventory(acme.id("items", "A"), "AMS") == -24
    assert sorted(acme.entries(invoice["number"])) == [
        ("1100", Decimal("238.37"), {"DEPARTMENT": "SALES"}),
        ("1500", Decimal("-41.37"), {"DEPARTMENT": "SALES"}),
        ("4100", Decimal("-5"), {"DEPARTMENT": "SALES"}),
        ("8000", Decimal("-192"), {"DEPARTMENT": "SALES"}),
    ]
    assert acme.json(f"customers({acme.id('customers', 'DIM')})")["balanceDue"] == 238.37
    assert faults(acme.company) == []


def test_given_terms_then_the_posted_invoice_is_due_under_them(acme: Acme):
    post(acme, acme.sales_order(acme.item(), orderDate="2026-02-01"))
    assert acme.rows("salesInvoices")[0]["dueDate"] == "2026-02-15"


def test_given_a_part_is_posted_then_the_order_stays_with_the_rest(acme: Acme):
    order = acme.sales_order(acme.item(quantity=5))
    path = f"salesOrders({order['id']})"
    line = f"{path}/salesOrderLines({order['salesOrderLines'][0]['id']})"
    acme.patched(line, {"invoiceQuantity": 1, "shipQuantity": 2})
    assert acme.refused("PATCH", line, {"invoiceQuantity": 3}) == DIALOG
    assert acme.refused("PATCH", line, {"shipQuantity": 6}) == DIALOG
    post(acme, order)
    left = acme.json(line)
    assert (left["shippedQuantity"], left["invoicedQuantity"]) == (2, 1)
    assert (left["shipQuantity"], left["invoiceQuantity"]) == (3, 4)
    assert acme.json(path)["fullyShipped"] is False
    assert acme.refused("PATCH", line, {"quantity": 1}) == DIALOG
    post(acme, order)
    assert acme.rows("salesOrders") == []
    quantities = [row["quantity"] for row in acme.company.tables["salesInvoiceLines"].values()]
    assert quantities == [1, 4]
    assert acme.company.inventory(acme.id("items", "A")) == -5


def test_given_nothing_to_post_then_it_is_refused(acme: Acme, order: dict[str, Any], lines: str):
    path = f"salesOrders({order['id']})/Microsoft.NAV.shipAndInvoice"
    assert acme.refused("POST", path) == DIALOG
    acme.created(lines, {"description": "Only a note"})
    assert acme.refused("POST", path) == DIALOG
    acme.company.settings.default_quantity_to_ship = "Blank"
    assert acme.created(lines, acme.item(quantity=2))["shipQuantity"] == 0
    assert acme.refused("POST", path) == DIALOG


def test_given_what_may_no_longer_be_posted_then_nothing_is(acme: Acme):
    order = acme.sales_order(acme.item(quantity=2))
    path = f"salesOrders({order['id']})/Microsoft.NAV.shipAndInvoice"
    for entity_set, key, before, after, error in (
        ("customers", "K1", {"blocked": "All"}, {"blocked": "_x0020_"}, DIALOG),
        ("items", "A", {"blocked": True}, {"blocked": False}, FIELD),
        ("accounts", "8000", {"#role": ""}, {"#role": "sales"}, FIELD),
    ):
        acme.change(entity_set, key, **before)
        assert acme.refused("POST", path) == error
        acme.change(entity_set, key, **after)
    acme.company.modify("salesOrders", order["id"], status="In_x0020_Review")
    assert acme.refused("POST", path) == FIELD
    assert acme.rows("salesShipments") == acme.rows("itemLedgerEntries") == []
    assert len(acme.rows("salesOrders")) == 1


def test_given_a_company_that_prevents_negative_stock_then_more_than_there_is_is_not_shipped(
    acme: Acme,
):
    acme.company.settings.prevent_negative_inventory = True
    apply_to(acme.company, "move_stock", {"item": "A", "quantity": 3, "location": "AMS"})
    place = acme.id("locations", "AMS")
    order = acme.sales_order(acme.item(quantity=4, locationId=place))
    path = f"salesOrders({order['id']})/Microsoft.NAV.shipAndInvoice"
    assert acme.refused("POST", path) == DIALOG
    line = order["salesOrderLines"][0]["id"]
    acme.patched(f"salesOrderLines({line})", {"quantity": 3})
    acme.act(path)
    assert acme.company.inventory(acme.id("items", "A")) == 0


def test_given_an_order_of_the_api_then_people_go_on_with_it(acme: Acme):
    order = acme.sales_order(acme.item(quantity=4))
    number = order["number"]
    params = {"order": number, "sequence": 10000, "quantity": 6}
    apply_to(acme.company, "change_sales_order_line", params)
    apply_to(acme.company, "ship_sales_order", {"order": number, "quantities": {"10000": 1}})
    line = acme.rows(f"salesOrders({order['id']})/salesOrderLines")[0]
    assert (line["shipQuantity"], line["invoiceQuantity"]) == (5, 6)
    apply_to(acme.company, "post_sales_order", {"order": number})
    assert acme.rows("salesInvoices")[0]["orderNumber"] == number
    assert faults(acme.company) == []
