"""Tokens of the played Optiply (optiply.md 1)."""

from __future__ import annotations

import pytest

from bc_pipeline.sandbox.optiply import OptiplySandbox, Shop
from bc_pipeline_tests.sandbox.optiply.conftest import Client, TestClock


@pytest.fixture
def visitor(base_url: str, shop: Shop) -> Client:
    return Client(base_url, shop)


def test_given_right_credentials_when_a_token_is_asked_then_it_opens_the_api(visitor: Client):
    answer = visitor.ask_token().json()
    assert {"access_token", "refresh_token", "expires_in"} <= answer.keys()
    assert answer["expires_in"] == 3600
    visitor.token = answer["access_token"]
    assert visitor.call("GET", "/products").status_code == 200


def test_given_the_grant_type_in_the_query_string_then_it_is_taken_too(visitor: Client):
    shop = visitor.shop
    answer = visitor.session.post(
        f"{visitor.base_url}/optiply-login/api/auth/oauth/token?grant_type=password",
        data={"username": shop.username, "password": shop.password},
        auth=(shop.client_id, shop.client_secret),
        timeout=10,
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "no"},
        {"username": "nobody"},
        {"client_id": "no"},
        {"client_secret": "no"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_given_a_wrong_credential_then_401_in_the_words_clients_know(
    visitor: Client, wrong: dict[str, str]
):
    answer = visitor.ask_token(**wrong)
    assert answer.status_code == 401
    assert "UserDetailsService returned null" in answer.text


def test_given_the_refresh_grant_then_it_is_not_supported(visitor: Client):
    answer = visitor.ask_token(grant_type="refresh_token")
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


def test_given_no_token_then_401(visitor: Client):
    assert visitor.call("GET", "/products").status_code == 401


def test_given_a_short_token_lifetime_when_it_has_passed_then_401(
    visitor: Client, optiply: OptiplySandbox, clock: TestClock
):
    optiply.behaviour.token_lifetime_seconds = 60
    visitor.login()
    clock.advance(59)
    assert visitor.call("GET", "/products").status_code == 200
    clock.advance(1)
    assert visitor.call("GET", "/products").status_code == 401


def test_given_tokens_expired_by_hand_then_only_that_shops_token_ends(
    visitor: Client, optiply: OptiplySandbox, base_url: str
):
    visitor.login()
    other = Client(base_url, optiply.shops["other"]).login()
    optiply.expire_tokens("acme")
    assert visitor.call("GET", "/products").status_code == 401
    assert other.call("GET", "/products").status_code == 200


def test_given_a_good_token_and_the_token_limit_on_then_a_second_request_is_refused(
    visitor: Client, optiply: OptiplySandbox
):
    optiply.behaviour.refuse_token_while_valid = True
    visitor.login()
    refused = visitor.ask_token()
    assert refused.status_code == 429
    assert refused.json()["error_description"] == "Rate limit exceeded: access_token not expired"
    assert visitor.call("GET", "/products").status_code == 200
    optiply.expire_tokens()
    assert visitor.ask_token().status_code == 200
