"""One synced tenant for all tests of a module, synced once for all modules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bc_pipeline.sandbox import Sandbox
from bc_pipeline_tests.to_business_central.buy_orders.orders_world import Kept, OrdersWorld

DEFAULTS = {
    "on_line_error": "block",
    "export_reference_number": False,
    "export_line_price": True,
    "export_location_id": None,
    "send_posting_date": False,
    "marker_field": None,
    "buy_order_dimensions": {},
}


@pytest.fixture(scope="session")
def first_sync(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    with Sandbox(wholesale_items=20) as sandbox:
        yield OrdersWorld.create(sandbox, tmp_path_factory.mktemp("orders")).kept()


@pytest.fixture(scope="module")
def synced(first_sync: Kept, tmp_path_factory: pytest.TempPathFactory) -> OrdersWorld:
    return first_sync.again(tmp_path_factory.mktemp("orders") / "home")


@pytest.fixture
def world(synced: OrdersWorld) -> Iterator[OrdersWorld]:
    """The tenant, with default settings and without faults."""
    yield synced
    synced.sandbox.faults.clear()
    synced.configure(**DEFAULTS)
    synced.company.settings.deep_insert = True
    synced.company.settings.writable.clear()
    synced.company.settings.manual_numbers.discard("purchaseOrders")
