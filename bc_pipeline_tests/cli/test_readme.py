"""The README tells the truth: its commands run as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

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
    # Of a make that runs this test, another one would tell which directory it enters.
    others = ("BC_PIPELINE_", "DAGSTER_", "MAKE", "MFLAGS")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(others)}

    done = subprocess.run(
        line, shell=True, cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    if line == "make demo":
        says_what_the_readme_shows(done.stdout)
        fits_a_terminal(done.stdout)
        shows_buy_orders_both_ways(done.stdout)
        shows_the_result_of_every_record(done.stdout)
        ends_with_the_way_to_the_ui(done.stdout)
        for tenant in ("cronus", "wholesale"):
            assert (checkout / "var/demo/snapshots" / tenant / "snapshot.duckdb").exists()


def excerpt() -> list[str]:
    """The lines the README shows of the demo."""
    text = (ROOT / "README.md").read_text("utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    block = next(block for language, block in blocks if not language and "cronus" in block)
    return [line for line in block.splitlines() if line.strip() and line != "..."]


def says_what_the_readme_shows(printed: str) -> None:
    """Every line of the README's excerpt, in that order."""
    lines = iter(line.rstrip() for line in printed.splitlines())
    missing = [line for line in excerpt() if line.rstrip() not in lines]
    assert missing == [], f"the first one is not where it should be:\n{printed}"


def fits_a_terminal(printed: str) -> None:
    """80 columns, and nothing is cut. A path of this machine may be longer."""
    for line in printed.replace(str(Path(sys.executable).parent), ".venv/bin").splitlines():
        assert len(line.rstrip()) <= 80, line
        assert "…" not in line


def shows_buy_orders_both_ways(printed: str) -> None:
    """Per tenant: the purchase order with its marker and lines, no duplicate, the receipts."""
    ordered = re.findall(r"(cronus|wholesale): buy order (\d+), 2 products", printed)
    assert [tenant for tenant, _ in ordered] == ["cronus", "wholesale"]
    for tenant, order in ordered:
        assert f"comment OP-{order}" in printed
        assert f"{tenant}: 24 pieces received on buy order {order}, 0 duplicates" in printed


def shows_the_result_of_every_record(printed: str) -> None:
    """Of each accounting file the first record is good and the second one bad."""
    for tenant in ("cronus", "wholesale"):
        results = printed.split(f"{tenant}: record")[1].split(": record")[0]
        found = dict(re.findall(r"^ (\w+-[12]) +(created|posted|failed) ", results, re.MULTILINE))
        assert len(found) == 2 * len(STREAMS)
        for record, result in found.items():
            assert (result == "failed") == record.endswith("-2")


def ends_with_the_way_to_the_ui(printed: str) -> None:
    """Nobody is at a terminal: it asks nothing and says how to open it."""
    assert printed.rstrip().endswith("bc-pipeline demo --ui")


def test_every_command_named_in_the_documents_is_one_there_is():
    from bc_pipeline.cli.main import commands

    for document in documents():
        named = re.findall(r"bc-pipeline ([a-z][a-z-]*)", document.read_text("utf-8"))
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
