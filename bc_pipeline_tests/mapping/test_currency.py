"""Amounts in the company's currency (mapping.md 4.1, 9)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.mapping import currency, values
from bc_pipeline_tests.mapping.mirror import Company

SPRING, SUMMER = date(2026, 3, 1), date(2026, 6, 1)


def in_lcy(
    company: Company, code: str | None, placed: date | None, amount: Any = "100.00"
) -> tuple[Decimal, bool]:
    """(amount in LCY, rate missing) of one document."""
    values.install(company.cursor)
    company.cursor.execute(
        "CREATE OR REPLACE TEMP TABLE documents AS SELECT 1 AS doc, ?::VARCHAR AS currency, "
        "?::DATE AS placed, ?::DECIMAL(38,10) AS amount",
        [code, placed, amount],
    )
    for name, select in currency.steps("documents").items():
        company.cursor.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}")
    row = company.cursor.execute(
        f"SELECT {currency.in_lcy('d.amount', 'r')}, r.missing "
        "FROM documents d JOIN m_rates r ON r.doc = d.doc"
    ).fetchone()
    assert row is not None
    return row


@pytest.mark.parametrize("code", [None, "EUR"])
def test_given_the_company_currency_blank_or_by_code_then_the_amount_stays(
    company: Company, code: str | None
) -> None:
    assert in_lcy(company, code, SPRING) == (Decimal("100.00"), False)


def test_given_a_foreign_document_then_the_newest_rate_before_its_date_counts(
    company: Company,
) -> None:
    company.rate("USD", date(2026, 1, 1), 100, "80")
    company.rate("USD", SUMMER, 100, "90")
    assert in_lcy(company, "USD", SPRING) == (Decimal("80.00"), False)
    assert in_lcy(company, "USD", SUMMER) == (Decimal("90.00"), False)


def test_given_a_rate_per_unit_then_the_cent_is_exact(company: Company) -> None:
    company.rate("USD", SPRING, "1", "0.905")
    assert in_lcy(company, "USD", SPRING, "0.50") == (Decimal("0.45"), False)
    assert in_lcy(company, "USD", SPRING, "-1.00") == (Decimal("-0.91"), False)


def test_given_a_rate_through_a_third_currency_then_both_rates_are_applied(
    company: Company,
) -> None:
    company.rate("NOK", SPRING, 100, "50", via="SEK")
    company.rate("SEK", SPRING, 100, "10")
    assert in_lcy(company, "NOK", SUMMER) == (Decimal("5.00"), False)


def test_given_a_rate_through_the_company_currency_by_code_then_it_is_the_rate(
    company: Company,
) -> None:
    company.rate("USD", SPRING, 100, "80", via="EUR")
    assert in_lcy(company, "USD", SPRING) == (Decimal("80.00"), False)


def test_given_no_rate_on_that_date_then_the_amount_stays_and_it_is_said(
    company: Company,
) -> None:
    company.rate("USD", date(2026, 1, 1), 100, 80)
    assert in_lcy(company, "USD", date(2025, 12, 31)) == (Decimal("100.00"), True)


def test_given_a_third_currency_without_a_rate_then_there_is_no_rate(company: Company) -> None:
    company.rate("NOK", date(2026, 1, 1), 100, 80, via="SEK")
    assert in_lcy(company, "NOK", SUMMER) == (Decimal("100.00"), True)


def test_given_a_rate_of_zero_then_it_is_no_rate(company: Company) -> None:
    company.rate("USD", SPRING, 0, "80")
    assert in_lcy(company, "USD", SUMMER) == (Decimal("100.00"), True)
