"""A dry run in Dagster is observed, tagged and told, and materialises nothing."""

from __future__ import annotations

import pytest
from dagster import DagsterEventType

from bc_pipeline.catalogue.tasks import BY_NAME
from bc_pipeline.errors import AuthError, EntityFailed
from bc_pipeline.orchestration.assets.keys import asset_key
from bc_pipeline.report import EntityResult
from bc_pipeline_tests.orchestration.runs import ITEMS, execute, materialized, observed


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
    assert "1000" in products.metadata["preview"].value
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
