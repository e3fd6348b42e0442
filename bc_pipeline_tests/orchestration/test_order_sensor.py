"""A buy order made in Optiply starts an export between two ticks (flows.md 1)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dagster import (
    DagsterInstance,
)

from bc_pipeline.clock import using
from bc_pipeline.errors import AuthError
from bc_pipeline.orchestration import buy_order_sensor
from bc_pipeline.orchestration.buy_order_sensor import (
    BETWEEN_LOOKS,
    Look,
    buy_orders_to_exports,
    look_at,
)
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline_tests.clocks import MovedClock
from bc_pipeline_tests.orchestration.conftest import write_tenants
from bc_pipeline_tests.orchestration.export_sensor import FILES, ORDERS, Sensor, at_work, instance

__all__ = ["instance"]


def has_run(home: Path, tenant: str) -> None:
    path = home / "snapshots" / tenant / "snapshot.duckdb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


class Optiply:
    """Stands in for looking at a tenant: what each look finds, and when it happened."""

    def __init__(self) -> None:
        self.orders: dict[str, dict[str, str]] = {}
        self.errors: dict[str, Exception] = {}
        self.slow: dict[str, float] = {}
        self.looks: list[str] = []

    def look_at(
        self, tenant: Tenant, look: Look, now: datetime, cancel: threading.Event
    ) -> tuple[Look, dict[str, str]]:
        self.looks.append(tenant.name)
        time.sleep(self.slow.get(tenant.name, 0))
        if tenant.name in self.errors:
            raise self.errors[tenant.name]
        found = self.orders.get(tenant.name, {})
        new = {id_: stamp for id_, stamp in found.items() if look.seen.get(id_) != stamp}
        return Look(now.isoformat(), "", {**look.seen, **new}), new


class TestBuyOrders:
    @pytest.fixture
    def optiply(self, monkeypatch: pytest.MonkeyPatch) -> Optiply:
        found = Optiply()
        monkeypatch.setattr(buy_order_sensor, "look_at", found.look_at)
        return found

    @pytest.fixture
    def sensor(self, home: Path, instance: DagsterInstance, optiply: Optiply) -> Sensor:
        write_tenants(home, acme=ORDERS, globex=ORDERS)
        for tenant in ("acme", "globex"):
            has_run(home, tenant)
        return Sensor(buy_orders_to_exports, instance)

    @pytest.fixture
    def clock(self) -> Iterator[Callable[[timedelta], None]]:
        """Moves the time the sensor goes by."""
        moved = MovedClock(datetime(2026, 11, 23, 12, tzinfo=UTC))
        with using(moved):
            yield moved.forward

    def test_given_a_new_order_then_its_tenant_gets_one_run_of_just_the_orders(
        self, sensor, optiply
    ):
        optiply.orders["acme"] = {"71": "2026-11-23T12:00:00Z"}

        (request,) = sensor.look()

        assert request.partition_key == "acme"
        names = {key.to_user_string() for key in request.asset_selection or ()}
        assert "outbound/purchase_orders" in names
        assert not any(name.startswith("optiply/") for name in names)

    def test_optiply_is_asked_every_ten_minutes_per_tenant(self, sensor, optiply, clock):
        sensor.look()
        clock(BETWEEN_LOOKS - timedelta(seconds=1))
        sensor.look()
        assert sorted(optiply.looks) == ["acme", "globex"]

        clock(timedelta(seconds=1))
        sensor.look()
        assert sorted(optiply.looks) == ["acme", "acme", "globex", "globex"]

    def test_given_an_order_that_stays_then_it_starts_no_other_run(self, sensor, optiply, clock):
        optiply.orders["acme"] = {"71": "2026-11-23T12:00:00Z"}
        assert sensor.tenants() == ["acme"]
        clock(BETWEEN_LOOKS)
        assert sensor.look() == []

        optiply.orders["acme"]["71"] = "2026-11-23T12:30:00Z"
        clock(BETWEEN_LOOKS)
        assert sensor.tenants() == ["acme"]

    @pytest.mark.parametrize("error", [AuthError("refused"), ValueError("odd")])
    def test_given_a_tenant_whose_look_fails_then_the_others_get_their_runs(
        self, sensor, optiply, error
    ):
        optiply.errors["acme"] = error
        optiply.orders["globex"] = {"71": "2026-11-23T12:00:00Z"}

        assert sensor.tenants() == ["globex"]

    def test_given_a_tenant_that_hangs_then_the_evaluation_ends_and_it_is_asked_again(
        self, sensor, optiply, monkeypatch
    ):
        monkeypatch.setattr(buy_order_sensor, "BUDGET_SECONDS", 0.3)
        optiply.slow["acme"] = 1.0
        optiply.orders["globex"] = {"71": "2026-11-23T12:00:00Z"}
        started = time.monotonic()

        assert sensor.tenants() == ["globex"]

        assert time.monotonic() - started < 0.9
        sensor.look()
        assert optiply.looks.count("acme") == 2

    @pytest.mark.parametrize("settings", [{"enabled": False, **ORDERS}, {}, FILES])
    def test_given_a_tenant_without_buy_order_exports_then_it_is_not_asked(
        self, sensor, optiply, home, settings
    ):
        write_tenants(home, acme=settings, globex=ORDERS)

        sensor.look()

        assert optiply.looks == ["globex"]

    def test_given_a_tenant_that_has_never_been_synced_then_its_first_sync_comes_first(
        self, sensor, optiply, home
    ):
        (home / "snapshots" / "acme" / "snapshot.duckdb").unlink()

        sensor.look()

        assert optiply.looks == ["globex"]

    def test_given_a_tenant_at_work_then_it_is_asked_once_it_is_free(
        self, sensor, optiply, instance
    ):
        end = at_work(instance, "acme")
        sensor.look()
        end()
        sensor.look()

        assert optiply.looks == ["globex", "acme"]


class TestLooking:
    """One look, over the sandbox's Optiply."""

    @pytest.fixture
    def sandbox(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("BC_PIPELINE_HOME", str(tmp_path))
        monkeypatch.delenv("BC_PIPELINE_TENANTS", raising=False)
        with Sandbox(wholesale_items=20) as served:
            served.write_tenants(tmp_path)
            yield served

    def test_only_orders_a_user_has_placed_and_nobody_has_exported_are_new(self, sandbox: Sandbox):
        tenant = registry.load().get("cronus")
        shop = sandbox.optiply.shops["cronus"]
        supplier = shop.add_by_user("suppliers", {"name": "Demo"})
        placed = {"supplierId": supplier["id"], "placed": "2026-11-23T10:00:00Z", "totalValue": "1"}
        wanted = shop.add_by_user("buyOrders", placed)
        shop.add_by_user("buyOrders", {**placed, "completed": "2026-11-23T11:00:00Z"})
        shop.create("buyOrders", placed, shop.coupling_id)
        start = sandbox.requests.total

        look, new = look_at(tenant, Look(), datetime.now(UTC), threading.Event())

        assert list(new) == [str(wanted["id"])]
        assert len(sandbox.requests.of("optiply", after=start)) <= 3  # token, one page, its end
        _, again = look_at(tenant, look, datetime.now(UTC), threading.Event())
        assert again == {}
