"""A file that arrives starts an export between two ticks (flows.md 1)."""

from __future__ import annotations

from pathlib import Path

import pytest
from dagster import (
    DagsterInstance,
    DefaultSensorStatus,
    build_sensor_context,
)

from bc_pipeline.definitions import defs
from bc_pipeline.orchestration.outbound_file_sensor import outbound_files_to_exports
from bc_pipeline.orchestration.resources import TenantsResource
from bc_pipeline.to_business_central.inbox.place import waiting
from bc_pipeline_tests.orchestration.conftest import write_tenants
from bc_pipeline_tests.orchestration.export_sensor import (
    FILES,
    ORDERS,
    Sensor,
    at_work,
    drop,
    instance,
)

__all__ = ["instance"]


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
