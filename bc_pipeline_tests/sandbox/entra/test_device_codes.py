"""A person signs in on another device, with a device code."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.sandbox.conftest import SCOPE, token_request
from bc_pipeline_tests.sandbox.entra.signing_in import CLIENT, person

__all__ = ["person"]

pytestmark = pytest.mark.covers("sandbox: sign-in")


def device_code(sandbox: Sandbox, **form: str) -> dict[str, Any]:
    url = f"{sandbox.base_url}/entra/common/oauth2/v2.0/devicecode"
    asked = {"client_id": "cronus", "scope": f"{SCOPE} offline_access"} | form
    return requests.post(url, data=asked, timeout=30).json()


def poll(sandbox: Sandbox, code: str) -> requests.Response:
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    return token_request(sandbox, "common", grant_type=grant, device_code=code, **CLIENT)


def test_a_device_waits_until_the_person_has_typed_its_code(sandbox: Sandbox) -> None:
    asked = device_code(sandbox)
    waiting = poll(sandbox, asked["device_code"])
    assert (waiting.status_code, waiting.json()["error"]) == (400, "authorization_pending")
    page = asked["verification_uri"]
    assert "<form>" in requests.get(page, timeout=30).text
    assert requests.get(page, params={"otc": "WRONG"}, timeout=30).status_code == 400
    assert requests.get(page, params={"otc": asked["user_code"].lower()}, timeout=30).ok
    assert poll(sandbox, asked["device_code"]).json()["refresh_token"]


def test_a_device_that_polls_too_often_is_told_to_slow_down(sandbox: Sandbox) -> None:
    asked = device_code(sandbox)
    told = []
    for seconds in (0, 1, 2, 6):
        sandbox.clock.advance(seconds)
        told.append(poll(sandbox, asked["device_code"]).json()["error"])
    assert told == ["authorization_pending"] * 4
    assert poll(sandbox, asked["device_code"]).json()["error"] == "slow_down"
    sandbox.clock.advance(2)
    assert poll(sandbox, asked["device_code"]).json()["error"] == "slow_down"


def test_a_device_code_is_good_for_one_sign_in(sandbox: Sandbox) -> None:
    asked = device_code(sandbox)
    requests.get(asked["verification_uri"], params={"otc": asked["user_code"]}, timeout=30)
    assert poll(sandbox, asked["device_code"]).ok
    assert poll(sandbox, asked["device_code"]).json()["error_codes"] == [54005]


def test_a_client_that_is_not_public_gets_no_device_code_answered(sandbox: Sandbox) -> None:
    application = sandbox.entra.register("closed", "secret")
    application.public_flows = False
    asked = device_code(sandbox, client_id="closed")
    answer = token_request(
        sandbox,
        "common",
        grant_type="urn:ietf:params:oauth:grant-type:device_code",
        device_code=asked["device_code"],
        client_id="closed",
        client_secret="secret",
    )
    assert answer.json()["error_codes"] == [7000218]


@pytest.mark.parametrize(
    ("ends", "error"),
    [("access_denied", "authorization_declined"), ("consent_required", "consent_required")],
)
def test_a_device_is_told_how_it_ended(sandbox: Sandbox, ends: str, error: str) -> None:
    asked = device_code(sandbox)
    sandbox.entra.person.error = ends
    requests.get(asked["verification_uri"], params={"otc": asked["user_code"]}, timeout=30)
    assert poll(sandbox, asked["device_code"]).json()["error"] == error


def test_a_device_code_ends_after_a_quarter_of_an_hour(sandbox: Sandbox) -> None:
    asked = device_code(sandbox)
    assert poll(sandbox, "nonsense").json()["error"] == "bad_verification_code"
    sandbox.clock.advance(901)
    assert poll(sandbox, asked["device_code"]).json()["error"] == "expired_token"
    assert device_code(sandbox, client_id="nobody")["error"] == "unauthorized_client"
