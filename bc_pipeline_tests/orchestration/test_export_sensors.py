"""What starts an export between two ticks: a file that arrives, a buy order made in Optiply
(flows.md 1)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    DefaultSensorStatus,
    RunRequest,
    SensorResult,
    SkipReason,
    build_sensor_context,
)

from bc_pipeline.clock import using
from bc_pipeline.definitions import defs
from bc_pipeline.errors import AuthError
from bc_pipeline.orchestration import buy_order_sensor
from bc_pipeline.orchestration.buy_order_sensor import (
    BETWEEN_LOOKS,
    Look,
    buy_orders_to_exports,
    look_at,
)
from bc_pipeline.orchestration.outbound_file_sensor import outbound_files_to_exports
from bc_pipeline.orchestration.resources import TenantsResource
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_business_central.inbox.place import waiting
from bc_pipeline_tests.clocks import MovedClock
from bc_pipeline_tests.orchestration.conftest import write_tenants

FILES = {"exports": {"accounting": True}}
ORDERS = {"exports": {"buy_orders": True}}


@pytest.fixture
def instance(disk_instance: DagsterInstance) -> DagsterInstance:
    return disk_instance


class Sensor:
    """A sensor with the cursor it keeps between evaluations."""

    def __init__(self, evaluate, instance: DagsterInstance) -> None:
        self._evaluate = evaluate
        self._instance = instance
        self.cursor: str | None = None

    def look(self) -> list[RunRequest]:
        """The runs of one evaluation."""
        context = build_sensor_context(instance=self._instance, cursor=self.cursor)
        result = self._evaluate(context, tenants=TenantsResource())
        if isinstance(result, SkipReason):
            return []
        assert isinstance(result, SensorResult)
        self.cursor = result.cursor
        return list(result.run_requests or [])

    def tenants(self) -> list[str | None]:
        """The tenants of one evaluation's runs."""
        return [request.partition_key for request in self.look()]


def drop(home: Path, tenant: str, name: str, text: str = "{}\n") -> Path:
    path = home / "snapshots" / tenant / "outbound" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def at_work(instance: DagsterInstance, tenant: str) -> Callable[[], None]:
    """A run of the tenant goes on; call the answer to end it."""
    job = defs.resolve_job_def("sync")
    run = instance.create_run_for_job(
        job, status=DagsterRunStatus.STARTED, tags={"dagster/partition": tenant}
    )
    return lambda: instance.report_run_canceled(run)


class TestFiles:
    @pytest.fixture
    def sensor(self, home: Path, instance: DagsterInstance) -> Sensor:
        write_tenants(home, acme=FILES, globex=FILES)
        return Sensor(outbound_files_to_exports, instance)

    def test_it_looks_more_than_once_a_minute_and_is_on_from_the_start(self):
        assert outbound_files_to_exports.minimum_interval_seconds <= 30
        assert outbound_files_to_exports.default_status == DefaultSensorStatus.RUNNING
        assert outbound_files_to_exports.job_name == "export"

    def test_given_no_file_then_nothing_is_started(self, sensor):
        assert sensor.look() == []

    def test_given_a_file_then_its_tenant_gets_one_run_of_what_files_feed(self, sensor, home):
        drop(home, "acme", "Customers.jsonl")

        (request,) = sensor.look()

        assert request.partition_key == "acme"
        assert request.tags["bc_pipeline/tenant"] == "acme"
        names = {key.to_user_string() for key in request.asset_selection or ()}
        assert {"outbound/customers", "outbound/purchase_invoices", "bc/dimensions"} <= names
        assert "outbound/purchase_orders" not in names
        assert not any(name.startswith("optiply/") for name in names)

    def test_given_a_file_that_stays_then_it_starts_no_other_run_until_it_changes(
        self, sensor, home
    ):
        path = drop(home, "acme", "Customers.jsonl")
        first = sensor.look()

        again = sensor.look()
        path.write_text("{}\n{}\n")
        changed = sensor.look()

        assert (len(first), len(again), len(changed)) == (1, 0, 1)
        assert first[0].run_key != changed[0].run_key

    def test_given_another_file_next_to_one_that_stays_then_there_is_another_run(
        self, sensor, home
    ):
        drop(home, "acme", "Customers.jsonl")
        sensor.look()
        drop(home, "acme", "Bills.2026-11.csv", "externalId\n")

        assert sensor.tenants() == ["acme"]

    def test_given_the_same_name_again_after_the_first_was_taken_then_there_is_another_run(
        self, sensor, home
    ):
        path = drop(home, "acme", "Customers.jsonl")
        sensor.look()
        path.unlink()
        assert sensor.look() == []
        drop(home, "acme", "Customers.jsonl")

        assert sensor.tenants() == ["acme"]

    def test_given_a_file_that_is_moved_back_then_there_is_another_run(self, sensor, home):
        """Dagster starts nothing for a run key it has seen before."""
        path = drop(home, "acme", "Customers.jsonl")
        (first,) = sensor.look()
        away = path.rename(path.with_name("elsewhere"))
        assert sensor.look() == []
        away.rename(path)

        (second,) = sensor.look()

        assert second.run_key != first.run_key

    def test_given_a_directory_that_cannot_be_read_then_the_others_get_their_runs(
        self, sensor, home, monkeypatch
    ):
        def refuse(snapshot_dir: Path) -> list[Path]:
            if snapshot_dir.name == "acme":
                raise PermissionError(13, "Permission denied", str(snapshot_dir))
            return waiting(snapshot_dir)

        drop(home, "globex", "Customers.jsonl")
        monkeypatch.setattr("bc_pipeline.orchestration.outbound_file_sensor.waiting", refuse)

        assert sensor.tenants() == ["globex"]

    @pytest.mark.parametrize(
        "name", ["Customers.jsonl.tmp", ".Customers.jsonl", "Customers.jsonl.part", "README.txt"]
    )
    def test_given_a_producers_temporary_name_then_nothing_is_started(self, sensor, home, name):
        drop(home, "acme", name)

        assert sensor.look() == []

    def test_given_results_and_done_files_then_nothing_is_started(self, sensor, home):
        drop(home, "acme", "results/Customers.jsonl.results.jsonl")
        drop(home, "acme", "done/Customers.jsonl")

        assert sensor.look() == []

    @pytest.mark.parametrize(
        "settings", [{"enabled": False, **FILES}, {}, ORDERS, {"optiply": {}, **FILES}]
    )
    def test_given_a_tenant_without_accounting_exports_then_it_is_left_alone(
        self, sensor, home, settings
    ):
        write_tenants(home, acme=settings, globex=FILES)
        drop(home, "acme", "Customers.jsonl")
        drop(home, "globex", "Customers.jsonl")

        assert sensor.tenants() == ["globex"]

    def test_given_a_tenant_at_work_then_its_run_comes_once_it_is_free(
        self, sensor, home, instance
    ):
        end = at_work(instance, "acme")
        drop(home, "acme", "Customers.jsonl")
        drop(home, "globex", "Vendors.jsonl")

        assert sensor.tenants() == ["globex"]
        end()
        assert sensor.tenants() == ["acme"]
        assert sensor.look() == []

    def test_the_sensor_itself_gives_a_result_that_dagster_accepts(self, sensor, home, instance):
        drop(home, "acme", "Customers.jsonl")
        context = build_sensor_context(
            instance_ref=instance.get_ref(),
            repository_def=defs.get_repository_def(),
            resources={"tenants": TenantsResource()},
        )

        data = outbound_files_to_exports.evaluate_tick(context)

        (request,) = data.run_requests
        assert request.tags["dagster/partition"] == "acme"


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


def has_run(home: Path, tenant: str) -> None:
    path = home / "snapshots" / tenant / "snapshot.duckdb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


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
