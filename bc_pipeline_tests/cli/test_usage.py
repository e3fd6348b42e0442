"""Usage and configuration errors: exit 2 with a message, one JSON document with --json."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from bc_pipeline.cli.listing import COMMANDS as COMMANDS_THERE_ARE
from bc_pipeline.cli.main import commands
from bc_pipeline.cli.status import EACH_SHOWN
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline_tests.cli.conftest import CommandLine
from bc_pipeline_tests.orchestration.conftest import SETTINGS, write_tenants

COMMANDS = (
    *("sync", "stock", "export"),
    *("status", "find", "show", "records", "report", "verify", "metrics"),
    *("retry", "resend", "approve-deletions", "pause", "resume", "rebind"),
    "accept-sell-order-source",
    *("demo", "sandbox", "connect", "check", "tenants", "alerts", "retention", "completion"),
)
HEADINGS = ("Run:", "Look:", "Repair:", "Set up:")


def test_help_lists_exactly_the_commands_there_are_by_what_they_are_for(command: CommandLine):
    outcome = command("--help")

    listed = outcome.stdout.split("Run:\n")[1].splitlines()
    named = [line for line in listed if line.startswith("  ")]
    assert outcome.code == 0
    assert [line for line in outcome.stdout.splitlines() if line in HEADINGS] == list(HEADINGS)
    assert [line.split()[0] for line in named] == list(COMMANDS)
    assert len(named) == len(COMMANDS), "a line is too long for 80 columns and goes on below"
    assert max(len(line) for line in outcome.stdout.splitlines()) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples_and_takes_json(command: CommandLine, name: str):
    outcome = command(name, "--help")

    assert outcome.code == 0
    assert f"Examples:\n    bc-pipeline {name}" in outcome.stdout
    assert max(len(line) for line in outcome.stdout.splitlines()) <= 80
    assert "..." not in outcome.stdout.replace("[ARGS]...", "").replace("[TENANT...]", "")
    if name not in ("alerts", "tenants"):
        assert "--json" in outcome.stdout


@pytest.mark.parametrize(
    "example", [each for lazy in COMMANDS_THERE_ARE.values() for each in lazy.examples]
)
def test_every_example_is_a_command_line_that_is_understood(
    example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.json").touch()
    name, *arguments = shlex.split(example.partition(" >> ")[0])

    found = commands.lazy[name].load()
    context = found.make_context(name, arguments)
    if isinstance(found, click.Group) and context._protected_args:
        inner, *arguments = context._protected_args + context.args
        assert found.commands[inner].make_context(inner, arguments)


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        (["snyc"], "there is no command 'snyc'; did you mean sync?"),
        (["aprove-deletions", "x"], "did you mean approve-deletions?"),
        (["xyzzy"], "bc-pipeline --help lists them"),
        (["sync", "--dry-rum"], "--dry-run"),
    ],
)
def test_given_a_typo_then_what_may_be_meant_is_told(
    command: CommandLine, typed: list[str], complaint: str
):
    plain, as_json = command(*typed), command(*typed, "--json")

    assert plain.code == as_json.code == 2
    assert complaint.lower() in plain.stderr.lower()
    assert complaint.lower() in as_json.json["error"].lower()


def test_help_imports_no_command():
    script = (
        "import sys; from bc_pipeline.cli.main import run; run(['--help']); print(*sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert not {"dagster", "duckdb", "pandas", "pydantic", "requests", "rich"} & {
        name.split(".")[0] for name in ran.stdout.splitlines()[-1].split()
    }


def test_python_m_bc_pipeline_is_the_same_command_line(empty_home: Path):
    answer = subprocess.run(
        [sys.executable, "-m", "bc_pipeline", "tenants", "list", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 0
    assert yaml.safe_load(answer.stdout)["tenants"] == {}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["sync"], "Name at least one tenant, or say --all."),
        (["sync", "--all", "acme"], "Name tenants or say --all, not both."),
        (["stock"], "Name at least one tenant, or say --all."),
        (["stock", "acne"], "no tenant 'acne'; did you mean acme?"),
        (["sync", "acne"], "no tenant 'acne'; did you mean acme?"),
        (["sync", "acme", "--entity", "produkts"], "no entity 'produkts'; did you mean products?"),
        (["sync", "acme", "--since", "yesterday"], "does not match the format"),
        (["sync", "acme", "--fast"], "No such option"),
        (["check", "acne"], "did you mean acme?"),
        (["status", "acne"], "did you mean acme?"),
        (["retry", "acne"], "did you mean acme?"),
        (["retry", "acme", "items"], "no entity 'items'"),
        (["approve-deletions", "acme", "items"], "no Optiply entity 'items'"),
        (["show", "acme", "products", "1000"], "acme has not run yet"),
        (["find", "acne", "1000"], "did you mean acme?"),
        (["find", "acme", "1000"], "acme has not run yet"),
        (["report", "acne"], "did you mean acme?"),
        (["rebind", "acne"], "no tenant 'acne'; did you mean acme?"),
        (["rebind", "acme"], "acme has not run yet"),
        (["records", "acne", "products"], "did you mean acme?"),
        (["records", "acme", "items"], "no entity 'items'"),
        (["records", "acme", "products"], "acme has not run yet"),
        (["records", "acme", "products", "--state", "lost"], "'lost' is not one of"),
        (["tenants", "remove", "acme"], "acme still stands in"),
        (["tenants", "remove", "gone"], "Dagster has no partition 'gone'"),
        (["export"], "Name at least one tenant, or say --all."),
        (["export", "acne"], "no tenant 'acne'; did you mean acme?"),
        (["export", "acme", "--entity", "products"], "no entity 'products'"),
        (["export", "acme", "--entity", "Custommers"], "did you mean customers?"),
        (["export", "acme", "--full"], "No such option"),
        (["resend", "acne"], "did you mean acme?"),
        (["resend", "acme", "items"], "no entity 'items'"),
        (["resend", "acme", "customers", "c-1"], "acme has no record 'c-1' of customers"),
        (["show", "acme", "customers", "c-1"], "acme has"),
        (["accept-sell-order-source", "acne"], "did you mean acme?"),
    ],
)
def test_given_a_wrong_command_line_then_it_exits_2_and_says_why(
    command: CommandLine, empty_home: Path, arguments: list[str], complaint: str
):
    write_tenants(empty_home, acme={})

    plain = command(*arguments)
    as_json = command(*arguments, "--json")

    assert plain.code == as_json.code == 2
    assert plain.stdout == ""
    assert complaint in plain.stderr
    assert complaint in as_json.json["error"]


@pytest.mark.parametrize("arguments", [["sync", "--all"], ["check"], ["status"]])
def test_given_no_tenants_then_it_exits_2_and_says_what_to_do(
    command: CommandLine, empty_home: Path, arguments: list[str]
):
    outcome = command(*arguments, "--json")

    assert outcome.code == 2
    assert f"No tenant is configured: write {empty_home / 'tenants.yaml'}" in outcome.json["error"]


@pytest.mark.covers("decision 32", "new user: a broken tenants.yaml")
def test_given_one_broken_tenant_then_its_mistake_is_told_with_line_and_the_others_are_shown(
    command: CommandLine, empty_home: Path
):
    write_tenants(empty_home, acme={"sync": {"lokations": ["AMS"]}}, globex={})

    status = command("status")
    check = command("check", "acme", "--json")
    sync = command("sync", "acme")

    told = "tenants.acme.sync.lokations: unknown key; did you mean locations? (line "
    assert status.code == check.code == 1
    assert told in " ".join(status.stdout.split())
    assert "globex: late: it never ran" in status.stdout
    assert told in check.json["tenants"]["acme"]["checks"][0]["detail"]
    assert sync.code == 2
    assert told in sync.stderr
    assert "Traceback" not in status.stderr + check.stderr + sync.stderr


@pytest.mark.covers("decision 32")
def test_given_a_broken_tenant_that_is_switched_off_then_all_does_not_mean_it(
    command: CommandLine, empty_home: Path
):
    write_tenants(empty_home, acme={"enabled": False, "optiply": {}}, globex={"enabled": False})

    outcome = command("sync", "--all", "--json")

    assert outcome.code == 0
    assert outcome.json == {"tenants": {}}


@pytest.mark.covers("decision 32", "new user: a broken tenants.yaml")
def test_given_a_file_that_is_not_yaml_then_every_command_exits_2(
    command: CommandLine, empty_home: Path
):
    (empty_home / "tenants.yaml").write_text("tenants: [")

    for arguments in (["sync", "--all"], ["check"], ["status"], ["tenants", "list"]):
        outcome = command(*arguments, "--json")
        assert outcome.code == 2
        assert "not valid YAML" in outcome.json["error"]


def test_given_only_a_broken_tenant_then_sync_exits_2_before_anything_starts(
    command: CommandLine, empty_home: Path
):
    write_tenants(empty_home, acme={"optiply": {}})

    outcome = command("sync", "--all", "--json")

    assert outcome.code == 2
    assert "tenants.acme.optiply.client_id: missing" in outcome.json["error"]
    assert not (empty_home / "dagster").exists()


def test_given_a_disabled_tenant_then_sync_skips_it(command: CommandLine, empty_home: Path):
    write_tenants(empty_home, acme={"enabled": False})

    outcome = command("sync", "acme", "--json")

    assert outcome.code == 0
    assert outcome.json["tenants"]["acme"]["status"] == "skipped"
    assert outcome.json["tenants"]["acme"]["reason"] == "disabled in tenants.yaml"


def test_given_an_entity_the_tenant_does_not_have_then_sync_skips_it(
    command: CommandLine, empty_home: Path
):
    write_tenants(empty_home, acme={})

    outcome = command("sync", "acme", "--entity", "bc/item_page", "--json")

    assert outcome.code == 0
    assert outcome.json["tenants"]["acme"]["status"] == "skipped"


@pytest.mark.parametrize("arguments", [[], ["--entity", "Bills"]])
def test_given_a_tenant_without_exports_then_export_skips_it(
    command: CommandLine, empty_home: Path, arguments: list[str]
):
    write_tenants(empty_home, acme={})

    outcome = command("export", "acme", *arguments, "--json")

    assert outcome.code == 0
    told = outcome.json["tenants"]["acme"]
    assert told["status"] == "skipped"
    assert "its settings do not ask for" in told["reason"]


def test_an_accepted_sell_order_source_is_told(command: CommandLine, empty_home: Path):
    write_tenants(empty_home, acme={"sync": {"sell_order_source": "sales_orders"}})

    plain = command("accept-sell-order-source", "acme")
    as_json = command("accept-sell-order-source", "acme", "--json")

    assert plain.code == as_json.code == 0
    assert "sell orders come from sales_orders" in plain.stdout
    assert as_json.json == {"tenant": "acme", "sell_order_source": "sales_orders"}


def test_tenants_list_shows_settings_errors_and_no_secret(command: CommandLine, empty_home: Path):
    write_tenants(empty_home, acme={}, globex={"enabled": False}, broken={"sync": {"x": 1}})

    plain = command("tenants", "list")
    as_json = command("tenants", "list", "--json")

    assert plain.code == as_json.code == 1
    tenants = as_json.json["tenants"]
    assert tenants["acme"]["enabled"] is True
    assert tenants["acme"]["company"] == "CRONUS"
    assert tenants["globex"]["enabled"] is False
    assert "tenants.broken.sync.x: unknown key" in tenants["broken"]["error"]
    for told in (plain.stdout, plain.stderr, as_json.stdout):
        assert SETTINGS["optiply"]["password"] not in told


def test_tenants_schema_is_json_either_way(command: CommandLine, empty_home: Path):
    assert command("tenants", "schema").json == command("tenants", "schema", "--json").json


def test_given_a_removed_tenant_then_its_partition_goes_and_its_files_stay(
    command: CommandLine, empty_home: Path
):
    write_tenants(empty_home, acme={"enabled": False})
    command("sync", "acme")
    snapshot = empty_home / "snapshots" / "acme"
    snapshot.mkdir(parents=True)
    write_tenants(empty_home, globex={})

    outcome = command("tenants", "remove", "acme", "--json")

    assert outcome.code == 0
    assert outcome.json == {"removed": "acme"}
    assert snapshot.exists()
    assert command("tenants", "remove", "acme").code == 2


def test_given_many_tenants_then_status_lists_their_entities_only_when_they_are_named(
    command: CommandLine, empty_home: Path
):
    names = ["t" * length for length in range(1, EACH_SHOWN + 2)]
    write_tenants(empty_home, **{name: {} for name in names})
    Snapshot.open(empty_home / "snapshots" / "ttt").close()

    of_all, of_one = command("status"), command("status", "ttt")

    assert of_all.code == of_one.code == 0
    assert "bc/items" not in of_all.stdout
    assert "Name tenants to see" in of_all.stdout
    assert "bc/items" in of_one.stdout
