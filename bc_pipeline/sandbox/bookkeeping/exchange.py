"""Exchange rates: how much a foreign amount is in local currency (``currencyExchangeRates``)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from bc_pipeline.sandbox.company.company import Company

ONE = Decimal(1)


def local_per_foreign(company: Company, currency_code: str, day: date) -> Decimal:
    """Local currency for one of the foreign one on a day; 1 for the local currency and where no
    rate is known."""
    if currency_code in ("", company.currency_code):
        return ONE
    rates = [
        row
        for row in company.find("currencyExchangeRates", currencyCode=currency_code)
        if row["startingDate"] <= day.isoformat() and row["exchangeRateAmount"]
    ]
    if not rates:
        return ONE
    newest = max(rates, key=lambda row: row["startingDate"])
    return Decimal(newest["relationalExchangeRateAmount"]) / Decimal(newest["exchangeRateAmount"])
