"""A person signs in, in the browser, with an authorisation code."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.entra import Directory, Person
from bc_pipeline_tests.sandbox.conftest import SCOPE, BcClient, token_request
from bc_pipeline_tests.sandbox.entra.signing_in import CLIENT, person

__all__ = ["person"]

pytestmark = pytest.mark.covers("sandbox: sign-in")

CALLBACK = "http://localhost:8410/callback"
VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
ASKED = {
    "client_id": "cronus",
    "response_type": "code",
    "redirect_uri": CALLBACK,
    "scope": f"{SCOPE} offline_access openid",
    "state": "a state & more",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


def open_page(sandbox: Sandbox, tenant: str = "common", **asked: Any) -> requests.Response:
    """What the browser gets for the address a client sends it to; None leaves a parameter out."""
    url = f"{sandbox.base_url}/entra/{tenant}/oauth2/v2.0/authorize"
    wanted = {name: value for name, value in (ASKED | asked).items() if value is not None}
    return requests.get(url, params=wanted, allow_redirects=False, timeout=30)


def sent_back(answer: requests.Response) -> dict[str, str]:
    """What the client is told in the address the browser is sent back to."""
    assert answer.status_code == 302, answer.text
    location = urlsplit(answer.headers["location"])
    assert location._replace(query="", fragment="").geturl() == CALLBACK
    return dict(parse_qsl(location.query or location.fragment, keep_blank_values=True))


def exchange(sandbox: Sandbox, code_: str, tenant: str = "common", **form: str) -> Any:
    right = {
        "grant_type": "authorization_code",
        "code": code_,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        **CLIENT,
    }
    return token_request(sandbox, tenant, **(right | form))


def test_a_person_signs_in_and_the_client_gets_tokens_that_work(
    sandbox: Sandbox, bc: BcClient
) -> None:
    back = sent_back(open_page(sandbox))
    assert back["state"] == ASKED["state"]
    answer = exchange(sandbox, back["code"])
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    assert bc.rows("items?$top=1", Authorization=f"Bearer {tokens['access_token']}")
    assert sandbox.requests.of("bc")[-1].user == "user@cronus.example"
    renewed = token_request(
        sandbox,
        "common",
        grant_type="refresh_token",
        refresh_token=tokens["refresh_token"],
        **CLIENT,
    )
    assert renewed.status_code == 200


def test_the_id_token_says_who_it_was(sandbox: Sandbox) -> None:
    sandbox.entra.person.user = "anna@cronus.example"
    back = sent_back(open_page(sandbox, nonce="n-1"))
    part = exchange(sandbox, back["code"]).json()["id_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=="))
    assert claims["preferred_username"] == "anna@cronus.example"
    assert (claims["aud"], claims["nonce"]) == ("cronus", "n-1")
    assert claims["tid"] == sandbox.entra.directories[0].id


def test_without_offline_access_there_is_no_refresh_token(sandbox: Sandbox) -> None:
    back = sent_back(open_page(sandbox, scope=SCOPE))
    tokens = exchange(sandbox, back["code"]).json()
    assert "refresh_token" not in tokens
    assert "id_token" not in tokens


def test_at_the_v1_address_a_person_signs_in_for_a_resource(sandbox: Sandbox) -> None:
    resource = SCOPE.removesuffix("/.default")
    asked = {n: v for n, v in ASKED.items() if n != "scope"} | {"resource": resource}
    url = f"{sandbox.base_url}/entra/common/oauth2"
    page = requests.get(f"{url}/authorize", params=asked, allow_redirects=False, timeout=30)
    form = {
        "grant_type": "authorization_code",
        "code": sent_back(page)["code"],
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        "resource": resource,
        **CLIENT,
    }
    tokens = requests.post(f"{url}/token", data=form, timeout=30).json()
    assert (tokens["expires_in"], tokens["scope"]) == ("3600", "user_impersonation")
    assert tokens["refresh_token"]


# --- the exchange --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form",
    [
        {"code": "nonsense"},
        {"redirect_uri": "http://localhost:8410/elsewhere"},
        {"code_verifier": "w" * 43},
        {"client_id": "wholesale", "client_secret": "wholesale-client-secret"},
    ],
)
def test_a_code_is_good_for_its_own_client_address_and_verifier_only(
    sandbox: Sandbox, form: dict[str, str]
) -> None:
    code = sent_back(open_page(sandbox))["code"]
    answer = exchange(sandbox, code, **form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert exchange(sandbox, code).status_code == 200


def test_a_challenge_must_be_answered(sandbox: Sandbox) -> None:
    code = sent_back(open_page(sandbox))["code"]
    answer = exchange(sandbox, code, code_verifier="")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_code_is_good_once_and_for_ten_minutes(sandbox: Sandbox) -> None:
    code = sent_back(open_page(sandbox))["code"]
    assert exchange(sandbox, code).status_code == 200
    assert exchange(sandbox, code).json()["error_codes"] == [54005]
    late = sent_back(open_page(sandbox))["code"]
    sandbox.clock.advance(601)
    assert exchange(sandbox, late).json()["error"] == "invalid_grant"


def test_a_code_is_exchanged_in_the_tenant_it_was_made_in(sandbox: Sandbox) -> None:
    other = Directory(("fabrikam.example",))
    sandbox.entra.directories.append(other)
    try:
        code = sent_back(open_page(sandbox))["code"]
        assert exchange(sandbox, code, "fabrikam.example").json()["error_codes"] == [700005]
        assert exchange(sandbox, code, "cronus.example").status_code == 200
    finally:
        sandbox.entra.directories.remove(other)


# --- what else a sign-in can end with ------------------------------------------------------------


@pytest.mark.parametrize(
    "error", ["access_denied", "consent_required", "interaction_required", "server_error"]
)
def test_a_sign_in_that_ends_otherwise_tells_the_client(sandbox: Sandbox, error: str) -> None:
    sandbox.entra.person.error = error
    back = sent_back(open_page(sandbox))
    assert (back["error"], back["state"]) == (error, ASKED["state"])
    assert back["error_description"].startswith("AADSTS")
    assert "code" not in back


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": None}, "invalid_request"),
        ({"scope": "https://graph.microsoft.com/.default"}, "invalid_scope"),
        ({"code_challenge_method": "S512"}, "invalid_request"),
    ],
)
def test_a_wrong_request_is_told_to_the_client(
    sandbox: Sandbox, asked: dict[str, Any], error: str
) -> None:
    assert sent_back(open_page(sandbox, **asked))["error"] == error


@pytest.mark.parametrize(
    ("tenant", "asked", "number"),
    [
        ("nobody.example", {}, 90002),
        ("common", {"client_id": "nobody"}, 700016),
        ("common", {"redirect_uri": "https://evil.example/callback"}, 50011),
        ("common", {"redirect_uri": "http://localhost:8410/other"}, 50011),
        ("common", {"redirect_uri": "http://localhost:8410/callback/"}, 50011),
        ("common", {"redirect_uri": "http://localhost:8410/Callback"}, 50011),
        ("common", {"redirect_uri": None}, 50011),
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_the_clients(
    sandbox: Sandbox, tenant: str, asked: dict[str, Any], number: int
) -> None:
    answer = open_page(sandbox, tenant, **asked)
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert f"AADSTS{number}" in answer.text


@pytest.mark.parametrize("port", ["", ":1", ":54321"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_port_of_this_machine_is_free(sandbox: Sandbox, host: str, port: str) -> None:
    answer = open_page(sandbox, redirect_uri=f"http://{host}{port}/callback")
    assert answer.status_code == 302


def test_an_address_without_a_path_comes_back_with_a_slash(sandbox: Sandbox) -> None:
    answer = open_page(sandbox, redirect_uri="http://localhost:1")
    assert answer.headers["location"].startswith("http://localhost:1/?code=")


def test_an_expired_secret_is_told_apart_from_a_wrong_one(sandbox: Sandbox) -> None:
    sandbox.entra.register("old", "secret").secret_expired = True
    form = {"grant_type": "client_credentials", "scope": SCOPE, "client_id": "old"}
    answers = [
        token_request(sandbox, "cronus.example", **form, client_secret=secret).json()
        for secret in ("secret", "wrong")
    ]
    assert [each["error_codes"] for each in answers] == [[7000222], [7000215]]
    assert {each["error"] for each in answers} == {"invalid_client"}


def test_where_only_an_administrator_may_consent_the_number_says_so(sandbox: Sandbox) -> None:
    sandbox.entra.person.error = "admin_approval"
    told = sent_back(open_page(sandbox))
    assert told["error"] == "access_denied"
    assert told["error_description"].startswith("AADSTS90094")


# --- how it looks --------------------------------------------------------------------------------


def test_a_person_can_be_asked_on_a_page(sandbox: Sandbox) -> None:
    sandbox.entra.person.asks = True
    page = open_page(sandbox)
    assert page.status_code == 200
    assert "user@cronus.example" in page.text
    fields = dict(re.findall(r'<input type="hidden" name="(.+?)" value="(.*?)">', page.text))
    buttons = re.findall(r'<button name="(.+?)" value="(.+?)">', page.text)
    answers = [
        sent_back(
            requests.post(
                page.url.partition("?")[0],
                data={html.unescape(key): html.unescape(text) for key, text in fields.items()}
                | {name: value},
                allow_redirects=False,
                timeout=30,
            )
        )
        for name, value in buttons
    ]
    assert answers[0]["state"] == ASKED["state"]
    assert exchange(sandbox, answers[0]["code"]).status_code == 200
    assert (answers[1]["error"], answers[1]["error_subcode"]) == ("access_denied", "cancel")
    assert sent_back(open_page(sandbox, prompt="none"))["error"] == "interaction_required"


def test_the_request_may_come_as_a_form(sandbox: Sandbox) -> None:
    url = f"{sandbox.base_url}/entra/common/oauth2/v2.0/authorize"
    page = requests.post(url, data=ASKED, allow_redirects=False, timeout=30)
    assert sent_back(page)["state"] == ASKED["state"]


def test_the_answer_comes_back_the_way_the_client_asked_for(sandbox: Sandbox) -> None:
    fragment = open_page(sandbox, response_mode="fragment")
    assert "#code=" in fragment.headers["location"]
    form = open_page(sandbox, response_mode="form_post")
    assert form.status_code == 200
    assert f'action="{CALLBACK}"' in form.text
    assert 'name="code"' in form.text


def test_the_person_is_set_over_http(sandbox: Sandbox) -> None:
    url = f"{sandbox.base_url}/_control/sign-in"
    body = {"user": "eva@cronus.example", "error": "consent_required"}
    assert requests.post(url, json=body, timeout=30).json() == body | {"asks": False}
    assert sent_back(open_page(sandbox))["error"] == "consent_required"
    assert requests.post(url, json={"name": "x"}, timeout=30).status_code == 400
    assert sandbox.entra.person.user == "eva@cronus.example"
    sandbox.reset()
    assert sandbox.entra.person == Person()
