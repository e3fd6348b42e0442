"""The benchmarks are compared with what they were."""

from __future__ import annotations

import json

import pytest

from benchmarks import charts, goals
from benchmarks.bench import SIZES, SMALL, measured
from benchmarks.check import BASELINE, TENTH, compared, worse
from benchmarks.measuring import ROOT


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (1.0, 1.0, []),
        (1.0, 1.19, []),
        (1.0, 1.21, ["ratio: 1.21, was 1"]),
        (0.0, 0.0, []),
        (0.0, 1.0, ["ratio: 1, was 0"]),
        (2.0, 0.5, []),
    ],
)
def test_given_a_figure_then_it_may_be_a_fifth_worse(before: float, now: float, told: list[str]):
    assert worse({"ratio": now}, {"ratio": before}) == told


def test_given_a_figure_that_is_gone_then_that_is_told():
    assert worse({}, {"ratio": 1.0}) == ["ratio: not measured any more"]


def test_the_baseline_holds_figures_that_are_better_smaller():
    baseline = json.loads(BASELINE.read_text())

    assert len(baseline) > 10
    assert all(figure >= 0 for figure in baseline.values())


def test_the_baseline_holds_what_is_compared_of_reports_like_those_kept():
    reports = {name: measured()[name]["report"] for name in TENTH}

    assert {name for name, _ in compared(reports)} == set(json.loads(BASELINE.read_text()))


def test_every_goal_is_of_a_benchmark_that_was_measured():
    assert {goal.bench for goal in goals.GOALS} == set(SIZES) == set(SMALL) == set(measured())


@pytest.mark.parametrize(
    ("least", "figure", "met"),
    [
        (False, 0.5, True),
        (False, 1.0, True),
        (False, 1.5, False),
        (True, 0.5, False),
        (True, 1.0, True),
        (True, 1.5, True),
    ],
)
def test_given_a_goal_then_a_figure_meets_it_on_its_side(least: bool, figure: float, met: bool):
    goal = goals.Goal("read", "figure", 1.0, "s", lambda report: report["figure"], least=least)

    assert goals.Row(goal, figure).met is met


def test_the_page_and_its_charts_are_made_of_what_was_measured_last():
    # mended by: make charts
    for name, text in charts.files().items():
        assert (ROOT / "docs" / name).read_text("utf-8") == text, name
