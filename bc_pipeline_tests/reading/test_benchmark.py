from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import bc_pipeline

ROOT = Path(bc_pipeline.__file__).parents[1]
SIZE = ("--documents", "300", "--lines", "4", "--rounds", "1")


def run(bench: str, *arguments: str) -> str:
    command = [sys.executable, "-m", f"benchmarks.{bench}", *SIZE, *arguments]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=120, cwd=ROOT
    ).stdout


def report(bench: str, *arguments: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run(bench, *arguments, "--json"))
    return told


def test_given_a_small_size_then_the_benchmark_reports_both_subjects_and_their_ratio():
    told = report("read", "--dlt-rounds", "0")

    assert told["lines"] == 1200
    for subject in ("floor", "mirror"):
        assert told[subject]["seconds"] > 0
        assert told[subject]["peak_megabytes"] > 10
    assert told["ratio"] > 0


def test_given_no_json_then_a_table_for_people_with_the_goals():
    shown = run("read", "--dlt-rounds", "0")

    assert "1,200 lines in 300 sales invoices" in shown
    assert "requests + json.loads" in shown
    assert "read / floor" in shown
    assert "dlt / read, a row" in shown
    assert "not measured" in shown


def test_given_that_much_has_changed_then_a_read_again_brings_that_much():
    steps = report("incremental")["steps"]

    assert {step: row["changed"] for step, row in steps.items()} == {
        "0 %": 0,
        "0.1 %": 0,
        "1 %": 12,
        "10 %": 120,
    }
    assert steps["0 %"]["bytes"] < steps["1 %"]["bytes"] < steps["10 %"]["bytes"] / 5
