"""Receipts, undone receipts and the invoice that ends an order (rules.md 3.17, 3.20, 12)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bc_pipeline.sandbox.bookkeeping.documents import Refused, lines_of, resolve
from bc_pipeline.sandbox.bookkeeping.kinds import PURCHASE_ORDER, PURCHASE_RECEIPT
from bc_pipeline.sandbox.changes import purchases, receiving
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline_tests.sandbox.consistency import faults


@pytest.fixture
def order(company: Company) -> Row:
    specs = [
        {"item": "A", "quantity": 2, "unit": "DOOS", "price": "70", "location": "AMS"},
        {"item": "B", "quantity": 5},
        {"comment": "As agreed"},
    ]
    return purchases.new_purchase_order(company, vendor="V1", lines=specs)


def stock(company: Company, number: str, location: str | None = None) -> Decimal:
    return company.inventory(resolve(company, "items", number)["id"], location)


def received(company: Company, order: Row) -> list[Decimal]:
    return [row["receivedQuantity"] for row in lines_of(company, PURCHASE_ORDER, order["id"])]


def receipt_lines(company: Company, receipt: Row) -> list[tuple[int, Decimal]]:
    rows = lines_of(company, PURCHASE_RECEIPT, receipt["id"])
    return [(row["sequence"], row["quantity"]) for row in rows]


def test_given_part_comes_in_then_receipt_stock_and_order_line_agree(company: Company, order: Row):
    receipt = receiving.receive_purchase_order(
        company, order=order["number"], quantities={"10000": 1}
    )
    assert (receipt["orderNumber"], receipt["vendorNumber"]) == (order["number"], "V1")
    assert receipt_lines(company, receipt) == [(10000, 1), (30000, 0)]
    assert received(company, order) == [1, 0, 0]
    assert stock(company, "A", "AMS") == 12
    assert order["fullyReceived"] is False
    assert faults(company) == []


def test_given_all_comes_in_then_the_order_is_fully_received_and_stays(
    company: Company, order: Row
):
    receiving.receive_purchase_order(company, order=order["number"], quantities={"10000": 1})
    receipt = receiving.receive_purchase_order(company, order=order["number"])
    assert receipt_lines(company, receipt) == [(10000, 1), (20000, 5), (30000, 0)]
    assert order["fullyReceived"] is True
    assert company.find("purchaseOrders", number=order["number"])
    with pytest.raises(Refused):
        receiving.receive_purchase_order(company, order=order["number"])


def test_given_more_than_is_left_then_it_is_refused(company: Company, order: Row):
    with pytest.raises(Refused):
        receiving.receive_purchase_order(company, order=order["number"], quantities={"10000": 3})
    assert not company.tables["purchaseReceipts"]


def test_given_the_vendor_or_item_is_blocked_then_receiving_is_refused(
    company: Company, order: Row
):
    item, vendor = resolve(company, "items", "B"), resolve(company, "vendors", "V1")
    company.modify("items", item["id"], blocked=True)
    with pytest.raises(Refused):
        receiving.receive_purchase_order(company, order=order["number"])
    company.modify("items", item["id"], blocked=False)
    company.modify("vendors", vendor["id"], blocked="All")
    with pytest.raises(Refused):
        receiving.receive_purchase_order(company, order=order["number"])
    assert not company.tables["itemLedgerEntries"]


def test_given_a_receipt_line_is_undone_then_a_negative_line_stands_below_it(
    company: Company, order: Row
):
    receipt = receiving.receive_purchase_order(company, order=order["number"])
    stamp = receipt["lastModifiedDateTime"]
    negative = receiving.undo_receipt(company, receipt=receipt["number"], sequence=10000)
    assert (negative["sequence"], negative["quantity"]) == (15000, -2)
    assert negative["lineObjectNumber"] == "A"
    assert received(company, order) == [0, 5, 0]
    assert order["fullyReceived"] is False
    assert stock(company, "A") == 0
    assert receipt["lastModifiedDateTime"] > stamp
    with pytest.raises(Refused):
        receiving.undo_receipt(company, receipt=receipt["number"], sequence=10000)
    assert faults(company) == []


def test_given_the_undo_shall_not_touch_the_receipt_then_its_stamp_stays(
    company: Company, order: Row
):
    receipt = receiving.receive_purchase_order(company, order=order["number"])
    stamp = receipt["lastModifiedDateTime"]
    receiving.undo_receipt(company, receipt=receipt["number"], sequence=20000, touch_header=False)
    assert receipt["lastModifiedDateTime"] == stamp
    assert receipt_lines(company, receipt)[2] == (25000, -5)


def test_given_the_order_is_invoiced_then_its_receipts_cannot_be_undone(
    company: Company, order: Row
):
    receipt = receiving.receive_purchase_order(company, order=order["number"])
    receiving.invoice_purchase_order(company, order=order["number"])
    with pytest.raises(Refused):
        receiving.undo_receipt(company, receipt=receipt["number"], sequence=10000)


def test_given_a_fully_received_order_is_invoiced_then_it_is_gone_and_the_receipts_stay(
    company: Company, order: Row
):
    receiving.receive_purchase_order(company, order=order["number"])
    invoice = receiving.invoice_purchase_order(company, order=order["number"])
    assert not company.tables["purchaseOrders"]
    assert not company.tables["purchaseOrderLines"]
    assert (invoice["orderNumber"], invoice["orderId"]) == (order["number"], order["id"])
    assert invoice["totalAmountExcludingTax"] == 170
    assert company.find("purchaseReceipts", orderNumber=order["number"])
    assert faults(company) == []


def test_given_goods_are_still_to_come_then_invoicing_is_refused(company: Company, order: Row):
    receiving.receive_purchase_order(company, order=order["number"], quantities={"10000": 2})
    with pytest.raises(Refused):
        receiving.invoice_purchase_order(company, order=order["number"])


def test_given_an_invoice_without_order_then_its_receipt_has_no_order_number(company: Company):
    specs = [{"item": "B", "quantity": 4, "price": 5}]
    invoice = receiving.new_purchase_invoice(company, vendor="V1", lines=specs)
    assert (invoice["orderNumber"], invoice["totalAmountExcludingTax"]) == ("", 20)
    assert [row["orderNumber"] for row in company.tables["purchaseReceipts"].values()] == [""]
    assert stock(company, "B") == 4
    assert faults(company) == []
