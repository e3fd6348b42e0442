"""Every deep test has a shallow twin."""

from __future__ import annotations

from pathlib import Path

import pytest

from bc_pipeline_tests.order import LONG
from bc_pipeline_tests.slow import EXAMPLES, SLOW, examples

HERE = Path(__file__).parent


@pytest.mark.parametrize("file", SLOW)
def test_a_deep_test_has_a_twin_that_is_not_deep_itself(file: str):
    twins = [
        str(path.relative_to(HERE))
        for pattern in SLOW[file].split(", ")
        for path in HERE.glob(pattern)
    ]

    path, _, test = file.partition("::")
    assert f"def {test}" in (HERE / path).read_text("utf-8")
    assert twins
    assert not set(twins) & set(SLOW)


def test_what_is_begun_first_is_there_and_runs_with_the_quick_ones():
    assert [file for file in LONG if not (HERE / file).exists()] == []
    assert not set(LONG) & set(SLOW)


def test_make_slow_looks_at_many_examples_and_make_test_at_few(monkeypatch: pytest.MonkeyPatch):
    assert f"{EXAMPLES}=many" in (HERE.parent / "Makefile").read_text("utf-8")

    monkeypatch.delenv(EXAMPLES, raising=False)
    assert examples(2, 20) == 2
    monkeypatch.setenv(EXAMPLES, "many")
    assert examples(2, 20) == 20
