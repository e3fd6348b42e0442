"""The protocol of single writes, over HTTP (behaviour.md 3, 4, 5, 7)."""

from __future__ import annotations

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.company.company import ETAG
from bc_pipeline.sandbox.company.metadata import Field
from bc_pipeline.sandbox.company.values import ZERO_GUID
from bc_pipeline_tests.sandbox.business_central.writes import DIALOG, NOWHERE, area, state, vendor
from bc_pipeline_tests.sandbox.conftest import BcClient

# --- answers -------------------------------------------------------------------------------------


def test_post_answers_201_with_the_whole_entity(bc: BcClient) -> None:
    answer = bc.send("POST", "vendors", {"displayName": "Fabrikam"})
    body = answer.json()
    stored = bc.company.tables["vendors"][body["id"]]
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{bc.root}/vendors({body['id']})"
    context = f"$metadata#companies({bc.company.id})/vendors/$entity"
    assert body["@odata.context"] == f"{bc.api}/{context}"
    assert body["@odata.etag"] == stored[ETAG]
    assert body["displayName"] == "Fabrikam"
    assert body == bc.json(f"vendors({body['id']})") | {"@odata.context": body["@odata.context"]}


def test_patch_answers_200_with_the_whole_entity_even_when_minimal_is_preferred(
    bc: BcClient,
) -> None:
    before = vendor(bc)
    tag, city = before[ETAG], before["city"]
    body = bc.patched(f"vendors({before['id']})", {"displayName": "New"}, Prefer="return=minimal")
    assert (body["displayName"], body["city"]) == ("New", city)
    assert body["@odata.etag"] != tag


def test_delete_answers_204_without_content(bc: BcClient) -> None:
    made = bc.created("vendors", {})
    bc.deleted(f"vendors({made['id']})")
    assert bc.error(f"vendors({made['id']})") == (404, "BadRequest_NotFound")


def test_expand_and_select_work_on_answers_to_writes(bc: BcClient) -> None:
    body = bc.created(
        "vendors?$expand=defaultDimensions,currency($select=code)&$select=number",
        {"currencyCode": "USD", "defaultDimensions": [area(bc)]},
    )
    assert set(body) == {
        "@odata.context",
        "@odata.etag",
        "number",
        "defaultDimensions",
        "currency",
    }
    assert body["currency"]["code"] == "USD"
    assert [row["dimensionCode"] for row in body["defaultDimensions"]] == ["AREA"]
    patched = bc.patched(
        f"vendors({bc.company.find('vendors', number=body['number'])[0]['id']})"
        "?$expand=defaultDimensions",
        {"displayName": "x"},
    )
    assert [row["dimensionCode"] for row in patched["defaultDimensions"]] == ["AREA"]


# --- where ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("PATCH", "vendors", 405, "BadRequest_MethodNotAllowed"),
        ("PATCH", "vendors?$filter=number eq '1'", 405, "BadRequest_MethodNotAllowed"),
        ("DELETE", "vendors", 405, "BadRequest_MethodNotAllowed"),
        ("PUT", "vendors({vendor})", 405, "BadRequest_MethodNotAllowed"),
        ("POST", "vendors({vendor})", 405, "BadRequest_MethodNotAllowed"),
        ("POST", "dimensions", 405, "BadRequest_MethodNotAllowed"),
        ("PATCH", "accounts({account})", 405, "BadRequest_MethodNotAllowed"),
        ("DELETE", "dimensionValues({account})", 405, "BadRequest_MethodNotAllowed"),
        ("POST", "", 405, "BadRequest_MethodNotAllowed"),
        ("POST", "nonsense", 404, "BadRequest_ResourceNotFound"),
        ("POST", "vendors({vendor})/nonsense", 404, "BadRequest_ResourceNotFound"),
        ("POST", f"vendors({NOWHERE})/defaultDimensions", 404, "BadRequest_NotFound"),
        ("PATCH", f"vendors({NOWHERE})", 404, "BadRequest_NotFound"),
        ("DELETE", f"vendors({NOWHERE})", 404, "BadRequest_NotFound"),
        ("PATCH", "vendors('10000')", 404, "BadRequest_NotFound"),
        ("PATCH", "vendors({vendor})/currency", 404, "BadRequest_NotFound"),
        ("POST", "vendors?$top=1", 400, "BadRequest"),
        ("POST", "vendors?$expand=nonsense", 400, "BadRequest"),
    ],
)
def test_writes_that_lead_nowhere(
    bc: BcClient, method: str, path: str, status: int, code: str
) -> None:
    account = bc.company.find("accounts")[0]["id"]
    path = path.replace("{vendor}", vendor(bc)["id"]).replace("{account}", account)
    before = state(bc.company)
    assert bc.refused(method, path, {}) == (status, code)
    assert state(bc.company) == before


def test_companies_cannot_be_written(bc: BcClient) -> None:
    not_allowed = (405, "BadRequest_MethodNotAllowed")
    assert bc.refused("POST", f"{bc.api}/companies", {}) == not_allowed
    assert bc.refused("PATCH", bc.root, {}) == not_allowed


def test_unknown_company(bc: BcClient) -> None:
    url = f"{bc.api}/companies({NOWHERE})/vendors"
    assert bc.refused("POST", url, {}) == (404, "Internal_CompanyNotFound")


def test_the_company_can_be_named_in_the_query(bc: BcClient) -> None:
    body = bc.created(f"{bc.api}/vendors?company={bc.company.id}", {})
    assert body["id"] in bc.company.tables["vendors"]


def test_published_pages_are_not_written(bc: BcClient) -> None:
    url = f"{bc.odata}/Company('x')/Items"
    assert bc.refused("POST", url, {}) == (501, "BadRequest_MethodNotImplemented")


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_read_only_intent_is_an_error(bc: BcClient, method: str) -> None:
    path = "vendors" if method == "POST" else f"vendors({vendor(bc)['id']})"
    refused = bc.refused(method, path, {}, Data_Access_Intent="ReadOnly")
    assert refused == (400, "BadRequest")


def test_a_child_is_written_below_its_parent(bc: BcClient) -> None:
    path = f"vendors({vendor(bc)['id']})/defaultDimensions"
    made = bc.created(path, area(bc))
    assert (made["parentType"], made["parentId"]) == ("Vendor", vendor(bc)["id"])
    one = f"{path}({made['id']})"
    assert bc.patched(one, {"postingValidation": "Same_x0020_Code"})["id"] == made["id"]
    bc.deleted(one)
    assert bc.rows(path) == []


def test_a_child_of_another_parent_is_not_found(bc: BcClient) -> None:
    one, other = vendor(bc), bc.company.find("vendors")[0]
    made = bc.created(f"vendors({one['id']})/defaultDimensions", area(bc))
    path = f"vendors({other['id']})/defaultDimensions({made['id']})"
    assert bc.refused("PATCH", path, {}) == (404, "BadRequest_NotFound")
    assert bc.refused("DELETE", path) == (404, "BadRequest_NotFound")


# --- tags ----------------------------------------------------------------------------------------


@pytest.mark.covers("client: ms-dynamics-business-central-sdk")
def test_deleting_needs_no_tag(bc: BcClient) -> None:
    made = bc.created("vendors", {})
    bc.deleted(f"vendors({made['id']})", If_Match="")


@pytest.mark.parametrize(
    ("method", "tag"),
    [
        ("PATCH", ""),
        ("PATCH", "nonsense"),
        ("PATCH", 'W/"half'),
        ("DELETE", "nonsense"),
        ("DELETE", 'W/"half'),
    ],
)
def test_a_missing_or_garbled_tag_is_refused(bc: BcClient, method: str, tag: str) -> None:
    path = f"vendors({vendor(bc)['id']})"
    body = {} if method == "PATCH" else None
    assert bc.refused(method, path, body, If_Match=tag) == (400, "BadRequest_InvalidToken")


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_stale_tag_is_a_conflict(bc: BcClient, method: str) -> None:
    made = bc.created("vendors", {})
    path = f"vendors({made['id']})"
    newer = bc.patched(path, {"displayName": "x"}, If_Match=made["@odata.etag"])
    body = {"displayName": "y"} if method == "PATCH" else None
    stale = bc.refused(method, path, body, If_Match=made["@odata.etag"])
    assert stale == (409, "Request_EntityChanged")
    assert bc.send(method, path, body, If_Match=newer["@odata.etag"]).ok


# --- deep insert ---------------------------------------------------------------------------------


def test_children_come_with_their_parent_and_are_shown_only_when_expanded(bc: BcClient) -> None:
    body = {"displayName": "Deep", "defaultDimensions": [area(bc)]}
    made = bc.created("vendors", body)
    assert "defaultDimensions" not in made
    rows = bc.rows(f"vendors({made['id']})/defaultDimensions")
    assert [row["dimensionValueCode"] for row in rows] == ["40"]


def test_a_bad_child_leaves_no_parent(bc: BcClient) -> None:
    bad = area(bc) | {"dimensionValueId": NOWHERE}
    before = state(bc.company)
    body = {"displayName": "Deep", "defaultDimensions": [area(bc), bad]}
    assert bc.refused("POST", "vendors", body) == DIALOG
    assert state(bc.company) == before


def test_environments_may_refuse_deep_inserts(bc: BcClient) -> None:
    bc.company.settings.deep_insert = False
    body = {"displayName": "Deep", "defaultDimensions": [area(bc)]}
    assert bc.refused("POST", "vendors", body) == (400, "BadRequest")
    assert bc.created("vendors", {"displayName": "Flat"})["displayName"] == "Flat"


# --- environments --------------------------------------------------------------------------------


def order(bc: BcClient, **properties: str) -> dict[str, str]:
    return {"vendorId": bc.company.find("vendors", blocked="_x0020_")[0]["id"]} | properties


def test_some_environments_let_order_numbers_be_written(bc: BcClient) -> None:
    numbered = order(bc, number="OP-1")
    read_only = (400, "BadRequest_InvalidOperation")
    assert bc.refused("POST", "purchaseOrders", numbered) == read_only
    bc.company.settings.writable["purchaseOrders"] = {"number"}
    assert bc.refused("POST", "purchaseOrders", numbered) == DIALOG
    bc.company.settings.manual_numbers.add("purchaseOrders")
    assert bc.created("purchaseOrders", numbered)["number"] == "OP-1"
    twice = bc.refused("POST", "purchaseOrders", numbered)
    assert twice == (400, "Internal_EntityWithSameKeyExists")
    assert bc.created("purchaseOrders", order(bc))["number"] != "OP-1"


def test_extensions_add_properties(bc: BcClient) -> None:
    field = Field("optiplyReference", "String", max_length=20)
    bc.company.extend("purchaseOrders", field)
    assert {row["optiplyReference"] for row in bc.rows("purchaseOrders")} == {""}
    made = bc.created("purchaseOrders", order(bc, optiplyReference="OP-1"))
    found = bc.rows("purchaseOrders?$filter=optiplyReference eq 'OP-1'&$select=id")
    assert [row["id"] for row in found] == [made["id"]]
    too_long = order(bc, optiplyReference="x" * 21)
    expected = (400, "Application_StringExceededLength")
    assert bc.refused("POST", "purchaseOrders", too_long) == expected


# --- actions -------------------------------------------------------------------------------------


def test_actions_that_are_not_there(bc: BcClient) -> None:
    not_implemented = (501, "BadRequest_MethodNotImplemented")
    assert bc.refused("POST", f"vendors({vendor(bc)['id']})/Microsoft.NAV.post") == not_implemented
    journal = bc.company.find("journals")[0]["id"]
    assert bc.refused("POST", f"journals({journal})/Microsoft.NAV.release") == not_implemented


def test_actions_need_post_and_an_entity_that_exists(bc: BcClient) -> None:
    not_allowed = (405, "BadRequest_MethodNotAllowed")
    journal = bc.company.find("journals")[0]["id"]
    assert bc.refused("PATCH", f"journals({journal})/Microsoft.NAV.post") == not_allowed
    assert bc.refused("POST", "journals/Microsoft.NAV.post") == not_allowed
    missing = bc.refused("POST", f"journals({NOWHERE})/Microsoft.NAV.post")
    assert missing == (404, "BadRequest_NotFound")


# --- around it -----------------------------------------------------------------------------------


def test_a_list_read_before_shows_what_was_written_since(sandbox: Sandbox, bc: BcClient) -> None:
    before = bc.rows("vendors")
    bc.created("vendors", {"displayName": "Later"})
    assert len(bc.rows("vendors")) == len(before) + 1


def test_writes_are_logged_with_company_and_body(sandbox: Sandbox, bc: BcClient) -> None:
    bc.created("vendors", {"displayName": "Logged"})
    entry = sandbox.requests.of("bc", writes=True)[-1]
    assert (entry.method, entry.status, entry.company) == ("POST", 201, bc.company.name)
    assert b"Logged" in entry.body


def test_an_empty_guid_is_a_value(bc: BcClient) -> None:
    assert bc.created("vendors", {"currencyId": ZERO_GUID})["currencyId"] == ZERO_GUID
