"""A sign-in at Microsoft outlives an answer that goes astray, and refuses what cannot work."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from bc_pipeline.business_central import sign_in
from bc_pipeline.business_central.sign_in import App, EntraSignIn
from bc_pipeline.connecting import consent
from bc_pipeline.errors import AuthError, ConfigError, PipelineError, RequestFailed

APP = App("id", SecretStr("hush"), "common", "http://localhost:8410/cb", "https://login.example")
GRANTED = (200, {"access_token": "a", "refresh_token": "hush-refresh"})
PENDING = (400, {"error": "authorization_pending"})
DEVICE = {"device_code": "d", "user_code": "ABC", "verification_uri": "https://login.example/d"}
ASTRAY = [
    (200, None),
    (200, {}),
    (503, None),
    (429, None),
    (400, {"error": "server_error"}),
    (400, {"error": "temporarily_unavailable"}),
    None,
]
"""Answers that may be better a little later; None: there is none."""


class Microsoft(requests.Session):
    """Gives one answer after the other, the last one again and again."""

    def __init__(self, *answers: tuple[int, Any] | None) -> None:
        super().__init__()
        self.answers, self.asked = list(answers), 0

    def post(self, *given: Any, **how: Any) -> requests.Response:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            raise requests.ConnectionError("hush")
        response = requests.Response()
        response.status_code = answer[0]
        response._content = json.dumps(answer[1]).encode() if answer[1] is not None else b""
        return response


class Nobody:
    """Who must not be asked anything."""

    def tell(self, text: str) -> None:
        pass


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds: list[float] = []
    monkeypatch.setattr(consent, "pause", seconds.append)
    return seconds


@pytest.mark.parametrize("astray", ASTRAY)
def test_given_an_answer_that_goes_astray_then_it_is_asked_for_again(
    astray: tuple[int, Any] | None, slept: list[float]
):
    microsoft = Microsoft(astray, astray, GRANTED)

    token = EntraSignIn(APP, microsoft, slept.append).redeem("code", "verifier")

    assert token.get_secret_value() == "hush-refresh"
    assert (microsoft.asked, len(slept)) == (3, 2)


@pytest.mark.parametrize("astray", ASTRAY)
def test_given_no_answer_at_all_then_it_ends_and_says_why(
    astray: tuple[int, Any] | None, slept: list[float]
):
    microsoft = Microsoft(astray)

    with pytest.raises(RequestFailed, match=r"Microsoft") as caught:
        EntraSignIn(APP, microsoft, slept.append).as_application()

    assert microsoft.asked == sign_in._TRIES
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "answer", [(400, {"error": "invalid_grant"}), (401, {"error": "invalid_client"}), (404, None)]
)
def test_given_a_refusal_then_it_is_not_asked_again(answer: tuple[int, Any], slept: list[float]):
    microsoft = Microsoft(answer)

    with pytest.raises(PipelineError):
        EntraSignIn(APP, microsoft, slept.append).redeem("code", "verifier")
    assert microsoft.asked == 1


@pytest.mark.parametrize("astray", ASTRAY)
def test_given_a_poll_that_goes_astray_then_the_person_may_go_on_typing(
    astray: tuple[int, Any] | None, slept: list[float]
):
    microsoft = Microsoft((200, DEVICE), PENDING, astray, PENDING, GRANTED)
    entra = EntraSignIn(APP, microsoft, slept.append)

    assert consent._on_device(entra, Nobody()).get_secret_value() == "hush-refresh"  # type: ignore[arg-type]
    assert slept == [5, 5, 10, 10]


@pytest.mark.parametrize("told", ["soon", None, "nan", "inf", -1, 0, True, [], 1e12])
def test_given_numbers_that_are_none_then_the_usual_ones_count(told: object, slept: list[float]):
    microsoft = Microsoft((200, DEVICE | {"interval": told, "expires_in": told}))

    device = EntraSignIn(APP, microsoft, slept.append).begin_device()

    assert (device.interval, device.expires_in) == (5.0, 900.0)


@pytest.mark.parametrize("missing", DEVICE)
def test_given_no_device_code_then_it_ends(missing: str, slept: list[float]):
    microsoft = Microsoft((200, DEVICE | {missing: None}))

    with pytest.raises(RequestFailed):
        EntraSignIn(APP, microsoft, slept.append).begin_device()


@pytest.mark.parametrize(
    "address", ["", "localhost:8410", "http://localhost:99999/cb", "http://[x", "ftp://x/", "http:"]
)
@pytest.mark.parametrize("method", ["browser", "paste"])
def test_given_a_redirect_address_that_is_none_then_the_flag_is_named(
    address: str, method: consent.Method
):
    app = App("id", SecretStr("hush"), "common", address, "https://login.example")

    with pytest.raises(ConfigError, match="--redirect-uri"):
        consent.consent("acme", app, method, Nobody())  # type: ignore[arg-type]


@pytest.mark.parametrize("state", ["other.x", "", "acme.", "ÿ"])
def test_given_the_state_of_another_sign_in_then_the_answer_is_not_ours(state: str):
    attempt = sign_in.Attempt.begin("acme")

    assert isinstance(consent._not_ours({"state": state, "code": "x"}, attempt), AuthError)
    assert consent._not_ours({"state": attempt.state}, attempt) is None
