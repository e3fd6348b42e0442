"""One synced world for all tests of a worker; every test works on a copy of its files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.end_to_end.installation import Installation
from bc_pipeline_tests.few_documents import keep_few_invoices
from bc_pipeline_tests.story.world import World


@pytest.fixture(scope="session")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the sandbox's tenant ``cronus`` after its first sync."""
    home = tmp_path_factory.mktemp("synced")
    with Sandbox(wholesale_items=20) as sandbox:
        keep_few_invoices(sandbox)
        Installation.create(sandbox, home).sync("cronus")
    return home


@pytest.fixture
def world(synced: Path, tmp_path: Path) -> World:
    shutil.copytree(synced, tmp_path / "home")
    return World(tmp_path / "home")
