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
    AssetObservation,
    DagsterEventType,
    DagsterInstance,
    ExecuteInProcessResult,
    RunConfig,
)

from bc_pipeline.catalogue.tasks import BY_NAME
from bc_pipeline.definitions import defs
from bc_pipeline.errors import AuthError, ConfigError, EntityFailed
from bc_pipeline.orchestration.assets.keys import asset_key
from bc_pipeline.report import EntityResult, Problem
from bc_pipeline_tests.orchestration.conftest import scripted, settle, write_tenants
from bc_pipeline_tests.orchestration.engine_double import Script
from bc_pipeline_tests.slow import deep_but

LOCATION = "bc_pipeline.definitions"
NOT_ASKED_FOR = {
    "bc/sales_shipments",
    "bc/item_page",
    "bc/item_units_of_measure",
    "bc/stock_by_location",
    "bc/outstanding_sales",
    "bc/inventory_by_locations",
    "bc/bom_components",
}
"""What the tenants' settings switch on, and acme's and globex's do not."""
ITEMS = asset_key("bc/items")
FEW = ("bc/items", "bc/sales_orders", "optiply/products", "optiply/sell_orders")


def execute(instance: DagsterInstance, tenant: str = "acme", **options) -> ExecuteInProcessResult:
    launch = options.pop("launch", {})
    job = defs.resolve_job_def(options.pop("job", "sync"))
    return job.execute_in_process(
        instance=instance,
        partition_key=tenant,
        raise_on_error=False,
        run_config=RunConfig(resources={"tenant_run": {"config": launch}}) if launch else None,
        **options,
    )


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> tuple[ExecuteInProcessResult, Script]:
    """A run of acme in which nothing special happens, and what the engine did in it."""
    with pytest.MonkeyPatch.context() as patch, DagsterInstance.ephemeral() as instance:
        settle(tmp_path_factory.mktemp("ordinary"), patch)
        instance.add_dynamic_partitions("tenants", ["acme"])
        script = scripted(patch)
        return execute(instance), script


def materialized(result: ExecuteInProcessResult) -> set[str]:
    return {
        event.materialization.asset_key.to_user_string()
        for event in result.get_asset_materialization_events()
    }


def observed(result: ExecuteInProcessResult) -> dict[str, AssetObservation]:
    found = (
        event.asset_observation_data.asset_observation
        for event in result.all_events
        if event.event_type == DagsterEventType.ASSET_OBSERVATION
    )
    return {each.asset_key.to_user_string(): each for each in found}


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


def test_given_a_failed_entity_then_its_step_fails_and_only_what_needs_it_is_skipped(
    script, instance
):
    script.errors["bc/vendors"] = EntityFailed("Business Central answered 500 six times")

    result = execute(instance)

    assert not result.success
    lost = {
        "bc/vendors",
        "optiply/suppliers",
        "optiply/supplier_products",
        "optiply/buy_orders",
        "optiply/buy_order_lines",
        "optiply/receipt_lines",
        "outbound/purchase_orders",
    }
    assert materialized(result) == set(BY_NAME) - lost
    assert not script.runs[0].cancelled
    failure = result.failure_data_for_node("bc__vendors")
    assert "Business Central answered 500 six times" in failure.user_failure_data.description
    assert script.runs[0].finished == 1


@pytest.mark.covers("decision 31")
def test_given_an_asset_alone_then_its_page_says_what_was_read_for_it(script, instance):
    script.read_first["optiply/products"] = [EntityResult(name="bc/items", rows=57, requests=1)]

    result = execute(instance, asset_selection=[asset_key("optiply/products")])

    (event,) = result.get_asset_materialization_events()
    (row,) = event.materialization.metadata["read_first"].records
    assert (row.data["entity"], row.data["rows"], row.data["requests"]) == ("bc/items", 57, 1)


@pytest.mark.covers("decision 29")
def test_given_a_failed_read_then_its_page_shows_how_old_what_we_have_is(script, instance):
    script.setup.append(
        "INSERT OR REPLACE INTO ops.runs (run_no, started_at) VALUES (1, '2026-01-31 10:00:00Z')"
    )
    script.setup.append(
        "INSERT INTO ops.reads (run_no, entity, complete) VALUES (1, 'bc/items', true)"
    )
    script.errors["bc/items"] = EntityFailed("Business Central answered 403")

    result = execute(instance)

    (check,) = (
        each
        for each in result.get_asset_check_evaluations()
        if each.check_name == "fresh" and each.asset_key == asset_key("bc/items")
    )
    assert not check.passed
    assert check.severity == AssetCheckSeverity.ERROR
    assert check.description == "bc/items was last read 2026-01-31 10:00 UTC"


def test_given_a_failed_run_when_executed_again_from_failure_then_only_the_rest_runs(
    script, instance
):
    script.errors["optiply/sell_orders"] = EntityFailed("broken")
    failed = execute(instance, asset_selection=[asset_key(name) for name in FEW])
    script.errors.clear()

    again = execute(
        instance, asset_selection=[asset_key("optiply/sell_orders")], tags={"retry": "yes"}
    )

    assert not failed.success
    assert again.success
    assert script.runs[1].selected == {"optiply/sell_orders"}


@pytest.mark.parametrize(
    ("refusal", "kind", "advice"),
    [
        (AuthError("invalid_grant"), "auth", "Renew the tenant's credentials"),
        (ConfigError("no such company"), "config", "Correct the tenant's settings"),
    ],
)
def test_given_a_refused_start_then_the_first_step_says_kind_reason_and_what_to_do(
    script, instance, refusal, kind, advice
):
    script.refusals["acme"] = refusal

    result = execute(instance)

    assert not result.success
    failure = result.failure_data_for_node("bc__companies").user_failure_data
    assert failure.description.startswith(f"{kind}: {refusal}")
    assert advice in failure.description
    assert failure.metadata["kind"].value == kind
    assert materialized(result) == set()


def test_given_an_unknown_tenant_then_the_step_fails_as_configuration(script, instance):
    instance.add_dynamic_partitions("tenants", ["gone"])

    result = execute(instance, "gone")

    failure = result.failure_data_for_node("bc__companies").user_failure_data
    assert failure.description.startswith("config: ")
    assert "there is no tenant 'gone'" in failure.description
    assert script.runs == []


@pytest.mark.covers("decision 32")
def test_given_a_broken_tenant_then_its_run_names_file_line_and_key_and_shows_no_traceback(
    script, instance, home: Path
):
    write_tenants(home, acme={"optiply": {}}, globex={})

    result = execute(instance, asset_selection=[asset_key("bc/companies")])

    failure = result.failure_data_for_node("bc__companies")
    told = failure.user_failure_data.description
    assert told.startswith(f"config: {home / 'tenants.yaml'}")
    assert "(line " in told
    assert "tenants.acme.optiply.client_id: missing" in told
    assert "then `bc-pipeline check acme`" in told
    assert failure.error.cause is None
    assert failure.error.context is None
    assert script.runs == []
    assert execute(instance, "globex", asset_selection=[asset_key("bc/companies")]).success


def test_given_one_failing_tenant_then_the_other_is_untouched(script, instance):
    script.refusals["acme"] = AuthError("refused")

    assert not execute(instance, "acme").success
    assert execute(instance, "globex", asset_selection=[ITEMS]).success


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


@pytest.mark.covers("decision 33")
def test_given_a_dry_run_then_every_asset_is_observed_and_none_materialised(script, instance):
    script.results["optiply/products"] = EntityResult(
        name="optiply/products", created=4, changes=[{"reference": "1000", "action": "created"}]
    )
    before = execute(instance, asset_selection=[asset_key("optiply/products")])

    result = execute(instance, launch={"dry_run": True})

    assert result.success
    assert materialized(result) == set()
    assert result.get_asset_check_evaluations() == []
    seen = observed(result)
    assert set(seen) == set(BY_NAME)
    products = seen["optiply/products"]
    assert products.partition == "acme"
    assert products.metadata["created"].value == 4
    assert products.metadata["preview"].records[0].data["reference"] == "1000"
    checks = {row.data["check"]: row.data for row in products.metadata["checks"].records}
    assert checks["deletion_guard"]["outcome"] == "passed"
    latest = instance.get_latest_materialization_event(asset_key("optiply/products"))
    assert latest is not None
    assert latest.run_id == before.run_id


@pytest.mark.covers("decision 33")
@pytest.mark.parametrize("launch", [{"dry_run": True}, {}])
def test_a_dry_run_carries_its_tag_however_it_was_launched(script, instance, launch):
    result = execute(instance, launch=launch, asset_selection=[ITEMS])

    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    assert ("dry_run" in run.tags) is bool(launch)


@pytest.mark.covers("decision 33")
def test_given_a_dry_run_of_assets_that_do_not_need_each_other_then_each_is_told_once(
    script, instance
):
    names = ["bc/vendors", "optiply/products", "optiply/suppliers", "optiply/supplier_products"]

    result = execute(
        instance, launch={"dry_run": True}, asset_selection=[asset_key(name) for name in names]
    )

    assert result.success
    told = [
        event.asset_observation_data.asset_observation.asset_key.to_user_string()
        for event in result.all_events
        if event.event_type == DagsterEventType.ASSET_OBSERVATION
    ]
    assert sorted(told) == sorted(names)


@pytest.mark.covers("decision 33")
def test_given_a_dry_run_in_which_an_entity_would_fail_then_the_step_says_which_and_tells_the_rest(
    script, instance
):
    script.errors["bc/vendors"] = EntityFailed("Business Central answered 500 six times")

    result = execute(instance, launch={"dry_run": True})

    assert not result.success
    assert set(observed(result)) == set(BY_NAME) - {"bc/vendors"}
    failure = result.failure_data_for_node("bc__companies").user_failure_data
    assert "bc/vendors: Business Central answered 500 six times" in failure.description
    assert result.get_asset_check_evaluations() == []


def test_given_a_dry_run_that_cannot_start_then_the_step_says_why_once(script, instance):
    script.refusals["acme"] = AuthError("invalid_grant")

    result = execute(instance, launch={"dry_run": True})

    failure = result.failure_data_for_node("bc__companies").user_failure_data
    assert failure.description.startswith("auth: invalid_grant")
    assert failure.description.count("invalid_grant") == 1


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
    assert metadata["preview"].records[0].data == {"reference": "1000", "action": "created"}
    assert metadata["problems"].records[0].data["reason"] == "no name"
    columns = [column.name for column in metadata["dagster/column_schema"].value.columns]
    assert columns[:2] == ["remote_id", "reference"]
    assert "stockLevel" in columns


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

    (check,) = result.get_asset_check_evaluations()
    assert not check.passed
    assert check.description == "Look at acme"
    assert check.metadata["sample"].records[0].data["tenant"] == "acme"
    assert len(script.runs) == runs_before
    assert materialized(result) == set()


def test_given_an_interruption_then_the_engine_is_told_to_stop_and_finishes(script, instance):
    script.errors["bc/items"] = KeyboardInterrupt()

    result = execute(instance)

    assert not result.success
    assert script.runs[0].cancelled
    assert script.runs[0].finished == 1


def test_given_a_run_then_no_secret_is_in_its_events_or_configuration(script, instance, capfd):
    script.refusals["globex"] = ConfigError("refused")

    results = [execute(instance, "acme"), execute(instance, "globex")]

    told = "".join(str(event) for result in results for event in result.all_events)
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
