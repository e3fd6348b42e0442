"""Which environment, company and account a shop is connected to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.tenants import registry
from bc_pipeline_tests.cli.connect_world import (
    CRONUS,
    WHOLESALE,
    Connect,
    browser,
    calm,
    connect,
    credentials,
    files,
    home,
    scripted,
)

__all__ = ["browser", "calm", "connect", "home", "scripted"]


def test_given_an_environment_whose_name_holds_anothers_then_they_are_told_apart(
    sandbox: Sandbox, scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    sandbox.business_central.environments.copy_to("Production-copy")

    part = connect("acme", *scripted, "--environment", "Prod")
    whole = connect("acme", *scripted, "--environment", "production")
    unnamed = connect("other", *scripted)

    assert "has no environment 'Prod'; it has: Production, Production-copy" in part.json["error"]
    assert whole.json["environment"] == "Production"
    assert "--environment and --company" in unnamed.json["error"]


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (403, "Authorization_RequestDenied", "You may not."),
        (404, "NoEnvironment", "Environment does not exist."),
    ],
    ids=["closed to us", "listed but gone"],
)
def test_given_an_environment_that_cannot_be_read_then_the_others_are_picked_from(
    sandbox: Sandbox,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    status: int,
    code: str,
    message: str,
):
    sandbox.business_central.environments.copy_to("Other")
    body = {"error": {"code": code, "message": message}}
    sandbox.faults.add(
        "bc", action="status", status=status, path="/v2.0/Other/", times=None, body=body
    )

    outcome = connect("acme", *scripted)

    assert outcome.json["environment"] == "Production"
    assert "Environment Other is left out" in outcome.stderr


@pytest.fixture
def two_of_a_name(sandbox: Sandbox) -> Iterator[str]:
    """The display name of one company is the name of another one; the id of the latter."""
    company = sandbox.business_central.companies[CRONUS]
    before, company.display_name = company.display_name, WHOLESALE
    yield str(sandbox.business_central.companies[WHOLESALE].id)
    company.display_name = before


def test_given_a_name_that_two_companies_go_by_then_the_picked_one_is_written_by_its_id(
    scripted: tuple[str, ...], browser: list[str], connect: Connect, two_of_a_name: str
):
    fewer = tuple(each for each in scripted if each not in ("--yes", "--json"))

    outcome = connect("acme", *fewer, replies=("2", "y"))

    assert outcome.code == 0, outcome.stderr
    assert registry.load().get("acme").business_central.company == two_of_a_name


def test_given_a_company_that_is_not_there_then_those_there_are_are_told(
    scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    told = connect("acme", *scripted, "--company", "Noordzee").json["error"]

    assert "there is no company 'Noordzee'" in told
    assert CRONUS in told


def test_given_a_location_that_is_not_there_then_it_is_refused(
    home: Path, scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    told = connect("acme", *scripted, "--locations", "AMS,MOON").json["error"]

    assert "no location 'MOON'" in told
    assert "WINKEL" in told


def test_given_one_company_that_another_tenant_has_then_nothing_is_written(
    home: Path, sandbox: Sandbox, scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    assert connect("acme", *scripted).code == 0
    before = files(home)

    company = connect("other", *scripted).json["error"]

    assert "acme, other mean one company" in company
    assert "Nothing was written" in company
    assert files(home).keys() == before.keys()
    assert "other" not in (home / "tenants.yaml").read_text("utf-8")


def test_given_one_account_that_another_tenant_has_then_nothing_is_written(
    home: Path, scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    assert connect("acme", *scripted).code == 0

    outcome = connect("other", *scripted, "--company", CRONUS)

    assert "acme, other write to one Optiply account, 102" in outcome.json["error"]
    assert registry.load().names() == ["acme"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("a b c", "expected 5 values"),
        ('{"client_id": "a"}', "lacks client_secret, username, password, coupling_id"),
        ("a b c d five", "coupling_id must be a whole number"),
        ("{", "the JSON cannot be read"),
    ],
)
def test_given_half_the_credentials_then_it_says_what_is_missing(
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    given: str,
    told: str,
):
    monkeypatch.setenv("BC_PIPELINE_OPTIPLY_CREDENTIALS", given)

    assert told in connect("acme", *scripted).json["error"]


def test_given_wrong_credentials_of_optiply_then_it_is_told(
    home: Path,
    sandbox: Sandbox,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
):
    wrong = credentials(sandbox).split()
    wrong[3] = "wrong-password"
    monkeypatch.setenv("BC_PIPELINE_OPTIPLY_CREDENTIALS", " ".join(wrong))
    before = files(home)

    outcome = connect("acme", *scripted)

    assert "credentials broken" in outcome.json["error"]
    assert "wrong-password" not in outcome.stdout + outcome.stderr
    assert files(home) == before
