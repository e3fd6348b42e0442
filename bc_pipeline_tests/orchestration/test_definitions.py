"""What Dagster loads: everything declared, nothing to warn about."""

from __future__ import annotations

import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import pytest
from dagster import DynamicPartitionsDefinition

from bc_pipeline.catalogue.lineage import LINEAGE
from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.catalogue.task import GROUPS, LEDGER, OUTBOUND, SYSTEMS
from bc_pipeline.catalogue.tasks import (
    BY_NAME,
    OUTBOUND_NAMES,
    TASKS,
    closure,
    entity_names,
    with_sources,
)
from bc_pipeline.definitions import defs
from bc_pipeline.errors import ConfigError
from bc_pipeline.orchestration.assets.keys import asset_key
from bc_pipeline.orchestration.assets.schema import column_schema
from bc_pipeline.run.dependencies import dependencies
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline_tests.orchestration.conftest import SETTINGS

LOAD = (
    "import warnings; warnings.simplefilter('error');"
    "from bc_pipeline.definitions import defs;"
    "defs.get_repository_def().load_all_definitions()"
)


def test_given_warnings_as_errors_then_everything_loads(tmp_path: Path):
    environment = {**os.environ, "BC_PIPELINE_HOME": str(tmp_path)}

    loaded = subprocess.run(
        [sys.executable, "-c", LOAD], env=environment, capture_output=True, text=True, check=False
    )

    assert loaded.returncode == 0, loaded.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("entry", TASKS, ids=lambda entry: entry.name)
def test_every_asset_is_described_partitioned_and_has_checks_and_a_column_schema(entry):
    node = defs.resolve_asset_graph().get(asset_key(entry.name))

    assert node.description
    assert node.owners
    assert node.kinds
    assert node.group_name == GROUPS[entry.prefix]
    assert node.tags["system"] == SYSTEMS[entry.prefix]
    assert SYSTEMS[entry.prefix] in node.kinds
    assert isinstance(node.partitions_def, DynamicPartitionsDefinition)
    assert node.partitions_def.name == "tenants"
    assert node.metadata["dagster/column_schema"].columns
    assert node.check_keys
    for key in node.check_keys:
        checked = defs.resolve_asset_graph().get_check_spec(key)
        assert checked.partitions_def == node.partitions_def, "its page has a row per tenant"


@pytest.mark.parametrize("name", RESOURCES)
def test_every_column_sent_to_optiply_tells_in_words_and_columns_where_it_comes_from(name):
    graph = defs.resolve_asset_graph()
    metadata = graph.get(asset_key(f"optiply/{name}")).metadata
    columns = {each.name: each for each in metadata["dagster/column_schema"].columns}
    lineage = metadata["dagster/column_lineage"].deps_by_column

    for attribute in RESOURCES[name].attributes:
        origin = LINEAGE[name][attribute.name]
        assert origin.rule[1:] in columns[attribute.name].description
        named = [(each.asset_key, each.column_name) for each in lineage.get(attribute.name, [])]
        assert set(named) == {(asset_key(each.task), each.column) for each in origin.sources}
        assert all(graph.has(key) for key, _ in named)


def test_jobs_schedule_sensor_and_resources_are_there():
    repository = defs.get_repository_def()

    jobs = {job.name for job in repository.get_all_jobs()}
    assert {"sync", "stock", "export", "full_refresh", "sweep", "retention"} <= jobs
    assert {"retry", "resend", "approve_deletions", "pause", "resume", "report"} <= jobs
    assert {each.name for each in repository.schedule_defs} == {
        "every_30_minutes",
        "stock_every_5_minutes",
        "retention_daily",
    }
    assert {each.name for each in repository.sensor_defs} == {
        "tenants_to_partitions",
        "outbound_files_to_exports",
        "buy_orders_to_exports",
        "states_to_alerts",
    }
    assert {"business_central", "optiply", "snapshots", "tenants"} <= set(
        repository.get_top_level_resources()
    )


def test_every_job_runs_in_one_process():
    for job in defs.get_repository_def().get_all_jobs():
        assert job.executor_def.name == "in_process", job.name


def test_launch_configuration_is_typed_and_described():
    field = defs.resolve_job_def("sync").run_config_schema.config_type.fields["resources"]
    launch = field.config_type.fields["tenant_run"].config_type.fields["config"].config_type.fields

    assert {"full", "since", "entities", "dry_run"} <= set(launch)
    assert all(launch[name].description for name in ("full", "since", "entities", "dry_run"))


def test_no_asset_needs_one_that_is_declared_after_it():
    for position, entry in enumerate(TASKS):
        earlier = {each.name for each in TASKS[:position]}
        assert set(entry.needs) <= earlier, entry.name


def test_dimension_mappings_block_what_is_written_and_nothing_else():
    graph = defs.resolve_asset_graph()
    blocking = {
        key.asset_key.to_user_string(): graph.get(key).blocking
        for key in graph.asset_check_keys
        if key.name == "dimension_mappings_exist"
    }

    assert blocking == {"bc/dimensions": False, **dict.fromkeys(OUTBOUND_NAMES, True)}


def test_only_dimension_mappings_block():
    graph = defs.resolve_asset_graph()

    blocking = {key.name for key in graph.asset_check_keys if graph.get(key).blocking}

    assert blocking == {"dimension_mappings_exist"}


def test_vendors_come_before_bills_before_payments():
    assert "outbound/vendors" in BY_NAME["outbound/purchase_invoices"].needs
    assert "outbound/purchase_invoices" in BY_NAME["outbound/vendor_payments"].needs


def test_the_export_job_reads_reference_data_and_writes_and_full_refresh_does_not_write():
    def assets_of(job: str) -> set[str]:
        keys = defs.resolve_job_def(job).asset_layer.executable_asset_keys
        return {key.to_user_string() for key in keys}

    assert set(OUTBOUND_NAMES) < assets_of("export")
    assert not any(name.startswith("optiply/") for name in assets_of("export"))
    assert "bc/items" not in assets_of("export")
    assert not any(name.startswith("outbound/") for name in assets_of("full_refresh"))
    assert assets_of("sync") == set(BY_NAME)


def test_the_column_schema_of_the_ledger_is_the_table_there_is(tmp_path: Path):
    with Snapshot.open(tmp_path) as snapshot, snapshot.cursor() as cursor:
        found = cursor.execute(f"DESCRIBE {LEDGER}").fetchall()

    declared = [(column.name, column.type) for column in column_schema(LEDGER).columns]
    assert sorted(declared) == sorted(
        (name, kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")) for name, kind, *_ in found
    )


@pytest.mark.parametrize("source", ["sales_invoices", "sales_orders", "sales_shipments"])
@pytest.mark.parametrize("everything", [True, False])
def test_assets_need_whatever_the_engine_needs_for_any_tenant(source: str, everything: bool):
    settings = deepcopy(SETTINGS) | {"name": "acme", "home": "/home", "snapshot_dir": "/home/acme"}
    settings["sync"] = {"sell_order_source": source}
    if everything:
        settings["sync"]["locations"] = ["AMS"]
        settings["exports"] = {"accounting": True, "buy_orders": True}
        settings["business_central"] |= {
            "item_page_name": "Items",
            "item_units_page_name": "Units",
            "inventory_by_location": True,
            "bom_components": True,
        }

    for name, needs in dependencies(Tenant(**settings)).items():
        wanted = {*needs.hard, *needs.soft}
        if name == "outbound/purchase_orders":
            # The engine waits for all that is written to Optiply, however it ends. In Dagster it
            # depends on what it is made from alone.
            wanted = {need for need in wanted if need in BY_NAME[name].needs}
            assert wanted >= {"optiply/products", "optiply/suppliers", "optiply/buy_orders"}
        assert wanted <= set(BY_NAME[name].needs), name


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("products", "optiply/products"),
        ("optiply/products", "optiply/products"),
        ("bc/items", "bc/items"),
        ("items", "bc/items"),
        ("vendors", "bc/vendors"),
        ("Vendors", "outbound/vendors"),
        ("customers", "outbound/customers"),
        ("Bills", "outbound/purchase_invoices"),
    ],
)
def test_entities_are_found_with_and_without_their_group(name: str, meant: str):
    assert entity_names([name]) == (meant,)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("vendors", "vendors"),
        ("outbound/vendors", "vendors"),
        ("Vendors", "vendors"),
        ("bills", "purchase_invoices"),
        ("BillPayments", "vendor_payments"),
        ("JournalEntries", "general_journal_lines"),
        ("buy_orders", "purchase_orders"),
        ("BuyOrders", "purchase_orders"),
        ("purchase_orders", "purchase_orders"),
    ],
)
def test_among_exports_a_name_means_what_is_written(name: str, meant: str):
    assert entity_names([name], (OUTBOUND,)) == (f"outbound/{meant}",)


@pytest.mark.parametrize("name", ["products", "bc/vendors", "optiply/buy_orders"])
def test_what_is_not_written_to_business_central_is_no_export(name: str):
    with pytest.raises(ConfigError, match=f"there is no entity '{name}'"):
        entity_names([name], (OUTBOUND,))


def test_given_an_unknown_entity_then_a_similar_one_is_suggested():
    with pytest.raises(ConfigError, match=r"no entity 'suplier'; did you mean suppliers?"):
        entity_names(["suplier"])


def test_closure_holds_everything_upstream():
    assert closure(["optiply/suppliers"]) == {
        "optiply/suppliers",
        "bc/vendors",
        "bc/purchase_orders",
        "bc/companies",
    }
    assert "optiply/products" in closure(["optiply/receipt_lines"])


def test_one_entity_comes_with_what_it_reads_but_not_with_other_optiply_entities():
    chosen = with_sources(["optiply/sell_orders"])

    assert {name for name in chosen if name.startswith("optiply/")} == {"optiply/sell_orders"}
    assert {"bc/sales_invoices", "bc/companies"} <= chosen
    assert chosen <= set(BY_NAME)
