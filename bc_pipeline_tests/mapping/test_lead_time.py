"""Date formulas as days (mapping.md 3, 9)."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pytest

from bc_pipeline.mapping import lead_time, values

CONNECTION = duckdb.connect(":memory:")
values.install(CONNECTION)


def _evaluate(expression: str, formula: str | None) -> object:
    row = CONNECTION.execute(
        f"SELECT {expression} FROM (SELECT ?::VARCHAR AS formula)", [formula]
    ).fetchone()
    assert row is not None
    return row[0]


def delivery_time(formula: str | None, letters: Mapping[str, str] | None = None) -> object:
    return _evaluate(lead_time.delivery_time("formula", letters or {}), formula)


def warned(formula: str | None, letters: Mapping[str, str] | None = None) -> object:
    return _evaluate(lead_time.not_understood("formula", letters or {}), formula)


@pytest.mark.parametrize(
    ("formula", "days"),
    [
        ("5D", 5),
        ("2W", 14),
        ("1M", 30),
        ("1Q", 90),
        ("1Y", 365),
        ("<1W>", 7),
        ("1W+2D", 9),
        ("1M-1D", 29),
        ("1m 3d", 33),
        ("5WD", 7),
        ("1WD", 2),
        ("10WD", 14),
        ("1W+1WD", 9),
    ],
)
def test_given_a_date_formula_when_mapped_then_its_parts_are_added(formula: str, days: int) -> None:
    assert delivery_time(formula) == days
    assert not warned(formula)


@pytest.mark.parametrize("formula", ["0D", "", " ", None])
def test_given_no_lead_time_when_mapped_then_null_without_warning(formula: str | None) -> None:
    assert delivery_time(formula) is None
    assert not warned(formula)


def test_given_more_than_a_year_when_mapped_then_365() -> None:
    assert delivery_time("2Y") == 365


@pytest.mark.parametrize(
    "formula", ["-1W", "1D-1W", "CM", "C1W", "D5", "soon", "1X", "1W+", "999999D"]
)
def test_given_a_formula_without_a_length_when_mapped_then_null_and_warning(formula: str) -> None:
    assert delivery_time(formula) is None
    assert warned(formula)


def test_given_translated_letters_when_mapped_then_they_mean_what_the_configuration_says() -> None:
    french = {"J": "D", "S": "W"}
    assert delivery_time("1S+2J", french) == 9
    assert delivery_time("1M", french) == 30
    german = {"T": "D", "J": "Y", "AT": "WD"}
    assert delivery_time("1J", german) == 365
    assert delivery_time("5AT", german) == 7
    assert warned("1S", german)
