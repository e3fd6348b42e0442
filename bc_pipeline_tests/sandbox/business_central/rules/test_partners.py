"""Customers and vendors, over HTTP (rules.md 0, 1, 2)."""

from __future__ import annotations

from typing import Any

import pytest

from bc_pipeline.sandbox.changes import receiving
from bc_pipeline.sandbox.company.values import ZERO_GUID
from bc_pipeline_tests.sandbox.business_central.writes import DIALOG, NOWHERE
from bc_pipeline_tests.sandbox.conftest import BcClient

FIELD = (400, "Application_FieldValidationException")
SAME_KEY = (400, "Internal_EntityWithSameKeyExists")
SETS = ["customers", "vendors"]


def one(bc: BcClient, entity_set: str, **equal: Any) -> dict[str, Any]:
    return bc.company.find(entity_set, **equal)[0]


def body(**properties: Any) -> dict[str, Any]:
    return {"displayName": "Fabrikam"} | properties


# --- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("entity_set", SETS)
def test_new_ones_are_numbered_by_their_series_and_used_numbers_are_skipped(
    bc: BcClient, entity_set: str
) -> None:
    first = bc.created(entity_set, body())["number"]
    following = str(int(first) + 1)
    bc.created(entity_set, body(number=following))
    assert bc.created(entity_set, body(number=""))["number"] == str(int(first) + 2)


@pytest.mark.parametrize("entity_set", SETS)
def test_numbers_can_be_given_only_when_the_series_allows_it(bc: BcClient, entity_set: str) -> None:
    assert bc.created(entity_set, body(number="mine"))["number"] == "MINE"
    bc.company.settings.manual_numbers.discard(entity_set)
    assert bc.refused("POST", entity_set, body(number="OTHER")) == DIALOG


@pytest.mark.parametrize("entity_set", SETS)
def test_without_a_series_nothing_is_numbered(bc: BcClient, entity_set: str) -> None:
    del bc.company.settings.number_series[entity_set]
    assert bc.refused("POST", entity_set, body()) == FIELD


@pytest.mark.parametrize("entity_set", SETS)
def test_a_number_is_used_once(bc: BcClient, entity_set: str) -> None:
    taken = one(bc, entity_set)["number"]
    assert bc.refused("POST", entity_set, body(number=taken)) == SAME_KEY
    other = bc.created(entity_set, body())
    path = f"{entity_set}({other['id']})"
    assert bc.refused("PATCH", path, {"number": taken}) == SAME_KEY
    assert bc.refused("PATCH", path, {"number": ""}) == FIELD


def test_another_number_renames_the_record_and_references_follow(bc: BcClient) -> None:
    order = one(bc, "purchaseOrders")
    item = one(bc, "items")
    bc.company.modify("items", item["id"], **{"#vendorNumber": order["vendorNumber"]})
    bc.patched(f"vendors({order['vendorId']})", {"number": "renamed"})
    assert order["vendorNumber"] == "RENAMED"
    assert item["#vendorNumber"] == "RENAMED"
    assert bc.company.find("purchaseOrders", vendorNumber="RENAMED")


# --- names and addresses -------------------------------------------------------------------------


def test_customers_need_a_name(bc: BcClient) -> None:
    assert bc.refused("POST", "customers", {}) == DIALOG
    assert bc.refused("POST", "customers", {"displayName": " "}) == DIALOG
    path = f"customers({one(bc, 'customers')['id']})"
    assert bc.refused("PATCH", path, {"displayName": ""}) == DIALOG
    assert bc.patched(path, {"city": "Delft"})["city"] == "Delft"


def test_vendors_need_nothing(bc: BcClient) -> None:
    made = bc.created("vendors", {})
    assert (made["displayName"], made["blocked"], made["balance"]) == ("", "_x0020_", 0)
    assert bc.patched(f"vendors({made['id']})", {"displayName": ""})["displayName"] == ""


def test_a_customer_is_a_company_unless_told_otherwise(bc: BcClient) -> None:
    assert bc.created("customers", body())["type"] == "Company"
    assert bc.created("customers", body(type="Person"))["type"] == "Person"


@pytest.mark.parametrize("entity_set", SETS)
@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"phoneNumber": "ask for Jan"}, FIELD),
        ({"email": "nobody"}, DIALOG),
        ({"email": "a@example.com; nobody"}, DIALOG),
        ({"email": ";"}, DIALOG),
        ({"country": "NL", "taxRegistrationNumber": "123"}, DIALOG),
        ({"country": "DE", "taxRegistrationNumber": "NL001234567B01"}, DIALOG),
    ],
)
def test_addresses_and_tax_numbers_are_checked(
    bc: BcClient, entity_set: str, properties: dict[str, str], expected: tuple[int, str]
) -> None:
    assert bc.refused("POST", entity_set, body(**properties)) == expected


@pytest.mark.parametrize("entity_set", SETS)
@pytest.mark.parametrize(
    "properties",
    [
        {"phoneNumber": "+31 (0)10-123 45 67"},
        {"email": "a@example.com;b@example.com"},
        {"email": ""},
        {"country": "NL", "taxRegistrationNumber": "NL001234567B01"},
        {"taxRegistrationNumber": "any text where no format is set up"},
    ],
)
def test_good_ones_are_taken(bc: BcClient, entity_set: str, properties: dict[str, str]) -> None:
    made = bc.created(entity_set, body(**properties))
    assert {name: made[name] for name in properties} == properties


def test_the_country_decides_the_tax_number_so_it_comes_first(bc: BcClient) -> None:
    bc.company.settings.property_order = "json"
    made = bc.created("vendors", {"country": "DE"})
    path = f"vendors({made['id']})"
    number = {"taxRegistrationNumber": "NL001234567B01"}
    assert bc.refused("PATCH", path, number | {"country": "NL"}) == DIALOG
    assert bc.patched(path, {"country": "NL"} | number)["country"] == "NL"


def test_codes_must_be_in_their_tables(bc: BcClient) -> None:
    bc.company.insert("countriesRegions", {"code": "NL"})
    bc.company.insert("salespeoplePurchasers", {"code": "JO"})
    relation = (400, "Internal_InvalidTableRelation")
    assert bc.refused("POST", "customers", body(country="XX")) == relation
    assert bc.refused("POST", "customers", body(salespersonCode="XX")) == relation
    assert bc.refused("POST", "vendors", body(country="XX")) == relation
    made = bc.created("customers", body(country="nl", salespersonCode="jo"))
    assert (made["country"], made["salespersonCode"]) == ("NL", "JO")


def test_a_vendors_1099_code_is_forgotten(bc: BcClient) -> None:
    assert bc.created("vendors", body(irs1099Code="MISC"))["irs1099Code"] == ""


# --- references ----------------------------------------------------------------------------------


@pytest.mark.parametrize("entity_set", SETS)
def test_currency_by_id_by_code_and_by_both(bc: BcClient, entity_set: str) -> None:
    bc.company.settings.property_order = "json"
    usd, eur = one(bc, "currencies", code="USD"), one(bc, "currencies", code="EUR")
    for properties in (
        {"currencyId": usd["id"]},
        {"currencyCode": "usd"},
        {"currencyId": usd["id"], "currencyCode": "USD"},
        {"currencyCode": "EUR", "currencyId": usd["id"]},  # checked on the side of the code only
    ):
        made = bc.created(entity_set, body(**properties))
        assert (made["currencyId"], made["currencyCode"]) == (usd["id"], "USD")
    for properties in (
        {"currencyId": NOWHERE},
        {"currencyCode": "XXX"},
        {"currencyId": eur["id"], "currencyCode": "USD"},
        {"currencyId": ZERO_GUID, "currencyCode": "USD"},
    ):
        assert bc.refused("POST", entity_set, body(**properties)) == DIALOG


@pytest.mark.parametrize("entity_set", SETS)
@pytest.mark.parametrize(
    "blank", [{"currencyCode": ""}, {"currencyCode": "GBP"}, {"currencyId": ZERO_GUID}]
)
def test_the_local_currency_is_stored_blank(
    bc: BcClient, entity_set: str, blank: dict[str, str]
) -> None:
    made = bc.created(entity_set, body(currencyCode="USD"))
    changed = bc.patched(f"{entity_set}({made['id']})", blank)
    assert (changed["currencyId"], changed["currencyCode"]) == (ZERO_GUID, "GBP")


@pytest.mark.parametrize(
    ("entity_set", "name", "table"),
    [
        ("customers", "paymentTermsId", "paymentTerms"),
        ("customers", "paymentMethodId", "paymentMethods"),
        ("customers", "shipmentMethodId", "shipmentMethods"),
        ("customers", "taxAreaId", "taxAreas"),
        ("vendors", "paymentTermsId", "paymentTerms"),
        ("vendors", "paymentMethodId", "paymentMethods"),
    ],
)
def test_what_is_named_by_id_must_exist_and_the_zero_id_clears_it(
    bc: BcClient, entity_set: str, name: str, table: str
) -> None:
    row = one(bc, table)
    made = bc.created(entity_set, body(**{name: row["id"]}))
    assert made[name] == row["id"]
    path = f"{entity_set}({made['id']})"
    assert bc.refused("PATCH", path, {name: NOWHERE}) == DIALOG
    assert bc.patched(path, {name: ZERO_GUID})[name] == ZERO_GUID


def test_a_customer_shows_the_name_of_its_tax_area(bc: BcClient) -> None:
    area = one(bc, "taxAreas")
    made = bc.created("customers", body(taxAreaId=area["id"]))
    assert made["taxAreaDisplayName"] == area["displayName"]


# --- templates -----------------------------------------------------------------------------------


def test_a_template_gives_posting_groups_the_api_does_not_show(bc: BcClient) -> None:
    made = bc.created("vendors", body())
    assert bc.company.tables["vendors"][made["id"]]["#generalBusinessPostingGroup"] == "DOMESTIC"
    assert not any(name.startswith("#") for name in made)


def test_without_a_template_posting_groups_stay_empty(bc: BcClient) -> None:
    bc.company.settings.templates.clear()
    made = bc.created("vendors", body())
    assert bc.company.tables["vendors"][made["id"]]["#generalBusinessPostingGroup"] == ""


def test_what_is_sent_wins_over_the_template(bc: BcClient) -> None:
    bc.company.settings.templates["vendors"] = {"city": "Delft", "country": "NL"}
    made = bc.created("vendors", body(city="Leiden"))
    assert (made["city"], made["country"]) == ("Leiden", "NL")


# --- blocking and deleting -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entity_set", "kinds"),
    [("customers", ["Ship", "Invoice", "All"]), ("vendors", ["Payment", "All"])],
)
def test_kinds_of_blocks(bc: BcClient, entity_set: str, kinds: list[str]) -> None:
    path = f"{entity_set}({bc.created(entity_set, body())['id']})"
    for kind in [*kinds, "_x0020_"]:
        assert bc.patched(path, {"blocked": kind})["blocked"] == kind
    assert bc.refused("PATCH", path, {"blocked": "Nobody"}) == (400, "Unknown")


def test_privacy_keeps_a_vendor_blocked(bc: BcClient) -> None:
    row = bc.company.insert("vendors", {"blocked": "All", "#privacyBlocked": True})
    path = f"vendors({row['id']})"
    assert bc.refused("PATCH", path, {"blocked": "Payment"}) == DIALOG
    assert bc.patched(path, {"city": "Delft"})["blocked"] == "All"


def test_partners_with_documents_cannot_be_deleted(bc: BcClient) -> None:
    order = one(bc, "salesOrders")
    assert bc.refused("DELETE", f"customers({order['customerId']})") == DIALOG
    made = bc.created("vendors", body())
    item = one(bc, "items", type="Inventory", blocked=False)
    line = {"item": item["number"], "quantity": 1}
    receiving.new_purchase_invoice(bc.company, vendor=made["number"], lines=[line])
    assert bc.refused("DELETE", f"vendors({made['id']})") == DIALOG


@pytest.mark.parametrize("entity_set", SETS)
def test_deleting_takes_default_dimensions_along(bc: BcClient, entity_set: str) -> None:
    value = one(bc, "dimensionValues")
    dimensions = [{"dimensionId": value["dimensionId"], "dimensionValueId": value["id"]}]
    made = bc.created(entity_set, body(defaultDimensions=dimensions))
    assert bc.company.find("defaultDimensions", parentId=made["id"])
    bc.deleted(f"{entity_set}({made['id']})")
    assert bc.company.find("defaultDimensions", parentId=made["id"]) == []
