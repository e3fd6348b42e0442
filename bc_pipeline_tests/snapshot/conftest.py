"""Here it matters how a new snapshot is made."""

from __future__ import annotations

import pytest

from bc_pipeline_tests.templates import Templates


@pytest.fixture(autouse=True)
def _made_not_copied(templates: Templates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "copying", False)
