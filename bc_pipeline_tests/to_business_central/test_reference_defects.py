"""Every defect of the system we replace, with the behaviour we show instead
(target_behaviour.md 10): one row each, with scenarios in the modules of ``defects``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.to_business_central.defects import (  # noqa: F401 - they fill the table
    asking,
    configuration,
    fragile,
    severe,
    severe_masters,
    stopping,
    stopping_documents,
)
from bc_pipeline_tests.to_business_central.defects.table import ALL, DEFECTS, Defect
from bc_pipeline_tests.to_business_central.defects.world import World


@pytest.fixture
def world(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    yield World(sandbox, tmp_path, monkeypatch)
    sandbox.faults.clear()


@pytest.mark.parametrize("row", DEFECTS, ids=lambda row: row.id)
def test_what_we_show_instead_of_the_defect(row: Defect, world: World) -> None:
    row.scenario(world)


def test_every_defect_has_exactly_one_row_that_says_before_and_now() -> None:
    assert sorted(row.id for row in DEFECTS) == sorted(ALL)
    assert len(ALL) == 49
    assert all(row.before and row.now for row in DEFECTS)
