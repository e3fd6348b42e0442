"""Whatever people can call, set, see or be told of is described, once, where it is declared."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from bc_pipeline.alerts.kinds import KINDS
from bc_pipeline.alerts.metrics import PREFIX, SERIES, WRITTEN
from bc_pipeline.catalogue.lineage import LINEAGE
from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.catalogue.tasks import TASKS
from bc_pipeline.connecting.hotglue import CARRIED, LEFT
from bc_pipeline.orchestration.checks.table import CHECKS
from bc_pipeline.to_business_central.writers import STREAMS
from bc_pipeline_tests.reference.commands import every_command, options
from bc_pipeline_tests.reference.jobs import named
from bc_pipeline_tests.reference.mapping import sent
from bc_pipeline_tests.reference.pages import FOLDER, PAGES
from bc_pipeline_tests.reference.records import fields
from bc_pipeline_tests.reference.settings import every_key

ROOT = FOLDER.parents[1]
LISTED = ("jobs", "schedules", "sensors")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_as_the_code_is(name: str):
    page = FOLDER / name

    assert page.is_file() and page.read_text("utf-8") == PAGES[name](), "run make reference"


def test_no_page_is_left_that_nothing_makes():
    assert {page.name for page in FOLDER.iterdir()} == set(PAGES)


def expected() -> Iterator[tuple[str, str]]:
    """Page, and what has to stand there."""
    for name, command in every_command():
        yield "commands.md", f"\n## {name}\n"
        yield from (
            ("commands.md", f"`{option.opts[0]}")
            for option in options(command)
            if option.opts[0] != "--json"
        )
    yield from (("settings.md", f"\n| `{name.rpartition('.')[2]}` |") for name, _ in every_key())
    yield from (("checks.md", f"\n| `{check.name}` |") for check in CHECKS)
    yield from (("jobs.md", f"\n| `{each.name}` |") for kind in LISTED for each in named(kind))
    yield from (("alerts.md", f"\n| `{kind}` |") for kind in KINDS)
    yield from (("alerts.md", f"\n| `{PREFIX}{name}` |") for name in (*SERIES, WRITTEN))
    yield from (("mapping.md", f"`{attribute}`") for made in LINEAGE.values() for attribute in made)
    yield from (("mapping.md", task.name) for task in TASKS)
    yield from (("hotglue.md", f"\n| `{key}` |") for key in (*CARRIED, *LEFT))
    for stream in STREAMS.values():
        yield "records.md", f"\n## {stream.name}\n"
        yield from (("records.md", f"\n| `{field}` |") for field, _ in fields(stream.model))


def test_nothing_is_left_out():
    pages = {name: (FOLDER / name).read_text("utf-8") for name in PAGES}

    assert [(page, text) for page, text in expected() if text not in pages[page]] == []


def undescribed() -> Iterator[str]:
    """What has a name and no words."""
    for name, command in every_command():
        yield from [name] if not command.help else []
        yield from (f"{name} {option.opts[0]}" for option in options(command) if not option.help)
    yield from (name for name, field in every_key() if not field.description)
    yield from (check.name for check in CHECKS if not check.description)
    yield from (each.name for kind in LISTED for each in named(kind) if not each.description)
    yield from (kind.name for kind in KINDS.values() if not (kind.when and kind.todo))
    yield from (name for name, series in SERIES.items() if not series.help)
    yield from (task.name for task in TASKS if not task.description)


def test_everything_has_words():
    assert list(undescribed()) == []


def test_an_attribute_that_is_sent_says_where_it_comes_from_or_that_it_is_the_same_for_all():
    unclear = [
        f"{resource.name}.{attribute.name}"
        for resource in RESOURCES.values()
        for attribute in sent(resource)
        if not (origin := LINEAGE[resource.name][attribute.name]).sources
        and not origin.rule.startswith("always")
    ]

    assert unclear == []


def test_every_environment_variable_is_told_of():
    sources = (path.read_text("utf-8") for path in (ROOT / "bc_pipeline").rglob("*.py"))
    known = {name for text in sources for name in re.findall(r"\bBC_PIPELINE_[A-Z_]+\b", text)}
    configuration = (ROOT / "docs/configuration.md").read_text("utf-8")
    connecting = (ROOT / "docs/connect.md").read_text("utf-8")

    assert known
    assert [name for name in known if f"`{name}`" not in configuration + connecting] == []


def test_every_picture_is_taken_by_the_script_and_shown_on_a_page():
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    text = " ".join(page.read_text("utf-8") for page in pages)
    script = (ROOT / "docs/screenshots.py").read_text("utf-8")
    pictures = {path.name for path in (ROOT / "docs").glob("*.png")}

    assert set(re.findall(r"(\w+\.png)", text)) == pictures
    assert {name for name in pictures if f'"{name}"' not in script} == set()
