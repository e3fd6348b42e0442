"""A shop of its own for every test, as in the tests of what is sent to Optiply."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.few_documents import keep_few_invoices
from bc_pipeline_tests.run.house import House
from bc_pipeline_tests.to_optiply.conftest import sandbox, tenant

__all__ = ["house", "sandbox", "tenant"]


@pytest.fixture
def house(sandbox: Sandbox, tmp_path: Path) -> Iterator[House]:
    sandbox.reset()
    keep_few_invoices(sandbox)
    sandbox.write_tenants(tmp_path)
    yield House(sandbox, tmp_path)
    sandbox.faults.clear()
