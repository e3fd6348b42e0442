"""Writing to Business Central, seen asset by asset: checks come first, then the writing begins."""

from __future__ import annotations

from pathlib import Path

import pytest
from dagster import (
    AssetCheckEvaluation,
    AssetCheckKey,
    AssetCheckSeverity,
    DagsterEventType,
    DagsterInstance,
    ExecuteInProcessResult,
)

from bc_pipeline.business_central.lookup.dimensions import MappingFinding
from bc_pipeline.catalogue.tasks import BY_NAME, EXPORT_NAMES, OUTBOUND_NAMES
from bc_pipeline.definitions import defs
from bc_pipeline.errors import ConfigError, EntityFailed
from bc_pipeline.orchestration.assets.keys import asset_key
from bc_pipeline.report import EntityResult
from bc_pipeline.to_business_central.export_types import Offender, Preparation
from bc_pipeline.to_business_central.waves import NothingWritten
from bc_pipeline_tests.orchestration.conftest import write_tenants
from bc_pipeline_tests.orchestration.engine_double import Script
from bc_pipeline_tests.orchestration.runs import execute, materialized, observed

CUSTOMERS = "outbound/customers"
VENDORS = "outbound/vendors"
EXPORTS = {"exports": {"accounting": True, "buy_orders": True}}
GOOD = MappingFinding(missing={}, blocked={}, is_default=False, company="CRONUS")
OFFENDERS = (
    Offender("c-2", "c-2", "Customers.jsonl", 2, "InvalidDimensionValue", "CLASS has no value X"),
    Offender("c-3", "c-3", "Customers.jsonl", 3, "MissingField", "companyName is missing"),
)


@pytest.fixture
def exporting(home: Path) -> None:
    """acme writes to Business Central, globex does not."""
    write_tenants(home, acme=EXPORTS, globex={})


def prepare(script: Script, mappings: MappingFinding = GOOD, **more) -> None:
    script.preparations[CUSTOMERS] = Preparation(CUSTOMERS, 3, mappings, **more)


def check_of(result: ExecuteInProcessResult, name: str, asset: str = CUSTOMERS):
    (found,) = (
        each
        for each in result.get_asset_check_evaluations()
        if each.check_name == name and each.asset_key == asset_key(asset)
    )
    return found


def booked(key: str, state: str, **more: object) -> str:
    """SQL that puts a record into the ledger."""
    columns = {"entity": "customers", "key": key, "state": state, "external_id": key, **more}
    names = ", ".join(columns)
    values = ", ".join(f"'{value}'" for value in columns.values())
    return f"INSERT OR REPLACE INTO outbound.ledger ({names}) VALUES ({values})"


def test_given_an_export_run_then_every_outbound_asset_is_written_from_one_engine_run(
    script, instance, exporting
):
    result = execute(instance, job="export")

    assert result.success
    assert materialized(result) == set(EXPORT_NAMES)
    (run,) = script.runs
    assert run.holds
    assert [name for step, name in run.steps if step == "released"] == [
        name for step, name in run.steps if step == "waited" and name.startswith("outbound/")
    ]


def test_each_entity_is_prepared_then_released_then_waited_for(script, instance, exporting):
    execute(instance, job="export")

    steps = [step for step, name in script.runs[0].steps if name == CUSTOMERS]
    assert steps == ["prepared", "released", "waited"]


def test_given_a_tenant_without_exports_then_its_pages_say_so(script, instance, exporting):
    result = execute(instance, "globex", job="export")

    assert result.success
    for name in OUTBOUND_NAMES:
        (event,) = result.asset_materializations_for_node(name.replace("/", "__"))
        assert event.metadata["mode"].value == "not configured"


def test_the_checks_before_writing_are_recorded_before_it_begins(script, instance, exporting):
    prepare(script)

    result = execute(instance, job="export", asset_selection=[asset_key(CUSTOMERS)])

    told = [
        event.asset_check_evaluation_data.check_name
        if event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION
        else "written"
        for event in result.all_events
        if event.event_type
        in (DagsterEventType.ASSET_CHECK_EVALUATION, DagsterEventType.ASSET_MATERIALIZATION)
    ]
    assert told[:2] == ["dimension_mappings_exist", "dimension_values_valid"]
    assert told.index("written") >= 2
    assert set(told[2:]) == {"written", "none_failed", "none_blocked", "none_ambiguous"}


def test_given_a_missing_mapped_dimension_then_the_check_fails_with_the_step_and_says_what_to_do(
    script, instance, exporting
):
    prepare(script, MappingFinding({"class": "CLASS"}, {}, False, "CRONUS"))
    script.errors[CUSTOMERS] = ConfigError("CRONUS has no dimension class -> CLASS")

    result = execute(instance, job="export", asset_selection=[asset_key(CUSTOMERS)])

    assert not result.success
    assert materialized(result) == set()
    check = check_of(result, "dimension_mappings_exist")
    assert not check.passed
    assert check.severity == AssetCheckSeverity.ERROR
    assert check.blocking
    assert check.metadata["tenant"].value == "acme"
    assert "class -> CLASS" in (check.description or "")
    assert "stays as it is and goes with the next export" in (check.description or "")
    failure = result.failure_data_for_node("outbound__customers").user_failure_data
    assert failure.description.startswith("config: CRONUS has no dimension class -> CLASS")


def test_given_only_the_default_names_a_missing_dimension_then_the_check_warns_and_it_is_written(
    script, instance, exporting
):
    prepare(script, MappingFinding({"class": "CLASS"}, {}, True, "CRONUS"))

    result = execute(instance, job="export", asset_selection=[asset_key(CUSTOMERS)])

    assert result.success
    check = check_of(result, "dimension_mappings_exist")
    assert not check.passed
    assert check.severity == AssetCheckSeverity.WARN
    assert materialized(result) == {CUSTOMERS}


def test_given_unusable_dimension_values_then_a_table_names_them_and_the_rest_is_written(
    script, instance, exporting
):
    prepare(script, offenders=OFFENDERS)

    result = execute(instance, job="export", asset_selection=[asset_key(CUSTOMERS)])

    assert result.success
    check = check_of(result, "dimension_values_valid")
    assert not check.passed
    assert check.severity == AssetCheckSeverity.WARN
    assert [row.data for row in check.metadata["sample"].records] == [
        {
            "file": "Customers.jsonl",
            "line": 2,
            "externalId": "c-2",
            "reason": "CLASS has no value X",
        }
    ]
    assert "bc-pipeline resend acme customers" in (check.description or "")


@pytest.mark.parametrize(
    ("state", "more", "check", "severity"),
    [
        ("failed", {"reason": "no such vendor"}, "none_failed", AssetCheckSeverity.WARN),
        ("blocked", {"blocked_runs": 2}, "none_blocked", AssetCheckSeverity.WARN),
        ("blocked", {"blocked_runs": 3}, "none_blocked", AssetCheckSeverity.ERROR),
        ("ambiguous", {}, "none_ambiguous", AssetCheckSeverity.ERROR),
        ("intent", {}, "none_ambiguous", AssetCheckSeverity.ERROR),
    ],
)
def test_given_records_without_a_good_end_then_the_checks_after_writing_name_them(
    script, instance, exporting, state, more, check, severity
):
    script.setup.append(booked("c-9", state, **more))

    result = execute(instance, job="export", asset_selection=[asset_key(CUSTOMERS)])

    found: AssetCheckEvaluation = check_of(result, check)
    assert not found.passed
    assert found.severity == severity
    assert found.metadata["sample"].records[0].data["externalId"] == "c-9"
    others = {"none_failed", "none_blocked", "none_ambiguous"} - {check}
    assert all(check_of(result, other).passed for other in others)


def test_given_an_entity_none_of_whose_records_was_written_then_what_follows_goes_on(
    script, instance, exporting
):
    script.results[VENDORS] = EntityResult(name=VENDORS, rows=1, quarantined=1)
    script.errors[VENDORS] = NothingWritten("none of 1 records could be written")

    result = execute(instance, job="export")

    check = check_of(result, "none_failed", VENDORS)
    assert not check.passed
    assert check.severity == AssetCheckSeverity.ERROR
    assert "None of 1 records could be written" in (check.description or "")
    assert materialized(result) == set(EXPORT_NAMES)


def test_given_nothing_comes_after_it_then_its_step_fails_too(script, instance, exporting):
    script.results[CUSTOMERS] = EntityResult(name=CUSTOMERS, rows=1, quarantined=1)
    script.errors[CUSTOMERS] = NothingWritten("none of 1 records could be written")

    result = execute(instance, job="export")

    assert not result.success
    assert not check_of(result, "none_failed").passed
    assert set(OUTBOUND_NAMES) <= materialized(result)
    failure = result.failure_data_for_node("outbound__customers").user_failure_data
    assert "none of 1 records could be written" in failure.description


def test_given_vendors_that_failed_then_what_comes_after_waits_and_the_run_ends(
    script, instance, exporting
):
    script.errors[VENDORS] = EntityFailed("Business Central answered 500 six times")
    script.setup.append(
        "INSERT OR REPLACE INTO outbound.ledger (entity, key, state) "
        "VALUES ('vendors', 'v-1', 'intent')"
    )

    result = execute(instance, job="export")

    assert not result.success
    later = {VENDORS, "outbound/purchase_invoices", "outbound/vendor_payments"}
    assert materialized(result) == set(EXPORT_NAMES) - later
    assert not check_of(result, "none_ambiguous", VENDORS).passed
    assert not script.runs[0].cancelled
    assert script.runs[0].finished == 1


def test_given_what_was_written_then_figures_records_and_files_are_in_the_metadata(
    script, instance, exporting
):
    script.results[CUSTOMERS] = EntityResult(
        name=CUSTOMERS, rows=2, created=1, quarantined=1, requests=1, seconds=0.2
    )
    script.setup += [
        booked("c-1", "done", bc_number="C00010", file="Customers.jsonl", line=1),
        booked("c-2", "failed", reason="no such currency", file="Customers.jsonl", line=2),
        "INSERT OR REPLACE INTO outbound.files (name, generation, content_hash, entity, state, "
        "lines, first_seen) VALUES ('Customers.jsonl', 1, 'x', 'customers', 'done', 2, now())",
    ]

    result = execute(instance, job="export", asset_selection=[asset_key(CUSTOMERS)])

    metadata = result.asset_materializations_for_node("outbound__customers")[0].metadata
    assert metadata["dagster/row_count"].value == 2
    assert (metadata["created"].value, metadata["quarantined"].value) == (1, 1)
    preview = metadata["preview"].value.splitlines()
    assert any("c-1" in line and "C00010" in line for line in preview)
    assert any("c-2" in line and "no such currency" in line for line in preview)
    assert metadata["files"].records[0].data["file"] == "Customers.jsonl"


def test_given_entities_in_launch_configuration_of_export_then_they_mean_what_is_written(
    script, instance, exporting
):
    result = execute(instance, job="export", launch={"entities": ["vendors"], "dry_run": True})

    assert result.success
    told = {name for name in observed(result) if name.startswith("outbound/")}
    assert told == {"outbound/vendors"}
    assert script.runs[0].launch.dry_run


@pytest.mark.covers("decision 33")
def test_given_a_dry_run_then_an_export_is_prepared_released_and_observed_with_its_checks(
    script, instance, exporting
):
    prepare(script, offenders=OFFENDERS)

    result = execute(instance, job="export", launch={"dry_run": True})

    steps = [step for step, name in script.runs[0].steps if name == CUSTOMERS]
    assert steps == ["prepared", "released", "waited"]
    checks = {
        row.data["check"]: row.data["outcome"]
        for row in observed(result)[CUSTOMERS].metadata["checks"].records
    }
    assert checks["dimension_mappings_exist"] == "passed"
    assert checks["dimension_values_valid"] == "warned"
    assert result.get_asset_check_evaluations() == []


def test_given_outbound_checks_executed_without_a_run_then_the_ledger_answers(
    script: Script, instance: DagsterInstance, exporting
):
    script.setup.append(booked("c-9", "failed", error_class="InvalidDimensionValue"))
    execute(instance, job="export", asset_selection=[asset_key(CUSTOMERS)])
    names = ("dimension_mappings_exist", "dimension_values_valid", "none_failed")
    runs_before = len(script.runs)

    job = defs.resolve_implicit_global_asset_job_def().get_subset(
        asset_check_selection={AssetCheckKey(asset_key(CUSTOMERS), name) for name in names}
    )
    result = job.execute_in_process(instance=instance)

    assert len(script.runs) == runs_before
    told = {
        each.check_name: each.passed
        for each in result.get_asset_check_evaluations()
        if each.partition is None
    }
    assert told == dict(zip(names, (True, False, False), strict=True))


def test_a_tick_exports_at_its_end_for_tenants_that_have_it_switched_on(
    script, instance, exporting
):
    sent = [asset_key(name) for name in BY_NAME if not name.startswith("bc/")]

    result = execute(instance, "acme", job="sync", asset_selection=sent)

    assert result.success
    steps = script.runs[0].steps
    released = [name for step, name in steps if step == "released"]
    assert released[-1] == "outbound/purchase_orders"
    synced = [name for step, name in steps if step == "waited" and name.startswith("optiply/")]
    waited = [name for step, name in steps if step == "waited"]
    assert waited.index("outbound/purchase_orders") > max(waited.index(name) for name in synced)
