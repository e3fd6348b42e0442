"""Values of Business Central as values of Optiply (mapping.md 1, behaviour.md 7)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bc_pipeline.mapping import values
from bc_pipeline_tests.slow import examples

CONNECTION = duckdb.connect(":memory:")
CONNECTION.execute("SET TimeZone = 'UTC'")
values.install(CONNECTION)
CENT = Decimal("0.01")


def result(expression: str, *parameters: Any) -> Any:
    row = CONNECTION.execute(f"SELECT {expression}", list(parameters)).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("blank", ["", " ", "\t", "\u00a0", "\r\n", "_x0020_", None])
def test_given_blank_text_when_mapped_then_it_is_null(blank: str | None) -> None:
    assert result("text(?::VARCHAR)", blank) is None


AROUND = st.text(st.sampled_from([chr(c) for c in range(0x3001) if chr(c).isspace()]), max_size=4)
INSIDE = st.text(max_size=8) | st.sampled_from(["_x0020_", "_X0020_", "a_x0020_", "x" * 300, "{x}"])


@given(AROUND, INSIDE, AROUND)
@settings(max_examples=examples(120, 1000), deadline=None)
def test_given_any_text_when_mapped_then_it_is_stripped_as_python_strips(
    before: str, inside: str, after: str
) -> None:
    given_ = "".join(c for c in before + inside + after if c != "\0")

    code = given_.strip()
    text = given_.replace("\r", "").replace("\n", "").strip()[:255]

    assert result("code(?)", given_) == (None if code in ("", "_x0020_") else code)
    assert result("text(?)", given_) == (None if text in ("", "_x0020_") else text)


@given(
    st.text(st.sampled_from("{} "), max_size=3), INSIDE, st.text(st.sampled_from("{} "), max_size=3)
)
@settings(max_examples=examples(60, 500), deadline=None)
def test_given_any_id_when_mapped_then_braces_and_capitals_go(
    before: str, inside: str, after: str
) -> None:
    given_ = "".join(c for c in before + inside + after if c != "\0" and c.isascii())

    wanted = given_.strip("{} ").lower()

    assert result("guid(?)", given_) == (None if wanted in ("", values.ZERO_GUID) else wanted)
    assert result("guid(?)", f"{before}{values.ZERO_GUID}{after}") is None


def test_given_line_breaks_when_text_is_mapped_then_they_are_removed_and_it_is_trimmed() -> None:
    assert result("text(?)", " \tStoel,\r\nblauw \n") == "Stoel,blauw"


def test_given_long_text_when_mapped_then_it_is_cut_at_255_characters() -> None:
    assert result("text(?)", "é" * 300) == "é" * 255
    assert result("text(?)", "a" * 255) == "a" * 255


def test_given_text_with_quotes_and_emoji_when_mapped_then_it_is_kept() -> None:
    assert result("text(?)", 'O\'Neil "5" 🪑') == 'O\'Neil "5" 🪑'


def test_given_a_guid_with_braces_and_capitals_when_mapped_then_it_is_plain_lower_case() -> None:
    wanted = "63328c0f-7af2-5fde-876c-6a937c4bc5f8"
    assert result("guid(?)", "{63328C0F-7AF2-5FDE-876C-6A937C4BC5F8}") == wanted


@pytest.mark.parametrize("empty", [values.ZERO_GUID, "", " "])
def test_given_an_empty_guid_when_mapped_then_it_is_null(empty: str) -> None:
    assert result("guid(?)", empty) is None


def test_given_bcs_empty_date_and_time_when_mapped_then_they_are_null() -> None:
    assert result("day(DATE '0001-01-01')") is None
    assert result("stamp(TIMESTAMPTZ '0001-01-01 00:00:00+00')") is None
    assert result("day(DATE '2026-01-02')") == date(2026, 1, 2)


def test_given_a_date_when_mapped_then_it_is_midnight_utc_in_any_session_time_zone() -> None:
    other = duckdb.connect(":memory:")
    other.execute("SET TimeZone = 'America/New_York'")
    values.install(other)
    row = other.execute("SELECT midnight(DATE '2026-03-29')").fetchone()
    assert row is not None
    assert row[0].astimezone(UTC) == datetime(2026, 3, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    ("encoded", "plain"),
    [
        ("In_x0020_Review", "In Review"),
        ("In Review", "In Review"),
        ("Non_x002D_Inventory", "Non-Inventory"),
        ("_x0020_", None),
        (" ", None),
        ("Made_By_An_App", "Made_By_An_App"),
    ],
)
def test_given_an_enum_member_when_mapped_then_it_is_decoded(
    encoded: str, plain: str | None
) -> None:
    assert result("member(?)", encoded) == plain


@pytest.mark.parametrize(
    ("exact", "cents"),
    [
        ("2.345", "2.35"),
        ("-2.345", "-2.35"),
        ("2.344999", "2.34"),
        ("0.005", "0.01"),
        ("-0.005", "-0.01"),
        ("1.005", "1.01"),  # as binary floating point this is less than a half
        ("123456789012.125", "123456789012.13"),
    ],
)
def test_given_half_a_cent_when_rounded_then_it_goes_away_from_zero(exact: str, cents: str) -> None:
    assert result("money(CAST(? AS DECIMAL(38,10)))", exact) == Decimal(cents)
    assert result("money_ratio(CAST(? AS DECIMAL(38,10)), 1, 1)", exact) == Decimal(cents)


amounts = st.decimals(min_value="-1e11", max_value="1e11", places=5)
terms = st.integers(min_value=1, max_value=10**9)


@settings(max_examples=examples(50, 400), deadline=None)
@given(amount=amounts, numerator=terms, denominator=terms)
def test_given_any_fraction_when_an_amount_is_multiplied_then_the_cent_is_exact(
    amount: Decimal, numerator: int, denominator: int
) -> None:
    exact = (amount * numerator / denominator).quantize(CENT, ROUND_HALF_UP)
    # The reference is exact only with more digits than the default context has.
    scaled = abs(int(amount * 100000)) * numerator
    cents = (2 * scaled + denominator * 1000) // (2 * denominator * 1000)
    wanted = Decimal(cents).scaleb(-2) * (-1 if amount < 0 else 1)
    assert abs(exact - wanted) <= CENT
    got = result("money_ratio(CAST(? AS DECIMAL(38,10)), ?, ?)", amount, numerator, denominator)
    assert got == wanted


def test_given_an_amount_too_large_to_be_exact_when_multiplied_then_it_is_null() -> None:
    largest = "9999999999999999.0"
    assert result(f"money_ratio(CAST('{largest}' AS DECIMAL(38,10)), 10::HUGEINT^12, 1)") is None


@pytest.mark.parametrize(
    ("exact", "ordered"), [("0.2", 1), ("0.5", 1), ("1.5", 2), ("2.49", 2), ("0", 0), ("-1.5", -2)]
)
def test_given_a_fraction_when_ordered_then_half_goes_up_but_something_is_at_least_one(
    exact: str, ordered: int
) -> None:
    assert result("order_quantity(CAST(? AS DECIMAL(38,10)))", exact) == ordered


@settings(max_examples=examples(30, 300), deadline=None)
@given(parts=st.lists(st.decimals("0.00001", "50", places=5), min_size=1, max_size=6))
def test_given_any_parts_when_rounded_cumulatively_then_they_sum_to_the_ordered_integer(
    parts: list[Decimal],
) -> None:
    ordered = sum(parts, Decimal(0))
    whole = int(result("order_quantity(CAST(? AS DECIMAL(38,10)))", ordered))
    done, shares = Decimal(0), []
    for part in parts:
        before, done = done, done + part
        share = "whole_share(CAST(? AS DECIMAL(38,10)), CAST(? AS DECIMAL(38,10)), ?)"
        shares.append(result(share, done, ordered, whole) - result(share, before, ordered, whole))
    assert sum(shares) == whole
    assert min(shares) >= 0


def test_given_a_hostile_configuration_value_when_made_sql_then_it_stays_a_value() -> None:
    select = values.rows(("a", "b"), ("VARCHAR", "BIGINT"), [("x'); DROP TABLE t; --", 1)])
    assert CONNECTION.execute(select).fetchall() == [("x'); DROP TABLE t; --", 1)]


def test_given_no_configuration_values_when_made_sql_then_there_are_no_rows() -> None:
    assert CONNECTION.execute(values.rows(("a",), ("VARCHAR",), [])).fetchall() == []


@pytest.mark.parametrize(("number", "text"), [("1.50", "1.5"), ("100", "100"), ("10.00", "10")])
def test_given_a_decimal_when_shown_then_it_has_no_trailing_zeros(number: str, text: str) -> None:
    assert result("plain(CAST(? AS DECIMAL(38,10)))", number) == text
    assert result("plain(100)") == "100"
