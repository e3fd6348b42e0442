"""Default dimensions, over HTTP (rules.md 8)."""

from __future__ import annotations

from typing import Any

import pytest

from bc_pipeline.sandbox.company.values import ZERO_GUID
from bc_pipeline_tests.sandbox.business_central.writes import DIALOG, NOWHERE
from bc_pipeline_tests.sandbox.conftest import BcClient

FIELD = (400, "Application_FieldValidationException")
SAME_KEY = (400, "Internal_EntityWithSameKeyExists")


@pytest.fixture
def parent(bc: BcClient) -> str:
    """Id of a vendor without dimensions."""
    return str(bc.company.insert("vendors", {"number": "PLAIN"})["id"])


@pytest.fixture
def path(parent: str) -> str:
    return f"vendors({parent})/defaultDimensions"


def dimension(bc: BcClient, code: str = "AREA") -> dict[str, Any]:
    return bc.company.find("dimensions", code=code)[0]


def value(bc: BcClient, code: str = "AREA", place: int = 0) -> dict[str, Any]:
    return bc.company.find("dimensionValues", dimensionId=dimension(bc, code)["id"])[place]


def both(bc: BcClient, code: str = "AREA", **more: str) -> dict[str, str]:
    ids = {"dimensionId": dimension(bc, code)["id"], "dimensionValueId": value(bc, code)["id"]}
    return ids | more


# --- parents -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "entity_set"), [("Customer", "customers"), ("Vendor", "vendors"), ("Item", "items")]
)
def test_the_parent_comes_from_the_url_or_the_body(
    bc: BcClient, kind: str, entity_set: str
) -> None:
    one = bc.company.insert(entity_set, {"number": "ONE"})["id"]
    two = bc.company.insert(entity_set, {"number": "TWO"})["id"]
    below = bc.created(f"{entity_set}({one})/defaultDimensions", both(bc))
    named = bc.created("defaultDimensions", both(bc, parentType=kind, parentId=two))
    assert (below["parentType"], below["parentId"]) == (kind, one)
    assert (named["parentType"], named["parentId"]) == (kind, two)
    assert below["dimensionCode"] == "AREA"
    assert below["dimensionValueCode"] == value(bc)["code"]


@pytest.mark.parametrize(
    "place",
    [
        {},
        {"parentType": "Vendor"},
        {"parentId": NOWHERE},
        {"parentType": "_x0020_", "parentId": NOWHERE},
        {"parentType": "Vendor", "parentId": ZERO_GUID},
        {"parentType": "Vendor", "parentId": NOWHERE},
    ],
)
def test_a_parent_is_needed(bc: BcClient, place: dict[str, str]) -> None:
    assert bc.refused("POST", "defaultDimensions", both(bc, **place)) == DIALOG


def test_accounts_have_none_here(bc: BcClient) -> None:
    body = both(bc, parentType="G/L Account", parentId=NOWHERE)
    assert bc.refused("POST", "defaultDimensions", body) == (400, "Unknown")
    account = bc.company.find("accounts")[0]["id"]
    below = bc.refused("POST", f"accounts({account})/defaultDimensions", both(bc))
    assert below == (404, "BadRequest_ResourceNotFound")


def test_the_url_and_the_body_must_mean_the_same_parent(bc: BcClient, path: str) -> None:
    other = bc.company.find("vendors")[0]["id"]
    body = both(bc, parentType="Vendor", parentId=other)
    assert bc.refused("POST", path, body) == DIALOG


# --- dimension and value -------------------------------------------------------------------------


def test_codes_are_read_only(bc: BcClient, path: str) -> None:
    read_only = (400, "BadRequest_InvalidOperation")
    assert bc.refused("POST", path, {"dimensionCode": "AREA"}) == read_only
    assert bc.refused("POST", path, {"dimensionValueCode": "10"}) == read_only


def test_a_dimension_is_needed_and_a_value_is_not(bc: BcClient, path: str) -> None:
    assert bc.refused("POST", path, {}) == DIALOG
    assert bc.refused("POST", path, {"dimensionId": NOWHERE}) == DIALOG
    made = bc.created(path, {"dimensionId": dimension(bc)["id"]})
    assert (made["dimensionValueId"], made["dimensionValueCode"]) == (ZERO_GUID, "")


def test_a_value_given_first_sets_the_dimension(bc: BcClient, path: str) -> None:
    made = bc.created(path, {"dimensionValueId": value(bc)["id"]})
    assert made["dimensionId"] == dimension(bc)["id"]
    mixed = {
        "dimensionValueId": value(bc, "DEPARTMENT")["id"],
        "dimensionId": dimension(bc, "BUSINESSGROUP")["id"],
    }
    assert bc.refused("POST", path, mixed) == DIALOG


def test_a_value_must_belong_to_the_dimension(bc: BcClient, path: str) -> None:
    wrong = both(bc) | {"dimensionValueId": value(bc, "DEPARTMENT")["id"]}
    assert bc.refused("POST", path, wrong) == DIALOG
    assert bc.refused("POST", path, both(bc) | {"dimensionValueId": NOWHERE}) == DIALOG
    made = bc.created(path, both(bc))
    other = {"dimensionValueId": value(bc, "DEPARTMENT")["id"]}
    assert bc.refused("PATCH", f"{path}({made['id']})", other) == DIALOG


def test_what_is_blocked_is_refused(bc: BcClient, path: str) -> None:
    bc.company.modify("dimensionValues", value(bc)["id"], **{"#blocked": True})
    assert bc.refused("POST", path, both(bc)) == DIALOG
    made = bc.created(path, {"dimensionId": dimension(bc)["id"]})
    change = {"dimensionValueId": value(bc)["id"]}
    assert bc.refused("PATCH", f"{path}({made['id']})", change) == DIALOG
    bc.company.modify("dimensions", dimension(bc, "DEPARTMENT")["id"], **{"#blocked": True})
    assert bc.refused("POST", path, both(bc, "DEPARTMENT")) == DIALOG


def test_one_row_per_parent_and_dimension(bc: BcClient, path: str) -> None:
    made = bc.created(path, both(bc))
    assert bc.refused("POST", path, both(bc)) == SAME_KEY
    other = {"dimensionId": dimension(bc, "DEPARTMENT")["id"]}
    assert bc.refused("PATCH", f"{path}({made['id']})", other) == DIALOG
    same = {"dimensionId": made["dimensionId"], "dimensionValueId": value(bc, place=1)["id"]}
    changed = bc.patched(f"{path}({made['id']})", same)
    assert changed["dimensionValueCode"] == value(bc, place=1)["code"]


def test_a_row_can_be_changed_at_its_own_url_too(bc: BcClient, path: str) -> None:
    made = bc.created(path, both(bc))
    change = {"dimensionValueId": value(bc, place=1)["id"]}
    changed = bc.patched(f"defaultDimensions({made['id']})", change)
    assert changed["dimensionValueId"] == change["dimensionValueId"]
    bc.deleted(f"defaultDimensions({made['id']})")
    assert bc.rows(path) == []


# --- posting rules -------------------------------------------------------------------------------


@pytest.mark.covers("sandbox: field validation")
def test_no_code_and_a_value_contradict_each_other(bc: BcClient, path: str) -> None:
    assert bc.refused("POST", path, both(bc, postingValidation="No Code")) == FIELD
    made = bc.created(path, both(bc, postingValidation="Code Mandatory"))
    row = f"{path}({made['id']})"
    assert bc.refused("PATCH", row, {"postingValidation": "No Code"}) == FIELD
    cleared = bc.patched(row, {"dimensionValueId": ZERO_GUID, "postingValidation": "No Code"})
    assert (cleared["dimensionValueCode"], cleared["postingValidation"]) == (
        "",
        "No_x0020_Code",
    )
    assert bc.refused("PATCH", row, {"dimensionValueId": value(bc)["id"]}) == FIELD


def test_the_value_of_a_global_dimension_changes_the_parent(
    bc: BcClient, path: str, parent: str
) -> None:
    def tag() -> str:
        return str(bc.json(f"vendors({parent})")["@odata.etag"])

    bc.company.settings.global_dimensions = ("DEPARTMENT",)
    before = tag()
    bc.created(path, both(bc, "AREA"))
    assert tag() == before
    made = bc.created(path, both(bc, "DEPARTMENT"))
    after = tag()
    assert after != before
    bc.deleted(f"{path}({made['id']})")
    assert tag() != after
