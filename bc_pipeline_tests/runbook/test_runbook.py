"""The runbook says what the program says: every row is provoked, its words are compared, and what
it advises can be typed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from bc_pipeline.catalogue.tasks import OUTBOUND_NAMES
from bc_pipeline.cli.main import commands
from bc_pipeline.orchestration.checks.table import CHECKS
from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.cli.conftest import CommandLine, command, environment
from bc_pipeline_tests.in_step import InStep, small_sandbox
from bc_pipeline_tests.runbook import provoked, provoked_writing
from bc_pipeline_tests.runbook.cases import PROVOKED
from bc_pipeline_tests.runbook.world import Kept, World
from bc_pipeline_tests.slow import deep_but

__all__ = ["command", "environment", "provoked", "provoked_writing"]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/runbook.md").read_text("utf-8")
SPEC = ROOT / "docs/spec"
_CHAPTERS = re.DOTALL | re.MULTILINE


@dataclass(frozen=True)
class Row:
    """One row of the table of failures."""

    case: str
    seen: str
    because: str
    do: str

    @property
    def words(self) -> list[str]:
        """What the program says."""
        return re.findall(r"`([^`]+)`", self.seen)


def section(title: str) -> list[list[str]]:
    """The rows of a table of the page."""
    (text,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


ROWS = {row[0]: Row(*row) for row in section("Failures")}

FAILURES: Mapping[str, tuple[str, ...]] = {
    "Sync not running": ("no sync", "one entity late"),
    "401": ("signed out at Microsoft", "client secret", "signed out at Optiply"),
    "429": ("throttled",),
    "missing data": ("not found", "never read"),
    "duplicates": ("twice in Optiply",),
    "wrong stock": ("stock late", "location unknown", "changed in Optiply"),
    "buy order not in BC": ("vendor blocked", "answer lost"),
    "half in BC": ("line refused",),
    "twice": ("order twice in Optiply",),
    "one record stops all": ("record refused",),
    "bad mail address": ("mail address",),
    "lead time 0": ("no lead time",),
    "inbound order unknown": ("order not taken",),
    "deadlocks": ("deadlock",),
    "units mixed": ("unit unknown",),
    "slow onboarding": ("data of the shop",),
}
"""The complaints of flows 7, and the rows that answer them."""

TOLD: Mapping[int, tuple[str, ...]] = {
    28: ("deletions held",),
    29: ("one entity late",),
    30: ("no permission",),
    31: ("never read",),
    32: ("file broken", "one tenant broken"),
    33: ("only tried",),
    34: ("left out on purpose", "record refused"),
    35: ("second factor", "consent withdrawn"),
    36: ("certificate", "no host", "refuses connections", "not encrypted"),
    37: ("refused after it was done",),
}
"""The decisions about telling the truth, and their rows."""


COMMONEST = (
    "record refused",
    "dimension missing",
    "vendor blocked",
    "signed out at Microsoft",
    "deletions held",
    "no sync",
    "file broken",
)
"""What support is asked most."""


@pytest.fixture(scope="module")
def kept(
    tmp_path_factory: pytest.TempPathFactory, in_step: InStep
) -> Iterator[tuple[Sandbox, Path, Kept]]:
    """A tenant in step, and how it stood then."""
    folder = tmp_path_factory.mktemp("runbook")
    home = folder / "home"
    home.mkdir()
    with small_sandbox() as sandbox:
        sandbox.write_tenants(home, exports=True)
        in_step.put(sandbox, home, "cronus")
        world = World(sandbox, home, lambda *arguments: pytest.fail("no command yet"))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("BC_PIPELINE_HOME", str(home))
            world.run(*OUTBOUND_NAMES)
        yield sandbox, home, Kept.of(world, folder / "kept")


@pytest.fixture
def world(
    kept: tuple[Sandbox, Path, Kept], command: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    sandbox, home, before = kept
    monkeypatch.setenv("BC_PIPELINE_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "400")
    found = World(sandbox, home, command)
    yield found
    before.put_back(found)


@pytest.mark.parametrize("name", deep_but(PROVOKED, *COMMONEST))
def test_a_failure_is_told_in_the_words_of_its_row(name: str, world: World):
    told = PROVOKED[name](world)

    missing = [words for words in ROWS[name].words if words not in told]
    assert ROWS[name].words
    assert missing == [], told


def test_every_row_is_provoked_and_nothing_else():
    assert set(ROWS) == set(PROVOKED)


def test_every_failure_to_design_for_has_a_row():
    flows = (SPEC / "flows.md").read_text("utf-8")
    (chapter,) = re.findall(r"^## 7\. (.*?)^## 8", flows, _CHAPTERS)
    listed = re.sub(r"\([^)]*\)", "", " ".join(chapter.split("\n", 1)[1].split()))
    names = [part.strip(" .") for part in re.split(r"[;,]", listed)]
    decisions = (SPEC / "decisions.md").read_text("utf-8")
    (truth,) = re.findall(r"^## Telling the truth\n(.*?)^## ", decisions, _CHAPTERS)
    numbers = {int(number) for number in re.findall(r"^\| (\d+) \|", truth, re.MULTILINE)}

    assert [name for name in names if name not in FAILURES] == []
    assert numbers == set(TOLD)
    named = {case for cases in (*FAILURES.values(), *TOLD.values()) for case in cases}
    assert named <= set(ROWS)


def test_every_check_has_a_row_that_says_what_to_do():
    rows = section("Checks that are not green")

    assert {row[0].strip("`") for row in rows} == {check.name for check in CHECKS}
    assert all(row[2] for row in rows)


def test_every_row_says_why_and_what_to_do():
    for row in ROWS.values():
        assert row.because and row.do, row.case


def test_every_command_that_is_advised_can_be_typed():
    for line in re.findall(r"`bc-pipeline ([^`]+)`", PAGE):
        name, *arguments = shlex.split(line)
        assert name in commands.lazy, line
        if "approve" not in line or arguments:
            commands.lazy[name].load().make_context(name, arguments)
