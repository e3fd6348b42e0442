"""Amounts are exact, in the precision Business Central keeps (B7)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central.documents.amounts import exact, places_of, rounded, unit_cost

cents = st.decimals(-10_000, 10_000, places=2)


@given(cents)
def test_what_fits_stays_what_it_is(value: Decimal) -> None:
    assert exact(value, 2, "amount") == value


@given(cents, st.sampled_from([Decimal("4e-17"), Decimal("-4e-17")]))
def test_the_rest_of_a_binary_fraction_is_no_decimal(value: Decimal, noise: Decimal) -> None:
    assert exact(value + noise, 2, "amount") == value


@given(cents, st.decimals("0.0001", "0.0049", places=4))
def test_more_decimals_than_there_are_is_refused(value: Decimal, more: Decimal) -> None:
    with pytest.raises(RecordError, match="decimals"):
        exact(value + more, 2, "amount")


def test_half_a_cent_is_rounded_away_from_zero() -> None:
    assert (rounded(Decimal("0.125"), 2), rounded(Decimal("-0.125"), 2)) == (
        Decimal("0.13"),
        Decimal("-0.13"),
    )


def test_a_third_is_rounded_where_the_amount_stays_the_same() -> None:
    assert unit_cost(Decimal(10) / 3, Decimal(3), 2, "price") == Decimal("3.33333")


def test_a_price_whose_rounding_would_change_the_amount_is_refused() -> None:
    with pytest.raises(RecordError, match="would change the amount"):
        unit_cost(Decimal(10) / 3, Decimal(30_000), 2, "price")


def test_a_line_larger_than_any_amount_is_refused() -> None:
    with pytest.raises(RecordError, match="larger than any amount"):
        unit_cost(Decimal("9e14"), Decimal("9e14"), 2, "price")


@pytest.mark.parametrize(
    ("row", "places"),
    [
        (None, 2),
        ({"amountRoundingPrecision": Decimal("0.01")}, 2),
        ({"amountRoundingPrecision": Decimal("1")}, 0),
        ({"amountRoundingPrecision": Decimal("0.001")}, 3),
        ({"amountRoundingPrecision": Decimal(0)}, 2),
    ],
)
def test_decimals_of_a_currency(row: dict[str, Decimal] | None, places: int) -> None:
    assert places_of(row) == places
