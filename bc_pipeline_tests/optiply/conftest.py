"""A sandbox and a client of one of its shops."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.optiply.client import Optiply
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.optiply import Shop
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline_tests.to_optiply.shop import make_tenant

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(wholesale_items=20) as running:
        yield running


@pytest.fixture
def shop(sandbox: Sandbox) -> Iterator[Shop]:
    sandbox.faults.clear()
    yield sandbox.optiply.add_shop(f"client-{next(_numbers)}")
    sandbox.faults.clear()
    sandbox.optiply.behaviour = type(sandbox.optiply.behaviour)()


@pytest.fixture
def connect(sandbox: Sandbox, shop: Shop, tmp_path: Path) -> Callable[..., Optiply]:
    """Makes clients as separate processes would: they share the token store only."""

    def connected(**settings: Any) -> Optiply:
        return Optiply(make_tenant(sandbox, shop, tmp_path, **settings), TokenStore(tmp_path))

    return connected
