"""``bc-pipeline rebind``: shows, asks, and takes over (decisions 2)."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from bc_pipeline.run import identity
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants import registry
from bc_pipeline_tests.cli.conftest import CommandLine
from bc_pipeline_tests.orchestration.conftest import settings_of, write_tenants

pytestmark = pytest.mark.covers("decision 2")


@pytest.fixture
def renamed(empty_home: Path) -> Path:
    """The tenant acme, whose environment was renamed since its last run."""
    write_tenants(empty_home, acme={})
    acme = registry.load().get("acme")
    with Snapshot.open(acme.snapshot_dir) as snapshot, snapshot.cursor() as cursor:
        cursor.execute("INSERT INTO ops.reads (entity, complete) VALUES ('bc/items', true)")
        identity.bind(snapshot, acme)
    section = settings_of("acme")["business_central"] | {"environment_name": "Prod"}
    write_tenants(empty_home, acme={"business_central": section})
    return empty_home


def changed() -> list[identity.Change]:
    acme = registry.load().get("acme")
    with (
        Snapshot.open(acme.snapshot_dir, read_only=True) as snapshot,
        snapshot.cursor() as cursor,
    ):
        return identity.changes(cursor, acme)


def test_given_yes_then_it_shows_old_and_new_and_the_state_is_its_own_again(
    renamed: Path, command: CommandLine
) -> None:
    outcome = command("rebind", "acme", "--yes")

    assert outcome.code == 0
    (row,) = (line for line in outcome.stdout.splitlines() if "environment_name" in line)
    assert row.split() == ["business_central.environment_name", "Production", "Prod"]
    assert changed() == []


@pytest.mark.parametrize(("answer", "left"), [(True, 0), (False, 1)])
def test_given_no_yes_then_it_asks(
    renamed: Path,
    command: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    answer: bool,
    left: int,
) -> None:
    def confirm(text: str, abort: bool, err: bool) -> bool:
        if not answer:
            raise click.Abort
        return True

    monkeypatch.setattr(click, "confirm", confirm)

    outcome = command("rebind", "acme")

    assert "Prod" in outcome.stdout
    assert len(changed()) == left
    assert (outcome.code == 0) is answer


def test_given_json_then_one_document_shows_old_and_new(renamed: Path, command: CommandLine):
    refused = command("rebind", "acme", "--json")
    assert (refused.code, "--yes" in refused.json["error"]) == (2, True)

    outcome = command("rebind", "acme", "--yes", "--json")

    assert outcome.json == {
        "tenant": "acme",
        "rebound": {
            "business_central.environment_name": {"before": "Production", "now": "Prod"},
        },
    }
    assert command("rebind", "acme", "--yes", "--json").json["rebound"] == {}
