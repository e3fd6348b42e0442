"""Completed orders rebuilt from posted receipts (mapping.md 5, "First run")."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.mapping import vanished_buy_orders
from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.documents import at, guid, line
from bc_pipeline_tests.mapping.mirror import Company

HISTORY = SyncOptions(buy_order_history_from_receipts=True)
UNITS = frozenset({"bc.item_units_of_measure"})
Rows = dict[str, dict[str, Any]]


@pytest.fixture
def shop(company: Company) -> Company:
    """Items A and B and vendor V1 stand in Optiply; order P is gone, its receipts are not."""
    company.product("A", 1)
    company.product("B", 2)
    company.supplier("V1", 100)
    return company


def receive(shop: Company) -> None:
    """4 A in two receipts at 2.50 less 10 %, 3 B at 3.00."""
    cost = {"unitCost": "2.50", "discountPercent": 10}
    shop.receipt("R1", line("A", 3, **cost), order="P", postingDate=date(2026, 2, 1))
    shop.receipt(
        "R2",
        line("A", 1, **cost),
        line("B", 3, unitCost=3, sequence=20000),
        order="P",
        postingDate=date(2026, 3, 1),
    )


def sync(shop: Company, options: SyncOptions = HISTORY, **inputs: Any) -> tuple[Rows, Rows, Rows]:
    """(orders, lines, receipts) as wanted in a run in which every write succeeds."""
    wanted = []
    for resource, first_id in (
        ("buy_orders", 400),
        ("buy_order_lines", 500),
        ("receipt_lines", 600),
    ):
        wanted.append(shop.build(resource, options, **inputs))
        shop.written(resource, first_id)
    return wanted[0], wanted[1], wanted[2]


def test_given_receipts_of_an_order_bc_has_deleted_then_the_order_is_rebuilt(
    shop: Company,
) -> None:
    receive(shop)
    orders, lines, receipts = sync(shop)
    assert list(orders) == ["receipts_P"]
    row = orders["receipts_P"]
    assert (row["reference"], row["decision"]) == ("P", "write")
    assert row["extra"] == {"po_number": "P", "vendor_id": guid("vendor V1")}
    assert {name: row[name] for name in list(row)[6:]} == {
        "placed": at(2026, 2, 1),
        "completed": at(2026, 3, 1),
        "expectedDeliveryDate": None,
        "totalValue": Decimal("18.00"),
        "supplierId": 100,
        "assembly": False,
    }
    assert {
        key: (row["decision"], row["productId"], row["quantity"], row["subtotalValue"])
        for key, row in lines.items()
    } == {
        "receipts_P_10000": ("write", 1, 4, Decimal("9.00")),
        "receipts_P_20000": ("write", 2, 3, Decimal("9.00")),
    }
    assert lines["receipts_P_10000"]["extra"] == {
        "po_number": "P",
        "sequence": 10000,
        "document_id": "receipts_P",
        "item_number": "A",
        "item_id": guid("A"),
        "ordered_quantity": "4",
        "factor": "1",
    }
    assert {
        key: (row["decision"], row["buyOrderLineId"], row["quantity"])
        for key, row in receipts.items()
    } == {
        guid("purchase_receipts R1 10000"): ("write", 500, 3),
        guid("purchase_receipts R2 10000"): ("write", 500, 1),
        guid("purchase_receipts R2 20000"): ("write", 501, 3),
    }


def test_given_the_option_is_off_then_nothing_is_rebuilt(shop: Company) -> None:
    receive(shop)
    assert sync(shop, SyncOptions())[:2] == ({}, {})


def test_given_a_second_run_then_nothing_changes_and_nothing_is_gone(shop: Company) -> None:
    receive(shop)
    first = sync(shop)
    later = datetime(2027, 1, 1, tzinfo=UTC)
    assert sync(shop, run_no=2, now=later) == first
    assert shop.rows(vanished_buy_orders(HISTORY)) == []


@pytest.mark.parametrize("cause", ["receipts deleted", "option switched off"])
def test_given_it_can_not_be_rebuilt_any_more_then_it_stays_as_it_was_sent(
    shop: Company, cause: str
) -> None:
    receive(shop)
    first = sync(shop)
    options = HISTORY
    if cause == "receipts deleted":
        shop.cursor.execute("DELETE FROM bc.purchase_receipts")
        shop.cursor.execute("DELETE FROM bc.purchase_receipt_lines")
    else:
        options = SyncOptions()
    again = sync(shop, options, run_no=2)
    for before, after in zip(first, again, strict=True):
        names = ("reference", "source_modified_at")
        assert {key: {**row, **dict.fromkeys(names)} for key, row in after.items()} == {
            key: {**row, **dict.fromkeys(names)} for key, row in before.items()
        }


def test_given_the_order_is_still_listed_then_it_is_not_rebuilt(shop: Company) -> None:
    receive(shop)
    order = shop.purchase_order("P", line("A", 4, netAmount=9), line("B", 3, netAmount=9))
    assert list(sync(shop)[0]) == [order]


@pytest.mark.parametrize("state", ["active", "deleted"])
def test_given_the_order_was_known_before_it_left_then_it_is_not_rebuilt(
    shop: Company, state: str
) -> None:
    receive(shop)
    shop.stands("buy_orders", guid("old"), 7, state=state, extra={"po_number": "P"})
    assert shop.build("buy_orders", HISTORY) == {}
    assert shop.build("buy_order_lines", HISTORY) == {}


def test_given_the_order_shows_up_after_all_then_the_rebuilt_one_is_removed(shop: Company) -> None:
    receive(shop)
    sync(shop)
    order = shop.purchase_order("P", line("A", 4, netAmount=9), line("B", 3, netAmount=9))
    orders = shop.build("buy_orders", HISTORY, run_no=2)
    assert {key: row["decision"] for key, row in orders.items()} == {
        order: "write",
        "receipts_P": "remove",
    }
    assert "is known" in orders["receipts_P"]["reason"]


def test_given_undone_lines_then_only_what_stayed_counts(shop: Company) -> None:
    shop.receipt(
        "R1",
        line("A", 4, unitCost=1),
        line("A", -1, unitCost=1, sequence=15000),
        line("B", 2, unitCost=1, sequence=20000),
        line("B", -2, unitCost=1, sequence=25000),
        order="P",
    )
    shop.receipt("R2", line("A", 2), line("A", -2, sequence=15000), order="UNDONE")
    orders, lines, _ = sync(shop)
    assert {key: row["totalValue"] for key, row in orders.items()} == {
        "receipts_P": Decimal("3.00")
    }
    assert {key: row["quantity"] for key, row in lines.items()} == {"receipts_P_10000": 3}


def test_given_purchase_units_then_quantities_are_in_base_units(shop: Company) -> None:
    shop.unit("A", "BOX", 12)
    shop.receipt("R1", line("A", 2, unitCost=24, unitOfMeasureCode="BOX"), order="P")
    shop.receipt("R2", line("A", 5, unitCost=2), order="P")
    row = sync(shop, sources=UNITS)[1]["receipts_P_10000"]
    assert (row["quantity"], row["subtotalValue"]) == (29, Decimal("58.00"))


def test_given_a_foreign_currency_then_each_receipt_counts_at_its_own_rate(shop: Company) -> None:
    shop.rate("USD", date(2026, 1, 1), 100, 50)
    shop.rate("USD", date(2026, 3, 1), 100, 90)
    usd = {"order": "P", "currencyCode": "USD"}
    shop.receipt("R1", line("A", 1, unitCost=10), postingDate=date(2026, 2, 1), **usd)
    shop.receipt("R2", line("A", 1, unitCost=10), postingDate=date(2026, 4, 1), **usd)
    assert sync(shop)[0]["receipts_P"]["totalValue"] == Decimal("14.00")


def test_given_no_rate_then_the_amount_stays_and_it_is_said(shop: Company) -> None:
    shop.receipt("R1", line("A", 1, unitCost=10), order="P", currencyCode="USD")
    assert shop.build("buy_orders", HISTORY)["receipts_P"]["totalValue"] == Decimal("10.00")
    assert shop.report.warnings == {"missing_rate": 1}


def test_given_two_items_under_one_line_number_then_each_has_a_line(shop: Company) -> None:
    shop.receipt("R1", line("A", 1, unitCost=1), order="P", postingDate=date(2026, 2, 1))
    shop.receipt("R2", line("B", 1, unitCost=1), order="P", postingDate=date(2026, 3, 1))
    lines = sync(shop)[1]
    assert {key: row["productId"] for key, row in lines.items()} == {
        "receipts_P_10000": 1,
        "receipts_P_10000_B": 2,
    }


# -- the rules of other orders --------------------------------------------------------------------


def test_given_a_product_out_of_scope_then_its_line_is_dropped_and_counted(shop: Company) -> None:
    shop.receipt("R1", line("A", 1), line("OLD", 1), order="P")
    assert shop.build("buy_orders", HISTORY)["receipts_P"]["decision"] == "write"
    assert shop.report.warnings == {"line_dropped": 1}
    shop.written("buy_orders")
    assert list(shop.build("buy_order_lines", HISTORY)) == ["receipts_P_10000"]


def test_given_only_products_out_of_scope_then_the_order_is_skipped(shop: Company) -> None:
    shop.receipt("R1", line("OLD", 1), order="P")
    row = shop.build("buy_orders", HISTORY)["receipts_P"]
    assert (row["decision"], row["reason"]) == ("skip", "no lines for known products")


def test_given_a_pending_product_or_vendor_then_the_order_waits(shop: Company) -> None:
    shop.item("C")
    shop.build("products")
    shop.vendor("V9")
    shop.receipt("R1", line("C", 1), order="P")
    shop.receipt("R2", line("A", 1), order="Q", vendorNumber="V9")
    shop.receipt("R3", line("A", 1), order="X", vendorNumber="GONE")
    rows = shop.build("buy_orders", HISTORY)
    assert {key: (row["decision"], row["reason"]) for key, row in rows.items()} == {
        "receipts_P": ("defer", "item C is not in Optiply yet"),
        "receipts_Q": ("defer", "vendor V9 is not in Optiply yet"),
        "receipts_X": ("defer", "vendor GONE is not in Optiply yet"),
    }


def test_given_a_blocked_vendor_that_is_not_created_then_its_history_is_skipped(
    shop: Company,
) -> None:
    shop.vendor("V9", blocked="All")
    shop.build("suppliers")
    shop.receipt("R2", line("A", 1), order="Q", vendorNumber="V9")
    row = shop.build("buy_orders", HISTORY)["receipts_Q"]
    assert (row["decision"], row["reason"]) == ("skip", "vendor V9 is blocked and not in Optiply")


def test_given_an_unknown_unit_then_the_line_is_quarantined(shop: Company) -> None:
    shop.receipt("R1", line("A", 1), line("B", 1, unitOfMeasureCode="BAG"), order="P")
    row = sync(shop)[1]["receipts_P_20000"]
    assert (row["decision"], row["reason"]) == (
        "quarantine",
        "purchase order P, line 20000: unit BAG of item B is not known",
    )
