"""Vendor payments after lost answers and killed processes: each exactly once, complete."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline_tests.slow import deep_but
from bc_pipeline_tests.to_business_central.accounting_world import AccountingWorld

COUNT = 12


def records(world: AccountingWorld, **changes: Any) -> list[dict[str, Any]]:
    """In two journals, every other one without a number, some of those alike."""
    bills = world.rows("purchaseInvoices", status="Open")
    made = []
    for n in range(COUNT):
        bill = bills[n % 3]
        number = {"paymentNumber": f"P-{n}"} if n % 2 else {}
        made.append(
            {
                "externalId": f"p{n}",
                "journalExternalId": ("GENERAL", "CASH")[n % 4 // 2],
                "vendorId": bill["vendorId"],
                "billId": bill["id"],
                "amount": "10.10",
                "paymentDate": "2026-11-02",
                "departmentNumber": "SALES",
                **number,
                **changes,
            }
        )
    return made


def assert_exactly_once(
    world: AccountingWorld, ends: dict[str, Any], amount: str, department: str
) -> None:
    rows = {row["id"]: row for row in world.rows("vendorPayments")}
    assert len(rows) == COUNT
    assert {end["id"] for end in ends.values()} == set(rows)
    for record in records(world):
        row = rows[ends[record["externalId"]]["id"]]
        assert row["appliesToInvoiceId"] == record["billId"]
        assert row["amount"] == Decimal(amount)
        assert row["documentNumber"] == record.get("paymentNumber", row["documentNumber"])
        assert world.dimensions(row["id"])["DEPARTMENT"] == department


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("request_number", deep_but(range(2, 8), 3, 5))
def test_killed_while_creating(world: AccountingWorld, request_number: int, moment: str) -> None:
    world.run_killed(request_number, moment, "vendor_payments", *records(world))

    result = world.run("vendor_payments", *records(world))

    assert set(result.counts) <= {"created", "unchanged"}
    assert_exactly_once(world, result.ends, "10.10", "SALES")


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("request_number", range(4, 6))
def test_killed_while_updating(world: AccountingWorld, request_number: int, moment: str) -> None:
    world.run("vendor_payments", *records(world))
    changed = records(world, amount="20.20", departmentNumber="ADM")
    world.run_killed(request_number, moment, "vendor_payments", *changed)

    result = world.run("vendor_payments", *changed)

    assert set(result.counts) <= {"updated", "unchanged"}
    assert_exactly_once(world, result.ends, "20.20", "ADM")


@pytest.mark.parametrize("action", ["drop", "apply_then_drop"])
@pytest.mark.parametrize("request_number", deep_but(range(1, 7), 2, 5))
def test_an_answer_lost_once_is_resolved_in_the_same_run(
    world: AccountingWorld, request_number: int, action: Any
) -> None:
    world.sandbox.faults.add("bc", action=action, after=request_number)

    result = world.run("vendor_payments", *records(world))

    assert result.counts == {"created": COUNT}
    assert_exactly_once(world, result.ends, "10.10", "SALES")


def test_a_lost_payment_that_was_posted_meanwhile_is_not_paid_again(
    world: AccountingWorld,
) -> None:
    record = records(world)[1]
    while_creating = 5
    world.run_killed(while_creating, "after", "vendor_payments", record)
    (line,) = world.rows("vendorPayments")
    world.company.delete("vendorPayments", line["id"])
    world.company.insert(
        "generalLedgerEntries",
        {
            "id": "99999999-0000-0000-0000-000000000001",
            "entryNumber": 999_999,
            "postingDate": "2026-11-02",
            "documentNumber": "P-1",
            "documentType": "Payment",
            "debitAmount": Decimal("10.10"),
        },
    )

    result = world.run("vendor_payments", record)

    assert result.counts == {"quarantined": 1}
    assert result.ends["p1"]["error"] == "InvalidRecordState"
    assert world.run("vendor_payments", record).counts == {"quarantined": 1}
    assert world.rows("vendorPayments") == []
