"""What Dagster loads: everything declared, nothing to warn about (DESIGN.md 5)."""

from __future__ import annotations

import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import pytest
from dagster import AssetKey, DynamicPartitionsDefinition

from bc_pipeline.assets.keys import asset_key
from bc_pipeline.assets.table import (
    BY_NAME,
    ENTRIES,
    closure,
    entity_names,
    with_sources,
)
from bc_pipeline.definitions import defs
from bc_pipeline.errors import ConfigError
from bc_pipeline.sync.dependencies import dependencies
from bc_pipeline.tenants.model import Tenant
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


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_asset_is_described_partitioned_and_has_checks_and_a_column_schema(entry):
    node = defs.resolve_asset_graph().get(asset_key(entry.name))

    assert node.description
    assert node.owners
    assert node.kinds
    assert node.tags["system"] == node.group_name
    assert isinstance(node.partitions_def, DynamicPartitionsDefinition)
    assert node.partitions_def.name == "tenants"
    assert node.metadata["dagster/column_schema"].columns
    assert node.check_keys


def test_jobs_schedule_sensor_and_resources_are_there():
    repository = defs.get_repository_def()

    assert {"sync", "full_refresh"} <= {job.name for job in repository.get_all_jobs()}
    assert [each.name for each in repository.schedule_defs] == ["every_30_minutes"]
    assert [each.name for each in repository.sensor_defs] == ["tenants_to_partitions"]
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
    for position, entry in enumerate(ENTRIES):
        earlier = {each.name for each in ENTRIES[:position]}
        assert set(entry.needs) <= earlier, entry.name


def test_dimension_mappings_are_checked_on_dimensions_only():
    holders = [
        key.asset_key
        for key in defs.resolve_asset_graph().asset_check_keys
        if key.name == "dimension_mappings_exist"
    ]

    assert holders == [AssetKey(["bc", "dimensions"])]


@pytest.mark.parametrize("source", ["sales_invoices", "sales_orders", "sales_shipments"])
@pytest.mark.parametrize("everything", [True, False])
def test_assets_need_whatever_the_engine_needs_for_any_tenant(source: str, everything: bool):
    settings = deepcopy(SETTINGS) | {"name": "acme", "home": "/home", "snapshot_dir": "/home/acme"}
    settings["sync"] = {"sell_order_source": source}
    if everything:
        settings["business_central"] |= {
            "item_page_name": "Items",
            "item_units_page_name": "Units",
            "inventory_by_location": True,
            "bom_components": True,
        }

    for name, needs in dependencies(Tenant(**settings)).items():
        assert set(needs.hard) | set(needs.soft) <= set(BY_NAME[name].needs), name


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("products", "optiply/products"),
        ("optiply/products", "optiply/products"),
        ("bc/items", "bc/items"),
        ("items", "bc/items"),
    ],
)
def test_entities_are_found_with_and_without_their_group(name: str, meant: str):
    assert entity_names([name]) == (meant,)


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
