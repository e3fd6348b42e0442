"""Purchase orders that left BC's list (mapping.md 5)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.mapping import vanished_buy_order_lines, vanished_buy_orders
from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.documents import at, guid, line
from bc_pipeline_tests.mapping.mirror import NOW, Company

PO_LINES = SyncOptions(receipt_source="po_lines")
ORDER = guid("purchase_orders P")
FIRST, SECOND = guid("purchase_orders P 10000"), guid("purchase_orders P 20000")


@pytest.fixture
def shop(company: Company) -> Company:
    """Order P over 4 A (10.00) and 3 B (9.00) stands in Optiply and has left BC."""
    company.product("A", 1)
    company.product("B", 2)
    company.supplier("V1", 100)
    company.purchase_order("P", line("A", 4, netAmount=10), line("B", 3, netAmount=9))
    for resource in ("buy_orders", "buy_order_lines"):
        company.build(resource)
        company.written(resource)
    company.cursor.execute("DELETE FROM bc.purchase_orders")
    company.cursor.execute("DELETE FROM bc.purchase_order_lines")
    return company


def outcomes(shop: Company, options: SyncOptions | None = None) -> list[dict[str, Any]]:
    return shop.rows(vanished_buy_orders(options or SyncOptions()))


def gone(
    shop: Company, options: SyncOptions | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(buy orders, lines) as wanted after BC confirmed that P is gone, and written."""
    inputs = {"vanished": frozenset({ORDER})}
    orders = shop.build("buy_orders", options, **inputs)
    shop.written("buy_orders")
    return orders, shop.build("buy_order_lines", options, **inputs)


def receive_all(shop: Company) -> None:
    shop.receipt("R1", line("A", 4), order="P", postingDate=date(2026, 7, 1))
    shop.receipt("R2", line("B", 3, sequence=20000), order="P", postingDate=date(2026, 7, 4))


def test_given_no_receipts_then_the_order_was_cancelled(shop: Company) -> None:
    assert outcomes(shop) == [
        {
            "remote_id": ORDER,
            "reference": "P",
            "outcome": "cancelled",
            "newest_posting_date": None,
        }
    ]


def test_given_all_received_then_the_order_is_completed(shop: Company) -> None:
    receive_all(shop)
    (found,) = outcomes(shop)
    assert (found["outcome"], found["newest_posting_date"]) == ("completed", at(2026, 7, 4))


def test_given_a_part_received_then_each_line_says_how_much(shop: Company) -> None:
    shop.receipt("R1", line("A", 3), order="P")
    assert outcomes(shop)[0]["outcome"] == "partial"
    lines = {
        row["remote_id"]: (row["received"], row["quantity"], row["subtotal"])
        for row in shop.rows(vanished_buy_order_lines(SyncOptions()))
    }
    assert lines == {FIRST: (3, 3, Decimal("7.50")), SECOND: (0, 0, Decimal("0.00"))}


def test_given_everything_received_was_undone_then_the_order_was_cancelled(shop: Company) -> None:
    shop.receipt("R1", line("A", 3), line("A", -3), order="P")
    # The undoing line has a number of its own, but it is the order's only line of that item.
    assert outcomes(shop)[0]["outcome"] == "cancelled"


def test_given_a_later_receipt_that_was_undone_then_completed_is_the_last_that_counts(
    shop: Company,
) -> None:
    receive_all(shop)
    shop.receipt("R3", line("A", 2), line("A", -2), order="P", postingDate=date(2026, 7, 30))
    assert outcomes(shop)[0]["newest_posting_date"] == at(2026, 7, 4)


def test_given_an_order_still_listed_or_completed_or_not_in_optiply_then_it_is_not_asked_about(
    shop: Company,
) -> None:
    shop.purchase_order("OPEN", line("A", 1, netAmount=1))
    shop.stands("buy_orders", guid("purchase_orders OPEN"), 1)
    shop.stands("buy_orders", guid("done"), 2, last_sent={"completed": "2026-01-01T00:00:00Z"})
    shop.stands("buy_orders", guid("deleted"), 3, state="deleted")
    shop.stands("buy_orders", guid("waiting"), None, state="deferred")
    assert [row["remote_id"] for row in outcomes(shop)] == [ORDER]


def test_given_it_is_not_confirmed_then_nothing_is_said_about_the_order_and_its_lines_stay(
    shop: Company,
) -> None:
    receive_all(shop)
    assert shop.build("buy_orders") == {}
    lines = shop.build("buy_order_lines")
    assert {key: (row["decision"], row["quantity"]) for key, row in lines.items()} == {
        FIRST: ("write", 4),
        SECOND: ("write", 3),
    }


def test_given_a_completed_order_is_confirmed_gone_then_it_is_completed_and_else_unchanged(
    shop: Company,
) -> None:
    receive_all(shop)
    orders, lines = gone(shop)
    row = orders[ORDER]
    assert (row["decision"], row["completed"], row["totalValue"]) == (
        "write",
        at(2026, 7, 4),
        Decimal("19.00"),
    )
    assert (row["supplierId"], row["placed"]) == (100, at(2026, 6, 1))
    assert (lines[FIRST]["quantity"], lines[SECOND]["quantity"]) == (4, 3)


def test_given_a_partly_received_order_is_confirmed_gone_then_it_is_cut_to_what_came(
    shop: Company,
) -> None:
    shop.receipt("R1", line("A", 3), order="P", postingDate=date(2026, 7, 1))
    orders, lines = gone(shop)
    assert (orders[ORDER]["completed"], orders[ORDER]["totalValue"]) == (
        at(2026, 7, 1),
        Decimal("7.50"),
    )
    cut, dropped = lines[FIRST], lines[SECOND]
    assert (cut["decision"], cut["quantity"], cut["subtotalValue"]) == ("write", 3, Decimal("7.50"))
    assert dropped["decision"] == "remove"


def test_given_a_partly_received_order_was_cut_then_later_runs_want_the_same(
    shop: Company,
) -> None:
    shop.receipt("R1", line("A", 3), order="P", postingDate=date(2026, 7, 1))
    orders, lines = gone(shop)
    shop.written("buy_order_lines")
    shop.stands("buy_order_lines", SECOND, 1, state="deleted")
    again = shop.build("buy_orders", run_no=2)
    assert again == orders
    lines_again = shop.build("buy_order_lines", run_no=2)
    assert {key: row["quantity"] for key, row in lines_again.items()} == {FIRST: 3}
    assert lines_again[FIRST]["subtotalValue"] == lines[FIRST]["subtotalValue"]


def test_given_lines_failed_in_the_run_that_cut_the_order_then_the_next_run_still_cuts_them(
    shop: Company,
) -> None:
    shop.receipt("R1", line("A", 3), order="P", postingDate=date(2026, 7, 1))
    gone(shop)  # the order was written, its lines were not
    lines = shop.build("buy_order_lines", run_no=2)
    assert (lines[FIRST]["quantity"], lines[SECOND]["decision"]) == (3, "remove")


def test_given_a_cancelled_order_is_confirmed_gone_then_it_is_removed(shop: Company) -> None:
    orders = shop.build("buy_orders", vanished=frozenset({ORDER}))
    assert (orders[ORDER]["decision"], bool(orders[ORDER]["reason"])) == ("remove", True)
    shop.stands("buy_orders", ORDER, 1, state="deleted")
    assert shop.build("buy_order_lines", vanished=frozenset({ORDER})) == {}


def test_given_the_order_came_back_meanwhile_then_it_is_an_ordinary_order(shop: Company) -> None:
    shop.purchase_order("P", line("A", 4, netAmount=10))
    orders = shop.build("buy_orders", vanished=frozenset({ORDER}))
    assert (orders[ORDER]["decision"], orders[ORDER]["completed"]) == ("write", None)


def test_given_a_completed_order_left_bc_then_it_stays_as_it_is(shop: Company) -> None:
    receive_all(shop)
    orders, lines = gone(shop)
    later = shop.build("buy_orders", run_no=2)
    assert later == orders
    assert shop.build("buy_order_lines", run_no=2) == lines


def test_given_a_receipt_with_another_line_number_then_it_counts_for_the_items_only_line(
    shop: Company,
) -> None:
    shop.receipt("R1", line("A", 4, sequence=99), line("B", 3, sequence=98), order="P")
    assert outcomes(shop)[0]["outcome"] == "completed"


def test_given_receipts_cannot_be_read_then_the_last_known_received_quantity_decides(
    shop: Company,
) -> None:
    assert outcomes(shop, PO_LINES)[0]["outcome"] == "cancelled"
    shop.stands("receipt_lines", f"{FIRST}_r", 5, last_sent={"quantity": 4})
    assert outcomes(shop, PO_LINES)[0]["outcome"] == "partial"
    shop.stands("receipt_lines", f"{SECOND}_r", 6, last_sent={"quantity": 3})
    assert outcomes(shop, PO_LINES)[0]["outcome"] == "completed"
    orders, _ = gone(shop, PO_LINES)
    assert orders[ORDER]["completed"] == NOW
