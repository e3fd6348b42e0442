from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.to_business_central.accounting_world import AccountingWorld


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(wholesale_items=20) as sandbox:
        yield sandbox


@pytest.fixture
def world(sandbox: Sandbox, tmp_path: Path) -> AccountingWorld:
    """The company as it was in the beginning."""
    sandbox.reset()
    return AccountingWorld(sandbox, tmp_path)
