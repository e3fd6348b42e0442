"""Unified customers in Business Central (target_behaviour.md 4)."""

from __future__ import annotations

from typing import Any

import pytest

from bc_pipeline_tests.to_business_central.accounting_world import AccountingWorld

FULL = {
    "externalId": "crm-1",
    "customerNumber": "C-100",
    "companyName": "Smith & Sons #1 + 50%",
    "email": "info@smith.example",
    "website": "https://smith.example",
    "taxable": True,
    "isPerson": False,
    "isActive": True,
    "paymentMethod": "bank",
    "phoneNumbers": [{"type": "fax", "phoneNumber": "1"}, {"phoneNumber": "020 123"}],
    "addresses": [
        {"addressType": "billing", "line1": "Kade 1", "city": "Delft"},
        {"addressType": "shipping", "line1": "Dok 2", "city": "Breda", "country": "NL"},
    ],
    "currency": "EUR",
    "departmentNumber": "SALES",
    "dimensions": [{"number": "CUSTOMERGROUP", "valueNumber": "large"}],
}


def the(world: AccountingWorld, number: str) -> dict[str, Any]:
    (row,) = world.rows("customers", number=number)
    return row


def test_a_new_customer_carries_every_field_and_its_dimensions(world: AccountingWorld) -> None:
    result = world.run("customers", FULL)

    row = the(world, "C-100")
    assert result.counts == {"created": 1}
    assert result.ends["crm-1"]["id"] == row["id"]
    assert result.ends["crm-1"]["number"] == "C-100"
    (bank,) = world.rows("paymentMethods", code="BANK")
    expected = {
        "displayName": "Smith & Sons #1 + 50%",
        "email": "info@smith.example",
        "website": "https://smith.example",
        "taxLiable": True,
        "type": "Company",
        "blocked": "_x0020_",
        "paymentMethodId": bank["id"],
        "phoneNumber": "020 123",
        "addressLine1": "Dok 2",
        "city": "Breda",
        "country": "NL",
        "currencyCode": "EUR",
    }
    assert {name: row[name] for name in expected} == expected
    assert world.default_dimensions(row["id"]) == {"DEPARTMENT": "SALES", "CUSTOMERGROUP": "LARGE"}


def test_a_new_customer_is_one_post_with_its_dimensions_inside(world: AccountingWorld) -> None:
    world.run("customers", FULL)

    (post,) = world.operations("POST", "customers")
    assert len(post.body["defaultDimensions"]) == 2
    assert world.operations("POST", "defaultDimensions") == []


def test_an_environment_without_deep_insert_gets_the_dimensions_afterwards(
    world: AccountingWorld,
) -> None:
    world.company.settings.deep_insert = False

    result = world.run("customers", FULL, {**FULL, "externalId": "crm-2", "customerNumber": "C-2"})

    assert result.counts == {"created": 2}
    for number in ("C-100", "C-2"):
        found = world.default_dimensions(the(world, number)["id"])
        assert found == {"DEPARTMENT": "SALES", "CUSTOMERGROUP": "LARGE"}


def test_what_business_central_shows_already_is_not_sent(world: AccountingWorld) -> None:
    world.run("customers", FULL)

    result = world.run("customers", {**FULL, "externalId": "other", "customerNumber": "c-100"})

    assert result.counts == {"unchanged": 1}
    assert world.operations("PATCH", "customers") == []


def test_only_what_differs_is_sent_with_the_version_that_was_seen(world: AccountingWorld) -> None:
    world.run("customers", FULL)

    result = world.run("customers", {**FULL, "website": "https://new.example"})

    (patch,) = world.operations("PATCH", "customers")
    assert result.counts == {"updated": 1}
    assert patch.body == {"website": "https://new.example"}
    assert world.operations("POST", "defaultDimensions") == []


def test_d8_an_update_without_is_person_leaves_a_person_a_person(world: AccountingWorld) -> None:
    world.run("customers", {**FULL, "isPerson": True})

    changed = {**FULL, "companyName": "Ada"}
    del changed["isPerson"]
    world.run("customers", changed)

    assert the(world, "C-100")["type"] == "Person"
    assert the(world, "C-100")["displayName"] == "Ada"


def test_d9_a_partial_address_leaves_the_rest_of_it_alone(world: AccountingWorld) -> None:
    world.run("customers", FULL)

    world.run("customers", {**FULL, "addresses": [{"line1": "Straat 9", "city": None}]})

    row = the(world, "C-100")
    assert (row["addressLine1"], row["city"], row["country"]) == ("Straat 9", "Breda", "NL")


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_blank_never_clears(world: AccountingWorld, blank: str | None) -> None:
    world.run("customers", FULL)

    result = world.run("customers", {**FULL, "email": blank, "website": blank})

    assert result.counts == {"unchanged": 1}
    assert the(world, "C-100")["email"] == "info@smith.example"


def test_inactive_blocks_all_and_active_lifts_that(world: AccountingWorld) -> None:
    world.run("customers", {**FULL, "isActive": False})
    assert the(world, "C-100")["blocked"] == "All"

    result = world.run("customers", {**FULL, "isActive": True})

    assert result.counts == {"updated": 1}
    assert the(world, "C-100")["blocked"] == "_x0020_"


@pytest.mark.parametrize("block", ["Ship", "Invoice"])
def test_active_does_not_lift_a_block_of_one_kind(world: AccountingWorld, block: str) -> None:
    world.run("customers", FULL)
    world.company.modify("customers", the(world, "C-100")["id"], blocked=block)

    result = world.run("customers", {**FULL, "externalId": "again"})

    assert result.counts == {"unchanged": 1}
    assert the(world, "C-100")["blocked"] == block


def test_the_currency_can_be_changed_and_changed_back_to_the_local_one(
    world: AccountingWorld,
) -> None:
    world.run("customers", FULL)

    world.run("customers", {**FULL, "currency": "usd"})
    assert the(world, "C-100")["currencyCode"] == "USD"

    result = world.run("customers", {**FULL, "currency": "GBP"})
    assert result.counts == {"updated": 1}
    assert the(world, "C-100")["currencyCode"] == "GBP"
    assert world.run("customers", {**FULL, "currency": "gbp"}).counts == {"unchanged": 1}


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"currency": "XYZ"}, "RecordNotFound"),
        ({"paymentMethod": "Shells"}, "RecordNotFound"),
        ({"customerNumber": "1" * 21}, "InvalidInputError"),
        ({"departmentNumber": "NOWHERE"}, "InvalidDimensionValue"),
        ({"dimensions": [{"number": "NO"}]}, "DimensionDefinitionNotFound"),
    ],
)
def test_what_cannot_be_right_is_refused_before_anything_is_sent(
    world: AccountingWorld, fields: dict[str, Any], error: str
) -> None:
    bad = {**FULL, **fields}
    known = world.validate("customers", bad)
    assert known is not None
    assert known.error_class == error

    result = world.run("customers", bad, {**FULL, "externalId": "good", "customerNumber": "C-2"})

    assert result.counts == {"created": 1, "quarantined": 1}
    assert result.ends["crm-1"]["error"] == error
    assert [row["number"] for row in world.rows("customers")][-1] == "C-2"


def test_an_id_that_does_not_exist_is_an_error_not_a_new_customer(world: AccountingWorld) -> None:
    unknown = "11111111-2222-3333-4444-555555555555"

    result = world.run(
        "customers", {**FULL, "id": unknown}, {**FULL, "externalId": "no-guid", "id": "C-100"}
    )

    assert result.counts == {"quarantined": 2}
    assert {end["error"] for end in result.ends.values()} == {"RecordNotFound"}
    assert len(world.rows("customers")) == 5


def test_a_customer_given_by_id_may_be_renumbered(world: AccountingWorld) -> None:
    id = the(world, "10000")["id"]

    result = world.run(
        "customers", {"externalId": "a", "id": id.upper(), "customerNumber": "NEW-1"}
    )

    assert result.counts == {"updated": 1}
    assert the(world, "NEW-1")["id"] == id


def test_a_customer_written_before_is_renumbered_not_doubled(world: AccountingWorld) -> None:
    world.run("customers", FULL)

    result = world.run("customers", {**FULL, "customerNumber": "C-101"})

    assert result.counts == {"updated": 1}
    assert world.rows("customers", number="C-100") == []
    assert len(world.rows("customers")) == 6


def test_a_customer_without_a_number_is_known_by_its_external_id(world: AccountingWorld) -> None:
    unnumbered = {"externalId": "crm-9", "companyName": "Nine"}
    world.run("customers", unnumbered)

    result = world.run("customers", {**unnumbered, "companyName": "Nine B.V."})

    assert result.counts == {"updated": 1}
    assert [row["displayName"] for row in world.rows("customers")][5:] == ["Nine B.V."]


def test_a_new_customer_needs_a_name(world: AccountingWorld) -> None:
    result = world.run("customers", {"externalId": "a", "customerNumber": "C-7"})

    assert result.ends["a"]["error"] == "MissingField"
    assert world.operations("POST", "customers") == []


def test_existing_dimensions_are_changed_and_others_left_alone(world: AccountingWorld) -> None:
    world.run("customers", FULL)
    short = {"externalId": "crm-1", "customerNumber": "C-100", "companyName": FULL["companyName"]}

    result = world.run("customers", {**short, "departmentNumber": "ADM"})

    assert result.counts == {"updated": 1}
    found = world.default_dimensions(the(world, "C-100")["id"])
    assert found == {"DEPARTMENT": "ADM", "CUSTOMERGROUP": "LARGE"}


def test_dry_run_writes_nothing(world: AccountingWorld) -> None:
    result = world.run("customers", FULL, dry_run=True)

    assert result.counts == {"created": 1}
    assert len(world.rows("customers")) == 5
    assert world.operations("POST", "customers") == []
