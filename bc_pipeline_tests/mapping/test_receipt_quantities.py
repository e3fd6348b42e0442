"""How much of a posted receipt is a receipt line, and what undoes it (mapping.md 7)."""

from __future__ import annotations

from datetime import UTC, date, datetime

from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.documents import MODIFIED, NO_DATE, at, line
from bc_pipeline_tests.mapping.mirror import NOW, Company
from bc_pipeline_tests.mapping.receipts import (
    build,
    only,
    optiply_id,
    ordered,
    receipt_line,
    written,
)

UNITS = frozenset({"bc.item_units_of_measure"})
NEGATIVE = SyncOptions(allow_negative_receipts=True)


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
