"""How many requests whole runs take, and the benchmark that measures it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import bc_pipeline
from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.end_to_end.accounting import drop
from bc_pipeline_tests.end_to_end.installation import Installation
from benchmarks import export

ROOT = Path(bc_pipeline.__file__).parents[1]
CUSTOMERS = 1000
BILLS, LINES = 40, 10


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Sandbox(wholesale_items=20) as sandbox:
        made = Installation.create(sandbox, tmp_path_factory.mktemp("home"))
        made.change_settings(export.TENANT, "exports", accounting=True)
        config = {"dynamics-bc": {"dimension_mappings": export.MAPPINGS}}
        directory = made.tenant(export.TENANT).snapshot_dir
        directory.mkdir(parents=True)
        (directory / "tenant-config.json").write_text(json.dumps(config))
        yield made


def test_a_thousand_customers_take_25_requests_when_new_and_30_when_updated(
    installation: Installation,
) -> None:
    new, updated, _ = export.PHASES

    assert _requests(installation, new, CUSTOMERS) <= 25
    assert _requests(installation, updated, CUSTOMERS) <= 30


def test_bills_of_ten_lines_with_dimensions_take_less_than_five_requests_each(
    installation: Installation,
) -> None:
    *_, bills = export.PHASES

    assert _requests(installation, bills, BILLS) < 5 * BILLS


def _requests(installation: Installation, phase: Any, count: int) -> int:
    """Requests to BC of the whole run that writes a phase's records, counted where they arrive."""
    outbound = installation.tenant(export.TENANT).snapshot_dir / "outbound"
    drop(outbound, f"{phase.stream}.{phase.name}", phase.records(count, LINES))
    before = installation.sandbox.requests.total

    summary = installation.sync(export.TENANT, entities=(phase.entity,))

    asked = len(installation.sandbox.requests.of("bc", after=before))
    assert getattr(summary.entities[phase.entity], phase.outcome) == count
    assert summary.business_central.total == asked
    return asked


def test_given_a_small_size_then_the_benchmark_reports_requests_and_the_ratio_to_the_floor(
    capsys: pytest.CaptureFixture[str],
) -> None:
    size = ("--customers=120", "--bills=3", "--lines=2", "--rounds=1", "--json")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.export", *size],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )

    report = json.loads(done.stdout)
    export.print_table(report)

    assert report["goals_met"] is True
    for phase, records in zip(export.PHASES, (120, 120, 3), strict=True):
        told = report[phase.name]
        assert told["records"] == records
        assert 0 < told["requests"] <= told["goal"]
        assert told["seconds"] > 0
        assert told["ratio"] > 0
    shown = capsys.readouterr().out
    assert "120 new customers" in shown
    assert "ratio" in shown
