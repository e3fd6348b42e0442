"""One synced world for all tests of a worker; every test works on a copy of its files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bc_pipeline_tests.in_step import InStep, small_sandbox
from bc_pipeline_tests.story.world import World


@pytest.fixture(scope="session")
def synced(tmp_path_factory: pytest.TempPathFactory, in_step: InStep) -> Path:
    """The files of the sandbox's tenant ``cronus`` after its first sync."""
    home = tmp_path_factory.mktemp("synced")
    with small_sandbox() as sandbox:
        sandbox.write_tenants(home)
        in_step.put(sandbox, home, "cronus")
    return home


@pytest.fixture
def world(synced: Path, tmp_path: Path) -> World:
    shutil.copytree(synced, tmp_path / "home")
    return World(tmp_path / "home")
