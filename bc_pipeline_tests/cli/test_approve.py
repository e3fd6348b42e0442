"""Deletions that the guard holds back are listed by number and name, and asked about
(decision 28)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest

from bc_pipeline.cli.sync import problem_lines
from bc_pipeline.orchestration.checks import run_outcome as run_checks
from bc_pipeline.orchestration.checks.check import CheckInput
from bc_pipeline.orchestration.checks.stored import evaluate_each, together
from bc_pipeline.orchestration.checks.table import CHECKS
from bc_pipeline.report import EntityResult, RunSummary
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.snapshot.store import FILE_NAME, Snapshot
from bc_pipeline_tests.cli.aged import synced, tenant
from bc_pipeline_tests.cli.conftest import CommandLine
from bc_pipeline_tests.in_step import InStep

GONE = 12


class Terminal(StringIO):
    """Somebody sits there and answers."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(scope="module")
def held_run() -> dict[str, object]:
    """What the run left that found a dozen items gone, once there was one."""
    return {}


@pytest.fixture(autouse=True)
def held(home: Path, sandbox: Sandbox, held_run: dict[str, object], in_step: InStep) -> RunSummary:
    """cronus as of a run that found a dozen items gone."""
    path = tenant().snapshot_dir / FILE_NAME
    if not held_run:
        in_step.put(sandbox, home, "cronus")
        company = sandbox.business_central.companies[tenant().business_central.company]
        goods = [row for row in company.tables["items"].values() if row["type"] == "Inventory"]
        held_run["gone"] = sorted(goods, key=lambda row: row["number"])[:GONE]
        for row in held_run["gone"]:
            company.delete("items", row["id"])
        held_run["summary"] = synced(entities=("products",))
        held_run[FILE_NAME] = (tenant().snapshot_dir / FILE_NAME).read_bytes()
    path.write_bytes(held_run[FILE_NAME])
    return held_run["summary"]


@pytest.fixture
def gone(held_run: dict[str, object]) -> Iterator[list[tuple[str, str]]]:
    """Number and name of each."""
    yield [(row["number"], row["displayName"]) for row in held_run["gone"]]


@pytest.mark.covers("decision 28")
def test_status_lists_them_by_number_and_name_and_wants_attention(
    command: CommandLine, gone: list[tuple[str, str]]
):
    plain = command("status", "cronus", "--exit-code")
    told = command("status", "cronus", "--json").json["tenants"]["cronus"]

    assert plain.code == 1
    assert f"{GONE} deletions in optiply/products wait for an approval" in plain.stdout
    listed = [(row["number"], row["name"]) for row in told["held_deletions"]]
    assert listed == gone
    for number, name in gone:
        assert number in plain.stdout
        assert name in plain.stdout


@pytest.mark.covers("decision 28")
def test_sync_and_the_check_list_them(held: RunSummary, gone: list[tuple[str, str]]):
    (line,) = [line for line in problem_lines(held) if line.strip().startswith("guard")]
    (check,) = (check for check in CHECKS if check.evaluate is run_checks.deletion_guard)

    stored = together(check, evaluate_each(check, "optiply/products", [tenant()]))

    for number, name in gone:
        assert f"{number} {name}" in line
    assert not stored.passed
    assert f"{GONE} of" in stored.sample[0]["finding"]


@pytest.mark.covers("decision 28")
def test_the_sample_of_the_check_has_number_and_name(gone: list[tuple[str, str]]):
    name = "optiply/products"
    with Snapshot.open(tenant().snapshot_dir) as snapshot, snapshot.cursor() as cursor:
        given = CheckInput(name, tenant(), cursor, EntityResult(name=name), datetime.now(UTC))
        finding = run_checks.deletion_guard(given)

    assert [(row["number"], row["name"]) for row in finding.sample] == gone
    assert "bc-pipeline approve-deletions cronus optiply/products" in finding.description


@pytest.mark.covers("decision 28")
def test_without_a_terminal_and_without_yes_it_refuses_and_approves_nothing(
    command: CommandLine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "stdin", StringIO("y\n"))

    plain = command("approve-deletions", "cronus")
    as_json = command("approve-deletions", "cronus", "--json")

    assert plain.code == as_json.code == 2
    assert f"{GONE} deletions in optiply/products would be approved" in plain.stderr
    assert "say --yes" in as_json.json["error"]
    assert synced(entities=("products",)).entities["optiply/products"].deleted == 0


@pytest.mark.covers("decision 28")
@pytest.mark.parametrize(("answer", "told"), [("y", "approved for the next run"), ("n", "nothing")])
def test_at_a_terminal_it_shows_them_and_asks(
    command: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    gone: list[tuple[str, str]],
    answer: str,
    told: str,
):
    monkeypatch.setattr(sys, "stdin", Terminal(f"{answer}\n"))

    outcome = command("approve-deletions", "cronus")

    assert outcome.code == 0
    for number, name in gone:
        assert number in outcome.stdout
        assert name in outcome.stdout
    assert told in outcome.stdout + outcome.stderr


@pytest.mark.covers("decision 28")
def test_with_yes_the_next_run_takes_them_away(
    command: CommandLine, gone: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "stdin", StringIO())

    outcome = command("approve-deletions", "cronus", "optiply/products", "--yes", "--json")

    assert outcome.json["approved"] == ["optiply/products"]
    assert [(row["number"], row["name"]) for row in outcome.json["deletions"]] == gone
    listed = command("records", "cronus", "products", "--state", "guard", "--json")
    assert [(row["number"], row["name"]) for row in listed.json["records"]] == gone
