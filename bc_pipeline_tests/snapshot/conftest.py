"""Here it matters how a new snapshot is made, and that each has a DuckDB of its own."""

from __future__ import annotations

import pytest

from bc_pipeline.snapshot import store
from bc_pipeline_tests.templates import Templates

CONNECT = store.connect


@pytest.fixture(autouse=True)
def _as_programs_do(templates: Templates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "copying", False)
    monkeypatch.setattr(store, "connect", CONNECT)
