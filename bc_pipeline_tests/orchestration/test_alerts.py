"""Every run tells how its tenant stands after it, whoever started it; a dry run tells nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from bc_pipeline.alerts import telling
from bc_pipeline.errors import AuthError
from bc_pipeline_tests.orchestration.conftest import write_tenants
from bc_pipeline_tests.orchestration.runs import ITEMS, execute


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Of whom was told, in order."""
    names: list[str] = []
    monkeypatch.setattr(telling, "after_run", lambda tenant: names.append(tenant.name))
    monkeypatch.setattr(
        telling, "after_refusal", lambda load, name: names.append(f"{load().errors[name]}")
    )
    return names


def test_a_run_that_went_well_and_one_that_was_not_let_in(script, instance, told: list[str]):
    execute(instance, asset_selection=[ITEMS])
    script.refusals["globex"] = AuthError("sign in again")
    execute(instance, "globex", asset_selection=[ITEMS])

    assert told == ["acme", "globex"]


def test_a_dry_run_is_nobodys_business(script, instance, told: list[str]):
    execute(instance, asset_selection=[ITEMS], launch={"dry_run": True})

    assert told == []


def test_a_run_whose_settings_are_wrong(script, instance, home: Path, told: list[str]):
    write_tenants(home, acme={"sync": {"typo": 1}})

    execute(instance, asset_selection=[ITEMS])

    (error,) = told
    assert "sync.typo: unknown key" in error
