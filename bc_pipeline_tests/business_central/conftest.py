from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bc_pipeline.business_central.client import BusinessCentral
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline_tests.business_central.batches import Batches
from bc_pipeline_tests.business_central.fake import FakeBusinessCentral, Source, World, make_bc


@pytest.fixture
def fake() -> Iterator[FakeBusinessCentral]:
    fake = FakeBusinessCentral()
    yield fake
    fake.close()


@pytest.fixture
def bc(fake: FakeBusinessCentral, tmp_path: Path) -> Iterator[BusinessCentral]:
    with make_bc(fake, tmp_path) as bc:
        yield bc


@pytest.fixture
def batches(fake: FakeBusinessCentral) -> Batches:
    return Batches(fake)


@pytest.fixture
def world(fake: FakeBusinessCentral, tmp_path: Path) -> Iterator[World]:
    bc = make_bc(fake, tmp_path)
    with bc, Snapshot.open(bc.tenant.snapshot_dir) as snapshot:
        yield World(fake, tmp_path, bc.tenant, bc, snapshot)


@pytest.fixture
def source(world: World) -> Source:
    return Source(world.fake)
