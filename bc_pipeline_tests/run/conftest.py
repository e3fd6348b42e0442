"""A shop of its own for every test, as in the tests of what is sent to Optiply; for those of ticks,
a tenant in which nothing has changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bc_pipeline.run.execute import run_tenant, tick_tenant
from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.few_documents import keep_few_invoices
from bc_pipeline_tests.in_step import InStep, small_sandbox
from bc_pipeline_tests.run.house import House
from bc_pipeline_tests.run.quiet import TENANT, Quiet
from bc_pipeline_tests.to_optiply.conftest import sandbox, tenant

__all__ = ["house", "sandbox", "tenant"]


@pytest.fixture
def house(sandbox: Sandbox, tmp_path: Path) -> Iterator[House]:
    sandbox.reset()
    keep_few_invoices(sandbox)
    sandbox.write_tenants(tmp_path)
    yield House(sandbox, tmp_path)
    sandbox.faults.clear()


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory, in_step: InStep) -> Iterator[Quiet]:
    with small_sandbox() as sandbox:
        home = tmp_path_factory.mktemp("ticks")
        sandbox.write_tenants(home)
        in_step.put(sandbox, home, TENANT, ticked=True)
        quiet = Quiet(sandbox, home)
        run_tenant(quiet.tenant)  # signs in
        yield quiet


@pytest.fixture
def quiet(synced: Quiet) -> Iterator[Quiet]:
    for _ in range(3):
        if not tick_tenant(synced.tenant).run_id:
            break
    yield synced
    synced.sandbox.faults.clear()
