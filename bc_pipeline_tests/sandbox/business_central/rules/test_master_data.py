"""Items and the small tables, over HTTP (rules.md 0, 10, 12)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.sandbox.business_central.rules import RULES
from bc_pipeline.sandbox.business_central.rules.master_data import MasterData
from bc_pipeline.sandbox.company.values import ZERO_GUID
from bc_pipeline_tests.sandbox.business_central.writes import DIALOG, NOWHERE
from bc_pipeline_tests.sandbox.conftest import BcClient

FIELD = (400, "Application_FieldValidationException")
SAME_KEY = (400, "Internal_EntityWithSameKeyExists")
BY_CODE = sorted(n for n, r in RULES.items() if isinstance(r, MasterData) and r.key == "code")


@pytest.mark.parametrize("entity_set", BY_CODE)
def test_records_with_a_code_are_made_changed_renamed_and_deleted(
    bc: BcClient, entity_set: str
) -> None:
    made = bc.created(entity_set, {"code": "new", "displayName": "New"})
    path = f"{entity_set}({made['id']})"
    assert made["code"] == "NEW"
    assert bc.patched(path, {"displayName": "Other"})["displayName"] == "Other"
    assert bc.patched(path, {"code": "newer"})["code"] == "NEWER"
    bc.deleted(path)
    assert bc.error(path) == (404, "BadRequest_NotFound")


@pytest.mark.parametrize("entity_set", BY_CODE)
def test_a_code_is_needed_and_used_once(bc: BcClient, entity_set: str) -> None:
    assert bc.refused("POST", entity_set, {"displayName": "New"}) == FIELD
    bc.created(entity_set, {"code": "ONE"})
    assert bc.refused("POST", entity_set, {"code": "one"}) == SAME_KEY
    two = bc.created(entity_set, {"code": "TWO"})
    assert bc.refused("PATCH", f"{entity_set}({two['id']})", {"code": "ONE"}) == SAME_KEY
    assert bc.refused("PATCH", f"{entity_set}({two['id']})", {"code": ""}) == FIELD


def test_what_is_in_use_cannot_be_deleted(bc: BcClient) -> None:
    item = bc.company.find("items")[0]
    assert bc.refused("DELETE", f"itemCategories({item['itemCategoryId']})") == DIALOG
    currency = bc.company.find("currencies", code="USD")[0]
    bc.created("vendors", {"currencyCode": "USD"})
    assert bc.refused("DELETE", f"currencies({currency['id']})") == DIALOG


def test_a_payment_journal_is_a_journal_too(bc: BcClient) -> None:
    account = bc.company.find("accounts")[0]
    body = {"code": "OPTIPLY", "balancingAccountId": account["id"]}
    made = bc.created("vendorPaymentJournals", body)
    assert made["balancingAccountNumber"] == account["number"]
    journal = bc.json(f"journals({made['id']})")
    assert (journal["code"], journal["templateDisplayName"]) == ("OPTIPLY", "PAYMENT")
    bc.patched(f"vendorPaymentJournals({made['id']})", {"displayName": "Paid"})
    assert bc.json(f"journals({made['id']})")["displayName"] == "Paid"
    bc.deleted(f"vendorPaymentJournals({made['id']})")
    assert bc.error(f"journals({made['id']})") == (404, "BadRequest_NotFound")
    unknown = {"code": "X", "balancingAccountId": NOWHERE}
    assert bc.refused("POST", "vendorPaymentJournals", unknown) == DIALOG


@pytest.mark.covers("sandbox: field validation", "sandbox: bad requests")
@pytest.mark.parametrize("name", ["dueDateCalculation", "discountDateCalculation"])
def test_a_date_calculation_must_be_a_date_formula(bc: BcClient, name: str) -> None:
    error = (400, "Application_EvaluateException")
    assert bc.refused("POST", "paymentTerms", {"code": "FOO", name: "foo"}) == error
    assert bc.company.find("paymentTerms", code="FOO") == []
    made = bc.created("paymentTerms", {"code": "FOO", name: "CM+10D"})
    path = f"paymentTerms({made['id']})"
    assert bc.refused("PATCH", path, {name: "14 days"}) == error
    assert bc.patched(path, {name: ""})[name] == ""


def test_what_the_sandbox_does_not_play_says_so(bc: BcClient) -> None:
    not_implemented = (501, "BadRequest_MethodNotImplemented")
    assert bc.refused("POST", "employees", {}) == not_implemented


# --- items ---------------------------------------------------------------------------------------


def item(bc: BcClient, **equal: Any) -> dict[str, Any]:
    return bc.company.find("items", **({"type": "Inventory"} | equal))[0]


def test_an_item_needs_nothing_and_takes_pairs(bc: BcClient) -> None:
    assert bc.created("items", {})["number"] != ""
    unit = bc.company.find("unitsOfMeasure", code="PCS")[0]
    made = bc.created("items", {"baseUnitOfMeasureCode": "pcs", "gtin": "08712345678906"})
    assert made["baseUnitOfMeasureId"] == unit["id"]
    assert made["inventory"] == 0
    cleared = bc.patched(f"items({made['id']})", {"baseUnitOfMeasureId": ZERO_GUID})
    assert cleared["baseUnitOfMeasureCode"] == ""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"inventory": 5}, DIALOG),
        ({"gtin": "12A"}, FIELD),
        ({"gtin": "1" * 15}, (400, "Application_StringExceededLength")),
        ({"unitPrice": -1}, FIELD),
        ({"itemCategoryCode": "NONE"}, DIALOG),
        ({"itemCategoryId": NOWHERE}, DIALOG),
    ],
)
def test_items_that_are_refused(
    bc: BcClient, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert bc.refused("POST", "items", body) == expected


def test_changing_inventory_posts_the_difference(bc: BcClient) -> None:
    row = item(bc)
    before = bc.company.inventory(row["id"])
    entries = len(bc.company.find("itemLedgerEntries"))
    changed = bc.patched(f"items({row['id']})", {"inventory": before + Decimal("2.5")})
    assert changed["inventory"] == before + Decimal("2.5")
    posted = bc.company.find("itemLedgerEntries")[entries:]
    assert [entry["quantity"] for entry in posted] == [Decimal("2.5")]
    bc.patched(f"items({row['id']})", {"inventory": before + Decimal("2.5")})
    assert len(bc.company.find("itemLedgerEntries")) == entries + 1


def test_what_an_item_with_entries_keeps(bc: BcClient) -> None:
    path = f"items({item(bc, number='1896-S')['id']})"
    assert bc.refused("PATCH", path, {"type": "Service"}) == DIALOG
    assert bc.refused("PATCH", path, {"unitCost": 1}) == DIALOG
    assert bc.refused("PATCH", path, {"baseUnitOfMeasureCode": "BOX"}) == DIALOG
    assert bc.refused("DELETE", path) == DIALOG
    assert bc.patched(path, {"blocked": True, "displayName": "Desk"})["blocked"] is True


def test_an_item_is_renamed_with_all_that_refers_to_it(bc: BcClient) -> None:
    row = item(bc, number="1896-S")
    bc.patched(f"items({row['id']})", {"number": "DESK"})
    assert bc.company.find("itemLedgerEntries", itemNumber="1896-S") == []
    assert bc.company.find("itemLedgerEntries", itemNumber="DESK")
    lines = bc.company.find("purchaseInvoiceLines", itemId=row["id"])
    assert {line["lineObjectNumber"] for line in lines} <= {"DESK"}


def test_variants_belong_to_one_item(bc: BcClient) -> None:
    one, two = bc.company.find("items")[:2]
    path = f"items({one['id']})/itemVariants"
    made = bc.created(path, {"code": "RED", "description": "Red"})
    assert (made["itemId"], made["itemNumber"]) == (one["id"], one["number"])
    assert bc.refused("POST", path, {"code": "red"}) == SAME_KEY
    assert bc.refused("POST", path, {}) == FIELD
    assert bc.refused("POST", path, {"code": "B", "itemNumber": two["number"]}) == DIALOG
    assert bc.refused("POST", "itemVariants", {"code": "B"}) == DIALOG
    named = bc.created("itemVariants", {"code": "RED", "itemNumber": two["number"]})
    assert named["itemId"] == two["id"]
    moved = {"itemId": two["id"]}
    assert bc.refused("PATCH", f"itemVariants({made['id']})", moved) == DIALOG
    assert bc.patched(f"itemVariants({made['id']})", {"code": "BLUE"})["code"] == "BLUE"
    bc.deleted(f"itemVariants({made['id']})")
