"""Lines of purchase orders as buy order lines (mapping.md 5)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from bc_pipeline_tests.mapping.documents import at, guid, line
from bc_pipeline_tests.mapping.mirror import Company


def test_given_a_line_when_mapped_then_it_carries_the_receipt_key(shop: Company) -> None:
    order = shop.purchase_order(
        "P", line("A", "2.5", netAmount="12.345", expectedReceiptDate=date(2026, 6, 9))
    )
    shop.build("buy_orders")
    shop.written("buy_orders", 500)
    (row,) = shop.build("buy_order_lines").values()
    assert (row["remote_id"], row["reference"]) == (guid("purchase_orders P 10000"), "P line 10000")
    assert row["extra"] == {
        "po_number": "P",
        "sequence": 10000,
        "document_id": order,
        "item_number": "A",
        "item_id": guid("A"),
        "ordered_quantity": "2.5",
        "factor": "1",
    }
    assert {name: row[name] for name in list(row)[6:]} == {
        "buyOrderId": 500,
        "productId": 1,
        "quantity": 3,
        "subtotalValue": Decimal("12.35"),
        "expectedDeliveryDate": at(2026, 6, 9),
    }
    assert shop.report.warnings == {"fractional_quantity": 1}


def test_given_the_same_item_on_two_lines_then_they_stay_two_lines(shop: Company) -> None:
    shop.purchase_order("P", line("A", 1, netAmount=5), line("A", 2, netAmount=10))
    shop.build("buy_orders")
    shop.written("buy_orders")
    rows = shop.build("buy_order_lines").values()
    assert sorted(row["quantity"] for row in rows) == [1, 2]


def test_given_an_order_not_written_yet_then_its_lines_wait(shop: Company) -> None:
    shop.purchase_order("P", line("A", 1, netAmount=5))
    shop.build("buy_orders")
    (row,) = shop.build("buy_order_lines").values()
    assert (row["decision"], row["reason"]) == ("defer", "purchase order P is not in Optiply yet")


def test_given_a_line_seen_under_another_order_then_it_names_its_new_order(shop: Company) -> None:
    shop.purchase_order("P", line("A", 1, netAmount=5))
    new = shop.purchase_order("Q", line("A", 1, netAmount=5, id=guid("moved")))
    shop.stands("buy_order_lines", guid("moved"), 77, extra={"document_id": guid("old order")})
    shop.build("buy_orders")
    shop.written("buy_orders")
    row = shop.build("buy_order_lines")[guid("moved")]
    assert (row["decision"], row["extra"]["document_id"]) == ("write", new)


def test_given_a_purchase_unit_then_quantity_and_factor_are_in_base_units(shop: Company) -> None:
    shop.unit("A", "BAG", 48)
    shop.purchase_order("P", line("A", 2, netAmount=30, unitOfMeasureCode="BAG"))
    units = frozenset({"bc.item_units_of_measure"})
    shop.build("buy_orders", sources=units)
    shop.written("buy_orders")
    (row,) = shop.build("buy_order_lines", sources=units).values()
    assert (row["quantity"], row["extra"]["factor"], row["extra"]["ordered_quantity"]) == (
        96,
        "48",
        "2",
    )
