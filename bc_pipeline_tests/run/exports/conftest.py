"""A house of its own for every test of exports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.run.exports.house import FILES, House
from bc_pipeline_tests.to_business_central.writers import FakeWriter


@pytest.fixture
def house(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    sandbox.reset()
    sandbox.write_tenants(tmp_path)
    entities = [task.removeprefix("outbound/") for task in FILES]
    writers = {entity: FakeWriter(entity).install(monkeypatch) for entity in entities}
    yield House(sandbox, tmp_path, writers)
    sandbox.faults.clear()
