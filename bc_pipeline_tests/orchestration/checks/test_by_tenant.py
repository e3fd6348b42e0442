"""The page of a check has a row per tenant, and each stays true whatever runs of others say."""

from __future__ import annotations

import pytest
from dagster import AssetCheckKey, DagsterInstance, RunConfig

from bc_pipeline.definitions import defs
from bc_pipeline.orchestration.assets.keys import asset_key
from bc_pipeline.orchestration.nested_run import NestedRun
from bc_pipeline_tests.orchestration.conftest import home as home
from bc_pipeline_tests.orchestration.conftest import instance as instance
from bc_pipeline_tests.orchestration.conftest import script as script
from bc_pipeline_tests.orchestration.engine_double import Script
from bc_pipeline_tests.orchestration.runs import ITEMS, execute

KEY = AssetCheckKey(ITEMS, "unique_gtin")
TWO_ALIKE = (
    "INSERT INTO bc.items (id, number, gtin) SELECT * FROM (VALUES ('1', 'A', '8'), "
    "('2', 'B', '8')) WHERE NOT EXISTS (FROM bc.items)"
)
REPAIRED = "UPDATE bc.items SET gtin = number"


def rows(instance: DagsterInstance) -> dict[str | None, str]:
    """What the page of the check shows: partition -> outcome."""
    found = instance.event_log_storage.get_asset_check_partition_info([KEY])
    return {each.partition_key: each.latest_execution_status.value for each in found}


def test_given_runs_of_two_tenants_then_each_has_a_row_that_the_others_run_leaves_alone(
    script: Script, instance: DagsterInstance
):
    script.setup[:] = [TWO_ALIKE]
    execute(instance, "acme", asset_selection=[ITEMS])
    script.setup[:] = []
    execute(instance, "globex", asset_selection=[ITEMS])
    execute(instance, "globex", asset_selection=[ITEMS])

    assert rows(instance) == {"acme": "FAILED", "globex": "SUCCEEDED"}

    script.setup[:] = [REPAIRED]
    execute(instance, "acme", asset_selection=[ITEMS])
    assert rows(instance) == {"acme": "SUCCEEDED", "globex": "SUCCEEDED"}


def test_given_runs_of_a_sweep_then_they_keep_the_rows_too(
    script: Script, instance: DagsterInstance
):
    for name, setup in (("acme", [TWO_ALIKE]), ("globex", []), ("globex", [])):
        script.setup[:] = setup
        nested = NestedRun(defs.resolve_job_def("sync"), name, [ITEMS], RunConfig())
        assert nested.execute(instance).status == "success"

    assert rows(instance) == {"acme": "FAILED", "globex": "SUCCEEDED"}


@pytest.mark.parametrize("partition", ["acme", None])
def test_given_the_check_is_executed_alone_then_the_rows_it_looked_at_are_renewed(
    script: Script, instance: DagsterInstance, partition: str | None
):
    execute(instance, "globex", asset_selection=[ITEMS])
    execute(instance, "acme", asset_selection=[ITEMS])
    script.setup[:] = [TWO_ALIKE]
    execute(instance, "acme", asset_selection=[asset_key("bc/vendors")])
    assert rows(instance)["acme"] == "SUCCEEDED"

    for _ in range(2):
        job = defs.resolve_implicit_global_asset_job_def().get_subset(asset_check_selection={KEY})
        tags = {"dagster/partition": partition} if partition else {}
        assert job.execute_in_process(instance=instance, tags=tags).success

    found = rows(instance)
    assert (found["acme"], found["globex"]) == ("FAILED", "SUCCEEDED")
