"""``connect`` as a person at a terminal, or a script, meets it. The sandbox plays all systems."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.tenants import registry
from bc_pipeline_tests.cli.conftest import CommandLine
from bc_pipeline_tests.cli.connect_world import (
    SECRET,
    WHOLESALE,
    Connect,
    browser,
    calm,
    connect,
    credentials,
    home,
    scripted,
)
from bc_pipeline_tests.in_step import begin_again

__all__ = ["browser", "calm", "connect", "home", "scripted"]


def test_given_a_new_shop_when_five_questions_are_answered_then_it_is_connected(
    home: Path, sandbox: Sandbox, browser: list[str], connect: Connect
):
    replies = (f"shop {SECRET}", "2", credentials(sandbox), "1,RTM", "y")

    outcome = connect("acme", replies=replies)

    assert outcome.code == 0, outcome.stderr
    assert f"Business Central: Noordzee – Home & Garden ({WHOLESALE}), in Production" in (
        outcome.stderr
    )
    assert "Optiply: account wholesale (102)" in outcome.stderr
    for told in ("Checks:", "Analytics API", "dry run: nothing was sent", "Data quality"):
        assert told in outcome.stdout
    assert "The first sync sends" in outcome.stdout
    text = (home / "tenants.yaml").read_text("utf-8")
    assert text.startswith("# Ours.\ndefaults:\n  business_central:  # the sandbox\n")
    found = registry.load()
    tenant = found.get("acme")
    assert not found.warnings
    assert tenant.business_central.company == WHOLESALE
    assert tenant.business_central.environment_name == "Production"
    assert tenant.sync.locations == ("WINKEL", "RTM")
    assert (tenant.optiply.account_id, tenant.optiply.coupling_id) == (102, 502)
    assert sandbox.optiply.shops["wholesale"].rows("products") == []


def test_given_a_connected_shop_then_it_syncs(
    home: Path,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    command: CommandLine,
    in_memory: None,
    sandbox: Sandbox,
):
    assert connect("acme", *scripted).code == 0

    outcome = command("sync", "acme", "--entity", "suppliers", "--json")

    assert outcome.json["tenants"]["acme"]["status"] == "success"
    begin_again(sandbox)
    sandbox.entra.register("shop", SECRET)


def test_given_flags_for_everything_then_nothing_is_asked_and_one_document_is_printed(
    scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    told = connect("acme", *scripted).json

    assert told["company"]["name"] == WHOLESALE
    assert told["optiply_account"] == {"id": 102, "name": "wholesale"}
    assert told["faults"] == []
    assert {each["outcome"] for each in told["checks"]} <= {"passed", "warned"}
    assert [Path(each).name for each in told["written"]] == [
        "tenants.yaml",
        "acme.client_secret",
        "acme.refresh_token",
        "acme.optiply_client_secret",
        "acme.optiply_password",
    ]


def test_given_a_dry_run_then_counts_samples_flaws_and_a_forecast_are_told(
    home: Path,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
):
    told = connect("acme", *(each for each in scripted if each != "--no-dry-run")).json["dry_run"]

    counts = told["entities"]["optiply/products"]
    assert counts["created"] > 0
    assert told["samples"]["optiply/products"][0]["reference"]
    flaws = {each["name"]: each for each in told["data_quality"]}
    assert flaws["blank_names"]["samples"] == ["vendor V00005"]
    assert flaws["duplicate_gtins"]["count"] == 1
    assert flaws["items_without_vendor"]["count"] > 0
    assert flaws["unknown_vat"]["count"] > 0
    assert flaws["fractional_quantities"]["count"] > 0
    assert flaws["unlinked_receipts"]["count"] > 0
    sent = sum(each["created"] for each in told["entities"].values())
    assert told["forecast"]["requests"] == sent
    assert told["forecast"]["seconds"] >= sent / 1000


def test_given_secrets_then_they_stand_in_private_files_only(
    home: Path, scripted: tuple[str, ...], browser: list[str], connect: Connect, sandbox: Sandbox
):
    outcome = connect("acme", *scripted)

    text = (home / "tenants.yaml").read_text("utf-8")
    tokens = sandbox.entra._tokens
    secrets = {
        SECRET,
        sandbox.optiply.shops["wholesale"].password,
        sandbox.optiply.shops["wholesale"].client_secret,
        *tokens.refresh,
        *tokens.access,
        *tokens.codes,
    }
    assert tokens.codes
    for secret in secrets:
        assert secret not in outcome.stdout + outcome.stderr + text
    for file in (home / "secrets").iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file
    assert (home / "secrets").stat().st_mode & 0o777 == 0o700


def test_given_the_address_that_is_shown_then_it_proves_itself_with_s256_and_a_state(
    scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    connect("acme", *scripted)
    connect("acme", *scripted)

    first, second = (dict(parse_qsl(urlsplit(each).query)) for each in browser)
    assert first["code_challenge_method"] == "S256"
    assert "offline_access" in first["scope"].split()
    assert first["state"].startswith("acme.")
    assert len(first["state"]) > 40
    assert first["state"] != second["state"]
    assert first["code_challenge"] != second["code_challenge"]
