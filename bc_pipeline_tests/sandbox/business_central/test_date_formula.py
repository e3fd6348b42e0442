"""Date formulas of payment terms and lead times."""

from __future__ import annotations

from datetime import date

import pytest

from bc_pipeline.sandbox.business_central.date_formula import is_formula, later

START = date(2026, 1, 31)  # a Saturday


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("", "2026-01-31"),
        ("0D", "2026-01-31"),
        ("10D", "2026-02-10"),
        ("-5D", "2026-01-26"),
        ("<2W>", "2026-02-14"),
        ("1m", "2026-02-28"),
        ("1M+1W", "2026-03-07"),
        ("2Q", "2026-07-31"),
        ("1Y", "2027-01-31"),
        ("CM", "2026-01-31"),
        ("CM+10D", "2026-02-10"),
        ("CW", "2026-02-01"),
        ("CQ", "2026-03-31"),
        ("CY", "2026-12-31"),
    ],
)
def test_given_a_formula_then_the_date_moves(formula: str, expected: str):
    assert later(START, formula) == date.fromisoformat(expected)


@pytest.mark.parametrize("formula", ["J?", "C10D", "10", "D", "1M+", "zwei"])
def test_given_a_formula_nobody_can_read_then_there_is_no_date(formula: str):
    assert later(START, formula) is None


def test_given_the_end_of_february_then_months_keep_the_day_where_they_can():
    assert later(date(2024, 2, 29), "1Y") == date(2025, 2, 28)
    assert later(date(2026, 11, 30), "3M") == date(2027, 2, 28)
    assert later(date(2026, 2, 10), "CM") == date(2026, 2, 28)


@pytest.mark.parametrize(
    "text", ["", "14D", "<1M+1W>", "CM", "CM+10D", "-5D", "D15", "WD3", "CM-WD2", " 1m "]
)
def test_given_a_formula_then_business_central_takes_it(text: str):
    assert is_formula(text)


@pytest.mark.parametrize("text", ["foo", "J?", "C10D", "10", "1M+", "14 days", "D", "++1D"])
def test_given_another_text_then_it_is_no_formula(text: str):
    assert not is_formula(text)
