"""Posted receipts as receipt lines (mapping.md 7)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.mirror import MODIFIED, NO_DATE, NOW, TODAY, Company, at, guid, line

UNITS = frozenset({"bc.item_units_of_measure"})
NEGATIVE = SyncOptions(allow_negative_receipts=True)
PO_LINES = SyncOptions(receipt_source="po_lines")


def order_line(sequence: int = 10000) -> str:
    return guid(f"purchase_orders P {sequence}")


def receipt_line(number: str = "R1", sequence: int = 10000) -> str:
    return guid(f"purchase_receipts {number} {sequence}")


def ordered(company: Company, *lines: dict[str, Any], **build: Any) -> None:
    """Purchase order P stands in Optiply; its lines have the Optiply ids 501, 502, ..."""
    company.purchase_order("P", *lines)
    for resource, first_id in (("buy_orders", 400), ("buy_order_lines", 501)):
        company.build(resource, **build)
        company.written(resource, first_id)


def optiply_id(company: Company, sequence: int = 10000) -> int:
    (row,) = company.rows(
        "SELECT optiply_id FROM sync.buy_order_lines WHERE remote_id = ?", [order_line(sequence)]
    )
    return int(row["optiply_id"])


@pytest.fixture
def shop(company: Company) -> Company:
    """Items A and B and vendor V1 stand in Optiply."""
    company.product("A", 1)
    company.product("B", 2)
    company.supplier("V1", 100)
    return company


def build(shop: Company, *arguments: Any, **inputs: Any) -> dict[str, dict[str, Any]]:
    return shop.build("receipt_lines", *arguments, **inputs)


def only(shop: Company, *arguments: Any, **inputs: Any) -> dict[str, Any]:
    (row,) = build(shop, *arguments, **inputs).values()
    return row


def written(rows: dict[str, dict[str, Any]]) -> dict[str, tuple[int, int]]:
    """remote id -> (buy order line, quantity) of what is to be written."""
    return {
        key: (row["buyOrderLineId"], row["quantity"])
        for key, row in rows.items()
        if row["decision"] == "write"
    }


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


# -- quantities and dates -------------------------------------------------------------------------


def test_given_fractions_then_receipts_are_rounded_cumulatively_to_the_ordered_integer(
    shop: Company,
) -> None:
    ordered(shop, line("A", "2.5"))
    for number, day in (("R1", 1), ("R2", 2), ("R3", 3)):
        quantity = "1" if number != "R3" else "0.5"
        shop.receipt(number, line("A", quantity), order="P", postingDate=date(2026, 8, day))
    rows = build(shop)
    assert [rows[receipt_line(f"R{n}")]["quantity"] for n in (1, 2, 3)] == [1, 1, 1]
    assert sum(row["quantity"] for row in rows.values()) == 3  # the ordered integer


def test_given_a_share_that_rounds_to_nothing_then_it_is_not_written(shop: Company) -> None:
    ordered(shop, line("A", 2))
    shop.receipt("R1", line("A", "0.4"), order="P", postingDate=date(2026, 8, 1))
    shop.receipt("R2", line("A", "1.6"), order="P", postingDate=date(2026, 8, 2))
    rows = build(shop)
    assert rows[receipt_line("R1")]["decision"] == "remove"
    assert written(rows) == {receipt_line("R2"): (optiply_id(shop), 2)}


def test_given_less_than_one_ordered_and_received_then_it_is_the_one_optiply_has(
    shop: Company,
) -> None:
    ordered(shop, line("A", "0.4"))
    shop.receipt("R1", line("A", "0.4"), order="P")
    assert only(shop)["quantity"] == 1


def test_given_a_purchase_unit_then_the_receipt_is_in_base_units(shop: Company) -> None:
    shop.unit("A", "BAG", 48)
    ordered(shop, line("A", 2, unitOfMeasureCode="BAG"), sources=UNITS)
    shop.receipt("R1", line("A", 1, unitOfMeasureCode="BAG"), order="P")
    assert only(shop, sources=UNITS)["quantity"] == 48


def test_given_an_unknown_unit_then_the_receipt_is_quarantined(shop: Company) -> None:
    ordered(shop, line("A", 2))
    shop.receipt("R1", line("A", 1, unitOfMeasureCode="BAG"), order="P")
    row = only(shop)
    assert row["decision"] == "quarantine"
    assert row["reason"] == "receipt R1, line 10000: unit BAG of item A is not known"


def test_given_no_posting_date_then_modified_then_the_time_first_sent_is_when_it_occurred(
    shop: Company,
) -> None:
    ordered(shop, line("A", 4))
    shop.receipt("R1", line("A", 4), order="P", postingDate=NO_DATE)
    assert only(shop)["occurred"] == MODIFIED
    shop.cursor.execute("UPDATE bc.purchase_receipts SET lastModifiedDateTime = NULL")
    assert only(shop)["occurred"] == NOW
    shop.written("receipt_lines")
    assert only(shop, now=datetime(2027, 1, 1, tzinfo=UTC))["occurred"] == NOW


def test_given_a_future_posting_date_then_it_is_kept_and_warned(shop: Company) -> None:
    ordered(shop, line("A", 4))
    shop.receipt("R1", line("A", 4), order="P", postingDate=date(2026, 12, 1))
    assert only(shop)["occurred"] == at(2026, 12, 1)
    assert shop.report.warnings == {"future_receipt_date": 1}


# -- undone receipts ------------------------------------------------------------------------------


def test_given_an_undone_line_then_its_receipt_is_removed_and_the_negative_one_not_written(
    shop: Company,
) -> None:
    ordered(shop, line("A", 4))
    shop.receipt("R1", line("A", 4), line("A", -4, sequence=15000), order="P")
    rows = build(shop)
    assert rows[receipt_line()]["decision"] == "remove"
    assert rows[receipt_line()]["reason"] == "the receipt was undone"
    negative = rows[receipt_line("R1", 15000)]
    assert (negative["decision"], negative["reason"]) == (
        "skip",
        "undoes an earlier line of the same receipt",
    )


def test_given_two_alike_lines_then_the_nearest_earlier_one_is_undone(shop: Company) -> None:
    ordered(shop, line("A", 5), line("A", 5))
    shop.receipt(
        "R1",
        line("A", 5),
        line("A", 5, sequence=20000),
        line("A", -5, sequence=25000),
        order="P",
    )
    rows = build(shop)
    assert written(rows) == {receipt_line(): (optiply_id(shop), 5)}
    assert rows[receipt_line("R1", 20000)]["decision"] == "remove"


def test_given_a_part_is_undone_then_the_receipt_goes_down(shop: Company) -> None:
    ordered(shop, line("A", 4))
    shop.receipt("R1", line("A", 4), line("A", -1, sequence=15000), order="P")
    assert written(build(shop)) == {receipt_line(): (optiply_id(shop), 3)}


def test_given_an_undo_over_two_lines_then_the_latest_goes_first(shop: Company) -> None:
    ordered(shop, line("A", 4), line("A", 3))
    shop.receipt(
        "R1",
        line("A", 4),
        line("A", 3, sequence=20000),
        line("A", -5, sequence=30000),
        order="P",
    )
    rows = build(shop)
    assert written(rows) == {receipt_line(): (optiply_id(shop), 2)}
    assert rows[receipt_line("R1", 20000)]["decision"] == "remove"


def test_given_a_receipt_after_an_undo_then_it_counts_anew(shop: Company) -> None:
    ordered(shop, line("A", 4))
    shop.receipt("R1", line("A", 4), line("A", -4, sequence=15000), order="P")
    shop.receipt("R2", line("A", 4), order="P", postingDate=date(2026, 8, 2))
    assert written(build(shop)) == {receipt_line("R2"): (optiply_id(shop), 4)}


def test_given_a_return_in_a_receipt_of_its_own_then_it_is_not_written(shop: Company) -> None:
    ordered(shop, line("A", 4))
    shop.receipt("R1", line("A", 4), order="P")
    shop.receipt("R2", line("A", -1), order="P", postingDate=date(2026, 8, 2))
    rows = build(shop)
    assert written(rows) == {receipt_line("R1"): (optiply_id(shop), 4)}
    assert "negative receipts are not imported" in rows[receipt_line("R2")]["reason"]


def test_given_negative_receipts_are_allowed_then_only_returns_are_negative(shop: Company) -> None:
    ordered(shop, line("A", 4))
    shop.receipt("R1", line("A", 4), line("A", -1, sequence=15000), order="P")
    shop.receipt("R2", line("A", -2), order="P", postingDate=date(2026, 8, 2))
    assert written(build(shop, NEGATIVE)) == {
        receipt_line("R1"): (optiply_id(shop), 3),
        receipt_line("R2"): (optiply_id(shop), -2),
    }


def test_given_an_undo_of_another_item_then_nothing_is_undone(shop: Company) -> None:
    ordered(shop, line("A", 4), line("B", 4))
    shop.receipt("R1", line("A", 4), line("B", -4, sequence=20000), order="P")
    assert written(build(shop)) == {receipt_line(): (optiply_id(shop), 4)}


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
