"""Entra's token endpoint (behaviour.md 1)."""

from __future__ import annotations

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.sandbox.conftest import (
    SCOPE,
    BcClient,
    sign_in,
    small_sandbox,
    token_request,
)

HERE = "wholesale.example"
APP = {"client_id": "wholesale", "client_secret": "wholesale-client-secret"}
CRONUS_APP = {"client_id": "cronus", "client_secret": "cronus-client-secret"}


def refresh(sandbox: Sandbox, token: str, **form: str):
    values = {"grant_type": "refresh_token", "refresh_token": token, **CRONUS_APP, **form}
    return token_request(sandbox, "common", **values)


def test_client_credentials_give_an_access_token_and_no_refresh_token(sandbox: Sandbox) -> None:
    answer = token_request(sandbox, grant_type="client_credentials", scope=SCOPE, **APP)
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 3600
    assert "refresh_token" not in answer.json()


@pytest.mark.parametrize(
    ("tenant", "form", "status", "error"),
    [
        (HERE, {"client_secret": "wrong"}, 401, "invalid_client"),
        (HERE, {"client_id": "nobody"}, 400, "unauthorized_client"),
        (HERE, {"scope": "https://graph.microsoft.com/.default"}, 400, "invalid_scope"),
        (HERE, {"scope": ""}, 400, "invalid_request"),
        (HERE, {"grant_type": "password"}, 400, "unsupported_grant_type"),
        ("common", {}, 400, "invalid_request"),
    ],
)
def test_a_wrong_token_request_is_answered_with_entras_error(
    sandbox: Sandbox, tenant: str, form: dict[str, str], status: int, error: str
) -> None:
    right = {"grant_type": "client_credentials", "scope": SCOPE, **APP}
    answer = token_request(sandbox, tenant, **(right | form))
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"].startswith("AADSTS")
    assert answer.json()["error_codes"]
    assert {"timestamp", "trace_id", "correlation_id"} <= answer.json().keys()


def test_every_refresh_hands_out_a_new_refresh_token(sandbox: Sandbox) -> None:
    first = sandbox.entra.consent("cronus", "someone")
    answer = refresh(sandbox, first).json()
    assert answer["refresh_token"] != first
    assert refresh(sandbox, answer["refresh_token"]).status_code == 200


@pytest.mark.covers("sandbox: sign-in")
def test_a_used_refresh_token_goes_on_working_for_ninety_days_from_its_last_use() -> None:
    with small_sandbox() as sandbox:
        first = sandbox.entra.consent("cronus", "someone")
        for days in (0, 89, 89):
            sandbox.clock.advance(days * 86_400)
            assert refresh(sandbox, first).status_code == 200
        sandbox.clock.advance(91 * 86_400)
        assert refresh(sandbox, first).json()["error"] == "invalid_grant"


def test_where_a_policy_says_so_a_replaced_token_works_a_short_while_and_then_never_again() -> None:
    with small_sandbox(refresh_grace_seconds=60) as sandbox:
        first = sandbox.entra.consent("cronus", "someone")
        newest = refresh(sandbox, first).json()["refresh_token"]
        assert refresh(sandbox, first).status_code == 200
        sandbox.clock.advance(61)
        answer = refresh(sandbox, first)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
        assert refresh(sandbox, newest).status_code == 200


def test_a_revoked_consent_is_invalid_grant(sandbox: Sandbox) -> None:
    token = sandbox.entra.consent("cronus", "leaver")
    sandbox.entra.revoke("leaver")
    assert refresh(sandbox, token).json()["error"] == "invalid_grant"


def test_a_refresh_token_belongs_to_one_application(sandbox: Sandbox) -> None:
    token = sandbox.entra.consent("cronus", "someone")
    assert refresh(sandbox, token, **APP).json()["error"] == "invalid_grant"


def test_an_access_token_ends_with_its_time() -> None:
    with small_sandbox(access_token_seconds=600) as sandbox:
        bc = sign_in(sandbox)
        assert bc.request("items?$top=1").status_code == 200
        sandbox.clock.advance(601)
        assert bc.error("items?$top=1") == (401, "Authentication_InvalidCredentials")


@pytest.mark.parametrize("header", ["Bearer nonsense", "Basic abc", ""])
def test_bc_refuses_a_bad_access_token(sandbox: Sandbox, bc: BcClient, header: str) -> None:
    assert bc.error("items", Authorization=header) == (401, "Authentication_InvalidCredentials")


def test_a_good_token_without_set_up_inside_bc_is_refused(sandbox: Sandbox, bc: BcClient) -> None:
    sandbox.entra.applications["wholesale"].enabled_in_bc = False
    try:
        assert bc.error("items") == (401, "Authentication_InvalidCredentials")
    finally:
        sandbox.entra.applications["wholesale"].enabled_in_bc = True


def test_no_token_is_kept_in_the_request_log(sandbox: Sandbox, bc: BcClient) -> None:
    bc.json("items?$top=1")
    text = str([entry.as_json() for entry in sandbox.requests])
    assert "eyJ." not in text
    assert "client-secret" not in text
