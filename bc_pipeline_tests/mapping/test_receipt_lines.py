"""Posted receipts as receipt lines (mapping.md 7)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.documents import at, line
from bc_pipeline_tests.mapping.mirror import NOW, TODAY, Company
from bc_pipeline_tests.mapping.receipts import (
    build,
    only,
    optiply_id,
    order_line,
    ordered,
    receipt_line,
    written,
)

PO_LINES = SyncOptions(receipt_source="po_lines")


# -- linking --------------------------------------------------------------------------------------


def test_given_order_number_sequence_and_item_then_the_receipt_hangs_on_that_line(
    shop: Company,
) -> None:
    ordered(shop, line("A", 4), line("A", 6))
    shop.receipt("R1", line("A", 6, sequence=20000), order="P", postingDate=date(2026, 7, 1))
    row = only(shop)
    assert (row["remote_id"], row["reference"], row["decision"]) == (
        receipt_line("R1", 20000),
        "R1 line 20000",
        "write",
    )
    assert (row["buyOrderLineId"], row["quantity"], row["occurred"]) == (
        optiply_id(shop, 20000),
        6,
        at(2026, 7, 1),
    )
    assert row["extra"] == {"receipt_number": "R1", "order_number": "P"}


def test_given_the_sequence_of_another_item_then_the_only_line_of_the_item_is_used(
    shop: Company,
) -> None:
    ordered(shop, line("A", 4), line("B", 6))
    shop.receipt("R1", line("B", 5, sequence=10000), order="P")
    assert written(build(shop)) == {receipt_line(): (optiply_id(shop, 20000), 5)}


def test_given_several_lines_of_the_item_then_a_stray_receipt_is_spread_oldest_date_first(
    shop: Company,
) -> None:
    ordered(
        shop,
        line("A", 4, expectedReceiptDate=date(2026, 7, 9)),
        line("A", 3, expectedReceiptDate=date(2026, 7, 1)),
        line("A", 5),
    )
    shop.receipt("R1", line("A", 1, sequence=20000), line("A", 7, sequence=555), order="P")
    stray = receipt_line("R1", 555)
    assert written(build(shop)) == {
        receipt_line("R1", 20000): (optiply_id(shop, 20000), 1),
        stray: (optiply_id(shop, 20000), 2),
        f"{stray}_2": (optiply_id(shop, 10000), 4),
        f"{stray}_3": (optiply_id(shop, 30000), 1),
    }


def test_given_two_stray_receipts_then_the_second_starts_where_the_first_ended(
    shop: Company,
) -> None:
    ordered(shop, line("A", 4), line("A", 3))
    shop.receipt("R2", line("A", 3, sequence=1), order="P", postingDate=date(2026, 8, 2))
    shop.receipt("R1", line("A", 2, sequence=1), order="P", postingDate=date(2026, 8, 1))
    assert written(build(shop)) == {
        receipt_line("R1", 1): (optiply_id(shop, 10000), 2),
        receipt_line("R2", 1): (optiply_id(shop, 10000), 2),
        f"{receipt_line('R2', 1)}_2": (optiply_id(shop, 20000), 1),
    }


def test_given_more_than_the_lines_have_open_then_the_rest_is_warned_about(shop: Company) -> None:
    ordered(shop, line("A", 4), line("A", 3))
    shop.receipt("R1", line("A", 9, sequence=1), order="P")
    assert sum(quantity for _, quantity in written(build(shop)).values()) == 7
    assert shop.report.warnings == {"receipt_exceeds_order": 1}


def test_given_a_spread_receipt_that_needs_fewer_lines_now_then_the_others_are_removed(
    shop: Company,
) -> None:
    ordered(shop, line("A", 4), line("A", 3))
    shop.receipt("R1", line("A", 2, sequence=1), order="P")
    stray = receipt_line("R1", 1)
    shop.stands("receipt_lines", f"{stray}_2", 9, last_sent={"quantity": 1})
    rows = build(shop)
    assert list(written(rows)) == [stray]
    assert rows[f"{stray}_2"]["decision"] == "remove"


def test_given_more_received_than_ordered_then_the_line_gets_it_all(shop: Company) -> None:
    ordered(shop, line("A", 4))
    shop.receipt("R1", line("A", 5), order="P")
    assert only(shop)["quantity"] == 5


def test_given_an_order_that_left_bc_then_its_receipt_is_still_linked(shop: Company) -> None:
    ordered(shop, line("A", 4))
    shop.cursor.execute("DELETE FROM bc.purchase_orders")
    shop.cursor.execute("DELETE FROM bc.purchase_order_lines")
    shop.build("buy_order_lines")
    shop.receipt("R1", line("A", 4), order="P")
    assert written(build(shop)) == {receipt_line(): (optiply_id(shop), 4)}


def test_given_a_renamed_item_then_its_receipts_are_still_linked(shop: Company) -> None:
    ordered(shop, line("A", 4), line("A", 4))
    shop.cursor.execute("UPDATE bc.items SET number = 'A2' WHERE number = 'A'")
    shop.receipt("R1", line("A2", 4, sequence=20000), order="P")
    assert written(build(shop)) == {receipt_line("R1", 20000): (optiply_id(shop, 20000), 4)}


def test_given_an_order_line_not_written_yet_then_the_receipt_waits(shop: Company) -> None:
    shop.purchase_order("P", line("A", 4))
    shop.build("buy_orders")
    shop.build("buy_order_lines")
    shop.receipt("R1", line("A", 4), order="P", postingDate=date(2020, 1, 1))
    row = only(shop)
    assert (row["decision"], row["reason"]) == (
        "defer",
        "the line of purchase order P is not in Optiply yet",
    )


def test_given_no_order_number_then_the_receipt_is_skipped(shop: Company) -> None:
    shop.receipt("R1", line("A", 4), order="")
    row = only(shop)
    assert (row["decision"], row["reason"]) == ("skip", "the receipt has no purchase order")


def test_given_lines_that_are_not_items_then_they_are_no_receipts(shop: Company) -> None:
    ordered(shop, line("A", 4))
    shop.receipt("R1", line("A", 4), line(None, 0), line("HOUR", 2, lineType="Resource"), order="P")
    assert len(build(shop)) == 1


def test_given_an_item_out_of_scope_then_its_receipt_is_skipped_at_once(shop: Company) -> None:
    ordered(shop, line("A", 4))
    shop.item("SERVICE", type="Service")
    shop.receipt("R1", line("SERVICE", 1, sequence=30000), order="P")
    assert only(shop)["reason"] == "item SERVICE is not in Optiply"


# -- parking --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "decision"), [(0, "defer"), (30, "defer"), (31, "skip")])
def test_given_an_order_we_do_not_know_then_the_receipt_is_parked_for_thirty_days(
    shop: Company, age: int, decision: str
) -> None:
    posted = TODAY - timedelta(days=age)
    shop.receipt("R1", line("A", 4), order="UNKNOWN", postingDate=posted)
    row = only(shop)
    assert (row["decision"], row["reason"]) == (
        decision,
        "purchase order UNKNOWN is not in Optiply",
    )
    # History from before our time is no problem to report.
    assert shop.report.warnings == {}


def test_given_a_parked_receipt_after_thirty_days_then_it_is_given_up_and_reported_once(
    shop: Company,
) -> None:
    shop.receipt("R1", line("A", 4), order="UNKNOWN", postingDate=TODAY - timedelta(days=31))
    shop.stands("receipt_lines", receipt_line(), None, state="deferred", created_at=NOW)
    assert only(shop)["decision"] == "skip"
    assert shop.report.warnings == {"receipt_unresolved": 1}
    shop.stands("receipt_lines", receipt_line(), None, state="skipped", created_at=NOW)
    assert only(shop)["decision"] == "skip"
    assert shop.report.warnings == {}


@pytest.mark.parametrize(("age", "decision"), [(None, "defer"), (30, "defer"), (31, "skip")])
def test_given_a_tracked_order_without_a_fitting_line_then_waiting_starts_when_first_seen(
    shop: Company, age: int | None, decision: str
) -> None:
    ordered(shop, line("A", 4))
    shop.receipt("R1", line("B", 1), order="P", postingDate=date(2020, 1, 1))
    if age is not None:
        seen = NOW - timedelta(days=age)
        shop.stands("receipt_lines", receipt_line(), None, state="deferred", created_at=seen)
    row = only(shop)
    assert (row["decision"], row["reason"]) == (decision, "no line of purchase order P fits")
    assert shop.report.warnings == ({"receipt_unresolved": 1} if decision == "skip" else {})


# -- what stays -----------------------------------------------------------------------------------


def test_given_a_receipt_that_was_deleted_in_bc_then_what_was_received_stays(
    shop: Company,
) -> None:
    ordered(shop, line("A", 4))
    shop.receipt("R1", line("A", 4), order="P")
    before = build(shop)
    shop.written("receipt_lines")
    shop.cursor.execute("DELETE FROM bc.purchase_receipts")
    shop.cursor.execute("DELETE FROM bc.purchase_receipt_lines")
    after = build(shop)
    assert written(after) == written(before)
    assert after[receipt_line()]["occurred"] == before[receipt_line()]["occurred"]


@pytest.mark.covers("decision 23")
def test_given_a_receipt_that_was_rolled_back_then_it_was_never_received(shop: Company) -> None:
    ordered(shop, line("A", 4))
    shop.receipt("R1", line("A", 4), order="P")
    build(shop)
    shop.written("receipt_lines")
    shop.cursor.execute(
        "INSERT INTO ops.retracted SELECT 'bc/purchase_receipts', upper(id), 1 "
        "FROM bc.purchase_receipt_lines"
    )
    shop.cursor.execute("DELETE FROM bc.purchase_receipts")
    shop.cursor.execute("DELETE FROM bc.purchase_receipt_lines")
    row = only(shop)
    assert (row["decision"], row["reason"]) == (
        "remove",
        "the posting of the receipt was rolled back",
    )


# -- receipts from order lines --------------------------------------------------------------------


def test_given_po_lines_then_each_line_has_one_receipt_that_grows(shop: Company) -> None:
    ordered(shop, line("A", 4, receivedQuantity=1), line("B", 4, receivedQuantity=0))
    shop.receipt("R1", line("A", 1), order="P")
    remote_id = f"{order_line()}_r"
    assert written(build(shop, PO_LINES)) == {remote_id: (optiply_id(shop), 1)}
    assert only(shop, PO_LINES)["occurred"] == NOW
    shop.written("receipt_lines")
    shop.cursor.execute("UPDATE bc.purchase_order_lines SET receivedQuantity = quantity - 1")
    later = datetime(2026, 9, 1, tzinfo=UTC)
    rows = build(shop, PO_LINES, now=later)
    assert rows[remote_id]["quantity"] == 3
    assert rows[remote_id]["occurred"] == NOW
    assert rows[f"{order_line(20000)}_r"]["occurred"] == later


def test_given_po_lines_and_nothing_received_any_more_then_the_receipt_is_removed(
    shop: Company,
) -> None:
    ordered(shop, line("A", 4, receivedQuantity=0))
    shop.stands("receipt_lines", f"{order_line()}_r", 7, last_sent={"quantity": 2})
    assert only(shop, PO_LINES)["decision"] == "remove"


def test_given_po_lines_and_an_order_that_left_bc_then_its_receipt_stays(shop: Company) -> None:
    ordered(shop, line("A", 4, receivedQuantity=2))
    build(shop, PO_LINES)
    shop.written("receipt_lines")
    shop.cursor.execute("DELETE FROM bc.purchase_orders")
    shop.cursor.execute("DELETE FROM bc.purchase_order_lines")
    shop.build("buy_order_lines")
    assert written(build(shop, PO_LINES)) == {f"{order_line()}_r": (optiply_id(shop), 2)}


def test_given_po_lines_and_fractions_then_a_fully_received_line_is_the_ordered_integer(
    shop: Company,
) -> None:
    ordered(shop, line("A", "0.4", receivedQuantity="0.4"))
    assert only(shop, PO_LINES)["quantity"] == 1
