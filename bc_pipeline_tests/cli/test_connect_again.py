"""Connecting that is repeated, broken off or refused."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from bc_pipeline.business_central.sign_in import App, Attempt, Device
from bc_pipeline.connecting.connect import Given
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.tenants import files as private_files
from bc_pipeline.tenants import registry
from bc_pipeline_tests.cli.conftest import CommandLine
from bc_pipeline_tests.cli.connect_world import (
    SECRET,
    WHOLESALE,
    Connect,
    browser,
    calm,
    connect,
    files,
    home,
    scripted,
)
from bc_pipeline_tests.in_step import begin_again

__all__ = ["browser", "calm", "connect", "home", "scripted"]


def test_given_a_connected_shop_when_it_is_connected_again_then_only_the_consent_is_new(
    home: Path,
    sandbox: Sandbox,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
):
    assert connect("acme", *scripted).code == 0
    text = (home / "tenants.yaml").read_text("utf-8")
    seed = (home / "secrets" / "acme.refresh_token").read_text("utf-8")
    monkeypatch.delenv("BC_PIPELINE_CLIENT_SECRET")
    monkeypatch.delenv("BC_PIPELINE_OPTIPLY_CREDENTIALS")

    again = connect("acme", "--no-dry-run", "--yes", "--json")

    assert again.code == 0, again.stdout
    assert len(browser) == 2
    assert (home / "tenants.yaml").read_text("utf-8") == text
    assert (home / "secrets" / "acme.refresh_token").read_text("utf-8") != seed


def test_given_the_consent_is_kept_then_nobody_signs_in(
    scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    assert connect("acme", *scripted).code == 0

    assert connect("acme", "--keep-consent", "--no-dry-run", "--yes", "--json").code == 0
    assert len(browser) == 1


def test_given_optiply_gives_no_second_token_when_a_shop_is_connected_again_then_the_first_serves(
    sandbox: Sandbox, scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    sandbox.optiply.behaviour.refuse_token_while_valid = True
    sandbox.optiply._office.expire()
    try:
        assert connect("acme", *scripted).code == 0
        assert connect("acme", *scripted).code == 0
    finally:
        sandbox.optiply.behaviour.refuse_token_while_valid = False


@pytest.mark.parametrize("replies", [("n",), ()])
def test_given_the_person_does_not_want_it_then_nothing_is_written(
    home: Path,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    replies: tuple[str, ...],
):
    before = files(home)

    outcome = connect("acme", *(each for each in scripted if each != "--yes"), replies=replies)

    assert outcome.code != 0
    assert files(home) == before


@pytest.mark.parametrize("fails", ["acme.optiply_password", "trial", "tenants.yaml"])
def test_given_a_disk_that_is_full_then_everything_is_as_it_was(
    home: Path,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    fails: str,
):
    replace = private_files.replace

    def full(path: Path, content: bytes, **how: bool) -> None:
        if path.parent.is_relative_to(home) and path.name.endswith(fails):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        replace(path, content, **how)

    monkeypatch.setattr(private_files, "replace", full)
    before = files(home)

    outcome = connect("acme", *scripted)

    assert (outcome.code, "No space left on device" in outcome.json["error"]) == (2, True)
    after = {name: text for name, text in files(home).items() if not name.endswith(".lock")}
    assert after == before


def test_given_a_missing_permission_then_nothing_is_written_unless_forced(
    home: Path, sandbox: Sandbox, scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    body = {"error": {"code": "Authorization_RequestDenied", "message": "You may not."}}
    sandbox.faults.add("bc", action="status", status=403, path="/vendors", times=None, body=body)
    before = files(home)

    refused = connect("acme", *scripted)
    unwritten = files(home) == before
    forced = connect("acme", *scripted, "--force")

    assert (refused.code, forced.code, unwritten) == (1, 0, True)
    assert "table data Vendor" in json.dumps(refused.json["faults"])
    assert not registry.load().get("acme").enabled


def test_given_what_connect_works_with_then_no_repr_shows_a_secret(sandbox: Sandbox):
    attempt = Attempt.begin("acme")
    given = Given(client_secret="hush", optiply_credentials="hush")
    app = App("id", SecretStr("hush"), "common", "http://localhost", "https://login.example")
    device = Device("hush", "ABC", "https://login.example", 1, 1)

    assert attempt.verifier not in repr(attempt)
    assert "hush" not in f"{given!r} {app!r} {device!r}"


def test_given_a_state_from_a_run_when_the_shop_is_connected_again_then_that_is_gone_on_from(
    home: Path,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    command: CommandLine,
    in_memory: None,
    sandbox: Sandbox,
):
    whole = tuple(each for each in scripted if each != "--no-dry-run")
    assert connect("acme", *scripted).code == 0
    assert command("sync", "acme", "--entity", "suppliers", "--json").code == 0

    told = connect("acme", *whole).json["dry_run"]["entities"]

    assert told["optiply/suppliers"]["created"] == 0
    assert told["optiply/suppliers"]["unchanged"] > 0
    begin_again(sandbox)


def test_given_rows_that_optiply_has_already_then_those_that_would_be_taken_over_are_counted(
    home: Path,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    sandbox: Sandbox,
):
    company = sandbox.business_central.companies[WHOLESALE]
    vendor = next(iter(company.tables["vendors"].values()))
    sandbox.optiply.shops["wholesale"].create(
        "suppliers", {"name": vendor["displayName"], "remoteId": str(vendor["id"])}, 502
    )

    whole = tuple(each for each in scripted if each != "--no-dry-run")
    told = connect("acme", *whole).json["dry_run"]

    assert told["adopted"] == {"optiply/suppliers": 1}
    begin_again(sandbox)


def test_given_a_secret_on_the_command_line_then_it_is_refused(home: Path, connect: Connect):
    outcome = connect("acme", "--set", "optiply.password=hush", "--json")

    assert outcome.code == 2
    assert "hush" not in outcome.stdout + outcome.stderr


@pytest.mark.parametrize("flag", ["--optiply-credentials", "--client-secret-file"])
@pytest.mark.parametrize("given", ['{"password": "hush"}', "hush", "hush" * 100])
def test_given_a_secret_instead_of_its_file_then_it_is_not_repeated(
    home: Path, connect: Connect, flag: str, given: str
):
    outcome = connect("acme", flag, given, "--json")

    assert outcome.code == 2
    assert f"{flag} names a file" in outcome.json["error"]
    assert "hush" not in outcome.stdout + outcome.stderr


def test_given_secrets_of_the_environment_with_a_line_end_then_they_count_without(
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("BC_PIPELINE_CLIENT_SECRET", f"{SECRET}\n")

    assert connect("acme", *scripted).code == 0


@pytest.mark.parametrize("given", ["business_central=x", "optiply=x", "sync.locations.x=y"])
def test_given_a_setting_where_a_group_of_them_is_then_its_key_is_named(
    scripted: tuple[str, ...], browser: list[str], connect: Connect, given: str
):
    outcome = connect("acme", *scripted, "--set", given)

    assert outcome.code == 2
    assert given.partition(".x")[0].partition("=")[0] in outcome.json["error"]


def test_given_nobody_may_be_asked_then_the_flag_is_named(home: Path, connect: Connect):
    told = connect("acme", "--yes", "--json").json["error"]

    assert "--client-id and --client-secret-file" in told


def test_given_a_name_that_cannot_be_a_tenants_then_it_is_refused(home: Path, connect: Connect):
    assert "a tenant's key is" in connect("Acme!", "--yes", "--json").json["error"]


def test_given_a_wrong_reply_then_the_question_is_asked_again(
    scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    fewer = tuple(
        each for each in scripted if each not in ("--yes", "--company", WHOLESALE, "--json")
    )

    outcome = connect("acme", *fewer, replies=("9", "two", "2", "perhaps", "y"))

    assert outcome.code == 0, outcome.stderr
    assert outcome.stderr.count("type a number from 1 to 2") == 2
    assert "type y or n" in outcome.stderr
