"""When buy orders are completed and what is expected of them when (mapping.md 5)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bc_pipeline_tests.mapping.buy_orders import only
from bc_pipeline_tests.mapping.documents import NO_DATE, at, line
from bc_pipeline_tests.mapping.mirror import NOW, Company

# -- completion -----------------------------------------------------------------------------------


def test_given_every_kept_line_received_then_completed_at_the_newest_receipt(
    shop: Company,
) -> None:
    shop.purchase_order(
        "P",
        line("A", 2, netAmount=10, receivedQuantity=2),
        line("B", 1, netAmount=5, receivedQuantity=3),
        line("HOUR", 1, netAmount=5, receivedQuantity=0),
    )
    shop.receipt("R1", line("A", 2), order="P", postingDate=date(2026, 7, 1))
    shop.receipt("R2", line("B", 3, sequence=20000), order="P", postingDate=date(2026, 7, 3))
    shop.receipt("R3", line("B", 3), order="OTHER", postingDate=date(2026, 8, 3))
    assert only(shop)["completed"] == at(2026, 7, 3)


def test_given_an_undone_receipt_then_its_date_does_not_count(shop: Company) -> None:
    shop.purchase_order("P", line("A", 2, netAmount=10, receivedQuantity=2))
    shop.receipt("R1", line("A", 2), order="P", postingDate=date(2026, 7, 1))
    shop.receipt(
        "R2", line("A", 1), line("A", -1, sequence=15000), order="P", postingDate=date(2026, 7, 9)
    )
    assert only(shop)["completed"] == at(2026, 7, 1)
    # What is undone in part still counts.
    shop.receipt(
        "R3", line("A", 2), line("A", -1, sequence=15000), order="P", postingDate=date(2026, 7, 20)
    )
    assert only(shop)["completed"] == at(2026, 7, 20)


def test_given_one_line_still_open_then_not_completed(shop: Company) -> None:
    shop.purchase_order(
        "P",
        line("A", 2, netAmount=10, receivedQuantity=2),
        line("B", 2, netAmount=5, receivedQuantity="1.99999"),
    )
    assert only(shop)["completed"] is None


def test_given_a_pending_line_still_open_then_not_completed(shop: Company) -> None:
    shop.item("C")
    shop.build("products")
    shop.purchase_order(
        "P", line("A", 2, netAmount=10, receivedQuantity=2), line("C", 2, netAmount=5)
    )
    assert only(shop)["completed"] is None


def test_given_fully_received_on_the_header_then_completed(shop: Company) -> None:
    shop.purchase_order("P", line("A", 2, netAmount=10), fullyReceived=True)
    assert only(shop)["completed"] == NOW


def test_given_no_readable_receipt_then_the_moment_of_completion_is_kept(shop: Company) -> None:
    shop.purchase_order("P", line("A", 2, netAmount=10, receivedQuantity=2))
    assert only(shop)["completed"] == NOW
    shop.written("buy_orders")
    assert only(shop, now=datetime(2027, 1, 1, tzinfo=UTC))["completed"] == NOW


def test_given_the_quantity_is_raised_after_completion_then_the_order_reopens(
    shop: Company,
) -> None:
    shop.purchase_order("P", line("A", 2, netAmount=10, receivedQuantity=2))
    shop.build("buy_orders")
    shop.written("buy_orders")
    shop.cursor.execute("UPDATE bc.purchase_order_lines SET quantity = 3")
    row = only(shop)
    assert (row["decision"], row["completed"]) == ("write", None)


# -- expected delivery ----------------------------------------------------------------------------


def test_given_received_lines_then_only_open_ones_say_what_is_expected(shop: Company) -> None:
    shop.purchase_order(
        "P",
        line("A", 2, netAmount=1, receivedQuantity=2, expectedReceiptDate=date(2026, 6, 1)),
        line("A", 2, netAmount=1, expectedReceiptDate=date(2026, 6, 20)),
        line("A", 2, netAmount=1),
    )
    assert only(shop)["expectedDeliveryDate"] == at(2026, 6, 20)


@pytest.mark.parametrize(
    ("requested", "sent"), [(date(2026, 7, 1), at(2026, 7, 1)), (NO_DATE, None)]
)
def test_given_no_line_date_then_the_requested_date_or_nothing_is_expected(
    shop: Company, requested: date, sent: datetime | None
) -> None:
    shop.purchase_order("P", line("A", 2, netAmount=1), requestedReceiptDate=requested)
    assert only(shop)["expectedDeliveryDate"] == sent
