"""``$batch`` over HTTP (behaviour.md 4.2)."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.companies import wholesale
from bc_pipeline_tests.sandbox.business_central.batches import (
    BAD,
    GO_ON,
    SNAPSHOT,
    journal_with,
    new_vendor,
    numbers,
    statuses,
)
from bc_pipeline_tests.sandbox.business_central.writes import NOWHERE, state
from bc_pipeline_tests.sandbox.conftest import BcClient

# --- what runs -----------------------------------------------------------------------------------


def test_operations_run_in_order_and_each_is_answered(bc: BcClient) -> None:
    first = bc.company.find("vendors")[0]
    responses = bc.batch(
        new_vendor("B1"),
        {"method": "PATCH", "url": f"vendors({first['id']})", "body": {"displayName": "Later"}},
        {"method": "GET", "url": f"vendors({first['id']})?$select=displayName"},
        {"method": "GET", "url": "vendors/$count"},
        {"method": "DELETE", "url": f"vendors({NOWHERE})"},
    )
    assert statuses(responses) == [201, 200, 200, 200, 404]
    assert [response["id"] for response in responses] == ["1", "2", "3", "4", "5"]
    assert responses[0]["body"]["number"] == "B1"
    assert responses[0]["headers"]["location"].endswith(f"({responses[0]['body']['id']})")
    assert responses[2]["body"]["displayName"] == "Later"
    assert responses[3]["body"] == str(len(bc.company.find("vendors")))
    assert responses[4]["body"]["error"]["code"] == "BadRequest_NotFound"


def test_deleting_answers_without_a_body(bc: BcClient) -> None:
    made = bc.created("vendors", {})
    [response] = bc.batch({"method": "DELETE", "url": f"vendors({made['id']})"})
    assert response["status"] == 204
    assert "body" not in response


def test_each_operation_has_its_own_headers(bc: BcClient) -> None:
    made = bc.created("vendors", {})
    patch = {"method": "PATCH", "url": f"vendors({made['id']})", "body": {}}
    json = {"Content-Type": "application/json"}
    tags: list[dict[str, str]] = [{}, {"If-Match": made["@odata.etag"]}, {"If-Match": 'W/"old"'}]
    operations = [patch | {"headers": json | tag} for tag in tags]
    responses = bc.batch(*operations, **GO_ON)
    codes = [response["body"].get("error", {}).get("code") for response in responses]
    assert codes == ["BadRequest_InvalidToken", None, "Request_EntityChanged"]


def test_pages_read_in_a_batch_go_on_outside_of_it(bc: BcClient) -> None:
    [response] = bc.batch(
        {"method": "GET", "url": "items?$top=7", "headers": {"Prefer": "odata.maxpagesize=5"}}
    )
    assert len(response["body"]["value"]) == 5
    assert len(bc.rows(response["body"]["@odata.nextLink"])) == 2


def test_urls_may_be_encoded(bc: BcClient) -> None:
    [response] = bc.batch(
        {"method": "GET", "url": "vendors?$filter=displayName%20eq%20'Fabrikam%2C%20Inc.'"}
    )
    assert [row["number"] for row in response["body"]["value"]] == ["10000"]


@pytest.mark.parametrize("name", ["Smith & Sons", "Shop #1"])
def test_a_url_that_should_be_encoded_ends_early(bc: BcClient, name: str) -> None:
    [response] = bc.batch({"method": "GET", "url": f"vendors?$filter=displayName eq '{name}'"})
    assert (response["status"], response["body"]["error"]["code"]) == (400, "BadRequest")


@pytest.mark.parametrize("outer", [True, False])
def test_the_company_can_be_named_in_a_header(bc: BcClient, outer: bool) -> None:
    header = {"Company": bc.company.name}
    json = {"Content-Type": "application/json"}
    operation = {
        "id": "1",
        "method": "POST",
        "url": "vendors",
        "headers": json if outer else json | header,
        "body": {"number": "HEADER"},
    }
    answer = bc.send(
        "POST", f"{bc.api}/$batch", {"requests": [operation]}, **(header if outer else {})
    )
    assert statuses(answer.json()["responses"]) == [201]
    assert "HEADER" in numbers(bc.company)


@pytest.mark.covers("client: ms-dynamics-business-central-sdk")
def test_the_company_can_be_named_in_the_address_of_the_batch(
    sandbox: Sandbox, bc: BcClient
) -> None:
    other = sandbox.business_central.companies[wholesale.NAME]
    read = {"method": "GET", "url": "vendors?$top=1&$select=id"}
    elsewhere = {"method": "GET", "url": f"vendors?$top=1&$select=id&company={other.id}"}
    url = f"{bc.api}/$batch?company={bc.company.id}"
    answer = bc.send("POST", url, {"requests": [read | {"id": "1"}, elsewhere | {"id": "2"}]})
    here, there = (response["body"]["value"][0]["id"] for response in answer.json()["responses"])
    assert here in bc.company.tables["vendors"]
    assert there in other.tables["vendors"]


@pytest.mark.covers("client: ms-dynamics-business-central-sdk", "sandbox: batch")
def test_parts_without_id_are_answered_in_order_with_null(bc: BcClient) -> None:
    json = {"Content-Type": "application/json"}
    parts = [
        {"method": "POST", "url": "vendors", "headers": json, "body": {"number": number}}
        for number in ("N1", "N2")
    ]
    url = f"{bc.api}/$batch?company={bc.company.id}"
    answer = bc.send("POST", url, {"requests": parts}, **SNAPSHOT).json()["responses"]
    assert [(part["id"], part["status"]) for part in answer] == [(None, 201), (None, 201)]
    assert [part["body"]["number"] for part in answer] == ["N1", "N2"]


def test_a_refused_part_without_id_takes_a_snapshot_batch_back(bc: BcClient) -> None:
    json = {"Content-Type": "application/json"}
    parts = [
        {"method": "POST", "url": "vendors", "headers": json, "body": body}
        for body in ({"number": "N3"}, {"nonsense": 1})
    ]
    url = f"{bc.api}/$batch?company={bc.company.id}"
    answer = bc.send("POST", url, {"requests": parts}, **SNAPSHOT).json()["responses"]
    assert [part["status"] for part in answer] == [201, 400]
    assert "N3" not in numbers(bc.company)


def test_operations_can_depend_on_earlier_ones(bc: BcClient) -> None:
    responses = bc.batch(
        BAD,
        new_vendor("D1") | {"dependsOn": ["1"]},
        new_vendor("D2"),
        new_vendor("D3") | {"dependsOn": ["3"]},
        **GO_ON,
    )
    assert statuses(responses) == [400, 424, 201, 201]
    assert "D1" not in numbers(bc.company)


# --- when one fails ------------------------------------------------------------------------------


def test_the_first_failure_ends_the_batch_and_what_came_before_stays(bc: BcClient) -> None:
    responses = bc.batch(new_vendor("S1"), BAD, new_vendor("S2"))
    assert statuses(responses) == [201, 400]
    assert "S1" in numbers(bc.company)
    assert "S2" not in numbers(bc.company)


def test_a_failed_read_ends_it_too(bc: BcClient) -> None:
    responses = bc.batch({"method": "GET", "url": f"vendors({NOWHERE})"}, new_vendor("S3"))
    assert statuses(responses) == [404]


@pytest.mark.parametrize("text", ["odata.continue-on-error", "odata.continue-on-error=true"])
def test_it_goes_on_when_asked_to(bc: BcClient, text: str) -> None:
    responses = bc.batch(new_vendor("C1"), BAD, new_vendor("C2"), Prefer=text)
    assert statuses(responses) == [201, 400, 201]
    assert {"C1", "C2"} <= numbers(bc.company)


def test_it_does_not_when_told_not_to(bc: BcClient) -> None:
    assert statuses(bc.batch(BAD, new_vendor("C3"), Prefer="odata.continue-on-error=false")) == [
        400
    ]


# --- batches that are none -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "requests_",
    [
        None,
        {},
        [7],
        [{"id": 1, "method": "GET", "url": "companies"}],
        [{"id": "", "method": "GET", "url": "companies"}],
        [{"id": "1", "url": "companies"}],
        [{"id": "1", "method": "FETCH", "url": "companies"}],
        [{"id": "1", "method": "GET"}],
        [{"id": "1", "method": "GET", "url": "/companies"}],
        [{"id": "1", "method": "GET", "url": "https://elsewhere.example/companies"}],
        [{"id": "1", "method": "POST", "url": "$batch"}],
        [{"id": "1", "method": "GET", "url": "companies", "headers": ["a"]}],
        [{"id": "1", "method": "GET", "url": "companies", "headers": {"a": 1}}],
        [{"id": "1", "method": "GET", "url": "companies", "dependsOn": ["2"]}],
        [{"id": "1", "method": "GET", "url": "companies", "atomicityGroup": "g"}],
        [{"id": "1", "method": "GET", "url": "companies"}] * 2,
    ],
)
def test_malformed_batches_are_refused_as_a_whole(bc: BcClient, requests_: Any) -> None:
    body = {} if requests_ is None else {"requests": requests_}
    assert bc.refused("POST", f"{bc.api}/$batch", body) == (400, "BadRequest")


def test_nothing_of_a_malformed_batch_runs(bc: BcClient) -> None:
    good = {"id": "1", "method": "POST", "url": f"companies({bc.company.id})/vendors", "body": {}}
    before = state(bc.company)
    body = {"requests": [good, {"id": "2"}]}
    assert bc.refused("POST", f"{bc.api}/$batch", body) == (400, "BadRequest")
    assert state(bc.company) == before


def test_a_batch_is_posted_as_json_and_without_read_only_intent(bc: BcClient) -> None:
    url = f"{bc.api}/$batch"
    body = {"requests": []}
    assert bc.refused("PUT", url, body) == (405, "BadRequest_MethodNotAllowed")
    assert bc.error(url) == (405, "BadRequest_MethodNotAllowed")
    assert bc.refused("POST", url, body, Content_Type="text/plain") == (400, "BadRequest")
    assert bc.refused("POST", url, body, Data_Access_Intent="ReadOnly") == (400, "BadRequest")
    assert bc.send("POST", url, body).json() == {"responses": []}


def test_a_hundred_operations_are_fine(bc: BcClient) -> None:
    read = {"method": "GET", "url": "vendors?$top=1"}
    assert len(bc.batch(*[read] * 100)) == 100


# --- counting, logging, faults -------------------------------------------------------------------


def test_a_batch_is_one_request_and_its_operations_are_logged_one_by_one(
    sandbox: Sandbox, bc: BcClient
) -> None:
    sandbox.requests.clear()
    bc.batch(new_vendor("L1"), BAD, new_vendor("L2"))
    bc.json("vendors?$top=1")
    entries = sandbox.requests.of("bc")
    assert [entry.method for entry in entries] == ["POST", "GET"]
    assert entries[0].company == bc.company.name
    operations = sandbox.requests.operations("bc")
    assert [(o.id, o.method, o.status) for o in operations] == [
        ("1", "POST", 201),
        ("2", "POST", 400),
        (None, "GET", 200),
    ]
    assert operations[0].body == {"number": "L1"}
    assert [o.is_write for o in operations] == [True, True, False]


def test_a_batch_that_only_reads_is_no_write(sandbox: Sandbox, bc: BcClient) -> None:
    bc.batch({"method": "GET", "url": "vendors?$top=1"})
    assert sandbox.requests.of("bc", writes=True) == []
    assert sandbox.requests.operations("bc", writes=True) == []


def test_a_fault_can_strike_one_operation(sandbox: Sandbox, bc: BcClient) -> None:
    fault = sandbox.faults.add(
        "bc", action="throttled", operation=True, path="vendors", after=1, retry_after=3
    )
    responses = bc.batch(new_vendor("F1"), new_vendor("F2"), new_vendor("F3"), **GO_ON)
    assert statuses(responses) == [201, 429, 201]
    assert responses[1]["headers"]["retry-after"] == "3"
    assert responses[1]["body"]["error"]["code"] == "Application_TooManyRequests"
    assert (fault.seen, fault.hits) == (3, 1)
    assert "F2" not in numbers(bc.company)
    assert [o.fault for o in sandbox.requests.operations("bc")] == [None, "throttled", None]


def test_a_struck_operation_counts_as_failed(sandbox: Sandbox, bc: BcClient) -> None:
    sandbox.faults.add("bc", action="unavailable", operation=True, after=1)
    assert statuses(bc.batch(new_vendor("G1"), new_vendor("G2"), **SNAPSHOT)) == [201, 503]
    assert numbers(bc.company).isdisjoint({"G1", "G2"})


def test_an_operation_can_be_applied_and_look_failed(sandbox: Sandbox, bc: BcClient) -> None:
    sandbox.faults.add("bc", action="apply_then_fail", operation=True, status=500)
    assert statuses(bc.batch(new_vendor("H1"))) == [500]
    assert "H1" in numbers(bc.company)


def test_the_answer_of_a_batch_can_be_lost_after_it_was_applied(
    sandbox: Sandbox, bc: BcClient
) -> None:
    sandbox.faults.add("bc", action="apply_then_drop", path=r"\$batch")
    with pytest.raises(requests.ConnectionError):
        bc.batch(new_vendor("I1"), new_vendor("I2"))
    assert {"I1", "I2"} <= numbers(bc.company)


@pytest.mark.parametrize(
    ("action", "applied"), [("drop", {"K1"}), ("apply_then_drop", {"K1", "K2"})]
)
def test_the_connection_can_be_lost_in_the_middle_of_a_batch(
    sandbox: Sandbox, bc: BcClient, action: Any, applied: set[str]
) -> None:
    sandbox.faults.add("bc", action=action, operation=True, after=1)
    with pytest.raises(requests.ConnectionError):
        bc.batch(new_vendor("K1"), new_vendor("K2"), new_vendor("K3"))
    assert numbers(bc.company) & {"K1", "K2", "K3"} == applied


def test_a_connection_lost_in_the_middle_of_a_snapshot_batch_takes_all_back(
    sandbox: Sandbox, bc: BcClient
) -> None:
    sandbox.faults.add("bc", action="apply_then_drop", operation=True, after=1)
    with pytest.raises(requests.ConnectionError):
        bc.batch(new_vendor("M1"), new_vendor("M2"), new_vendor("M3"), **SNAPSHOT)
    assert numbers(bc.company).isdisjoint({"M1", "M2", "M3"})


# --- posting -------------------------------------------------------------------------------------


def test_a_line_and_its_dimensions_can_be_reached_below_their_document(bc: BcClient) -> None:
    journal = journal_with(bc, 10)
    [line] = bc.rows(f"{journal}/journalLines")
    path = f"{journal}/journalLines({line['id']})"
    value = bc.company.find("dimensionValues", code="SALES")[0]
    made = {"id": value["dimensionId"], "valueId": value["id"]}
    lines = f"{path}/dimensionSetLines"
    responses = bc.batch(
        {"method": "PATCH", "url": path, "body": {"description": "changed"}},
        {"method": "POST", "url": lines, "body": made},
        {"method": "GET", "url": f"{path}?$expand=dimensionSetLines"},
        {"method": "DELETE", "url": f"{lines}({value['dimensionId']})"},
    )
    assert statuses(responses) == [200, 201, 200, 204]
    assert responses[2]["body"]["description"] == "changed"
    assert [row["valueCode"] for row in responses[2]["body"]["dimensionSetLines"]] == ["SALES"]
