"""One token per tenant, shared, renewed in time, never asked for in vain (optiply.md 1)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bc_pipeline.errors import AuthError, RequestFailed
from bc_pipeline.optiply.auth import DEFAULT_LIFETIME_SECONDS
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.optiply import Shop
from bc_pipeline.tenants.secrets import TokenStore

Connect = Callable[..., Optiply]


def token_requests(sandbox: Sandbox) -> int:
    return sum("oauth" in entry.path and entry.system == "optiply" for entry in sandbox.requests)


@pytest.fixture(autouse=True)
def empty_log(sandbox: Sandbox, shop: Shop) -> None:
    sandbox.requests.clear()


def test_the_password_grant_goes_into_the_form_and_the_client_into_basic(
    sandbox: Sandbox, connect: Connect
) -> None:
    connect().preflight()

    (entry,) = [e for e in sandbox.requests if "oauth" in e.path]
    assert (entry.method, entry.path, entry.query) == (
        "POST",
        "/optiply-login/api/auth/oauth/token",
        "",
    )
    assert entry.status == 200


def test_processes_share_the_stored_token(
    sandbox: Sandbox, connect: Connect, tmp_path: Path
) -> None:
    first, second = connect(), connect()
    first.preflight()
    second.preflight()
    assert list(second.rows("products")) == []

    assert token_requests(sandbox) == 1
    assert TokenStore(tmp_path).load("acme", "optiply") is not None


def test_threads_ask_for_one_token_together(sandbox: Sandbox, connect: Connect) -> None:
    client = connect()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: client.get("products", 1), range(16)))

    assert token_requests(sandbox) == 1


def nearly_expired(home: Path) -> None:
    """The stored token has 100 of its 3600 seconds left."""
    tokens = TokenStore(home)
    stored = tokens.load("acme", "optiply")
    assert stored is not None
    soon = datetime.now(UTC) + timedelta(seconds=100)
    tokens.save("acme", "optiply", replace(stored, expires_at=soon))


def test_a_token_with_less_than_two_minutes_is_renewed_first(
    sandbox: Sandbox, connect: Connect, tmp_path: Path
) -> None:
    connect().preflight()
    nearly_expired(tmp_path)

    connect().preflight()

    assert token_requests(sandbox) == 2


def test_a_refused_token_is_renewed_once_and_the_request_repeated(
    sandbox: Sandbox, shop: Shop, connect: Connect
) -> None:
    client = connect()
    client.preflight()
    sandbox.optiply.expire_tokens(shop.name)

    assert client.get("products", 1) is None
    assert token_requests(sandbox) == 2
    assert client.counter.retried == 1


def test_a_second_refusal_is_final(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.faults.add("optiply", action="expired_token", path="/v1/", times=None)
    client = connect()

    with pytest.raises(AuthError, match="just issued"):
        client.get("products", 1)
    assert client.counter.total == 2


@pytest.mark.parametrize("attribute", ["password", "client_secret"])
def test_wrong_credentials_are_never_retried(
    sandbox: Sandbox, shop: Shop, connect: Connect, attribute: str
) -> None:
    client = connect()
    setattr(shop, attribute, "changed")

    for _ in range(3):
        with pytest.raises(AuthError, match="credentials broken"):
            client.preflight()
    assert token_requests(sandbox) == 1


def test_the_stored_token_is_used_while_optiply_issues_no_other(
    sandbox: Sandbox, connect: Connect, tmp_path: Path
) -> None:
    sandbox.optiply.behaviour.refuse_token_while_valid = True
    connect().preflight()
    nearly_expired(tmp_path)

    assert connect().get("products", 1) is None


@pytest.mark.parametrize("status", [400, 401, 429])
def test_without_the_earlier_token_a_person_is_told_what_is_going_on(
    sandbox: Sandbox, connect: Connect, tmp_path: Path, status: int
) -> None:
    sandbox.optiply.behaviour.refuse_token_while_valid = True
    sandbox.optiply.behaviour.token_refusal_status = status
    connect().preflight()
    TokenStore(tmp_path).delete("acme", "optiply")

    with pytest.raises(AuthError, match="earlier one is still valid"):
        connect().preflight()


def test_a_busy_token_endpoint_is_asked_again(sandbox: Sandbox, connect: Connect) -> None:
    fault = sandbox.faults.add("optiply", action="unavailable", path="oauth", times=2)
    sandbox.faults.add("optiply", action="drop", path="oauth", times=1)

    connect().preflight()

    assert fault.hits == 2


@pytest.mark.covers("decision 41")
@pytest.mark.parametrize(
    "answer", [None, {}, [], "<html>", {"access_token": ""}, {"access_token": None}]
)
def test_a_success_without_a_token_is_asked_again(
    sandbox: Sandbox, connect: Connect, answer: object
) -> None:
    options = {"action": "empty"} if answer is None else {"action": "status", "body": answer}
    fault = sandbox.faults.add("optiply", path="oauth", times=2, status=200, **options)

    connect().preflight()

    assert fault.hits == 2
    assert token_requests(sandbox) == 3


@pytest.mark.covers("decision 41")
def test_a_success_that_stays_without_a_token_is_told_as_such(
    sandbox: Sandbox, connect: Connect
) -> None:
    sandbox.faults.add("optiply", path="oauth", times=None, action="not_json")

    with pytest.raises(RequestFailed, match=r"answered 200: .* is a proxy in between\?"):
        connect().preflight()


@pytest.mark.covers("decision 35")
@pytest.mark.parametrize("told", ["soon", None, -1, "NaN", {}])
def test_a_lifetime_that_is_no_number_counts_as_the_usual_one(
    sandbox: Sandbox, connect: Connect, tmp_path: Path, told: object
) -> None:
    properties = {"expires_in": told}
    sandbox.faults.add("optiply", path="oauth", action="alter", properties=properties)

    connect().preflight()

    stored = TokenStore(tmp_path).load("acme", "optiply")
    assert stored is not None
    assert stored.lifetime_seconds == DEFAULT_LIFETIME_SECONDS


def test_changed_credentials_do_not_use_the_old_token(
    sandbox: Sandbox, shop: Shop, connect: Connect
) -> None:
    connect().preflight()
    shop.password = "new"
    connect(password="new").preflight()

    assert token_requests(sandbox) == 2


def test_no_secret_shows_in_messages_or_logs(
    sandbox: Sandbox,
    shop: Shop,
    connect: Connect,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    client = connect()
    client.preflight()
    token = TokenStore(tmp_path).load("acme", "optiply")
    assert token is not None
    sandbox.faults.add("optiply", action="status", status=400, body={"message": "no"}, path="/v1/")
    with pytest.raises(Exception) as refused:
        client.get("products", 1)
    other = connect()
    shop.password = "other"
    TokenStore(tmp_path).delete("acme", "optiply")
    with pytest.raises(AuthError) as broken:
        other.preflight()

    shown = caplog.text + str(refused.value) + str(broken.value) + repr(client.__dict__)
    secrets = (token.access_token, f"{shop.name}-password", shop.client_secret)
    assert not any(secret in shown for secret in secrets)
