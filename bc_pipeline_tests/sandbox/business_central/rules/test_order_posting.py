"""``receiveAndInvoice`` of purchase orders (rules.md 3.17-3.19)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.sandbox.changes import purchases
from bc_pipeline_tests.sandbox.business_central.rules.conftest import DIALOG, FIELD, Acme
from bc_pipeline_tests.sandbox.consistency import faults


def action(order: dict[str, Any]) -> str:
    return f"purchaseOrders({order['id']})/Microsoft.NAV.receiveAndInvoice"


def with_number(acme: Acme, order: dict[str, Any], number: str = "F1") -> dict[str, Any]:
    purchases.enter_vendor_invoice_number(acme.company, order=order["number"], number=number)
    return order


def test_given_the_vendors_number_is_mandatory_then_the_api_alone_cannot_post(acme: Acme):
    order = acme.order(acme.item(quantity=2))
    assert acme.refused("POST", action(order)) == DIALOG
    acme.company.settings.vendor_invoice_number_mandatory = False
    acme.act(action(order))


def test_given_all_is_posted_then_the_order_is_gone_and_the_invoice_names_it(acme: Acme):
    order = acme.order(
        acme.item("D", quantity=2, directUnitCost=10),
        acme.account(directUnitCost=5),
        {"description": "Note"},
        vendorNumber="DIM",
    )
    acme.act(action(with_number(acme, order)))
    assert acme.request(f"purchaseOrders({order['id']})").status_code == 404
    invoice = acme.rows("purchaseInvoices?$expand=purchaseInvoiceLines")[0]
    assert (invoice["orderId"], invoice["orderNumber"]) == (order["id"], order["number"])
    assert invoice["id"] != order["id"]
    assert (invoice["status"], invoice["vendorInvoiceNumber"]) == ("Open", "F1")
    assert [row["netAmount"] for row in invoice["purchaseInvoiceLines"]] == [20, 5, 0]
    receipt = acme.rows("purchaseReceipts")[0]
    assert receipt["orderNumber"] == order["number"]
    assert acme.company.inventory(acme.id("items", "D")) == 2
    entries = acme.entries(invoice["number"])
    assert entries[0] == ("7100", Decimal(20), {"DEPARTMENT": "SALES", "CLASS": "X"})
    assert sum(amount for _, amount, _ in entries) == 0
    assert faults(acme.company) == []


def test_given_a_part_is_posted_then_the_order_stays_with_the_rest(acme: Acme):
    order = acme.order(acme.item(quantity=5))
    line = order["purchaseOrderLines"][0]
    path = f"purchaseOrders({order['id']})/purchaseOrderLines({line['id']})"
    acme.patched(path, {"receiveQuantity": 3, "invoiceQuantity": 2})
    acme.act(action(with_number(acme, order)))
    names = ("receivedQuantity", "invoicedQuantity", "receiveQuantity", "invoiceQuantity")
    assert [acme.json(path)[name] for name in names] == [3, 2, 2, 3]
    assert [r["quantity"] for r in acme.rows("purchaseReceiptLines")] == [3]
    assert acme.refused("POST", action(order)) == DIALOG  # the vendor's number is posted
    acme.act(action(with_number(acme, order, "F2")))
    assert acme.rows("purchaseOrders") == []


def test_given_nothing_is_to_be_handled_then_there_is_nothing_to_post(acme: Acme):
    acme.company.settings.default_quantity_to_receive = "Blank"
    order = acme.order(acme.item(quantity=5))
    assert acme.refused("POST", action(with_number(acme, order))) == DIALOG
    assert acme.refused("POST", action(with_number(acme, acme.order()))) == DIALOG


@pytest.mark.parametrize(
    ("entity_set", "key", "error"), [("vendors", "V1", DIALOG), ("items", "A", FIELD)]
)
def test_given_vendor_or_item_was_blocked_then_nothing_is_posted(
    acme: Acme, entity_set: str, key: str, error: tuple[int, str]
):
    order = with_number(acme, acme.order(acme.item(quantity=5)))
    acme.change(entity_set, key, blocked="All" if entity_set == "vendors" else True)
    assert acme.refused("POST", action(order)) == error
    assert acme.rows("purchaseReceipts") == []


def test_given_an_order_in_review_then_it_is_not_posted(acme: Acme):
    order = with_number(acme, acme.order(acme.item()))
    purchases.change_purchase_order_status(
        acme.company, order=order["number"], status="In_x0020_Review"
    )
    assert acme.refused("POST", action(order)) == FIELD
    assert acme.company.inventory(acme.id("items", "A")) == 0


@pytest.mark.covers("sandbox: 4xx after commit")
@pytest.mark.parametrize("in_a_batch", [False, True])
def test_given_it_is_refused_between_its_parts_then_the_receipt_stays(acme: Acme, in_a_batch: bool):
    order = with_number(acme, acme.order(acme.item("D", quantity=2, directUnitCost=10)))
    acme.sandbox.faults.add("bc", action="part_then_refuse", operation=in_a_batch)
    if in_a_batch:
        (answer,) = acme.batch({"method": "POST", "url": action(order)})
        assert (answer["status"], answer["body"]["error"]["code"]) == DIALOG
    else:
        assert acme.refused("POST", action(order)) == DIALOG
    (receipt,) = acme.rows("purchaseReceipts")
    assert receipt["orderNumber"] == order["number"]
    assert acme.rows("purchaseInvoices") == []
    (line,) = acme.rows(f"purchaseOrders({order['id']})/purchaseOrderLines")
    names = ("receivedQuantity", "invoicedQuantity", "receiveQuantity", "invoiceQuantity")
    assert [line[name] for name in names] == [2, 0, 0, 2]
    assert acme.json(f"purchaseOrders({order['id']})")["fullyReceived"]
    assert faults(acme.company) == []
    acme.act(action(order))
    assert len(acme.rows("purchaseReceipts")) == len(acme.rows("purchaseInvoices")) == 1


@pytest.mark.covers("sandbox: 4xx after commit")
def test_given_a_posting_of_one_part_then_it_is_refused_when_all_is_done(acme: Acme):
    draft = acme.invoice(acme.item("D", quantity=1), vendorInvoiceNumber="F9")
    acme.sandbox.faults.add("bc", action="part_then_refuse")
    assert acme.refused("POST", f"purchaseInvoices({draft['id']})/Microsoft.NAV.post") == DIALOG
    assert acme.json(f"purchaseInvoices({draft['id']})")["status"] == "Open"
