"""Optiply's credentials as people have them, and the account they open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.connecting import account
from bc_pipeline.connecting.draft import Draft, begin
from bc_pipeline.connecting.questions import Question
from bc_pipeline.errors import ConfigError

WHOLE = {
    "client_id": "shop",
    "client_secret": "hush",
    "username": "api@shop",
    "password": "p=w: d",
    "coupling_id": "502",
}


@pytest.mark.parametrize(
    "text",
    [
        '{"client_id": "shop", "client_secret": "hush", "username": "api@shop", '
        '"password": "p=w: d", "coupling_id": 502}',
        '{"clientId": "shop", "clientSecret": "hush", "user": "api@shop", '
        '"password": "p=w: d", "couplingId": "502", "shop uuid": "x"}',
        "client_id: shop\nclient secret: hush\nusername: api@shop\npassword: p=w: d\n",
    ],
)
def test_given_credentials_as_they_are_handed_out_then_they_are_understood(text: str):
    found = account.read_credentials(text)

    assert found == {key: WHOLE[key] for key in found}
    assert {"client_id", "username"} <= found.keys()


def test_given_bare_values_then_their_order_tells():
    assert account.read_credentials(" shop hush api@shop pw 502 102 ") == {
        **WHOLE,
        "password": "pw",
        "account_id": "102",
    }


@pytest.mark.parametrize("text", ["", "hush", "hush hush hush", '{"a"', "hush h h h five"])
def test_given_something_else_then_it_is_refused_without_being_repeated(text: str):
    with pytest.raises(ValueError, match=r"expected|JSON|number") as caught:
        account.read_credentials(text)
    assert "hush" not in str(caught.value)


class Chooses:
    """A person who takes the second choice."""

    def ask(self, question: Question[Any]) -> Any:
        self.choices = question.choices
        return question.read("2")


@pytest.fixture
def draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Draft:
    monkeypatch.setenv("BC_PIPELINE_HOME", str(tmp_path))
    return begin("acme", tmp_path / "work")


def test_given_several_accounts_then_the_person_picks_one_by_name(
    draft: Draft, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(account, "_accounts", lambda draft: {"7": "Shop NL", "8": "Shop BE"})
    person = Chooses()

    assert account.find_account(draft, person) == "Shop BE"  # type: ignore[arg-type]
    assert person.choices == ("Shop NL (7)", "Shop BE (8)")
    assert draft.text("optiply", "account_id") == "8"


@pytest.mark.parametrize(
    ("accounts", "named", "told"),
    [
        ({"7": "Shop NL"}, "9", "open no account 9, but: 7 Shop NL"),
        ({}, None, "Name it with --optiply-account"),
    ],
)
def test_given_an_account_that_cannot_be_told_then_it_says_so(
    draft: Draft,
    monkeypatch: pytest.MonkeyPatch,
    accounts: dict[str, str],
    named: str | None,
    told: str,
):
    monkeypatch.setattr(account, "_accounts", lambda draft: accounts)
    if named:
        draft.put(named, "optiply", "account_id")

    with pytest.raises(ConfigError, match=told):
        account.find_account(draft, Chooses())  # type: ignore[arg-type]
