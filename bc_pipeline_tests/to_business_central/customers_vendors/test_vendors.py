"""Unified vendors in Business Central: what differs from customers (target_behaviour.md 5)."""

from __future__ import annotations

from typing import Any

from bc_pipeline_tests.to_business_central.accounting_world import AccountingWorld

FULL = {
    "externalId": "erp-1",
    "vendorNumber": "V-1",
    "vendorName": "Steel Works",
    "email": "sales@steel.example",
    "isActive": False,
    "phoneNumbers": [{"type": "mobile", "phoneNumber": "06"}],
    "addresses": [
        {"addressType": "shipping", "line1": "Yard 1"},
        {"addressType": "billing", "line1": "Office 2", "postalCode": "1012 ab"},
    ],
    "departmentNumber": "PURCHASING",
}


def the(world: AccountingWorld, number: str) -> dict[str, Any]:
    (row,) = world.rows("vendors", number=number)
    return row


def test_a_new_vendor_carries_every_field_and_its_dimensions(world: AccountingWorld) -> None:
    result = world.run("vendors", FULL)

    row = the(world, "V-1")
    assert result.counts == {"created": 1}
    expected = {
        "displayName": "Steel Works",
        "email": "sales@steel.example",
        "blocked": "All",
        "phoneNumber": "06",
        "addressLine1": "Office 2",
    }
    assert {name: row[name] for name in expected} == expected
    assert world.default_dimensions(row["id"]) == {"DEPARTMENT": "PURCHASING"}


def test_codes_that_business_central_keeps_in_upper_case_are_no_difference(
    world: AccountingWorld,
) -> None:
    world.run("vendors", FULL)

    result = world.run("vendors", {**FULL, "externalId": "erp-2", "vendorNumber": " v-1 "})

    assert result.counts == {"unchanged": 1}


def test_a_block_of_payments_stays_when_the_vendor_is_active(world: AccountingWorld) -> None:
    world.run("vendors", FULL)
    world.company.modify("vendors", the(world, "V-1")["id"], blocked="Payment")

    result = world.run("vendors", {**FULL, "isActive": True})

    assert result.counts == {"unchanged": 1}
    assert the(world, "V-1")["blocked"] == "Payment"


def test_a_vendor_with_a_number_needs_no_name_but_somebody_it_must_be(
    world: AccountingWorld,
) -> None:
    result = world.run(
        "vendors", {"externalId": "a", "vendorNumber": "V-9"}, {"externalId": "b", "email": "a@b.c"}
    )

    assert result.counts == {"created": 1, "quarantined": 1}
    assert result.ends["b"]["error"] == "MissingField"


def test_a_second_file_updates_what_the_first_made(world: AccountingWorld) -> None:
    world.run("vendors", FULL)

    result = world.run("vendors", {**FULL, "departmentNumber": "ADM", "website": "steel.example"})

    row = the(world, "V-1")
    assert result.counts == {"updated": 1}
    assert row["website"] == "steel.example"
    assert world.default_dimensions(row["id"]) == {"DEPARTMENT": "ADM"}
