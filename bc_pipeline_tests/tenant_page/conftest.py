"""Two tenants with a week behind them, for all tests of a worker; they only look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bc_pipeline_tests.in_step import InStep, small_sandbox
from bc_pipeline_tests.tenant_page.weeks import SPOILT_NAME, Weeks

GOOD = {"externalId": "crm-1", "companyName": "Example Ltd."}


@pytest.fixture(scope="package")
def weeks(tmp_path_factory: pytest.TempPathFactory, in_step: InStep) -> Iterator[Weeks]:
    """``cronus`` after its first run; ``wholesale`` after some, with an order that was written, a
    customer that was refused, deletions that are held and a name that is no HTML."""
    with small_sandbox() as sandbox:
        found = Weeks.begin(sandbox, tmp_path_factory.mktemp("weeks"))
        in_step.put(sandbox, found.home, "wholesale", "cronus")
        found.let_pass("wholesale", timedelta(days=2))
        found.work("wholesale", [3], timedelta(days=2))
        found.order("wholesale")
        found.rename_first("wholesale", SPOILT_NAME)
        found.work("wholesale", [2], timedelta(days=1))
        refused = {"externalId": "crm-2", "companyName": "X", "currency": "XYZ"}
        found.drop_file("wholesale", "Customers.jsonl", GOOD, refused)
        found.lose_items("wholesale", 14)
        found.work("wholesale", [1], timedelta(0))
        yield found


@pytest.fixture
def home(weeks: Weeks, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BC_PIPELINE_HOME", str(weeks.home))
    monkeypatch.delenv("BC_PIPELINE_TENANTS", raising=False)
    monkeypatch.delenv("BC_PIPELINE_UI_URL", raising=False)
    return weeks.home
