"""Amounts of document lines (api: before and after the invoice discount, without tax)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.sandbox.bookkeeping.documents import Refused, amounts, factor, resolve
from bc_pipeline.sandbox.company.company import Company

MONEY = st.decimals(min_value=0, max_value=10_000, places=5)
PERCENT = st.decimals(min_value=0, max_value=100, places=2)


def test_given_discounts_and_tax_then_net_is_after_both_discounts_and_without_tax():
    row = amounts(
        Decimal(10),
        Decimal("9.99"),
        discount_percent=Decimal(10),
        invoice_discount_percent=Decimal(5),
        tax_percent=Decimal(21),
        includes_tax=False,
    )
    assert row["discountAmount"] == Decimal("9.99")
    assert row["amountExcludingTax"] == Decimal("89.91")
    assert row["invoiceDiscountAllocation"] == Decimal("4.50")
    assert row["netAmount"] == Decimal("85.41")
    assert row["netAmountIncludingTax"] == Decimal("103.35")


def test_given_prices_with_tax_then_amounts_are_without_it():
    row = amounts(
        Decimal(2),
        Decimal("12.10"),
        discount_percent=Decimal(0),
        invoice_discount_percent=Decimal(0),
        tax_percent=Decimal(21),
        includes_tax=True,
    )
    assert (row["amountExcludingTax"], row["amountIncludingTax"]) == (
        Decimal("20"),
        Decimal("24.2"),
    )


@given(MONEY, MONEY, PERCENT, PERCENT, st.booleans())
def test_given_any_line_then_net_is_what_the_fallback_rule_gives(
    quantity: Decimal, price: Decimal, discount: Decimal, invoice_discount: Decimal, gross: bool
):
    row = amounts(
        quantity,
        price,
        discount_percent=discount,
        invoice_discount_percent=invoice_discount,
        tax_percent=Decimal(9),
        includes_tax=gross,
    )
    assert row["netAmount"] == row["amountExcludingTax"] - row["invoiceDiscountAllocation"]
    assert row["netAmount"] >= 0
    assert all(value == value.quantize(Decimal("0.01")) for n, value in row.items() if "mount" in n)


def test_given_a_unit_of_an_item_then_its_factor_to_the_base_unit(company: Company):
    item = resolve(company, "items", "A")
    assert [factor(item, unit) for unit in ("", "STUK", "DOOS")] == [1, 1, 12]
    with pytest.raises(Refused):
        factor(item, "PALLET")


def test_given_an_id_number_or_code_then_the_row_is_found(company: Company):
    item = resolve(company, "items", "A")
    assert resolve(company, "items", item["id"]) is item
    assert resolve(company, "locations", "AMS")["displayName"] == "Amsterdam"
    with pytest.raises(Refused):
        resolve(company, "items", "nothing")
