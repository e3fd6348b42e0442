"""Amounts of documents in the company's currency, LCY (mapping.md 4.1, 9)."""

from __future__ import annotations


def steps(
    documents: str, rates: str = "m_rates", *, known_rate: str = "CAST(NULL AS VARCHAR)"
) -> dict[str, str]:
    """Temporary tables with the rate of each document.

    Args:
        documents: table ``d`` with doc (key), currency (code, null = LCY) and placed (date).
        rates: name of the table of rates.
        known_rate: SQL: ``rate`` as it was when the document was last mapped; used when there is
            none any more.

    The table of rates has: doc, numerator, denominator, rate (to remember, null in LCY), missing.
    An amount in LCY is ``money_ratio(amount, numerator, denominator)``; without a rate, now or
    before, both are 1 and missing is true, so the amount stays as it is on the document.
    """
    return {"m_lcy": _LCY, "m_quotes": _QUOTES, rates: _rates(documents, known_rate)}


_LCY = "SELECT max(code(currencyCode)) AS code FROM bc.company_information"

# BC's rate is relational amount / exchange amount, both with up to six decimals. The fraction is
# reduced to keep whole-number arithmetic on it far from overflowing.
_QUOTES = """
    WITH given AS (
        SELECT code(r.currencyCode) AS currency, day(r.startingDate) AS starting,
            nullif(code(r.relationalCurrencyCode), coalesce(lcy.code, '')) AS relational,
            CAST(round(r.relationalExchangeRateAmount * 1000000, 0) AS HUGEINT) AS numerator,
            CAST(round(r.exchangeRateAmount * 1000000, 0) AS HUGEINT) AS denominator
        FROM bc.currency_exchange_rates r CROSS JOIN m_lcy lcy
    )
    SELECT currency, coalesce(starting, DATE '0001-01-01') AS starting, relational,
        numerator // gcd(numerator, denominator) AS numerator,
        denominator // gcd(numerator, denominator) AS denominator
    FROM given
    WHERE currency IS NOT NULL AND numerator > 0 AND denominator > 0
"""


def _rates(documents: str, known_rate: str) -> str:
    # A rate may be quoted in a third currency; that one is then looked up the same way.
    return f"""
        WITH foreign_documents AS (
            SELECT d.doc, d.currency, coalesce(d.placed, DATE '9999-12-31') AS placed
            FROM {documents} d CROSS JOIN m_lcy lcy
            WHERE d.currency IS NOT NULL AND d.currency IS DISTINCT FROM lcy.code
        ), first_quote AS (
            SELECT f.doc, f.placed, q.numerator, q.denominator, q.relational
            FROM foreign_documents f
            ASOF JOIN m_quotes q ON q.currency = f.currency AND q.starting <= f.placed
        ), chained AS (
            SELECT a.doc, a.numerator * q.numerator AS numerator,
                a.denominator * q.denominator AS denominator, q.relational
            FROM first_quote a
            ASOF JOIN m_quotes q ON q.currency = a.relational AND q.starting <= a.placed
        ), known AS (
            SELECT doc, numerator, denominator FROM first_quote WHERE relational IS NULL
            UNION ALL
            SELECT doc, numerator, denominator FROM chained WHERE relational IS NULL
        ), found AS (
            SELECT d.doc, f.currency,
                coalesce(k.numerator, {_part(known_rate, 1)}) AS numerator,
                coalesce(k.denominator, {_part(known_rate, 2)}) AS denominator
            FROM {documents} d
            LEFT JOIN foreign_documents f ON f.doc = d.doc
            LEFT JOIN known k ON k.doc = d.doc
        )
        SELECT doc, coalesce(numerator, 1) AS numerator, coalesce(denominator, 1) AS denominator,
            currency || ' ' || numerator || '/' || denominator AS rate,
            currency IS NOT NULL AND (numerator IS NULL OR denominator IS NULL) AS missing
        FROM found
    """


def _part(known_rate: str, part: int) -> str:
    """SQL: numerator or denominator of a rate of the document's currency, written as ``rate``."""
    return f"""CASE WHEN starts_with({known_rate}, f.currency || ' ') THEN TRY_CAST(split_part(
        substr({known_rate}, length(f.currency) + 2), '/', {part}) AS HUGEINT) END"""


def in_lcy(amount: str, rates: str) -> str:
    """SQL: an amount of a document as money in LCY; ``rates`` is the alias of ``m_rates``."""
    return (
        f"CASE WHEN {rates}.numerator = {rates}.denominator THEN money({amount}) "
        f"ELSE money_ratio({amount}, {rates}.numerator, {rates}.denominator) END"
    )
