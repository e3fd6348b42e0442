"""The README tells the truth: its commands run as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.to_business_central.writers import STREAMS

pytestmark = [pytest.mark.readme, pytest.mark.timeout(400)]

ROOT = Path(__file__).resolve().parents[2]
SERVES = ("make dev",)
"""Serves until interrupted: tested by what it starts, in test_dev.py."""
ASKS = (".venv/bin/bc-pipeline connect acme",)
"""Needs a person and accounts: test_connect.py has both."""


def documents() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def shell_commands() -> list[str]:
    """The lines of the README's ``sh`` blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A directory with the project's files and this Python as its `.venv`."""
    for path in ROOT.iterdir():
        if path.name not in (".git", ".venv", "var"):
            (tmp_path / path.name).symlink_to(path)
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    for program in ("python", "bc-pipeline", "dagster"):
        launcher = binaries / program
        launcher.write_text(f'#!/bin/sh\nexec "{Path(sys.executable).with_name(program)}" "$@"\n')
        launcher.chmod(0o755)
    (tmp_path / ".venv" / ".installed").touch()
    return tmp_path


def test_the_readme_shows_make_demo_and_make_dev_first():
    assert shell_commands()[:2] == ["make demo", "make dev"]


@pytest.mark.parametrize(
    "line", [line for line in shell_commands() if line not in (*SERVES, *ASKS)]
)
def test_a_command_of_the_readme_exits_0(line: str, checkout: Path):
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("BC_PIPELINE_", "DAGSTER_"))
    }

    done = subprocess.run(
        line, shell=True, cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    if line == "make demo":
        shows_everything_then_only_changes_then_nothing(done.stdout)
        shows_buy_orders_both_ways(done.stdout)
        shows_the_result_of_every_record(done.stdout)
        for tenant in ("cronus", "wholesale"):
            assert (checkout / "var/demo/snapshots" / tenant / "snapshot.duckdb").exists()


def shows_everything_then_only_changes_then_nothing(printed: str) -> None:
    """The table after these rounds: tenant, entity, then created / updated / deleted per round."""
    results = printed.split("Sent to Optiply (created / updated / deleted)")[1]
    figures = r"(\d+) / (\d+) / (\d+)"
    row = rf"(cronus|wholesale) +optiply/(\w+) +{figures} +{figures} +{figures}"
    found = {(tenant, entity): rest for tenant, entity, *rest in re.findall(row, results)}
    assert len(found) == 2 * len(RESOURCES)
    for tenant in ("cronus", "wholesale"):
        full, changes, nothing = (
            {name: found[tenant, name][start : start + 3] for name in RESOURCES}
            for start in (0, 3, 6)
        )
        assert int(full["products"][0]) > 50
        assert all(counts[1:] == ["0", "0"] for counts in full.values())
        assert changes["products"] == ["0", "2", "0"]
        for name in ("suppliers", "sell_orders", "buy_orders", "buy_order_lines", "receipt_lines"):
            assert changes[name] == ["1", "0", "0"], name
        assert all(counts == ["0", "0", "0"] for counts in nothing.values())


def shows_buy_orders_both_ways(printed: str) -> None:
    """Per tenant: the purchase order with its marker and lines, no duplicate, the receipts."""
    ordered = re.findall(r"(cronus|wholesale): buy order (\d+), (\d+) products", printed)
    assert [tenant for tenant, _, _ in ordered] == ["cronus", "wholesale"]
    for tenant, order, lines in ordered:
        assert f"comment OP-{order}" in printed
        assert f"{tenant}: buy order {order} was read back, 0 duplicates in Optiply" in printed
        received = re.findall(rf"{tenant}: 12 received on line \d+ of buy order {order}", printed)
        assert len(received) == int(lines)


def shows_the_result_of_every_record(printed: str) -> None:
    """Of each accounting file the first record is good and the second one bad."""
    for tenant in ("cronus", "wholesale"):
        results = printed.split(f"{tenant}: results")[1].split(": results")[0]
        row = r"(\w+)\.demo\.jsonl +(\d) +\S+ +(\w+)"
        found = {(stream, line): action for stream, line, action in re.findall(row, results)}
        assert len(found) == 2 * len(STREAMS)
        for stream in STREAMS.values():
            assert found[stream.name, "1"] in ("created", "posted")
            assert found[stream.name, "2"] == "failed"


def test_every_command_named_in_the_documents_is_one_there_is():
    from bc_pipeline.cli.main import commands

    for document in documents():
        named = re.findall(r"bc-pipeline ([a-z-]+)", document.read_text("utf-8"))
        assert set(named) <= set(commands.lazy), document


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_links_of_the_documents_lead_somewhere(document: Path):
    for link, image in re.findall(r"\]\(([^)#]+)\)|src=\"([^\"]+)\"", document.read_text("utf-8")):
        target = link or image
        if "://" not in target:
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_make_targets_are_those_promised():
    makefile = (ROOT / "Makefile").read_text("utf-8")

    for target in ("demo", "test", "dev", "lint", "bench", "clean"):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
