"""A small company to do business in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bc_pipeline.sandbox.company.company import Company


class DayClock:
    """A clock that moves one second with every reading, and by days when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def next_day(self) -> None:
        self.now += timedelta(days=1)


@pytest.fixture
def clock() -> DayClock:
    return DayClock()


@pytest.fixture
def company(clock: DayClock) -> Company:
    company = Company("Acme", currency_code="EUR", clock=clock, seed=1)
    company.insert("locations", {"code": "AMS", "displayName": "Amsterdam"})
    company.insert("currencies", {"code": "USD", "displayName": "Dollar"})
    company.insert("accounts", {"number": "8000", "displayName": "Turnover"})
    company.insert("customers", {"number": "K1", "displayName": "Customer"})
    company.insert("customers", {"number": "K2", "displayName": "Blocked", "blocked": "All"})
    company.insert("customers", {"number": "K3", "displayName": "Gross", "#pricesIncludeTax": True})
    for number, blocked in (("V1", "_x0020_"), ("V2", "_x0020_"), ("V3", "All"), ("V4", "Payment")):
        company.insert(
            "vendors", {"number": number, "displayName": f"Vendor {number}", "blocked": blocked}
        )
    for number, more in {
        "A": {"#units": {"STUK": Decimal(1), "DOOS": Decimal(12)}, "#vendorNumber": "V1"},
        "B": {},
        "SERVICE": {"type": "Service"},
        "BLOCKED": {"blocked": True},
        "NOT-BOUGHT": {"#purchasingBlocked": True},
    }.items():
        company.insert(
            "items",
            {
                "number": number,
                "displayName": f"Item {number}",
                "baseUnitOfMeasureCode": "STUK",
                "unitPrice": Decimal("10"),
                "unitCost": Decimal("6"),
                "#taxPercent": Decimal(21),
                **more,
            },
        )
    return company
