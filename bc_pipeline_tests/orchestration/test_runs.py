"""A Dagster run is one engine run, seen asset by asset."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster import (
    AssetCheckKey,
    AssetCheckSeverity,
    AssetKey,
    DagsterEventType,
    DagsterInstance,
    ExecuteInProcessResult,
)

from bc_pipeline.catalogue.tasks import BY_NAME
from bc_pipeline.definitions import defs
from bc_pipeline.errors import ConfigError
from bc_pipeline.orchestration.assets.keys import asset_key
from bc_pipeline.report import EntityResult, Problem
from bc_pipeline_tests.orchestration.conftest import scripted, settle
from bc_pipeline_tests.orchestration.engine_double import Script
from bc_pipeline_tests.orchestration.runs import (
    FEW,
    ITEMS,
    LOCATION,
    NOT_ASKED_FOR,
    execute,
    materialized,
    observed,
)
from bc_pipeline_tests.slow import deep_but
from bc_pipeline_tests.templates import memory_instance


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> tuple[ExecuteInProcessResult, Script]:
    """A run of acme in which nothing special happens, and what the engine did in it."""
    with pytest.MonkeyPatch.context() as patch, memory_instance("acme") as instance:
        settle(tmp_path_factory.mktemp("ordinary"), patch)
        script = scripted(patch)
        return execute(instance), script


def test_given_a_tenant_then_every_asset_is_materialised_from_one_engine_run(ordinary):
    result, script = ordinary

    assert result.success
    assert materialized(result) == set(BY_NAME)
    assert len(script.runs) == 1
    assert set(script.runs[0].waited) == script.runs[0].selected == set(BY_NAME)
    assert script.runs[0].run_id == result.run_id
    assert script.runs[0].finished == 1


@pytest.mark.parametrize("names", deep_but([(*BY_NAME,), FEW], FEW), ids=["all", "few"])
def test_given_two_runs_of_one_partition_then_both_succeed_with_their_own_checks(
    script, instance, names
):
    selected = [asset_key(name) for name in names]
    first = execute(instance, asset_selection=selected)
    second = execute(instance, asset_selection=selected)

    assert first.success
    assert second.success
    for result in (first, second):
        evaluations = result.get_asset_check_evaluations()
        assert {each.check_name for each in evaluations} >= {"read_complete", "counts_agree"}
        assert all(each.passed for each in evaluations if each.check_name == "read_complete")


def test_given_an_entity_the_settings_do_not_ask_for_then_its_asset_says_so_and_blocks_nothing(
    ordinary,
):
    result, _ = ordinary

    for name in NOT_ASKED_FOR:
        event = result.asset_materializations_for_node(name.replace("/", "__"))[0]
        assert event.metadata["mode"].value == "not configured"
    assert "optiply/product_compositions" in materialized(result)


def test_given_one_selected_asset_then_only_that_one_is_worked_on(script, instance):
    result = execute(instance, asset_selection=[asset_key("optiply/products")])

    assert materialized(result) == {"optiply/products"}
    assert script.runs[0].selected == {"optiply/products"}


@pytest.mark.covers("decision 31")
def test_given_an_asset_alone_then_its_page_says_what_was_read_for_it(script, instance):
    script.read_first["optiply/products"] = [EntityResult(name="bc/items", rows=57, requests=1)]

    result = execute(instance, asset_selection=[asset_key("optiply/products")])

    (event,) = result.get_asset_materialization_events()
    (row,) = event.materialization.metadata["read_first"].records
    assert (row.data["entity"], row.data["rows"], row.data["requests"]) == ("bc/items", 57, 1)


def test_given_launch_configuration_then_the_engine_gets_it(script, instance):
    launched = {"full": True, "since": "2026-01-31", "dry_run": True}

    result = execute(instance, launch=launched, asset_selection=[ITEMS])

    assert result.success
    launch = script.runs[0].launch
    assert launch.full
    assert launch.since is not None
    assert launch.since.isoformat() == "2026-01-31"
    assert launch.dry_run
    assert observed(result)["bc/items"].metadata["dry_run"].value is True


@pytest.mark.parametrize(
    ("launch", "complaint"),
    [
        ({"since": "yesterday"}, "since: 'yesterday' is not a date; write YYYY-MM-DD"),
        ({"entities": ["prodacts"]}, "there is no entity 'prodacts'; did you mean products?"),
    ],
)
def test_given_wrong_launch_configuration_then_the_step_says_what_is_wrong(
    script, instance, launch, complaint
):
    result = execute(instance, launch=launch)

    assert not result.success
    failure = result.failure_data_for_node("bc__companies").user_failure_data
    assert complaint in failure.description
    assert script.runs == []


def test_given_entities_in_launch_configuration_then_these_and_what_they_need_run(script, instance):
    result = execute(instance, launch={"entities": ["suppliers"]})

    assert result.success
    assert materialized(result) == {
        "bc/companies",
        "bc/vendors",
        "bc/purchase_orders",
        "optiply/suppliers",
    }


def test_given_full_refresh_then_the_engine_reads_everything_again(script, instance):
    result = execute(instance, job="full_refresh", asset_selection=[ITEMS])

    assert result.success
    assert script.runs[0].launch.full


@pytest.mark.covers("full refresh")
def test_given_full_refresh_with_the_defaults_the_launchpad_shows_then_everything_is_read_again(
    script, instance, home: Path
):
    shown = launchpad_defaults("full_refresh", home)

    result = defs.resolve_job_def("full_refresh").execute_in_process(
        instance=instance, partition_key="acme", raise_on_error=False, run_config=shown
    )

    assert shown["resources"]["tenant_run"]["config"]["full"] is False
    assert result.success
    assert script.runs[0].launch.full


def launchpad_defaults(job: str, dagster_home: Path) -> dict[str, Any]:
    """The launch configuration Dagster's launchpad fills in for a job."""
    selector = (
        f'{{repositoryLocationName: "{LOCATION}", repositoryName: "__repository__", '
        f'pipelineName: "{job}"}}'
    )
    query = (
        f"{{ runConfigSchemaOrError(selector: {selector}) "
        "{ ... on RunConfigSchema { rootDefaultYaml } } }"
    )
    answer = subprocess.run(
        [Path(sys.executable).with_name("dagster-graphql"), "-m", LOCATION, "-t", query],
        env={**os.environ, "DAGSTER_HOME": str(dagster_home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    (document,) = (line for line in answer.stdout.splitlines() if line.startswith('{"data"'))
    shown = json.loads(document)["data"]["runConfigSchemaOrError"]["rootDefaultYaml"]
    return yaml.safe_load(shown)


def test_given_a_result_then_its_figures_are_in_the_metadata(script, instance):
    script.results["optiply/products"] = EntityResult(
        name="optiply/products",
        rows=10,
        created=4,
        updated=3,
        unchanged=2,
        quarantined=1,
        requests=8,
        seconds=1.5,
        changes=[{"reference": "1000", "action": "created"}],
        problems=[Problem("optiply/products", "id-9", "quarantined", "no name")],
    )

    result = execute(instance, asset_selection=[asset_key("optiply/products")])

    metadata = result.asset_materializations_for_node("optiply__products")[0].metadata
    figures = {name: value.value for name, value in metadata.items()}
    assert figures["dagster/row_count"] == 10
    assert (figures["created"], figures["updated"], figures["unchanged"]) == (4, 3, 2)
    assert (figures["quarantined"], figures["requests"], figures["seconds"]) == (1, 8, 1.5)
    assert metadata["preview"].value.splitlines()[2] == "| 1000 | created |"
    assert metadata["problems"].records[0].data["reason"] == "no name"
    # What is the same in every run stands in the definition, and is stored with none.
    assert not {"dagster/column_schema", "dry_run", "requests_retried"} & set(metadata)


def test_given_what_was_sent_then_its_numbers_are_links_and_no_guid_is_shown(script, instance):
    script.setup.append("INSERT INTO bc.companies (id, name) VALUES ('c', 'CRONUS')")
    guid = "5b1e0c2e-0000-4000-8000-000000000001"
    change = {"action": "created", "reference": "1896-S", "remote_id": guid}
    change["changes"] = f"name: Desk; remoteId: {guid}"
    script.results["optiply/products"] = EntityResult(changes=[change])

    result = execute(instance, asset_selection=[asset_key("optiply/products")])

    metadata = result.asset_materializations_for_node("optiply__products")[0].metadata
    preview = metadata["preview"].value
    assert "[1896-S](https://businesscentral.dynamics.com/acme.example/Production/?" in preview
    assert "5b1e0c2e" not in preview
    assert metadata["in_optiply"].value == "https://dashboard.optiply.nl/"


def test_given_an_incomplete_soft_source_then_it_is_materialised_with_a_failed_check(
    script, instance
):
    script.results["bc/sales_orders"] = EntityResult(
        name="bc/sales_orders",
        complete=False,
        problems=[Problem("bc/sales_orders", None, "blocked", "The connection broke.")],
    )

    result = execute(instance, asset_selection=[asset_key(name) for name in FEW])

    assert result.success
    event = result.asset_materializations_for_node("bc__sales_orders")[0]
    assert event.metadata["complete"].value is False
    check = next(
        each
        for each in result.get_asset_check_evaluations()
        if each.check_name == "read_complete" and each.asset_key == asset_key("bc/sales_orders")
    )
    assert not check.passed
    assert check.severity == AssetCheckSeverity.ERROR
    assert "The connection broke." in (check.description or "")


def test_given_checks_executed_without_their_asset_then_they_look_at_what_every_tenant_has_stored(
    script, instance
):
    script.setup.append(
        "INSERT INTO bc.items (id, number, gtin) VALUES ('1', 'A', '8'), ('2', 'B', '8')"
    )
    execute(instance, "acme", asset_selection=[asset_key("bc/items")])
    runs_before = len(script.runs)

    job = defs.resolve_implicit_global_asset_job_def().get_subset(
        asset_check_selection={AssetCheckKey(asset_key("bc/items"), "unique_gtin")}
    )
    result = job.execute_in_process(instance=instance)

    acme, check = result.get_asset_check_evaluations()
    assert (acme.partition, acme.passed) == ("acme", False)
    assert not check.passed
    assert (check.partition, check.description) == (None, "Look at acme")
    assert check.metadata["sample"].records[0].data["tenant"] == "acme"
    assert len(script.runs) == runs_before
    assert materialized(result) == set()


def test_given_an_interruption_then_the_engine_is_told_to_stop_and_finishes(script, instance):
    script.errors["bc/items"] = KeyboardInterrupt()

    result = execute(instance)

    assert not result.success
    assert script.runs[0].cancelled
    assert script.runs[0].finished == 1


def test_given_a_run_then_no_secret_is_in_its_events_or_configuration(
    ordinary, script, instance, capfd
):
    script.refusals["globex"] = ConfigError("refused")
    few = [asset_key(name) for name in FEW]

    results = [execute(instance, name, asset_selection=few) for name in ("acme", "globex")]

    told = "".join(str(event) for result in (ordinary[0], *results) for event in result.all_events)
    told += "".join(str(run.run_config) + str(run.tags) for run in instance.get_runs())
    told += "".join(capfd.readouterr())
    assert "s3cr3t" not in told


def test_given_a_partition_run_then_materialisations_and_checks_carry_the_partition(
    script: Script, instance: DagsterInstance, home: Path
):
    execute(instance, "globex", asset_selection=[asset_key("bc/items")])

    event = instance.get_latest_materialization_event(AssetKey(["bc", "items"]))
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.partition == "globex"
    planned = instance.get_materialized_partitions(AssetKey(["bc", "items"]))
    assert planned == {"globex"}
    assert event.dagster_event is not None
    assert event.dagster_event.event_type == DagsterEventType.ASSET_MATERIALIZATION
