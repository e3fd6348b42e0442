"""One sandbox for all tests of a worker; every test has its own shop and snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.to_optiply.shop import Bench, bench


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(wholesale_items=20) as running:
        yield running


@pytest.fixture
def tenant(sandbox: Sandbox, tmp_path: Path) -> Iterator[Bench]:
    with bench(sandbox, tmp_path) as running:
        yield running
