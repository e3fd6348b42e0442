"""Sales orders and invoices as Business Central moves them (rules.md 11)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bc_pipeline.sandbox.bookkeeping.documents import Refused, resolve
from bc_pipeline.sandbox.changes import sales
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline_tests.sandbox.consistency import faults


@pytest.fixture
def order(company: Company) -> Row:
    lines = [
        {"item": "A", "quantity": 2, "unit": "DOOS", "location": "AMS"},
        {"item": "B", "quantity": 5},
        {"item": "SERVICE", "quantity": 1},
        {"comment": "Ring twice"},
    ]
    return sales.new_sales_order(company, customer="K1", lines=lines)


def stock(company: Company, number: str, location: str | None = None) -> Decimal:
    return company.inventory(resolve(company, "items", number)["id"], location)


def lines(company: Company, entity_set: str, document: Row) -> list[Row]:
    found = company.find(entity_set, documentId=document["id"])
    return sorted(found, key=lambda row: row["sequence"])


def test_given_a_new_order_then_it_moves_no_stock_and_is_not_shipped(company: Company, order: Row):
    assert (order["status"], order["fullyShipped"]) == ("Draft", False)
    assert order["totalAmountExcludingTax"] == Decimal(2 * 120 + 5 * 10 + 10)
    assert not company.tables["itemLedgerEntries"]
    assert [row["sequence"] for row in lines(company, "salesOrderLines", order)] == [
        10000,
        20000,
        30000,
        40000,
    ]
    assert faults(company) == []


def test_given_part_is_shipped_then_stock_and_shipped_quantity_move_and_the_order_stays(
    company: Company, order: Row
):
    item_stamp = resolve(company, "items", "A")["lastModifiedDateTime"]
    shipment = sales.ship_sales_order(company, order=order["number"], quantities={"10000": 1})
    assert shipment["orderNumber"] == order["number"]
    assert stock(company, "A", "AMS") == -12
    assert stock(company, "B") == 0
    shipped = [row["shippedQuantity"] for row in lines(company, "salesOrderLines", order)]
    assert shipped == [1, 0, 0, 0]
    assert order["fullyShipped"] is False
    assert resolve(company, "items", "A")["lastModifiedDateTime"] == item_stamp


def test_given_all_is_shipped_then_the_order_is_fully_shipped_but_still_there(
    company: Company, order: Row
):
    sales.ship_sales_order(company, order=order["number"])
    assert order["fullyShipped"] is True
    assert company.find("salesOrders", number=order["number"])
    with pytest.raises(Refused):
        sales.ship_sales_order(company, order=order["number"])


def test_given_an_order_is_posted_then_it_is_gone_and_the_invoice_carries_its_number(
    company: Company, order: Row
):
    sales.ship_sales_order(company, order=order["number"], quantities={"20000": 5})
    invoice = sales.post_sales_order(company, order=order["number"])
    assert not company.find("salesOrders", number=order["number"])
    assert not lines(company, "salesOrderLines", order)
    assert (invoice["orderNumber"], invoice["orderId"]) == (order["number"], order["id"])
    assert (invoice["status"], invoice["totalAmountExcludingTax"]) == ("Open", Decimal(300))
    assert len(company.find("salesShipments", orderNumber=order["number"])) == 2
    assert (stock(company, "A"), stock(company, "B")) == (-24, -5)
    assert faults(company) == []


def test_given_an_order_never_shipped_then_it_can_be_cancelled_and_leaves_no_trace(
    company: Company, order: Row
):
    sales.delete_sales_order(company, order=order["number"])
    assert not company.tables["salesOrders"]
    assert not company.tables["salesOrderLines"]
    assert not company.tables["salesInvoices"]


def test_given_shipped_goods_then_cancelling_is_refused(company: Company, order: Row):
    sales.ship_sales_order(company, order=order["number"], quantities={"20000": 1})
    with pytest.raises(Refused):
        sales.delete_sales_order(company, order=order["number"])


def test_given_a_quantity_changes_then_totals_follow_and_the_stamp_only_if_asked(
    company: Company, order: Row
):
    stamp = order["lastModifiedDateTime"]
    sales.change_sales_order_line(
        company, order=order["number"], sequence=20000, quantity=7, touch_header=False
    )
    assert order["totalAmountExcludingTax"] == Decimal(320)
    assert order["lastModifiedDateTime"] == stamp
    sales.change_sales_order_line(company, order=order["number"], sequence=20000, quantity=8)
    assert order["lastModifiedDateTime"] > stamp


@pytest.mark.parametrize("quantities", [{"20000": 6}, {"20000": -1}, {"20000": 0}])
def test_given_more_than_is_left_or_nothing_then_shipping_is_refused(
    company: Company, order: Row, quantities: dict[str, object]
):
    with pytest.raises(Refused):
        sales.ship_sales_order(company, order=order["number"], quantities=quantities)


def test_given_a_blocked_item_on_a_line_then_posting_is_refused_and_nothing_moved(
    company: Company, order: Row
):
    company.modify("items", resolve(company, "items", "B")["id"], blocked=True)
    for post in (sales.ship_sales_order, sales.post_sales_order):
        with pytest.raises(Refused):
            post(company, order=order["number"])
    assert not company.tables["itemLedgerEntries"]
    assert not company.tables["salesShipments"]


@pytest.mark.parametrize(
    ("customer", "line"),
    [
        ("K2", {"item": "A", "quantity": 1}),
        ("K1", {"item": "BLOCKED", "quantity": 1}),
        ("K1", {"item": "A", "quantity": 1, "unit": "PALLET"}),
        ("K1", {"item": "A", "quantity": 1, "variant": "RED"}),
        ("K1", {"item": "A", "quantity": 1, "location": "MARS"}),
        ("K1", {"account": "1", "quantity": 1}),
        ("nobody", {"item": "A", "quantity": 1}),
    ],
    ids=str,
)
def test_given_what_bc_refuses_then_no_half_document_is_left(
    company: Company, customer: str, line: dict[str, object]
):
    specs = [{"item": "A", "quantity": 1}, line]
    for new in (sales.new_sales_order, sales.new_sales_invoice):
        with pytest.raises(Refused):
            new(company, customer=customer, lines=specs)
    assert not company.tables["salesOrders"]
    assert not company.tables["salesInvoices"]
    assert not company.tables["itemLedgerEntries"]


def test_given_a_direct_invoice_then_it_is_posted_with_its_shipment(company: Company):
    specs = [{"item": "A", "quantity": 3}, {"item": "A", "quantity": 2}]
    invoice = sales.new_sales_invoice(company, customer="K1", lines=specs, discount="2")
    assert (invoice["status"], invoice["orderNumber"]) == ("Open", "")
    assert invoice["totalAmountExcludingTax"] == Decimal("49.00")
    assert invoice["remainingAmount"] == invoice["totalAmountIncludingTax"]
    assert stock(company, "A") == -5
    assert [row["orderNumber"] for row in company.tables["salesShipments"].values()] == [""]
    assert faults(company) == []


def test_given_a_customer_with_prices_including_tax_then_net_is_without(company: Company):
    specs = [{"item": "A", "quantity": 1, "price": "12.10"}]
    invoice = sales.new_sales_invoice(company, customer="K3", lines=specs)
    assert invoice["pricesIncludeTax"] is True
    assert invoice["totalAmountExcludingTax"] == Decimal("10.00")


def test_given_a_draft_then_nothing_moves(company: Company):
    specs = [{"item": "A", "quantity": 3}]
    invoice = sales.new_sales_invoice(company, customer="K1", lines=specs, draft=True)
    assert invoice["status"] == "Draft"
    assert stock(company, "A") == 0


def test_given_an_invoice_is_paid_then_its_stamp_moves(company: Company):
    invoice = sales.new_sales_invoice(company, customer="K1", lines=[{"item": "A", "quantity": 3}])
    stamp = invoice["lastModifiedDateTime"]
    sales.pay_sales_invoice(company, invoice=invoice["number"])
    assert (invoice["status"], invoice["remainingAmount"]) == ("Paid", 0)
    assert invoice["lastModifiedDateTime"] > stamp
    with pytest.raises(Refused):
        sales.pay_sales_invoice(company, invoice=invoice["number"])


def test_given_an_invoice_is_cancelled_then_a_credit_memo_takes_the_goods_back(company: Company):
    invoice = sales.new_sales_invoice(company, customer="K1", lines=[{"item": "A", "quantity": 3}])
    memo = sales.cancel_sales_invoice(company, invoice=invoice["number"])
    assert invoice["status"] == "Canceled"
    assert (memo["status"], memo["invoiceNumber"]) == ("Corrective", invoice["number"])
    assert memo["totalAmountExcludingTax"] == invoice["totalAmountExcludingTax"]
    assert stock(company, "A") == 0
    with pytest.raises(Refused):
        sales.cancel_sales_invoice(company, invoice=invoice["number"])
    assert faults(company) == []
