"""A process that dies at any moment: the next run neither repeats nor forgets (flows.md 4)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bc_pipeline.sandbox import Sandbox
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline_tests.to_optiply.shop import (
    Bench,
    bench,
    buy_order,
    order_line,
    product,
    receipt_line,
    sell_order,
    supplier,
)

FIRST_POST = 3
"""Requests of a first run: a token, a look at what Optiply has, then the POSTs."""


class Killed(BaseException):
    """The process is dead: nothing is sent and nothing is written any more."""


class Death:
    """Ends all activity at a given request, before it is sent or before its answer is seen."""

    def __init__(self, at: int, *, answered: bool) -> None:
        self._at = at
        self._answered = answered
        self._requests = 0
        self._lock = threading.Lock()
        self.struck = False

    def check(self) -> None:
        if self.struck:
            raise Killed

    def around(self, send: Callable[..., Any]) -> Callable[..., Any]:
        def sending(*args: Any, **options: Any) -> Any:
            with self._lock:
                self.check()
                self._requests += 1
                last = self._requests == self._at
                if last and not self._answered:
                    self.struck = True
            self.check()
            answer = send(*args, **options)
            if last:
                self.struck = True
            self.check()
            return answer

        return sending

    def writing(self, cursor: Callable[..., Any]) -> Callable[..., Any]:
        def begin(*args: Any) -> Any:
            self.check()
            return cursor(*args)

        return begin


@contextmanager
def dying(at: int, *, answered: bool) -> Iterator[Death]:
    """The block is run by a process that dies at its request number ``at``."""
    death = Death(at, answered=answered)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests.Session, "request", death.around(requests.Session.request))
        patch.setattr(Snapshot, "writing", death.writing(Snapshot.writing))
        patch.setattr(Snapshot, "transaction", death.writing(Snapshot.transaction))
        yield death


def sync_everything(tenant: Bench) -> None:
    """All resources, children as the mapping would show them after their parents."""
    tenant.want("products", [product(1), product(2)])
    tenant.sync("products")
    tenant.want("suppliers", [supplier(1)])
    tenant.sync("suppliers")
    items = [tenant.optiply_id("products", f"item-{n}") for n in (1, 2)]
    vendor = tenant.optiply_id("suppliers", "vendor-1")
    tenant.want("supplier_products", [tenant.link(1, 1), tenant.link(2, 1)])
    tenant.sync("supplier_products")
    orders = [
        sell_order(n, [(items[0], 1, "10.00")], placed="2026-01-05T00:00:00Z") for n in (1, 2)
    ]
    tenant.want("sell_orders", orders)
    tenant.sync("sell_orders")
    # Orders, lines and receipts that look alike: Optiply shows no remote ids for them.
    tenant.want("buy_orders", [buy_order(n, vendor) for n in (1, 2)])
    tenant.sync("buy_orders")
    order = tenant.optiply_id("buy_orders", "order-1")
    tenant.want("buy_order_lines", [order_line(n, 1, order, items[0]) for n in (1, 2, 3)])
    tenant.sync("buy_order_lines")
    line = tenant.optiply_id("buy_order_lines", "line-1")
    tenant.want("receipt_lines", [receipt_line(n, line) for n in (1, 2)])
    tenant.sync("receipt_lines")


COUNTS = {
    "products": 2,
    "suppliers": 1,
    "supplierProducts": 2,
    "sellOrders": 2,
    "sellOrderLines": 2,
    "buyOrders": 2,
    "buyOrderLines": 3,
    "receiptLines": 2,
}


def assert_each_exactly_once(tenant: Bench) -> None:
    assert {name: len(tenant.shop.rows(name)) for name in COUNTS} == COUNTS
    for name in COUNTS.keys() - {"sellOrderLines"}:
        tenant.rows(name)  # fails when a remote id occurs twice
    before = tenant.shop.writes
    sync_everything(tenant)
    assert tenant.shop.writes == before


def crash(tenant: Bench, at: int, *, answered: bool) -> bool:
    """Run a process that dies at its request ``at``; False when it came to its end before."""
    with dying(at, answered=answered) as death:
        try:
            sync_everything(tenant)
        except Killed:
            return True
    # A worker may have died while the others came to an end.
    return death.struck


@pytest.mark.parametrize("answered", [False, True], ids=["before sending", "before the answer"])
def test_dying_later_and_later_in_every_run_leaves_each_record_exactly_once(
    tenant: Bench, answered: bool
) -> None:
    at = 1
    while crash(tenant, at, answered=answered):
        at += 1

    sync_everything(tenant)
    assert at > 3
    assert_each_exactly_once(tenant)


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    deaths=st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=3),
)
def test_any_sequence_of_deaths_leaves_each_record_exactly_once(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory, deaths: list[tuple[int, bool]]
) -> None:
    with bench(sandbox, tmp_path_factory.mktemp("tenant")) as tenant:
        for at, answered in deaths:
            crash(tenant, at, answered=answered)
        sync_everything(tenant)
        assert_each_exactly_once(tenant)


Wanted = Callable[[Bench], list[dict[str, Any]]]


def alike_orders(tenant: Bench) -> list[dict[str, Any]]:
    vendor = made(tenant, "suppliers", name="Vendor")
    return [buy_order(n, vendor) for n in (1, 2, 3)]


def alike_lines(tenant: Bench) -> list[dict[str, Any]]:
    item = made(tenant, "products", name="Item", stockLevel=0, unlimitedStock=False)
    vendor = made(tenant, "suppliers", name="Vendor")
    order = made(
        tenant, "buyOrders", placed="2026-02-01T00:00:00Z", totalValue="1.00", supplierId=vendor
    )
    return [order_line(n, 1, order, item) for n in (1, 2, 3)]


def pairs(tenant: Bench) -> list[dict[str, Any]]:
    item = made(tenant, "products", name="Item", stockLevel=0, unlimitedStock=False)
    vendors = [made(tenant, "suppliers", name=f"Vendor {n}") for n in range(3)]
    return [
        {"remote_id": f"pair-{n}", "name": "Item", "productId": item, "supplierId": vendor}
        for n, vendor in enumerate(vendors)
    ]


def made(tenant: Bench, resource: str, **attributes: Any) -> int:
    """A row Optiply has already."""
    return int(tenant.shop.add_by_user(resource, attributes)["id"])


@pytest.mark.parametrize(
    ("resource", "path", "wanted"),
    [
        ("buy_orders", "buyOrders", alike_orders),
        ("buy_order_lines", "buyOrderLines", alike_lines),
        ("supplier_products", "supplierProducts", pairs),
    ],
)
@pytest.mark.parametrize("answered", [False, True], ids=["before sending", "before the answer"])
def test_dying_at_each_request_leaves_each_record_exactly_once(
    sandbox: Sandbox, tmp_path: Path, resource: str, path: str, wanted: Wanted, answered: bool
) -> None:
    for at in range(1, FIRST_POST + 3):
        with bench(sandbox, tmp_path / str(at)) as tenant:
            tenant.want(resource, wanted(tenant))
            with dying(at, answered=answered), suppress(Killed):
                tenant.sync(resource)

            result = tenant.sync(resource)

            assert len(tenant.rows(path)) == 3
            assert (result.deferred, result.quarantined) == (0, 0)
            assert tenant.sync(resource).requests == 0


def test_a_changed_record_is_still_recognised_after_a_death(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    with dying(FIRST_POST, answered=True), pytest.raises(Killed):
        tenant.sync("products")
    tenant.want("products", [product(1, skuCode="NEW", stockLevel=8)])

    result = tenant.sync("products")

    row = tenant.rows("products")["item-1"]
    assert (result.created, row["skuCode"], row["stockLevel"]) == (1, "NEW", 8)


def test_a_record_that_is_gone_after_a_death_is_taken_away(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    with dying(FIRST_POST, answered=True), pytest.raises(Killed):
        tenant.sync("products")
    assert len(tenant.shop.rows("products")) == 1
    tenant.want("products", [])

    tenant.sync("products")

    assert tenant.rows("products")["item-1"]["status"] == "disabled"
    assert tenant.sync("products").requests == 0


def test_a_record_that_is_gone_and_was_never_created_is_forgotten(tenant: Bench) -> None:
    tenant.want("products", [product(1)])
    with dying(FIRST_POST, answered=False), pytest.raises(Killed):
        tenant.sync("products")
    assert tenant.state("products", "item-1")["state"] == "intent"
    tenant.want("products", [])

    tenant.sync("products")

    assert tenant.shop.rows("products") == []
    with pytest.raises(AssertionError, match="not in the id map"):
        tenant.state("products", "item-1")


_CHILD = """
import os, signal, sys
from pathlib import Path
import requests
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline_tests.to_optiply.shop import Bench
import threading

tenant = Tenant.model_validate_json(Path(sys.argv[1]).read_text())
at = int(sys.argv[2])
send = requests.Session.request
posts = 0

def sending(self, method, url, **options):
    global posts
    answer = send(self, method, url, **options)
    if method == "POST":
        posts += 1
        if posts == at:
            os.kill(os.getpid(), signal.SIGKILL)
    return answer

requests.Session.request = sending
with Snapshot.open(tenant.snapshot_dir) as snapshot:
    client = Optiply(tenant, TokenStore(tenant.home))
    Bench(None, None, tenant, snapshot, client, threading.Event(), 1).sync("products")
"""


def test_sigkill_right_after_a_post_loses_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    with bench(sandbox, tmp_path) as tenant:
        tenant.want("products", [product(n) for n in range(20)])
        tenant.optiply.preflight()
    settings_file = tmp_path / "tenant.json"
    settings_file.write_text(_with_secrets(tenant))

    child = subprocess.run(
        [sys.executable, "-c", _CHILD, str(settings_file), "12"],
        check=False,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )

    assert child.returncode == -signal.SIGKILL
    assert 1 <= len(tenant.shop.rows("products")) < 20
    with Snapshot.open(tenant.tenant.snapshot_dir) as snapshot:
        tenant.snapshot = snapshot
        tenant.sync("products")
        assert len(tenant.rows("products")) == 20
        assert tenant.sync("products").requests == 0


def _with_secrets(tenant: Bench) -> str:

    dumped = json.loads(tenant.tenant.model_dump_json())
    for name in ("client_secret", "password"):
        dumped["optiply"][name] = getattr(tenant.tenant.optiply, name).get_secret_value()
    return json.dumps(dumped)
