"""The benchmarks are compared with what they were."""

from __future__ import annotations

import json

import pytest

from benchmarks.check import BASELINE, worse


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
