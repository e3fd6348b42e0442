"""How a person consents when a shop is connected, and what is told when that fails."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from bc_pipeline.cli import asking
from bc_pipeline.connecting import consent
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.tenants import registry
from bc_pipeline_tests.cli.connect_world import (
    ADDRESS,
    SECRET,
    Connect,
    browser,
    calm,
    connect,
    files,
    home,
    scripted,
)

__all__ = ["browser", "calm", "connect", "home", "scripted"]


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[str], None]]:
    """A person who signs in elsewhere and pastes where they were sent back to; does what is in the
    list with the code before."""
    before: list[Callable[[str], None]] = []
    shown: list[str] = []

    def paste(self: asking.Terminal) -> str:
        told = ADDRESS.search(shown[0])
        assert told
        back = requests.get(told[1], allow_redirects=False, timeout=30).headers["location"]
        for act in before:
            act(dict(parse_qsl(urlsplit(back).query))["code"])
        return back

    monkeypatch.setattr(asking.Terminal, "tell", lambda self, text: shown.append(text))
    monkeypatch.setattr(asking.Terminal, "paste", paste)
    return before


def test_given_no_browser_then_the_address_is_pasted(
    connect: Connect, scripted: tuple[str, ...], elsewhere: list[Callable[[str], None]]
):
    assert connect("acme", *scripted, "--no-browser").code == 0
    assert registry.load().get("acme").business_central.refresh_token


def test_given_a_code_that_was_used_before_then_it_is_refused(
    home: Path,
    sandbox: Sandbox,
    connect: Connect,
    scripted: tuple[str, ...],
    elsewhere: list[Callable[[str], None]],
):
    codes = sandbox.entra._tokens.codes
    elsewhere.append(lambda code: setattr(codes[code], "redeemed", True))
    before = files(home)

    outcome = connect("acme", *scripted, "--no-browser")

    assert "AADSTS54005" in outcome.json["error"]
    assert "used before" in outcome.json["error"]
    assert files(home) == before


def test_given_a_code_that_is_pasted_too_late_then_it_is_refused(
    sandbox: Sandbox,
    connect: Connect,
    scripted: tuple[str, ...],
    elsewhere: list[Callable[[str], None]],
):
    elsewhere.append(lambda code: sandbox.clock.advance(601))

    outcome = connect("acme", *scripted, "--no-browser")

    sandbox.clock.reset()
    assert "AADSTS70008" in outcome.json["error"]
    assert "lives for ten minutes" in outcome.json["error"]


@pytest.mark.parametrize(
    ("pasted", "told"),
    [
        ("http://localhost:1/elsewhere?code=x", "not the address the browser was sent back to"),
        ("{uri}?code=x&state=another", "belongs to another sign-in"),
        ("{uri}?code=x", "belongs to another sign-in"),
        ("", "no address was pasted"),
    ],
)
def test_given_another_address_is_pasted_then_it_is_refused(
    home: Path, connect: Connect, scripted: tuple[str, ...], pasted: str, told: str
):
    before = files(home)
    uri = re.search(r"redirect_uri: (\S+)", (home / "tenants.yaml").read_text("utf-8"))
    assert uri

    outcome = connect("acme", *scripted, "--no-browser", replies=(pasted.format(uri=uri[1]),))

    assert outcome.code != 0
    assert told in outcome.json["error"]
    assert files(home) == before


def test_given_a_device_code_then_the_person_types_it_elsewhere(
    home: Path, connect: Connect, scripted: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
):
    polls: list[float] = []
    tell = asking.Terminal.tell

    def told(self: asking.Terminal, text: str) -> None:
        tell(self, text)
        if found := re.search(r"open (\S+) and enter the code (\S+)", text):
            codes.append(found)

    def pause(seconds: float) -> None:
        polls.append(seconds)
        if len(polls) == 3:
            requests.get(codes[0][1], params={"otc": codes[0][2]}, timeout=30)

    codes: list[re.Match[str]] = []
    monkeypatch.setattr(asking.Terminal, "tell", told)
    monkeypatch.setattr(consent, "pause", pause)

    assert connect("acme", *scripted, "--device-code").code == 0
    # Asked twice at once, Microsoft says to slow down.
    assert polls[0] < polls[2]


def test_given_application_permissions_then_nobody_signs_in(
    home: Path, connect: Connect, scripted: tuple[str, ...]
):
    outcome = connect(
        "acme", *scripted, "--client-credentials", "--entra-tenant", "wholesale.example"
    )

    assert outcome.code == 0, outcome.stdout
    settings = registry.load().get("acme").business_central
    assert settings.refresh_token is None
    assert settings.entra_tenant == "wholesale.example"


def test_given_application_permissions_and_no_tenant_of_entra_then_it_is_asked_for(
    connect: Connect, scripted: tuple[str, ...]
):
    outcome = connect("acme", *scripted, "--client-credentials")

    assert (outcome.code, "--entra-tenant" in outcome.json["error"]) == (2, True)


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        ("access_denied", ("AADSTS65004", "declined")),
        ("admin_approval", ("AADSTS90094", "adminconsent?client_id=shop")),
        ("consent_required", ("AADSTS65001", "grant admin consent")),
        ("interaction_required", ("AADSTS50076", "second factor")),
        ("server_error", ("server_error", "in a few minutes")),
    ],
)
def test_given_a_sign_in_that_ends_badly_then_it_is_told_what_to_do(
    home: Path,
    sandbox: Sandbox,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    ends: str,
    told: tuple[str, ...],
):
    sandbox.entra.person.error = ends
    before = files(home)

    outcome = connect("acme", *scripted)

    assert outcome.code == 1
    assert all(each in outcome.json["error"] for each in told)
    assert files(home) == before


def test_given_an_expired_secret_then_it_is_told_how_to_make_another(
    home: Path,
    sandbox: Sandbox,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
):
    sandbox.entra.applications["shop"].secret_expired = True

    outcome = connect("acme", *scripted)

    assert "AADSTS7000222" in outcome.json["error"]
    assert "has expired" in outcome.json["error"]
    assert SECRET not in outcome.stdout + outcome.stderr


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (503, {}, "try again in a few minutes"),
        (404, {}, "check business_central.login_url"),
        (200, {"access_token": "hush"}, "gave no refresh token"),
        (200, {}, "an answer without a token that can be read"),
    ],
)
def test_given_an_answer_of_entra_that_is_none_then_it_is_told(
    home: Path,
    sandbox: Sandbox,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    status: int,
    body: dict[str, str],
    told: str,
):
    sandbox.faults.add(
        "entra", action="status", status=status, path="/token", times=None, body=body
    )
    before = files(home)

    outcome = connect("acme", *scripted)

    assert (outcome.code, told in outcome.json["error"]) == (1, True), outcome.stdout
    assert "hush" not in outcome.stdout + outcome.stderr
    assert files(home) == before


def test_given_nobody_at_entras_address_then_the_setting_is_named(
    scripted: tuple[str, ...], connect: Connect
):
    outcome = connect(
        "acme", *scripted, "--device-code", "--set", "business_central.login_url=http://127.0.0.1:9"
    )

    assert (
        "127.0.0.1:9 refuses connections; check business_central.login_url"
        in (outcome.json["error"])
    )


def test_given_answers_that_are_not_ours_then_the_sign_in_goes_on(
    scripted: tuple[str, ...], connect: Connect, monkeypatch: pytest.MonkeyPatch
):
    pages: list[requests.Response] = []

    def browse(address: str) -> bool:
        uri = dict(parse_qsl(urlsplit(address).query))["redirect_uri"]

        def walk() -> None:
            strange = {"code": "theirs", "state": "acme.guessed"}
            pages.append(requests.get(uri, params=strange, timeout=30))
            pages.append(requests.get(uri.replace("callback", "favicon.ico"), timeout=30))
            pages.append(requests.get(address, timeout=30))

        threading.Thread(target=walk).start()
        return True

    monkeypatch.setattr(asking.webbrowser, "open", browse)

    assert connect("acme", *scripted).code == 0
    assert [page.status_code for page in pages[:2]] == [400, 404]
    assert "another sign-in" in pages[0].text
    assert "theirs" not in pages[0].text


def test_given_nobody_comes_back_then_it_says_so(
    scripted: tuple[str, ...], connect: Connect, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(asking.webbrowser, "open", lambda address: True)
    monkeypatch.setattr(consent, "WAIT_SECONDS", 0.05)

    assert "nobody came back" in connect("acme", *scripted).json["error"]


def test_given_the_port_is_taken_then_it_says_what_to_do(
    home: Path, scripted: tuple[str, ...], connect: Connect
):
    uri = re.search(r"redirect_uri: http://localhost:(\d+)", (home / "tenants.yaml").read_text())
    assert uri
    with socket.create_server(("127.0.0.1", int(uri[1]))):
        outcome = connect("acme", *scripted)

    assert (outcome.code, "--no-browser" in outcome.json["error"]) == (2, True)


def test_given_an_app_that_business_central_does_not_let_in_then_it_is_told_why(
    home: Path, sandbox: Sandbox, scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    sandbox.entra.applications["shop"].enabled_in_bc = False

    unnamed = connect("acme", *scripted)
    named = connect("acme", *scripted, "--environment", "Production")

    assert "give --environment" in unnamed.json["error"]
    assert "a licence and a permission set" in unnamed.json["error"]
    assert "a licence and a permission set" in named.json["error"]


def test_given_environments_that_are_not_listed_then_a_named_one_serves(
    sandbox: Sandbox, scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    body = {"error": {"code": "Forbidden", "message": "No."}}
    sandbox.faults.add(
        "bc", action="status", status=403, path="/environments/", times=None, body=body
    )

    assert connect("acme", *scripted, "--environment", "Production").code == 0
    assert registry.load().get("acme").business_central.entra_tenant == "common"
