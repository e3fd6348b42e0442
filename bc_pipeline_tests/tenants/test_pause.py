"""A paused tenant is as good as switched off, until it is resumed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bc_pipeline.errors import PipelineError
from bc_pipeline.tenants import pause, registry
from bc_pipeline_tests.orchestration.conftest import settle


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return settle(tmp_path, monkeypatch)


def enabled() -> list[str]:
    return [each.name for each in registry.load().enabled()]


def test_given_a_tenant_is_paused_then_no_schedule_works_on_it_until_it_is_resumed(home: Path):
    directory = registry.load().get("acme").snapshot_dir

    pause.pause(directory, by="Anna", why="stock-taking")

    assert enabled() == ["globex"]
    assert pause.paused(directory).in_words().endswith("UTC by Anna: stock-taking")
    assert pause.resume(directory).by == "Anna"
    assert enabled() == ["acme", "globex"]
    assert pause.resume(directory) is None


def test_given_it_is_paused_already_then_who_was_first_stays(home: Path):
    directory = registry.load().get("acme").snapshot_dir
    first = pause.pause(directory, by="Anna")

    assert pause.pause(directory, by="Bert") == first


def test_given_the_note_is_spoilt_then_it_is_a_pause_all_the_same(home: Path):
    directory = registry.load().get("acme").snapshot_dir
    pause.pause(directory)
    (directory / pause.FILE).write_text("{")

    assert enabled() == ["globex"]
    assert "unreadable" in pause.paused(directory).in_words()


def test_given_the_note_cannot_be_written_then_it_is_said_why_and_nothing_has_changed(home: Path):
    directory = registry.load().get("acme").snapshot_dir
    directory.parent.mkdir(parents=True, exist_ok=True)
    directory.write_text("no directory")

    with pytest.raises(PipelineError, match=r"paused.json cannot be written \(Not a directory\)"):
        pause.resume(directory)


def test_what_is_typed_is_one_line_that_steers_no_terminal(home: Path):
    directory = registry.load().get("acme").snapshot_dir

    found = pause.pause(directory, by="Anna\n", why="stock\x1b[2J-\ntaking")

    assert found.in_words().endswith("UTC by Anna: stock[2J- taking")
