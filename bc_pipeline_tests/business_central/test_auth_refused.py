"""Tokens that are refused, unreadable or not to be had, and what a person is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bc_pipeline.errors import AuthError, RequestFailed
from bc_pipeline_tests.business_central.fake import SECRET, SEED, FakeBusinessCentral, Reply
from bc_pipeline_tests.business_central.tokens import (
    access,
    answer_tokens,
    forms,
    store_again,
    stored,
    token_reply,
)


@pytest.mark.parametrize(
    ("error", "todo"),
    [
        ("invalid_grant", "sign in again"),
        ("invalid_client", "client secret"),
        ("unauthorized_client", "client_id"),
        ("invalid_scope", "API.ReadWrite.All"),
        ("invalid_request", "entra_tenant"),
        ("interaction_required", "sign in again"),
        ("consent_required", "sign in again"),
        ("login_required", "sign in again"),
        ("something_new", "check"),
    ],
)
@pytest.mark.covers("decision 35")
def test_given_a_refusal_then_it_is_never_repeated_and_says_what_to_do(
    fake, tmp_path, error: str, todo: str
):
    answer_tokens(fake, token_reply(400, error=error, error_description=f"AADSTS7000: {SECRET}"))
    tokens = access(fake, tmp_path)

    for _ in range(3):
        with pytest.raises(AuthError, match=todo) as caught:
            tokens.token()

    assert error in str(caught.value)
    assert "acme" in str(caught.value)
    assert len(forms(fake)) == 1, "neither repeated nor asked again by the next thread"


def test_given_a_stored_token_that_is_refused_then_nothing_else_is_tried(fake, tmp_path):
    access(fake, tmp_path).token()
    store_again(tmp_path, expires_at=datetime.now(UTC))
    answer_tokens(fake, token_reply(400, error="invalid_grant"))

    with pytest.raises(AuthError):
        access(fake, tmp_path).token()

    assert [form["refresh_token"] for form in forms(fake)] == [SEED, "refresh-1"]
    assert stored(tmp_path).refresh_token == "refresh-1"


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(429, b"", {"Retry-After": "0"}),
        Reply(503, b"<html>"),
        token_reply(400, error="temporarily_unavailable"),
        token_reply(400, error="server_error"),
        Reply(408, b""),
        Reply(200, b"<html>"),
        Reply(200, b'{"access_tok', length=200),
        Reply(200, b""),
        Reply(200, b"null"),
        Reply(200, b'["access_token"]'),
        Reply(200, b"\xff\xfe"),
        token_reply(200, token_type="Bearer", expires_in=3599),
        token_reply(200, access_token="", expires_in=3599),
        token_reply(200, access_token=None),
        Reply(204, b""),
        Reply(202, b"{}"),
    ],
    ids=[
        *("429", "503", "temporarily_unavailable", "server_error", "408", "not JSON", "cut short"),
        *("empty", "null", "a list", "no text", "no token", "blank token", "null token"),
        *("204", "202"),
    ],
)
@pytest.mark.covers("decision 35", "decision 41")
def test_given_passing_trouble_then_it_is_repeated(fake, tmp_path, trouble: Reply):
    answer_tokens(fake, trouble, trouble, token_reply(access_token="good", expires_in=3600))

    assert access(fake, tmp_path).token() == "good"
    assert len(forms(fake)) == 3


@pytest.mark.covers("decision 41")
def test_given_answers_that_stay_unreadable_then_that_is_said_and_no_credentials_are_blamed(
    fake, tmp_path
):
    answer_tokens(fake, Reply(200, b"<html>Please sign in to the guest network</html>"))

    with pytest.raises(RequestFailed, match=r"HTTP 200, .* is a proxy in between\?"):
        access(fake, tmp_path).token()


@pytest.mark.covers("decision 35")
@pytest.mark.parametrize("error", ["consent_required", "interaction_required"])
def test_given_no_person_behind_the_token_then_an_administrator_is_called(
    fake, tmp_path, error: str
):
    answer_tokens(fake, token_reply(400, error=error))

    with pytest.raises(AuthError, match="administrator") as caught:
        access(fake, tmp_path, refresh_token=None).token()

    assert "sign in again" not in str(caught.value)


@pytest.mark.covers("decision 35")
def test_given_a_person_behind_the_token_then_the_command_that_signs_in_is_named(fake, tmp_path):
    answer_tokens(fake, token_reply(400, error="invalid_grant"))

    with pytest.raises(AuthError, match="`bc-pipeline connect acme`"):
        access(fake, tmp_path).token()


@pytest.mark.covers("decision 35")
@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        *(("3599", 3599), (" 60 ", 60), (1800.5, 1800.5)),
        *(
            (each, 3599)
            for each in ("soon", "", None, 0, -5, True, [], {}, "NaN", "1e400", 10**400)
        ),
    ],
)
def test_given_a_lifetime_that_is_no_number_then_the_usual_one_is_taken(
    fake, tmp_path, told: Any, seconds: float
):
    answer_tokens(fake, token_reply(access_token="a", expires_in=told))

    assert access(fake, tmp_path).token() == "a"

    assert stored(tmp_path).lifetime_seconds == seconds


def test_given_trouble_that_stays_then_it_is_no_auth_error_and_the_token_is_kept(fake, tmp_path):
    access(fake, tmp_path).token()
    store_again(tmp_path, expires_at=datetime.now(UTC))
    answer_tokens(fake, Reply(503, b""))

    with pytest.raises(RequestFailed, match="503"):
        access(fake, tmp_path).token()

    assert len(forms(fake)) == 1 + 3
    assert stored(tmp_path).refresh_token == "refresh-1"


def test_given_no_server_then_that_is_said_without_secrets(tmp_path):
    fake = FakeBusinessCentral()
    fake.close()

    with pytest.raises(RequestFailed, match="no answer"):
        access(fake, tmp_path).token()


def test_given_a_redirect_then_the_secret_is_not_carried_there(fake, tmp_path):
    elsewhere = FakeBusinessCentral()
    answer_tokens(fake, Reply(307, b"", {"Location": f"{elsewhere.url}/oauth2/v2.0/token"}))

    with pytest.raises(AuthError):
        access(fake, tmp_path).token()

    assert elsewhere.seen == []
    elsewhere.close()


@pytest.mark.covers("decision 36")
@pytest.mark.parametrize("status", [302, 404])
def test_given_an_address_that_is_not_microsofts_then_no_credentials_are_blamed(
    fake, tmp_path, status: int
):
    answer_tokens(fake, Reply(status, b"<html>elsewhere</html>", {"Location": "/portal"}))

    with pytest.raises(AuthError, match=r"check business_central\.login_url") as refused:
        access(fake, tmp_path).token()
    assert "credentials" not in str(refused.value)
