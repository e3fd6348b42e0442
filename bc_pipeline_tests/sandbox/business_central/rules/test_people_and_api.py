"""People in Business Central work on with what the API made (rules.md 3, 4, 12)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.sandbox.changes import Refused, apply_to
from bc_pipeline_tests.sandbox.business_central.rules.conftest import Acme
from bc_pipeline_tests.sandbox.consistency import faults


@pytest.fixture
def order(acme: Acme) -> dict[str, Any]:
    """An order as an export makes it."""
    return acme.order(
        acme.item(quantity=4, unitOfMeasureCode="DOOS", directUnitCost=Decimal("55.5")),
        acme.item("D", quantity=5),
        {"lineType": "Comment", "description": "OP-1"},
        vendorNumber="DIM",
    )


def lines(acme: Acme, order: dict[str, Any]) -> list[dict[str, Any]]:
    return acme.rows(f"purchaseOrders({order['id']})/purchaseOrderLines")


def do(acme: Acme, change: str, /, **params: Any) -> None:
    apply_to(acme.company, change, params)
    assert faults(acme.company) == []


def test_given_an_order_of_the_api_then_it_is_received_in_parts_and_invoiced(
    acme: Acme, order: dict[str, Any]
):
    number = order["number"]
    do(acme, "receive_purchase_order", order=number, quantities={"10000": 1, "20000": 5})
    received = [(row["receivedQuantity"], row["receiveQuantity"]) for row in lines(acme, order)]
    assert received == [(1, 3), (5, 0), (0, 0)]
    assert acme.company.inventory(acme.id("items", "A")) == 12
    receipt = acme.rows("purchaseReceipts?$expand=purchaseReceiptLines")[0]
    assert receipt["orderNumber"] == number
    assert [r["sequence"] for r in receipt["purchaseReceiptLines"]] == [10000, 20000, 30000]
    do(acme, "undo_receipt", receipt=receipt["number"], sequence=20000)
    assert lines(acme, order)[1]["receiveQuantity"] == 5
    do(acme, "receive_purchase_order", order=number)
    assert acme.json(f"purchaseOrders({order['id']})")["fullyReceived"] is True
    do(acme, "invoice_purchase_order", order=number)
    assert acme.rows("purchaseOrders") == []
    assert acme.rows("purchaseInvoices")[0]["orderNumber"] == number


def test_given_an_order_of_the_api_then_people_edit_it(acme: Acme, order: dict[str, Any]):
    number = order["number"]
    do(acme, "change_purchase_line", order=number, sequence=10000, quantity=6, cost=50)
    do(acme, "change_purchase_line", order=number, sequence=20000, date="2026-08-08")
    do(acme, "add_purchase_line", order=number, line={"item": "B", "quantity": 1})
    do(acme, "remove_purchase_line", order=number, sequence=30000)
    do(acme, "change_requested_date", order=number, date="2026-09-09")
    first, second, added = lines(acme, order)
    assert (first["quantity"], first["directUnitCost"], first["receiveQuantity"]) == (6, 50, 6)
    assert second["expectedReceiptDate"] == "2026-09-09"
    assert (added["sequence"], added["receiveQuantity"]) == (40000, 1)
    changed = acme.patched(f"purchaseOrderLines({added['id']})", {"quantity": 2})
    assert changed["receiveQuantity"] == 2


def test_given_an_order_of_the_api_then_people_change_its_vendor_or_delete_it(
    acme: Acme, order: dict[str, Any]
):
    do(acme, "change_vendor_of_purchase_order", order=order["number"], vendor="V2")
    again = lines(acme, order)
    assert [row["sequence"] for row in again] == [10000, 20000, 30000]
    assert not {row["id"] for row in again} & {r["id"] for r in order["purchaseOrderLines"]}
    do(acme, "delete_purchase_order", order=order["number"])
    assert acme.rows("purchaseOrders") == []
    assert not acme.company.tables["dimensionSetLines"]


def test_given_goods_came_in_then_people_cannot_delete_the_order_either(
    acme: Acme, order: dict[str, Any]
):
    do(acme, "receive_purchase_order", order=order["number"], quantities={"10000": 1})
    with pytest.raises(Refused):
        apply_to(acme.company, "delete_purchase_order", {"order": order["number"]})


def test_given_vendors_and_items_people_made_then_the_api_orders_with_them(acme: Acme):
    groups = {"generalProductPostingGroupCode": "TRADE", "inventoryPostingGroupCode": "TRADE"}
    acme.company.settings.templates["items"] = groups
    do(acme, "new_vendor", name="New vendor", number="NEW")
    do(acme, "new_item", name="New item", number="NEW", unit="STUK", cost=3)
    line = acme.order(acme.item("NEW"), vendorNumber="NEW")["purchaseOrderLines"][0]
    assert (line["description"], line["directUnitCost"]) == ("New item", 3)


@pytest.mark.covers("sandbox: ledger entries")
def test_given_people_post_documents_then_ledger_entries_stand_beside_them(
    acme: Acme, order: dict[str, Any]
):
    do(acme, "receive_purchase_order", order=order["number"])
    do(acme, "invoice_purchase_order", order=order["number"])
    bought = acme.rows("purchaseInvoices")[0]
    assert [(a, n) for a, n, _ in acme.entries(bought["number"])] == [
        ("7100", Decimal("242")),
        ("1520", Decimal("50.82")),
        ("1600", Decimal("-292.82")),
    ]
    lines = [{"item": "A", "quantity": 2, "price": 10}]
    do(acme, "new_sales_invoice", customer="K1", lines=lines)
    sold = acme.rows("salesInvoices")[0]
    due = Decimal(str(sold["totalAmountIncludingTax"]))
    assert [n for _, n, _ in acme.entries(sold["number"])][-1] == due
    do(acme, "cancel_sales_invoice", invoice=sold["number"])
    memo = acme.rows("salesCreditMemos")[0]
    assert [n for _, n, _ in acme.entries(memo["number"])][-1] == -due
    kinds = {row["documentType"] for row in acme.rows("generalLedgerEntries")}
    assert kinds == {"Invoice", "Credit_x0020_Memo"}


@pytest.mark.covers("sandbox: ledger entries")
def test_given_a_draft_or_a_company_without_books_then_nothing_is_booked(acme: Acme):
    lines = [{"item": "A", "quantity": 2, "price": 10}]
    do(acme, "new_sales_invoice", customer="K1", lines=lines, draft=True)
    acme.change("accounts", "1100", **{"#role": ""})
    do(acme, "new_sales_invoice", customer="K1", lines=lines)
    assert acme.rows("generalLedgerEntries") == []
