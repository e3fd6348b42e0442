"""The demo works in a home of its own. What it shows is tested with the README."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bc_pipeline.cli import demo
from bc_pipeline.cli.demo import demo_home
from bc_pipeline.cli.demo_stage import WIDTH, Stage
from bc_pipeline.report import EntityResult, RunSummary
from bc_pipeline.sandbox import Sandbox


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


@pytest.fixture
def stage() -> Stage:
    return Stage(Sandbox(wholesale_items=20), quiet=False)


def test_what_was_sent_is_a_table_of_whole_names_without_rows_and_counts_of_nothing(
    stage: Stage, capsys: pytest.CaptureFixture[str]
):
    results = [
        EntityResult(name="optiply/product_compositions", created=12345, deleted=1),
        EntityResult(name="optiply/supplier_products", updated=99999),
        EntityResult(name="optiply/receipt_lines", unchanged=5, skipped=433),
        EntityResult(name="bc/items", rows=9),
    ]
    told = {
        name: RunSummary(name, "", entities={each.name: each for each in results})
        for name in ("cronus", "wholesale")
    }

    stage.sent(told)

    printed = capsys.readouterr().out
    assert "product_compositions   12345 new, 1 gone   12345 new, 1 gone" in printed
    assert "supplier_products      99999 changed       99999 changed" in printed
    assert "receipt_lines" not in printed
    assert "bc/items" not in printed
    assert max(len(line) for line in printed.splitlines()) <= WIDTH


def test_what_is_told_fits_80_columns_and_stays_whole(
    stage: Stage, capsys: pytest.CaptureFixture[str]
):
    stage.text("word " * 50, "next-to-each-other " * 10)
    stage.lines(["  " + "name " * 40])

    printed = capsys.readouterr().out
    assert max(len(line) for line in printed.splitlines()) <= WIDTH
    assert printed.split() == ["word"] * 50 + ["next-to-each-other"] * 10 + ["name"] * 40


@pytest.mark.parametrize(
    ("stdin", "stdout", "ci", "asked"),
    [
        (True, True, "", True),
        (True, True, "true", False),
        (False, True, "", False),
        (True, False, "", False),
    ],
)
def test_the_ui_is_offered_only_where_somebody_sits_at_a_terminal(
    monkeypatch: pytest.MonkeyPatch, stdin: bool, stdout: bool, ci: str, asked: bool
):
    questions: list[str] = []
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr("sys.stdin", Terminal(stdin))
    monkeypatch.setattr("sys.stdout", Terminal(stdout))
    monkeypatch.setattr("click.confirm", lambda text, default: questions.append(text) or True)

    assert demo.wants_the_ui() is asked
    assert bool(questions) is asked


class Terminal:
    """stdin or stdout, a terminal or not."""

    def __init__(self, is_one: bool) -> None:
        self._is_one = is_one

    def isatty(self) -> bool:
        return self._is_one

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        pass
