"""An empty snapshot of a new tenant for every check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bc_pipeline.orchestration.checks.check import CheckInput
from bc_pipeline.report import EntityResult
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.settings import BusinessCentralSettings, OptiplySettings, Tenant
from bc_pipeline_tests.orchestration.checks.given import NOW


@pytest.fixture
def given(tmp_path: Path) -> Iterator[CheckInput]:
    tenant = Tenant(
        name="acme",
        home=tmp_path,
        snapshot_dir=tmp_path / "acme",
        business_central=BusinessCentralSettings(
            environment_name="Production", company="CRONUS", client_id="a", client_secret="b"
        ),
        optiply=OptiplySettings(
            client_id="a",
            client_secret="b",
            username="c",
            password="d",
            account_id=1,
            coupling_id=2,
        ),
    )
    with Snapshot.open(tenant.snapshot_dir) as snapshot, snapshot.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE optiply.products (remote_id VARCHAR, reference VARCHAR, decision VARCHAR)"
        )
        yield CheckInput(
            "optiply/products", tenant, cursor, EntityResult(name="optiply/products"), NOW
        )
