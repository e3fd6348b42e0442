"""Posted invoices as sell orders (mapping.md 4)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.documents import NO_DATE, at, guid, line
from bc_pipeline_tests.mapping.mirror import Company
from bc_pipeline_tests.mapping.sell_orders import only, order_line

UNITS = frozenset({"bc.item_units_of_measure"})


def test_given_an_invoice_when_mapped_then_each_attribute_has_its_source(shop: Company) -> None:
    invoice = shop.invoice(
        "103001",
        line("B", 3, netAmount="30"),
        line("A", 2, netAmount="19.99"),
        line(None, 0, netAmount=0),
    )
    row = only(shop)
    assert row["remote_id"] == invoice
    assert (row["reference"], row["decision"], row["reason"]) == ("103001", "write", None)
    assert (row["placed"], row["completed"]) == (at(2026, 3, 31), at(2026, 4, 2))
    assert row["orderLines"] == [order_line(1, 2, "19.99"), order_line(2, 3, "30.00")]
    assert row["totalValue"] == Decimal("49.99")
    assert shop.report.warnings == {}


@pytest.mark.parametrize(
    ("status", "decision"),
    [
        ("Open", "write"),
        ("Paid", "write"),
        ("Canceled", "remove"),
        ("Draft", "skip"),
        ("In_x0020_Review", "skip"),
        ("Corrective", "skip"),
        ("_x0020_", "skip"),
        ("Added_By_An_App", "skip"),
    ],
)
def test_given_an_invoice_status_then_only_sales_are_taken_and_canceled_ones_removed(
    shop: Company, status: str, decision: str
) -> None:
    shop.invoice("1", line("A", netAmount=1), status=status)
    row = only(shop)
    assert (row["decision"], bool(row["reason"])) == (decision, decision != "write")


def test_given_no_invoice_date_then_the_posting_date_is_when_it_was_placed(shop: Company) -> None:
    shop.invoice("1", line("A", netAmount=1), invoiceDate=NO_DATE)
    assert only(shop)["placed"] == at(2026, 4, 2)


def test_given_no_date_at_all_then_the_invoice_is_quarantined(shop: Company) -> None:
    shop.invoice("1", line("A", netAmount=1), invoiceDate=NO_DATE, postingDate=NO_DATE)
    assert (only(shop)["decision"], only(shop)["reason"]) == (
        "quarantine",
        "invoice 1 has no date",
    )


def test_given_one_product_on_two_lines_then_it_is_sent_once_with_the_sums(shop: Company) -> None:
    shop.invoice("1", line("A", 2, netAmount="10.01"), line("A", 3, netAmount="15.02"))
    assert only(shop)["orderLines"] == [order_line(1, 5, "25.03")]


@pytest.mark.parametrize("returned", [-2, -3])
def test_given_a_product_that_nets_to_nothing_or_less_then_it_is_dropped(
    shop: Company, returned: int
) -> None:
    shop.invoice(
        "1",
        line("A", 2, netAmount="10"),
        line("A", returned, netAmount="-15"),
        line("B", 1, netAmount="7"),
    )
    row = only(shop)
    assert row["orderLines"] == [order_line(2, 1, "7.00")]
    assert row["totalValue"] == Decimal("7.00")


def test_given_no_net_amount_then_the_line_amount_less_invoice_discount_counts(
    shop: Company,
) -> None:
    shop.invoice(
        "1", line("A", 1, netAmount=None, amountExcludingTax="10", invoiceDiscountAllocation="0.5")
    )
    assert only(shop)["totalValue"] == Decimal("9.50")


def test_given_an_item_out_of_scope_then_its_lines_are_dropped_and_counted(shop: Company) -> None:
    shop.item("HOUR", type="Service")
    shop.build("products")
    shop.invoice("1", line("HOUR", 8, netAmount=80), line("A", 1, netAmount=5))
    shop.invoice("2", line("HOUR", 4, netAmount=40), line("GONE", 1, netAmount=1))
    rows = shop.build("sell_orders")
    assert rows[guid("sales_invoices 1")]["totalValue"] == Decimal("5.00")
    second = rows[guid("sales_invoices 2")]
    assert (second["decision"], second["reason"]) == ("skip", "no lines for known products")
    assert second["orderLines"] is None
    assert shop.report.warnings == {"line_dropped": 3}
    assert "item HOUR is not in Optiply: 2 lines of 2 new orders left out" in [
        message for _, message in shop.warnings("line_dropped")
    ]


def test_given_lines_that_are_not_items_then_they_are_not_counted_as_dropped(
    shop: Company,
) -> None:
    account = line("A", 1, netAmount=9, lineType="Account", itemId=guid("nothing"))
    shop.invoice("1", account, line("A", 1, netAmount=5))
    assert only(shop)["totalValue"] == Decimal("5.00")
    assert shop.report.warnings == {}


def test_given_a_product_whose_creation_failed_then_the_order_waits_and_names_it(
    shop: Company,
) -> None:
    shop.item("C")
    shop.build("products")
    shop.invoice("1", line("C", 1, netAmount=5), line("A", 1, netAmount=5))
    row = only(shop)
    assert (row["decision"], row["reason"]) == ("defer", "item C is not in Optiply yet")


def test_given_an_unknown_unit_then_the_order_is_quarantined_not_guessed(shop: Company) -> None:
    shop.invoice("103", line("A", 1, netAmount=5, unitOfMeasureCode="BAG"))
    row = only(shop)
    assert row["decision"] == "quarantine"
    assert row["reason"] == "invoice 103, line 10000: unit BAG of item A is not known"


def test_given_an_unknown_unit_on_a_line_that_is_dropped_then_the_order_is_written(
    shop: Company,
) -> None:
    shop.invoice("1", line("X", 1, netAmount=5, unitOfMeasureCode="BAG"), line("A", 1, netAmount=5))
    assert only(shop)["decision"] == "write"


@pytest.mark.parametrize(("unit", "quantity"), [("BOX", 24), ("", 2), ("PCS", 2)])
def test_given_a_unit_then_the_quantity_is_in_base_units(
    shop: Company, unit: str, quantity: int
) -> None:
    shop.unit("A", "BOX", 12)
    shop.invoice("1", line("A", 2, netAmount=5, unitOfMeasureCode=unit))
    assert only(shop, sources=UNITS)["orderLines"] == [order_line(1, quantity, "5.00")]


@pytest.mark.parametrize(("exact", "whole"), [("0.2", 1), ("1.5", 2), ("2.4", 2)])
def test_given_a_fraction_then_the_sum_is_rounded_half_up_to_at_least_one_and_warned(
    shop: Company, exact: str, whole: int
) -> None:
    shop.invoice("1", line("A", exact, netAmount=5))
    assert only(shop)["orderLines"] == [order_line(1, whole, "5.00")]
    assert shop.report.warnings == {"fractional_quantity": 1}


def test_given_halves_on_two_lines_then_they_are_added_before_rounding(shop: Company) -> None:
    shop.invoice("1", line("A", "0.5", netAmount=1), line("A", "0.5", netAmount=1))
    assert only(shop)["orderLines"] == [order_line(1, 1, "2.00")]
    assert shop.report.warnings == {}


def test_given_a_quantity_scale_then_quantities_are_whole_in_the_smaller_unit(
    company: Company,
) -> None:
    company.product("A", 1, itemCategoryCode="BULK")
    company.invoice("1", line("A", "1.25", netAmount=5))
    options = SyncOptions(quantity_scale={"bulk": 1000})
    assert only(company, options)["orderLines"] == [order_line(1, 1250, "5.00")]
    assert company.report.warnings == {}


def test_given_a_foreign_invoice_then_values_are_in_company_currency_and_add_up(
    shop: Company,
) -> None:
    shop.rate("USD", date(2026, 1, 1), 100, 50)
    shop.invoice(
        "1", line("A", 1, netAmount="0.01"), line("B", 1, netAmount="0.01"), currencyCode="USD"
    )
    row = only(shop)
    # Each subtotal is rounded, and the total is their sum, not the rounded header.
    assert row["orderLines"] == [order_line(1, 1, "0.01"), order_line(2, 1, "0.01")]
    assert row["totalValue"] == Decimal("0.02")


def test_given_no_rate_then_the_document_amount_is_sent_and_warned(shop: Company) -> None:
    shop.invoice("1", line("A", 1, netAmount=100), currencyCode="USD")
    assert only(shop)["totalValue"] == Decimal("100.00")
    assert "no exchange rate of USD" in shop.warnings("missing_rate")[0][1]


def test_given_an_order_that_stands_then_it_is_listed_without_adding_up_its_lines(
    shop: Company,
) -> None:
    invoice = shop.invoice("1", line("A", 1, netAmount=5, unitOfMeasureCode="NOW UNKNOWN"))
    shop.stands("sell_orders", invoice, 7)
    row = only(shop)
    assert (row["decision"], row["totalValue"], row["orderLines"]) == ("write", None, None)
    assert shop.report.warnings == {}


def test_given_an_order_that_stands_when_its_invoice_is_canceled_then_it_is_removed(
    shop: Company,
) -> None:
    invoice = shop.invoice("1", line("A", 1, netAmount=5), status="Canceled")
    shop.stands("sell_orders", invoice, 7)
    assert only(shop)["decision"] == "remove"


def test_given_variant_mode_then_a_line_is_about_its_variant(shop: Company) -> None:
    red = shop.variant("A", "RED")
    shop.stands("products", f"{guid('A')}_{red}", 3)
    shop.invoice("1", line("A", 1, netAmount=5), line("A", 2, netAmount=8, itemVariantId=red))
    by_item = only(shop)["orderLines"]
    by_variant = only(shop, SyncOptions(variant_mode="variant"))["orderLines"]
    assert by_item == [order_line(1, 3, "13.00")]
    assert by_variant == [order_line(1, 1, "5.00"), order_line(3, 2, "8.00")]


def test_given_an_amount_too_large_to_convert_then_only_that_order_is_quarantined(
    shop: Company,
) -> None:
    shop.rate("USD", date(2026, 1, 1), "0.000001", "999999999.999999")
    shop.invoice("1", line("A", 1, netAmount="99999999999999999"), currencyCode="USD")
    shop.invoice("2", line("A", 1, netAmount=1))
    rows = shop.build("sell_orders")
    assert rows[guid("sales_invoices 1")]["decision"] == "quarantine"
    assert rows[guid("sales_invoices 2")]["decision"] == "write"
