from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.to_business_central.documents_world import DocumentsWorld


@pytest.fixture
def world(sandbox: Sandbox, tmp_path: Path) -> Iterator[DocumentsWorld]:
    world = DocumentsWorld(sandbox, tmp_path)
    yield world
    sandbox.faults.clear()
    world.company.settings.deep_insert = True
