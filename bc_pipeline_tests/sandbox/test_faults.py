"""Injected faults, seen from a client that has none of the pipeline's defences."""

from __future__ import annotations

import time
from datetime import datetime
from email.utils import parsedate_to_datetime

import pytest
import requests

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.companies import wholesale
from bc_pipeline.sandbox.faults import Faults
from bc_pipeline_tests.sandbox.conftest import SCOPE, BcClient, token_request

LOST = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


def test_a_fault_strikes_after_some_and_so_often(bc: BcClient, sandbox: Sandbox) -> None:
    fault = sandbox.faults.add("bc", action="unavailable", path="/items", after=1, times=2)
    statuses = [bc.request("items?$top=1").status_code for _ in range(5)]
    assert statuses == [200, 503, 503, 200, 200]
    assert (fault.seen, fault.hits) == (5, 2)
    assert bc.request("vendors?$top=1").status_code == 200


def test_without_an_end_it_strikes_until_cleared(bc: BcClient, sandbox: Sandbox) -> None:
    sandbox.faults.add("bc", action="throttled", times=None)
    assert {bc.request("items").status_code for _ in range(4)} == {429}
    sandbox.faults.clear()
    assert bc.request("items").status_code == 200


def test_faults_are_matched_by_system_method_and_path(bc: BcClient, sandbox: Sandbox) -> None:
    sandbox.faults.add("bc", action="unavailable", method="POST", times=None)
    sandbox.faults.add("entra", action="unavailable", times=None)
    sandbox.faults.add("bc", action="unavailable", path=r"\$skip=3", times=None)
    assert bc.request("items").status_code == 200
    assert bc.request("items", "POST").status_code == 503
    assert bc.request("items?$skip=3").status_code == 503
    assert token_request(sandbox).status_code == 503


def test_unknown_faults_are_refused() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        Faults().add("bc", action="nonsense")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("action", "options", "status", "code"),
    [
        ("throttled", {}, 429, "Application_TooManyRequests"),
        ("unavailable", {"retry_after": 2}, 503, "Internal_TenantUnavailable"),
        ("deadlock", {}, 409, "Internal_ServerError"),
        ("try_again", {}, 400, "Internal_ServerError"),
        ("expired_token", {}, 401, "Authentication_InvalidCredentials"),
        ("status", {"status": 500}, 500, "Internal_ServerError"),
    ],
)
def test_canned_answers(
    bc: BcClient, sandbox: Sandbox, action: str, options: dict, status: int, code: str
) -> None:
    sandbox.faults.add("bc", action=action, **options)
    answer = bc.request("items")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    wait = options.get("retry_after")
    assert answer.headers.get("retry-after") == (None if wait is None else str(wait))
    assert sandbox.requests.of("bc")[-1].fault == action


def test_the_texts_clients_match_on(bc: BcClient, sandbox: Sandbox) -> None:
    sandbox.faults.add("bc", action="try_again")
    assert "Please try again later." in bc.request("items").json()["error"]["message"]
    sandbox.faults.add("bc", action="deadlock")
    message = bc.request("items").json()["error"]["message"]
    assert "deadlock" in message
    assert "retry" in message


def test_any_answer_can_be_given(bc: BcClient, sandbox: Sandbox) -> None:
    sandbox.faults.add("bc", action="status", status=418, body={"a": 1}, headers={"x-tea": "pot"})
    answer = bc.request("items")
    assert (answer.status_code, answer.json(), answer.headers["x-tea"]) == (418, {"a": 1}, "pot")


def test_a_delay_holds_one_of_the_users_slots(bc: BcClient, sandbox: Sandbox) -> None:
    sandbox.faults.add("bc", action="delay", seconds=0.2)
    started = time.monotonic()
    assert bc.request("items?$top=1").status_code == 200
    assert time.monotonic() - started >= 0.2


def test_dropped_before_handling_nothing_is_answered(bc: BcClient, sandbox: Sandbox) -> None:
    sandbox.faults.add("bc", action="drop")
    with pytest.raises(LOST):
        bc.request("items")
    entry = sandbox.requests.of("bc")[-1]
    assert (entry.status, entry.company) == (None, None)
    assert bc.request("items").status_code == 200


def test_applied_but_the_answer_is_lost(bc: BcClient, sandbox: Sandbox) -> None:
    sandbox.faults.add("entra", action="apply_then_drop")
    token = sandbox.entra.consent("cronus", "someone")
    before = len(sandbox.entra.refresh_tokens)
    form = {"grant_type": "refresh_token", "refresh_token": token}
    app = {"client_id": "cronus", "client_secret": "cronus-client-secret"}
    with pytest.raises(LOST):
        token_request(sandbox, "common", **form, **app)
    assert len(sandbox.entra.refresh_tokens) == before + 1


def test_half_an_answer_with_a_broken_connection(bc: BcClient, sandbox: Sandbox) -> None:
    sandbox.faults.add("bc", action="truncate")
    with pytest.raises(LOST):
        bc.request("items")


def test_half_an_answer_that_looks_whole(bc: BcClient, sandbox: Sandbox) -> None:
    sandbox.faults.add("bc", action="cut")
    answer = bc.request("items")
    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_pages_that_are_none(bc: BcClient, sandbox: Sandbox) -> None:
    sandbox.faults.add("bc", action="not_json")
    assert bc.request("items").headers["content-type"] == "text/html"
    sandbox.faults.add("bc", action="no_value")
    answer = bc.request("items")
    assert answer.status_code == 200
    assert "value" not in answer.json()


@pytest.mark.parametrize("prefer", ["odata.maxpagesize=5", "odata.maxpagesize=500"])
def test_next_links_that_mislead(bc: BcClient, sandbox: Sandbox, prefer: str) -> None:
    sandbox.faults.add("bc", action="repeat_next_link")
    url = f"{bc.root}/items?$select=id"
    page = bc.json(url, Prefer=prefer)
    assert page["@odata.nextLink"] == url
    assert page["value"]
    sandbox.faults.add("bc", action="foreign_next_link", host="http://elsewhere.invalid")
    assert bc.json(url, Prefer=prefer)["@odata.nextLink"].startswith("http://elsewhere.invalid/")


def test_optiply_can_fail_too(sandbox: Sandbox, bc: BcClient) -> None:
    sandbox.faults.add("optiply", action="unavailable", times=2)
    for path in ("/optiply/v1/products", "/optiply-login/api/auth/oauth/token"):
        assert requests.get(f"{sandbox.base_url}{path}", timeout=10).status_code == 503


# --- answers that cannot be used ------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", ["interaction_required", "consent_required", "login_required", "server_error"]
)
def test_the_token_endpoint_can_ask_for_a_person(
    sandbox: Sandbox, bc: BcClient, error: str
) -> None:
    sandbox.faults.add("entra", action="token_error", error=error)
    answer = token_request(sandbox)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.json()["error_codes"][0] == int(answer.json()["error_description"][6:11])


def test_a_life_of_a_token_that_is_no_number(sandbox: Sandbox, bc: BcClient) -> None:
    sandbox.faults.add("entra", action="alter", properties={"expires_in": "an hour"})
    answer = token_request(
        sandbox,
        grant_type="client_credentials",
        client_id="wholesale",
        client_secret="wholesale-client-secret",
        scope=SCOPE,
    ).json()
    assert (answer["expires_in"], answer["token_type"]) == ("an hour", "Bearer")


@pytest.mark.parametrize("system", ["entra", "bc"])
def test_an_answer_without_a_body(sandbox: Sandbox, bc: BcClient, system: str) -> None:
    sandbox.faults.add(system, action="empty")
    answer = token_request(sandbox) if system == "entra" else bc.request("items")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("action", "body"),
    [("apply_then_empty", b""), ("apply_then_not_json", b"<html><body>Service</body></html>")],
)
def test_a_write_that_is_applied_and_answered_with_nothing_to_read(
    sandbox: Sandbox, bc: BcClient, action: str, body: bytes
) -> None:
    sandbox.faults.add("bc", action=action)
    answer = bc.send("POST", "vendors", {"number": action[-8:]})
    assert (answer.status_code, answer.content) == (201, body)
    assert bc.company.find("vendors", number=action[-8:].upper())


def test_a_next_link_without_host(bc: BcClient, sandbox: Sandbox) -> None:
    sandbox.faults.add("bc", action="path_next_link", times=2)
    page = bc.json("items?$select=id", Prefer="odata.maxpagesize=5")
    link = page["@odata.nextLink"]
    assert link.startswith(f"/bc/v2.0/Production/api/v2.0/companies({bc.company.id})/items?")
    assert len(bc.rows(f"{sandbox.base_url}{link}")) > 0
    assert "@odata.nextLink" not in bc.json("items?$top=1")


# --- texts and clocks -----------------------------------------------------------------------------


def test_a_text_may_end_in_half_a_character(bc: BcClient, sandbox: Sandbox) -> None:
    url = f"{sandbox.base_url}/_control/changes"
    item = next(iter(bc.company.tables["items"].values()))["number"]
    params = b'{"company": "%s", "item": "%s", "name": "Sun \\ud83d\\u0000"}'
    body = b'{"name": "rename_item", "params": %s}' % params
    body %= (bc.company.name.encode(), item.encode())
    assert requests.post(url, data=body, timeout=10).status_code == 200
    answer = bc.request(f"items?$filter=number eq '{item}'")
    assert b'"Sun \\ud83d\\u0000"' in answer.content
    assert answer.json()["value"][0]["displayName"] == "Sun \ud83d\x00"


def test_the_clock_of_business_central_can_differ_from_the_others(
    bc: BcClient, sandbox: Sandbox
) -> None:
    def shown(answer: requests.Response) -> datetime:
        return parsedate_to_datetime(answer.headers["date"])

    url = f"{sandbox.base_url}/_control/clock"
    requests.post(url, json={"ahead": 300}, timeout=10)
    try:
        assert 295 <= (shown(bc.request("items")) - sandbox.clock()).total_seconds() <= 301
        assert abs((shown(token_request(sandbox)) - sandbox.clock()).total_seconds()) <= 5
        company = sandbox.business_central.companies[wholesale.NAME]
        row = company.insert("vendors", {"number": "AHEAD"})
        stamp = datetime.fromisoformat(row["lastModifiedDateTime"])
        assert 295 <= (stamp - sandbox.clock()).total_seconds() <= 301
    finally:
        requests.post(url, json={"ahead": 0}, timeout=10)
    assert abs((shown(bc.request("items")) - sandbox.clock()).total_seconds()) <= 5


# --- writes --------------------------------------------------------------------------------------


def test_a_write_can_be_lost_before_or_after_it_was_applied(bc: BcClient, sandbox: Sandbox) -> None:
    for action, applied in (("drop", False), ("apply_then_drop", True)):
        sandbox.faults.add("bc", action=action)
        with pytest.raises(LOST):
            bc.send("POST", "vendors", {"number": action})
        assert bool(bc.company.find("vendors", number=action.upper())) is applied


def test_a_write_can_be_applied_and_answered_as_failed(bc: BcClient, sandbox: Sandbox) -> None:
    sandbox.faults.add("bc", action="apply_then_fail", status=504)
    answer = bc.send("POST", "vendors", {"number": "DONE"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "Internal_ServerError")
    assert bc.company.find("vendors", number="DONE")


@pytest.mark.covers("sandbox: 4xx after commit")
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_write_can_be_applied_and_refused(bc: BcClient, sandbox: Sandbox, method: str) -> None:
    vendor = bc.company.insert("vendors", {"number": "V-APPLIED"})["id"]
    path = "vendors" if method == "POST" else f"vendors({vendor})"
    sandbox.faults.add("bc", action="apply_then_refuse", writes=True)
    body = None if method == "DELETE" else {"displayName": "Applied"}
    assert bc.refused(method, path, body) == (400, "Application_DialogException")
    found = bc.company.find("vendors", displayName="Applied")
    assert bool(found) if body else vendor not in bc.company.tables["vendors"]
    assert bc.json("vendors?$top=1")  # once


@pytest.mark.covers("sandbox: 4xx after commit")
def test_an_operation_of_a_batch_can_be_applied_and_refused(bc: BcClient, sandbox: Sandbox) -> None:
    sandbox.faults.add("bc", action="apply_then_refuse", operation=True, status=409)
    new = {"method": "POST", "url": "vendors", "body": {"number": "INBATCH"}}
    assert [answer["status"] for answer in bc.batch(new)] == [409]
    assert bc.company.find("vendors", number="INBATCH")


def test_the_answer_of_the_nth_write_can_be_lost(bc: BcClient, sandbox: Sandbox) -> None:
    fault = sandbox.faults.add("bc", action="apply_then_drop", writes=True, after=1)
    bc.created("vendors", {"number": "N1"})
    bc.json("vendors?$top=1")
    with pytest.raises(LOST):
        bc.send("POST", "vendors", {"number": "N2"})
    assert (fault.seen, fault.hits) == (2, 1)
    assert bc.company.find("vendors", number="N2")


def test_something_can_be_done_at_the_nth_request(bc: BcClient, sandbox: Sandbox) -> None:
    """A test may kill a client here: before its request is handled, or after, unanswered."""
    seen: list[tuple[str, bool]] = []

    def note(name: str) -> None:
        seen.append((name, bool(bc.company.find("vendors", number=name))))

    for action in ("drop", "apply_then_drop"):
        name = action.upper()
        call = lambda name=name: note(name)  # noqa: E731
        sandbox.faults.add("bc", action=action, call=call)
        with pytest.raises(LOST):
            bc.send("POST", "vendors", {"number": name})
    assert seen == [("DROP", False), ("APPLY_THEN_DROP", True)]


def test_only_faults_that_answer_or_cut_can_strike_an_operation_of_a_batch() -> None:
    with pytest.raises(ValueError, match="operation"):
        Faults().add("bc", action="truncate", operation=True)


def test_faults_of_operations_pass_whole_requests_by(bc: BcClient, sandbox: Sandbox) -> None:
    fault = sandbox.faults.add("bc", action="unavailable", operation=True)
    assert bc.request("vendors").status_code == 200
    assert (fault.seen, fault.hits) == (0, 0)
