"""The demo works in a home of its own. What it shows is tested with the README."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bc_pipeline.cli.demo import demo_home


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
