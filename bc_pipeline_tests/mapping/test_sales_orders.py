"""Sales orders and shipments as sell orders, in place of posted invoices (mapping.md 4)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.documents import NO_DATE, at, guid, line
from bc_pipeline_tests.mapping.mirror import NOW, Company
from bc_pipeline_tests.mapping.sell_orders import only, order_line

ORDERS = SyncOptions(sell_order_source="sales_orders")
ALL_ORDERS = SyncOptions(sell_order_source="sales_orders", pull_all_orders=True)
SHIPMENTS = SyncOptions(sell_order_source="sales_shipments")


# -- sales orders ---------------------------------------------------------------------------------


def test_given_sales_orders_then_only_fully_shipped_ones_are_taken(shop: Company) -> None:
    shop.sales_order("1", line("A", 1, netAmount=5), fullyShipped=True)
    shop.sales_order("2", line("A", 1, netAmount=5), fullyShipped=False)
    rows = shop.build("sell_orders", ORDERS)
    first, second = rows[guid("sales_orders 1")], rows[guid("sales_orders 2")]
    assert (first["decision"], first["placed"]) == ("write", at(2026, 5, 1))
    assert (second["decision"], second["reason"]) == ("skip", "the order is not fully shipped")


def test_given_all_orders_are_pulled_then_unshipped_ones_come_too_but_not_as_completed(
    shop: Company,
) -> None:
    shop.sales_order("1", line("A", 1, netAmount=5), fullyShipped=False)
    row = only(shop, ALL_ORDERS)
    assert (row["decision"], row["completed"]) == ("write", None)


def test_given_shipment_dates_then_the_newest_one_not_in_the_future_completes_the_order(
    shop: Company,
) -> None:
    shop.sales_order(
        "1",
        line("A", 1, netAmount=5, shipmentDate=date(2026, 5, 4)),
        line("A", 1, netAmount=5, shipmentDate=date(2026, 5, 9)),
        line("A", 1, netAmount=5, shipmentDate=date(2027, 1, 1)),
        fullyShipped=True,
        orderDate=NO_DATE,
    )
    row = only(shop, ORDERS)
    assert (row["placed"], row["completed"]) == (at(2026, 5, 2), at(2026, 5, 9))


def test_given_no_usable_shipment_date_then_the_time_first_seen_shipped_stays(
    shop: Company,
) -> None:
    shop.sales_order("1", line("A", 1, netAmount=5), fullyShipped=True)
    row = only(shop, ORDERS)
    assert row["completed"] == NOW
    shop.stands("sell_orders", row["remote_id"], None, state="quarantined", extra=row["extra"])
    later = datetime(2026, 9, 1, tzinfo=UTC)
    assert only(shop, ORDERS, now=later)["completed"] == NOW


def test_given_a_skipped_order_that_was_invoiced_then_it_is_created_from_the_invoices(
    shop: Company,
) -> None:
    order = shop.sales_order("1", line("A", 3, netAmount=15))
    extra = only(shop, ORDERS)["extra"]
    shop.stands("sell_orders", order, None, state="skipped", extra=extra)
    shop.cursor.execute("DELETE FROM bc.sales_orders")
    shop.cursor.execute("DELETE FROM bc.sales_order_lines")
    shop.invoice("103", line("A", 2, netAmount=10), orderNumber="1", postingDate=date(2026, 6, 1))
    shop.invoice("104", line("A", 1, netAmount=5), orderNumber="1", postingDate=date(2026, 6, 3))
    row = only(shop, ORDERS)
    assert (row["remote_id"], row["reference"], row["decision"]) == (order, "1", "write")
    assert (row["placed"], row["completed"]) == (at(2026, 5, 1), at(2026, 6, 3))
    assert row["orderLines"] == [order_line(1, 3, "15.00")]
    assert row["extra"]["order_number"] == "1"


def test_given_an_order_never_seen_before_it_was_invoiced_then_the_first_invoice_names_it(
    shop: Company,
) -> None:
    first = shop.invoice("103", line("A", 2, netAmount=10), orderNumber="1")
    shop.invoice("104", line("A", 1, netAmount=5), orderNumber="1", postingDate=date(2026, 6, 3))
    shop.invoice("105", line("A", 1, netAmount=5), orderNumber="")
    row = only(shop, ORDERS)
    assert (row["remote_id"], row["totalValue"]) == (first, Decimal("15.00"))


def test_given_an_order_that_stands_and_was_invoiced_then_it_is_listed_and_not_gone(
    shop: Company,
) -> None:
    shop.stands("sell_orders", guid("order"), 7, extra={"order_number": "1"})
    shop.invoice("103", line("A", 2, netAmount=10), orderNumber="1")
    row = only(shop, ORDERS)
    assert (row["remote_id"], row["decision"], row["orderLines"]) == (guid("order"), "write", None)


def test_given_an_order_that_stands_and_was_only_shipped_then_it_is_listed_and_not_gone(
    shop: Company,
) -> None:
    shop.stands("sell_orders", guid("order"), 7, extra={"order_number": "1"})
    shop.shipment("S1", line("A", 2), orderNumber="1")
    assert only(shop, ORDERS)["remote_id"] == guid("order")


def test_given_an_order_that_vanished_without_invoice_then_it_is_gone(shop: Company) -> None:
    shop.stands("sell_orders", guid("order"), 7, extra={"order_number": "1"})
    shop.invoice("103", line("A", 2, netAmount=10), orderNumber="1", status="Canceled")
    assert shop.build("sell_orders", ORDERS) == {}


def test_given_an_order_still_listed_then_its_invoices_do_not_count_it_twice(
    shop: Company,
) -> None:
    order = shop.sales_order("1", line("A", 3, netAmount=15), fullyShipped=True)
    shop.invoice("103", line("A", 2, netAmount=10), orderNumber="1")
    row = only(shop, ORDERS)
    assert (row["remote_id"], row["totalValue"]) == (order, Decimal("15.00"))


# -- shipments ------------------------------------------------------------------------------------


def test_given_shipments_then_value_is_price_less_line_discount_and_date_is_delivery(
    shop: Company,
) -> None:
    shipment = shop.shipment(
        "S1",
        line("A", 3, unitPrice="10.01", discountPercent="12.5"),
        line("B", 1, unitPrice="0.005"),
    )
    row = only(shop, SHIPMENTS)
    assert (row["remote_id"], row["placed"], row["completed"]) == (
        shipment,
        at(2026, 5, 3),
        at(2026, 5, 3),
    )
    assert row["orderLines"] == [order_line(1, 3, "26.28"), order_line(2, 1, "0.01")]
    assert row["totalValue"] == Decimal("26.29")


def test_given_shipments_with_prices_that_hold_vat_then_it_is_taken_out_line_by_line(
    shop: Company,
) -> None:
    shop.shipment(
        "S1",
        line("A", 3, unitPrice="12.10", discountPercent=10, taxPercent=21),
        line("A", 1, unitPrice="9.99", taxPercent=9),
        line("B", 1, unitPrice="5.55", taxPercent=0),
        line("B", 1, unitPrice="1.11"),
        pricesIncludeTax=True,
    )
    row = only(shop, SHIPMENTS)
    assert row["orderLines"] == [order_line(1, 4, "36.17"), order_line(2, 2, "6.66")]


def test_given_shipments_with_prices_without_vat_then_the_tax_percentage_does_not_matter(
    shop: Company,
) -> None:
    shop.shipment("S1", line("A", 3, unitPrice=10, taxPercent=21), pricesIncludeTax=False)
    assert only(shop, SHIPMENTS)["totalValue"] == Decimal("30.00")
