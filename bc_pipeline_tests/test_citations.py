"""What code and tests cite stands in ``docs/spec``, and nothing else is cited."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bc_pipeline.catalogue.entities import ENTITIES
from bc_pipeline.catalogue.ledger_columns import LEDGER_COLUMNS
from bc_pipeline.catalogue.tasks import TASKS
from bc_pipeline.cli.main import commands
from bc_pipeline.orchestration.checks.table import CHECKS
from bc_pipeline.tenants.schema import tenants_schema

ROOT = Path(__file__).parents[1]
SPEC = ROOT / "docs" / "spec"
PAGES = tuple(page.stem for page in SPEC.glob("*.md") if page.stem != "README")
SOURCES = sorted(
    path
    for folder in ("bc_pipeline", "bc_pipeline_tests", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
)

_CHAPTER = r"\d+(?:\.\d+)?[a-z]?"
_CITATION = re.compile(
    rf"\b({'|'.join(PAGES)})(?:\.md)? ({_CHAPTER}(?:(?:, | and |-){_CHAPTER}(?![\w:]))*)"
)
_DEFECT = re.compile(r"\(([ABCD]\d{1,2}(?:[,;] ?[ABCD]\d{1,2})*)\)")
_UNKNOWN = re.compile(r"\b(DESIGN|api)\.(md|json)\b|\bcontracts/")


def chapters(page: str) -> set[str]:
    """What of a page can be cited: numbered headings, rows of tables, and the items of a numbered
    list under a heading."""
    found: set[str] = set()
    heading = ""
    for line in (SPEC / f"{page}.md").read_text("utf-8").splitlines():
        if match := re.match(r"#+ (\d+(?:\.\d+)?[a-z]?)[. ]", line):
            heading = match[1]
            found.add(heading)
        elif match := re.match(r"\| (\d+(?:\.\d+)?) \|", line):
            found.add(match[1])
        elif match := re.match(r"(\d+)\. ", line):
            found.add(f"{heading}.{match[1]}")
    return found


CHAPTERS = {page: chapters(page) for page in PAGES}
DEFECTS = set(re.findall(r"\b([ABCD]\d{1,2})\b", (SPEC / "target_behaviour.md").read_text("utf-8")))


def prose(path: Path) -> str:
    """The text of a file as it reads: lines of comments and docstrings joined."""
    return re.sub(r"\s*\n\s*(?:# )?", " ", path.read_text("utf-8"))


def cited(text: str) -> Iterator[tuple[str, str]]:
    for page, numbers in _CITATION.findall(text):
        for number in re.findall(_CHAPTER, numbers):
            yield page, number


def test_everything_cited_is_there():
    missing = [f"{path.relative_to(ROOT)}: {each}" for path in SOURCES for each in lacking(path)]

    assert missing == []


def lacking(path: Path) -> Iterator[str]:
    """What a file cites that is not there."""
    text = prose(path)
    yield from (f"{page} {number}" for page, number in cited(text) if number not in CHAPTERS[page])
    defects = (each for found in _DEFECT.findall(text) for each in re.split("[,;] ?", found))
    yield from (each for each in defects if each not in DEFECTS)
    if path != Path(__file__):
        yield from (found.group() for found in _UNKNOWN.finditer(text))


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_cite_one_another_rightly(page: str):
    text = (SPEC / f"{page}.md").read_text("utf-8")

    assert [c for c in cited(text) if c[1] not in CHAPTERS[c[0]]] == []


def told_to_people() -> Iterator[str]:
    """Descriptions of settings, assets, columns, checks and commands."""
    yield json.dumps(tenants_schema())
    for task in TASKS:
        yield task.description
    for entity in ENTITIES.values():
        yield entity.why
    for column in LEDGER_COLUMNS:
        yield column.description or ""
    for check in CHECKS:
        yield check.description
    for lazy in commands.lazy.values():
        command = lazy.load()
        yield command.get_help(click.Context(command))


def test_what_people_read_says_it_instead_of_citing():
    texts = list(told_to_people())

    assert [text for text in texts if any(cited(text))] == []


@pytest.mark.parametrize("page", ["docs/architecture.md", "docs/development.md", "CONTRIBUTING.md"])
def test_the_files_and_rooms_that_the_guides_name_are_there(page: str):
    rooms = ("", "bc_pipeline", "bc_pipeline/catalogue", "bc_pipeline/to_business_central")
    bases = [ROOT / room for room in rooms]
    named = re.findall(r"`([\w./*-]+(?:\.py|\.jsonl|/))`", (ROOT / page).read_text("utf-8"))

    assert named
    assert [path for path in named if not any(list(base.glob(path)) for base in bases)] == []
