from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import bc_pipeline

SCRIPT = Path(bc_pipeline.__file__).parents[1] / "benchmarks" / "read.py"


def run(*arguments: str) -> str:
    command = [sys.executable, str(SCRIPT), "--documents", "300", "--lines", "4", "--rounds", "1"]
    return subprocess.run(
        [*command, *arguments], check=True, capture_output=True, text=True, timeout=120
    ).stdout


def test_given_a_small_size_then_the_benchmark_reports_both_subjects_and_their_ratio():
    report = json.loads(run("--json"))

    assert report["lines"] == 1200
    for subject in ("floor", "mirror"):
        assert report[subject]["seconds"] > 0
        assert report[subject]["peak_megabytes"] > 10
    assert report["ratio"] > 0
    assert isinstance(report["goals_met"], bool)


def test_given_no_json_then_a_table_for_people():
    shown = run()

    assert "1,200 lines in 300 sales invoices" in shown
    assert "requests + json.loads" in shown
    assert "ratio" in shown
