"""How many requests whole runs take, and the benchmark that measures it."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import bc_pipeline
from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.end_to_end.accounting import drop
from bc_pipeline_tests.end_to_end.installation import Installation

SCRIPT = Path(bc_pipeline.__file__).parents[1] / "benchmarks" / "export.py"
CUSTOMERS = 1000
BILLS, LINES = 40, 10


@pytest.fixture(scope="module")
def benchmark() -> Iterator[ModuleType]:
    """The script as a module: its records are the ones counted here."""
    spec = importlib.util.spec_from_file_location("benchmark_of_export", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def installation(
    benchmark: ModuleType, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with Sandbox(wholesale_items=20) as sandbox:
        made = Installation.create(sandbox, tmp_path_factory.mktemp("home"))
        made.change_settings(benchmark.TENANT, "exports", accounting=True)
        config = {"dynamics-bc": {"dimension_mappings": benchmark.MAPPINGS}}
        directory = made.tenant(benchmark.TENANT).snapshot_dir
        directory.mkdir(parents=True)
        (directory / "tenant-config.json").write_text(json.dumps(config))
        yield made


def test_a_thousand_customers_take_25_requests_when_new_and_30_when_updated(
    benchmark: ModuleType, installation: Installation
) -> None:
    new, updated, _ = benchmark.PHASES

    assert _requests(benchmark, installation, new, CUSTOMERS) <= 25
    assert _requests(benchmark, installation, updated, CUSTOMERS) <= 30


def test_bills_of_ten_lines_with_dimensions_take_less_than_five_requests_each(
    benchmark: ModuleType, installation: Installation
) -> None:
    *_, bills = benchmark.PHASES

    assert _requests(benchmark, installation, bills, BILLS) < 5 * BILLS


def _requests(benchmark: ModuleType, installation: Installation, phase: Any, count: int) -> int:
    """Requests to BC of the whole run that writes a phase's records, counted where they arrive."""
    outbound = installation.tenant(benchmark.TENANT).snapshot_dir / "outbound"
    drop(outbound, f"{phase.stream}.{phase.name}", phase.records(count, LINES))
    before = installation.sandbox.requests.total

    summary = installation.sync(benchmark.TENANT, entities=(phase.entity,))

    asked = len(installation.sandbox.requests.of("bc", after=before))
    assert getattr(summary.entities[phase.entity], phase.outcome) == count
    assert summary.business_central.total == asked
    return asked


def test_given_a_small_size_then_the_benchmark_reports_requests_and_the_ratio_to_the_floor(
    benchmark: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    size = ("--customers=120", "--bills=3", "--lines=2", "--rounds=1", "--json")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *size],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )

    report = json.loads(done.stdout)
    benchmark.print_table(report)

    assert report["goals_met"] is True
    for phase, records in zip(benchmark.PHASES, (120, 120, 3), strict=True):
        told = report[phase.name]
        assert told["records"] == records
        assert 0 < told["requests"] <= told["goal"]
        assert told["seconds"] > 0
        assert told["ratio"] > 0
    shown = capsys.readouterr().out
    assert "120 new customers" in shown
    assert "ratio" in shown
