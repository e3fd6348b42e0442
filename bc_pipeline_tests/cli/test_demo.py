"""The demo: full sync, changes, only the changes, nothing to do (in a home of its own)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bc_pipeline.cli import demo
from bc_pipeline.cli.demo import demo_home
from bc_pipeline_tests.cli.conftest import CommandLine

CHANGED = ("created", "updated", "deleted")
ROUNDS = ("full", "changes", "nothing_to_do")


def test_the_demo_shows_everything_then_only_changes_then_nothing(
    command: CommandLine, empty_home: Path, monkeypatch: pytest.MonkeyPatch
):
    own_tenants = empty_home / "tenants.yaml"
    own_tenants.write_text("tenants: {}")
    monkeypatch.setattr(demo, "WHOLESALE_ITEMS", 30)

    outcome = command("demo", "--json")

    assert outcome.code == 0, outcome.stderr
    full, changes, nothing = (outcome.json["rounds"][name] for name in ROUNDS)
    for tenant in ("cronus", "wholesale"):
        assert sent(full[tenant], "created") > 50
        products = changes[tenant]["entities"]["optiply/products"]
        assert (products["created"], products["updated"]) == (0, 2)
        for entity in ("suppliers", "sell_orders", "buy_orders", "buy_order_lines"):
            assert changes[tenant]["entities"][f"optiply/{entity}"]["created"] == 1, entity
        assert changes[tenant]["entities"]["optiply/receipt_lines"]["created"] == 1
        assert sum(sent(nothing[tenant], name) for name in CHANGED) == 0
        snapshot = empty_home / "demo" / "snapshots" / tenant / "snapshot.duckdb"
        assert snapshot.exists()
    assert own_tenants.read_text() == "tenants: {}"


def sent(tenant: dict, count: str) -> int:
    return sum(counts[count] for counts in tenant["entities"].values())


def test_the_demo_home_is_emptied_first_and_the_environment_is_given_back(
    empty_home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DAGSTER_HOME", "/elsewhere")
    left_over = empty_home / "demo" / "old"
    left_over.mkdir(parents=True)

    with demo_home(empty_home / "demo"):
        assert os.environ["DAGSTER_HOME"] == str(empty_home / "demo" / "dagster")
        assert not left_over.exists()

    assert os.environ["DAGSTER_HOME"] == "/elsewhere"
    assert os.environ["BC_PIPELINE_HOME"] == str(empty_home)
