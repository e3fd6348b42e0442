"""The wholesaler's set-up: locations, units, currencies, partners, dimensions."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from bc_pipeline.sandbox.companies.books import add_rows
from bc_pipeline.sandbox.company.company import Company, Row

LOCATIONS = ("AMS", "RTM", "WINKEL", "ONDERWEG")
UNITS = ("STUK", "DOOS", "PALLET", "PAAR", "KG", "ZAK", "METER", "ROL", "HOUR")
TAX_GROUPS: tuple[Row, ...] = (
    {"code": "HOOG", "displayName": "High", "#percent": Decimal(21), "#identifier": "BTW21"},
    {"code": "LAAG", "displayName": "Low", "#percent": Decimal(9), "#identifier": "BTW9"},
    {"code": "NUL", "displayName": "Zero", "#percent": Decimal(0), "#identifier": "BTW0"},
    {"code": "MARGE", "displayName": "Margin", "#percent": Decimal(21), "#identifier": "BTW21"},
)
TAX_PERCENT = {str(row["code"]): row["#percent"] for row in TAX_GROUPS}
# Local currency for 100 of the foreign one at the start; TRY has a currency but no rate.
RATES = {"USD": "91.4", "GBP": "117.25", "SEK": "8.91", "CHF": "105.333333", "JPY": "0.6113"}
WITHOUT_RATE = "TRY"
DIMENSIONS = {"DEPARTMENT": ("SALES", "WEB", "STORE"), "CLASS": ("A", "B"), "AREA": ("10", "20")}

ZERO_STAMP = "0001-01-01T00:00:00Z"

Words = dict[str, Any]


def set_up(company: Company, words: Words, first_day: date, today: date) -> None:
    """Adds everything that items and partners refer to. What an order is to receive and to invoice
    is left to those who post it."""
    company.settings.default_quantity_to_receive = "Blank"
    company.insert("companyInformation", {"displayName": company.display_name, "country": "NL"})
    for code in LOCATIONS:
        company.insert("locations", {"code": code, "displayName": f"Location {code}"})
    for code in UNITS:
        company.insert("unitsOfMeasure", {"code": code, "displayName": code.capitalize()})
    add_rows(company, "taxGroups", "code", TAX_GROUPS)
    for category in words["categories"]:
        company.insert(
            "itemCategories", {"code": category["code"], "displayName": category["name"]}
        )
    for account in words["accounts"]:
        company.insert("accounts", {"number": account["number"], "displayName": account["name"]})
    for code, values in DIMENSIONS.items():
        dimension = company.insert("dimensions", {"code": code, "displayName": code.capitalize()})
        for value in values:
            company.insert(
                "dimensionValues",
                {"code": value, "dimensionId": dimension["id"], "displayName": f"{code} {value}"},
            )
    _add_currencies(company, first_day, today)


def add_customers(company: Company, words: Words, random: Random, count: int) -> list[Row]:
    """Customers; the first is the web shop's, whose prices include tax."""
    customers = []
    for number in range(1, count + 1):
        names = words["customers"]
        name = names[(number - 1) % len(names)]
        currency = random.choice(sorted(RATES)) if number > 3 and random.random() < 0.15 else ""
        customers.append(
            company.insert(
                "customers",
                {
                    "number": f"K{number:05d}",
                    "displayName": name if number <= len(names) else f"{name} {number}",
                    **_in_currency(company, currency),
                    "#pricesIncludeTax": number == 1 or random.random() < 0.1,
                },
            )
        )
    company.modify("customers", customers[-1]["id"], blocked="All")
    return customers


def add_vendors(company: Company, words: Words, random: Random, count: int) -> list[Row]:
    """Vendors, the odd ones of the word list among them; none is blocked yet, so that history can
    be made with all of them."""
    vendors = []
    odd = {3 + 2 * place: vendor for place, vendor in enumerate(words["odd_vendors"])}
    for number in range(1, count + 1):
        names = words["vendor_names"]
        name = names[(number - 1) % len(names)]
        plain = {
            "name": name if number <= len(names) else f"{name} {number}",
            "email": f"orders{number}@example.com",
        }
        chosen = odd.get(number, plain)
        currency = random.choice(sorted(RATES)) if random.random() < 0.15 else ""
        if number == 6:
            currency = WITHOUT_RATE
        elif number == 2:
            currency = "USD"
        vendors.append(
            company.insert(
                "vendors",
                {
                    "number": f"V{number:05d}",
                    "displayName": chosen["name"],
                    "email": chosen["email"],
                    **_in_currency(company, currency),
                },
                stamp=ZERO_STAMP if number % 17 == 4 else None,
            )
        )
    return vendors


def block_vendors(company: Company, vendors: list[Row]) -> None:
    """Blocks about one vendor in twelve for Payment and as many for All, one of each at least."""
    for place, vendor in enumerate(vendors):
        if place % 12 == 4:
            company.modify("vendors", vendor["id"], blocked="Payment")
        elif place % 12 == 3:
            company.modify("vendors", vendor["id"], blocked="All")


def _add_currencies(company: Company, first_day: date, today: date) -> None:
    for code in (*RATES, WITHOUT_RATE):
        company.insert("currencies", {"code": code, "displayName": code})
    months = range(-2, (today - first_day).days // 30 + 2)
    for code, rate in RATES.items():
        for month in months:
            starting = (first_day + timedelta(days=30 * month)).replace(day=1)
            if starting > today:
                break
            if company.find("currencyExchangeRates", currencyCode=code, startingDate=str(starting)):
                continue
            drift = 1 + Decimal(month % 7 - 3) / 100
            company.insert(
                "currencyExchangeRates",
                {
                    "currencyCode": code,
                    "startingDate": starting,
                    "exchangeRateAmount": Decimal(100),
                    "relationalExchangeRateAmount": (Decimal(rate) * drift).quantize(
                        Decimal("0.000001")
                    ),
                },
            )


def _in_currency(company: Company, code: str) -> Row:
    if not code:
        return {}
    return {"currencyCode": code, "currencyId": company.find("currencies", code=code)[0]["id"]}
