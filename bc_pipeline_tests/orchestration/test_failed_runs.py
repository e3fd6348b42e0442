"""A failed entity, a refused start, a tenant that cannot run: what is told, and what goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from dagster import AssetCheckSeverity

from bc_pipeline.catalogue.tasks import BY_NAME
from bc_pipeline.errors import AuthError, ConfigError, EntityFailed
from bc_pipeline.orchestration.assets.keys import asset_key
from bc_pipeline_tests.orchestration.conftest import write_tenants
from bc_pipeline_tests.orchestration.runs import FEW, ITEMS, execute, materialized


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


@pytest.mark.covers("decision 29")
def test_given_a_failed_read_then_its_page_shows_how_old_what_we_have_is(script, instance):
    script.setup.append(
        "INSERT OR REPLACE INTO ops.runs (run_no, started_at) VALUES (1, '2026-01-31 10:00:00Z')"
    )
    script.setup.append(
        "INSERT INTO ops.reads (run_no, entity, complete) VALUES (1, 'bc/items', true)"
    )
    script.errors["bc/items"] = EntityFailed("Business Central answered 403")

    result = execute(instance, asset_selection=[asset_key("bc/items")])

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
