"""Twenty customers, and what has to be left of them whatever happens on the way."""

from __future__ import annotations

from typing import Any

from bc_pipeline_tests.to_business_central.accounting_world import AccountingWorld

SEEDED = 5
"""Customers the company has from the beginning."""


def records(**changes: Any) -> list[dict[str, Any]]:
    """Twenty, half of them without a number, some of those alike but for their externalId."""
    made = []
    for n in range(20):
        number = {"customerNumber": f"C-{n}"} if n % 2 else {}
        made.append(
            {
                "externalId": f"x{n}",
                "companyName": f"Customer {n % 7}",
                "departmentNumber": "SALES",
                **number,
                **changes,
            }
        )
    return made


def assert_exactly_once(world: AccountingWorld, ends: dict[str, Any], department: str) -> None:
    rows = {row["id"]: row for row in world.rows("customers")[SEEDED:]}
    assert len(rows) == 20
    assert {end["id"] for end in ends.values()} == set(rows)
    for n in range(20):
        row = rows[ends[f"x{n}"]["id"]]
        assert row["displayName"] == f"Customer {n % 7}"
        assert not n % 2 or row["number"] == f"C-{n}"
        assert world.default_dimensions(row["id"]) == {"DEPARTMENT": department}
