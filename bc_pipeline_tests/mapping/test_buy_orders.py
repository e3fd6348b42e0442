"""Purchase orders as buy orders (mapping.md 5)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.buy_orders import only
from bc_pipeline_tests.mapping.documents import NO_DATE, at, guid, line
from bc_pipeline_tests.mapping.mirror import NOW, Company


def test_given_a_purchase_order_when_mapped_then_each_attribute_has_its_source(
    shop: Company,
) -> None:
    order = shop.purchase_order(
        "106001",
        line("A", 7, netAmount="3546.2", expectedReceiptDate=date(2026, 6, 9)),
        line("B", 1, netAmount="10.005", expectedReceiptDate=date(2026, 6, 8)),
        requestedReceiptDate=date(2026, 7, 1),
    )
    row = only(shop)
    assert (row["remote_id"], row["reference"], row["decision"]) == (order, "106001", "write")
    assert row["extra"] == {"po_number": "106001", "vendor_id": guid("vendor V1")}
    assert {name: row[name] for name in list(row)[6:]} == {
        "placed": at(2026, 6, 1),
        "completed": None,
        "expectedDeliveryDate": at(2026, 6, 8),
        "totalValue": Decimal("3556.21"),
        "supplierId": 100,
        "assembly": False,
    }


def test_given_no_order_date_then_the_posting_date_or_the_time_first_seen_is_placed(
    shop: Company,
) -> None:
    shop.purchase_order("P", line("A", 1, netAmount=1), orderDate=NO_DATE)
    assert only(shop)["placed"] == at(2026, 6, 2)
    shop.cursor.execute("UPDATE bc.purchase_orders SET postingDate = '0001-01-01'")
    assert only(shop)["placed"] == NOW
    shop.written("buy_orders")
    assert only(shop, now=datetime(2027, 1, 1, tzinfo=UTC))["placed"] == NOW


@pytest.mark.parametrize("status", ["Draft", "In_x0020_Review", "Open"])
def test_given_any_status_then_the_order_is_imported_by_default(shop: Company, status: str) -> None:
    shop.purchase_order("P", line("A", 1, netAmount=1), status=status)
    assert only(shop)["decision"] == "write"


def test_given_a_status_that_is_not_imported_then_new_orders_are_skipped_and_known_ones_updated(
    shop: Company,
) -> None:
    order = shop.purchase_order("P", line("A", 1, netAmount=1), status="Draft")
    options = SyncOptions(buy_order_statuses=("Open",))
    row = only(shop, options)
    assert (row["decision"], row["reason"]) == ("skip", "orders of status Draft are not imported")
    assert shop.build("buy_order_lines", options) == {}
    shop.stands("buy_orders", order, 9)
    assert only(shop, options)["decision"] == "write"


def test_given_lines_not_about_known_products_then_they_are_dropped_and_counted(
    shop: Company,
) -> None:
    shop.purchase_order(
        "P",
        line("A", 2, netAmount=10),
        line("A", 0, netAmount=99),
        line("A", -1, netAmount=-5),
        line("UNKNOWN", 1, netAmount=99),
        line(None, 0, netAmount=0),
        line("A", 1, netAmount=99, lineType="Resource"),
    )
    assert only(shop)["totalValue"] == Decimal("10.00")
    assert shop.report.warnings == {"line_dropped": 1}
    shop.written("buy_orders")
    assert len(shop.build("buy_order_lines")) == 1


def test_given_no_kept_lines_then_a_new_order_is_skipped_and_a_known_one_is_removed(
    shop: Company,
) -> None:
    order = shop.purchase_order("P", line("HOUR", 2, netAmount=10))
    row = only(shop)
    assert (row["decision"], row["reason"]) == ("skip", "no lines for known products")
    shop.stands("buy_orders", order, 9)
    row = only(shop)
    assert (row["decision"], row["reason"]) == (
        "remove",
        "the purchase order has no lines for known products any more",
    )


def test_given_all_lines_of_a_known_order_are_gone_then_it_comes_back_with_its_lines(
    shop: Company,
) -> None:
    order = shop.purchase_order("P", line("A", 2, netAmount=10))
    for resource in ("buy_orders", "buy_order_lines"):
        shop.build(resource)
        shop.written(resource)
    lines = shop.rows("SELECT * FROM bc.purchase_order_lines")
    shop.cursor.execute("DELETE FROM bc.purchase_order_lines")
    assert only(shop)["decision"] == "remove"
    # As long as the order stands, for the guard holds it, its lines do.
    assert [row["decision"] for row in shop.build("buy_order_lines").values()] == ["write"]
    shop.stands("buy_orders", order, 1000, state="deleted")
    assert shop.build("buy_order_lines") == {}
    assert only(shop)["decision"] == "skip"
    shop.add("bc.purchase_order_lines", **lines[0])
    row = only(shop)
    assert (row["decision"], row["totalValue"]) == ("write", Decimal("10.00"))


@pytest.mark.parametrize(
    "left", [{"item": "C"}, {"item": "B", "unitOfMeasureCode": "BAG"}], ids=["pending", "unit"]
)
def test_given_a_line_that_only_waits_then_a_known_order_is_not_removed(
    shop: Company, left: dict[str, Any]
) -> None:
    shop.item("C")
    shop.build("products")
    order = shop.purchase_order("P", line(**left, netAmount=10))
    shop.stands("buy_orders", order, 9)
    assert only(shop)["decision"] == "write"


def test_given_a_completed_order_without_lines_then_it_and_its_lines_stay(shop: Company) -> None:
    shop.purchase_order("P", line("A", 2, netAmount=10, receivedQuantity=2))
    before = []
    for resource in ("buy_orders", "buy_order_lines"):
        before.append(shop.build(resource))
        shop.written(resource)
    shop.cursor.execute("DELETE FROM bc.purchase_order_lines")
    for resource, rows in zip(("buy_orders", "buy_order_lines"), before, strict=True):
        after = shop.build(resource)
        assert [list(row.values())[6:] for row in after.values()] == [
            list(row.values())[6:] for row in rows.values()
        ]
        assert {row["decision"] for row in after.values()} == {"write"}


def test_given_a_vendor_not_in_optiply_then_the_order_waits_and_names_it(shop: Company) -> None:
    shop.vendor("V9")
    shop.purchase_order("P", line("A", 2, netAmount=10), vendor="V9")
    row = only(shop)
    assert (row["decision"], row["reason"]) == ("defer", "vendor V9 is not in Optiply yet")


def test_given_a_pending_product_then_its_line_waits_and_does_not_count_in_the_total(
    shop: Company,
) -> None:
    shop.item("C")
    shop.build("products")
    shop.purchase_order("P", line("A", 2, netAmount=10), line("C", 1, netAmount=99))
    row = only(shop)
    assert (row["decision"], row["totalValue"]) == ("write", Decimal("10.00"))
    shop.written("buy_orders")
    lines = shop.build("buy_order_lines")
    waiting = lines[guid("purchase_orders P 20000")]
    assert (waiting["decision"], waiting["reason"]) == ("defer", "item C is not in Optiply yet")


def test_given_only_pending_products_then_the_order_waits(shop: Company) -> None:
    shop.item("C")
    shop.build("products")
    shop.purchase_order("P", line("C", 1, netAmount=99))
    assert (only(shop)["decision"], only(shop)["reason"]) == (
        "defer",
        "item C is not in Optiply yet",
    )


def test_given_an_unknown_unit_then_the_line_is_quarantined_and_the_rest_goes_on(
    shop: Company,
) -> None:
    shop.purchase_order(
        "P", line("A", 2, netAmount=10), line("B", 2, netAmount=30, unitOfMeasureCode="BAG")
    )
    assert only(shop)["totalValue"] == Decimal("10.00")
    shop.written("buy_orders")
    row = shop.build("buy_order_lines")[guid("purchase_orders P 20000")]
    assert row["decision"] == "quarantine"
    assert row["reason"] == "purchase order P, line 20000: unit BAG of item B is not known"


def test_given_only_a_line_of_unknown_unit_then_the_order_is_quarantined_with_the_reason(
    shop: Company,
) -> None:
    shop.purchase_order("P", line("B", 2, netAmount=30, unitOfMeasureCode="BAG"))
    row = only(shop)
    assert (row["decision"], "unit BAG" in row["reason"]) == ("quarantine", True)


# -- currency, vendor and markers -----------------------------------------------------------------


def test_given_a_foreign_order_then_lines_and_total_are_in_company_currency(
    shop: Company,
) -> None:
    shop.rate("USD", date(2026, 1, 1), 100, "33.333333")
    shop.purchase_order(
        "P", line("A", 1, netAmount=1), line("B", 1, netAmount=1), currencyCode="USD"
    )
    assert only(shop)["totalValue"] == Decimal("0.66")


def test_given_no_rate_then_the_document_amount_is_sent_and_warned(shop: Company) -> None:
    shop.purchase_order("P", line("A", 1, netAmount=7), currencyCode="USD")
    assert only(shop)["totalValue"] == Decimal("7.00")
    assert shop.report.warnings == {"missing_rate": 1}


def test_given_the_vendor_changed_then_the_new_one_is_wanted_and_named_in_extra(
    shop: Company,
) -> None:
    shop.supplier("V2", 200)
    order = shop.purchase_order("P", line("A", 1, netAmount=7), vendor="V2")
    shop.stands("buy_orders", order, 9, extra={"vendor_id": guid("vendor V1")})
    row = only(shop)
    assert (row["supplierId"], row["extra"]["vendor_id"]) == (200, guid("vendor V2"))


def test_given_an_order_carrying_a_marker_that_is_not_linked_yet_then_it_waits_and_so_do_its_lines(
    shop: Company,
) -> None:
    order = shop.purchase_order("P", line("A", 1, netAmount=1))
    row = only(shop, claimed={order: "carries OP-7, which could not be looked up"})
    assert (row["decision"], row["reason"]) == (
        "defer",
        "carries OP-7, which could not be looked up",
    )
    (waiting,) = shop.build("buy_order_lines").values()
    assert waiting["decision"] == "defer"
    shop.stands("buy_orders", order, 9)
    assert only(shop, claimed={order: "carries OP-7"})["decision"] == "write"


def test_given_a_marker_of_nobody_then_the_order_is_imported_and_a_person_is_told(
    shop: Company,
) -> None:
    order = shop.purchase_order("P", line("A", 1, netAmount=1), line(None, description="OP-7"))
    assert only(shop, strays={order: "carries OP-7 of nobody"})["decision"] == "write"
    assert shop.report.warnings == {"stray_marker": 1}
