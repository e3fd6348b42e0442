"""``tenants import``: a tenant of HotGlue's becomes an entry, and what stays behind is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.tenants import registry
from bc_pipeline_tests.cli.conftest import CommandLine

CONFIG: dict[str, Any] = {
    "client_id": "app",
    "client_secret": "hush-app",
    "redirect_uri": "https://hotglue.example/callback",
    "refresh_token": "hush-refresh",
    "access_token": "hush-access",
    "environment_name": "Production?x=1",
    "company_ids": "2d3c9a4e-0000-4000-8000-000000000001",
    "start_date": "2020-01-01T00:00:00Z",
    "export_reference_number": True,
    "odd": 1,
}
OPTIPLY = {
    "clientId": "shop",
    "clientSecret": "hush-shop",
    "username": "api",
    "password": "hush-password",
    "couplingId": 502,
    "accountId": 102,
}


@pytest.fixture
def given(empty_home: Path, tmp_path: Path) -> Path:
    """A HotGlue folder: its configuration, its snapshots and Optiply's credentials."""
    folder = tmp_path / "acme"
    (folder / "snapshots").mkdir(parents=True)
    (folder / "snapshots" / "products.snapshot.csv").write_text("InputId,RemoteId\n")
    mappings = {"dynamics-bc": {"dimension_mappings": {"class": "KLASSE"}}}
    (folder / "snapshots" / "tenant-config.json").write_text(json.dumps(mappings))
    (folder / "optiply.json").write_text(json.dumps(OPTIPLY))
    return folder


def imported(command: CommandLine, folder: Path, *more: str, **config: Any) -> Any:
    file = folder / "config.json"
    file.write_text(json.dumps(CONFIG | {"snapshot_dir": str(folder / "snapshots")} | config))
    return command("tenants", "import", str(file), *more, "--json")


def test_given_a_whole_configuration_then_the_tenant_is_there(given: Path, command: CommandLine):
    outcome = imported(command, given, "--optiply-credentials", str(given / "optiply.json"))

    tenant = registry.load().get("acme")
    assert (outcome.code, outcome.json["missing"]) == (0, [])
    assert tenant.enabled
    assert tenant.business_central.environment_name == "Production"
    assert tenant.business_central.company == CONFIG["company_ids"]
    assert tenant.business_central.refresh_token
    assert tenant.business_central.refresh_token.get_secret_value() == "hush-refresh"
    assert tenant.exports.export_reference_number is True
    assert tenant.optiply.account_id == 102


def test_given_what_has_no_counterpart_then_it_is_told_with_why(given: Path, command: CommandLine):
    left = imported(command, given).json["not_carried_over"]

    assert left.keys() == {"access_token", "start_date", "odd", "snapshots"}
    assert "products.snapshot.csv" in left["snapshots"]
    assert left["odd"] == "is not known here"


def test_given_a_snapshot_folder_then_its_dimension_mappings_come_along(
    given: Path, command: CommandLine
):
    imported(command, given)

    file = registry.home_directory() / "snapshots" / "acme" / "tenant-config.json"
    assert json.loads(file.read_text())["dynamics-bc"]["dimension_mappings"] == {"class": "KLASSE"}


def test_given_no_credentials_of_optiply_then_it_is_switched_off_and_told_what_is_missing(
    given: Path, command: CommandLine
):
    missing = imported(command, given).json["missing"]

    assert missing[0] == "optiply.client_id"
    assert registry.load().off == {"acme"}


def test_given_several_companies_then_none_is_guessed(given: Path, command: CommandLine):
    told = imported(command, given, company_ids=["a", "b"]).json

    assert "names 2 companies (a, b)" in told["not_carried_over"]["company_ids"]
    assert "business_central.company" in told["missing"]


@pytest.mark.parametrize("company", [7, {"a": 1}, True])
def test_given_companies_that_are_no_list_then_they_are_one(
    given: Path, command: CommandLine, company: object
):
    outcome = imported(command, given, company_ids=company)

    assert outcome.code == 0
    assert "business_central.company" not in outcome.json["missing"]


def test_given_secrets_then_they_are_neither_printed_nor_in_tenants_yaml(
    given: Path, command: CommandLine
):
    outcome = imported(command, given, "--optiply-credentials", str(given / "optiply.json"))

    text = registry.load().path.read_text() + outcome.stdout + outcome.stderr
    assert "hush" not in text
    for file in (registry.home_directory() / "secrets").iterdir():
        assert file.stat().st_mode & 0o777 == 0o600


def test_given_a_tenant_that_is_there_then_it_is_refused(given: Path, command: CommandLine):
    assert imported(command, given).code == 0

    again = imported(command, given)

    assert (again.code, "stands in" in again.json["error"]) == (2, True)


@pytest.mark.parametrize("text", ["{", "[]"])
def test_given_a_file_that_is_none_of_hotglues_then_it_is_refused(
    given: Path, command: CommandLine, text: str
):
    (given / "config.json").write_text(text)

    outcome = command("tenants", "import", str(given / "config.json"), "--json")

    assert (outcome.code, "config.json" in outcome.json["error"]) == (2, True)
