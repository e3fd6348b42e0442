"""Dimension checks over the real engine and the sandbox: what they find is shown before anything is
written, and after the repair everything that waited is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetCheckSeverity, DagsterInstance, ExecuteInProcessResult

from bc_pipeline.orchestration.assets.keys import asset_key
from bc_pipeline.run import operator_actions
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.tenants import registry
from bc_pipeline_tests.orchestration.runs import execute, materialized, observed
from bc_pipeline_tests.templates import memory_instance

TENANT = "wholesale"
CUSTOMERS = "outbound/customers"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(wholesale_items=20) as served:
        yield served


@pytest.fixture
def company(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    """The wholesaler, fresh, with a home whose tenants write to Business Central."""
    monkeypatch.setenv("BC_PIPELINE_HOME", str(tmp_path))
    monkeypatch.delenv("BC_PIPELINE_TENANTS", raising=False)
    sandbox.reset()
    sandbox.write_tenants(tmp_path, exports=True)
    tenant = registry.load().get(TENANT)
    return sandbox.business_central.companies[tenant.business_central.company]


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with memory_instance(TENANT) as found:
        yield found


def home() -> Path:
    return registry.load().get(TENANT).snapshot_dir


def drop(name: str, *records: dict[str, Any]) -> bytes:
    """Drop a file of records; its content."""
    path = home() / "outbound" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path.read_bytes()


def customer(external_id: str, **more: object) -> dict[str, Any]:
    return {"externalId": external_id, "companyName": f"Customer {external_id}", **more}


def configure(**mappings: str) -> None:
    document = {"dynamics-bc": {"dimension_mappings": mappings}}
    home().mkdir(parents=True, exist_ok=True)
    (home() / "tenant-config.json").write_text(json.dumps(document))


def export(instance: DagsterInstance, *names: str) -> ExecuteInProcessResult:
    selection = [asset_key(name) for name in names] or None
    return execute(instance, TENANT, job="export", asset_selection=selection)


def written(sandbox: Sandbox, after: int) -> list[str]:
    """What was sent to Business Central to change it."""
    return [entry.path for entry in sandbox.requests.of("bc", after=after, writes=True)]


def outcome(result: ExecuteInProcessResult, check: str, asset: str = CUSTOMERS):
    (found,) = (
        each
        for each in result.get_asset_check_evaluations()
        if each.check_name == check and each.asset_key == asset_key(asset)
    )
    return found


def results(name: str) -> dict[str, dict[str, Any]]:
    path = home() / "outbound" / "results" / f"{name}.results.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {line["externalId"]: line for line in lines}


def named(company: Company) -> list[str]:
    """The customers of these tests that stand in Business Central."""
    names = (row["displayName"] for row in company.tables["customers"].values())
    return sorted(name for name in names if name.startswith("Customer "))


def test_given_a_mapped_dimension_that_is_missing_then_nothing_is_written_and_after_the_fix_it_goes(
    sandbox: Sandbox, company: Company, instance: DagsterInstance
):
    configure(department="DEPARTMENT", region="REGION")
    content = drop("Customers.jsonl", customer("1"), customer("2", departmentNumber="WEB"))
    drop("Vendors.jsonl", {"externalId": "v-1", "vendorName": "Vendor"})
    start = sandbox.requests.total

    failed = export(instance)

    assert not failed.success
    assert not {"outbound/customers", "outbound/vendors"} & materialized(failed)
    check = outcome(failed, "dimension_mappings_exist")
    assert not check.passed
    assert check.blocking
    assert check.severity == AssetCheckSeverity.ERROR
    assert "region -> REGION" in (check.description or "")
    failure = failed.failure_data_for_node("outbound__customers").user_failure_data
    assert failure.metadata["kind"].value == "config"
    assert written(sandbox, start) == []
    assert (home() / "outbound" / "Customers.jsonl").read_bytes() == content

    configure(department="DEPARTMENT")
    done = export(instance)

    assert done.success
    assert outcome(done, "dimension_mappings_exist").passed
    assert named(company) == ["Customer 1", "Customer 2"]
    assert (home() / "outbound" / "done" / "Customers.jsonl").read_bytes() == content
    assert {line["action"] for line in results("Customers.jsonl").values()} == {"created"}


def test_given_a_mapped_dimension_that_is_blocked_then_nothing_is_written(
    sandbox: Sandbox, company: Company, instance: DagsterInstance
):
    configure(project="PROJECT")
    drop("Customers.jsonl", customer("1"))
    start = sandbox.requests.total

    failed = export(instance, CUSTOMERS)

    assert not failed.success
    check = outcome(failed, "dimension_mappings_exist")
    assert check.severity == AssetCheckSeverity.ERROR
    assert "project -> PROJECT" in (check.description or "")
    assert written(sandbox, start) == []


def test_given_only_the_default_maps_a_missing_dimension_then_just_its_records_fail(
    company: Company, instance: DagsterInstance
):
    (missing,) = company.find("dimensions", code="CLASS")
    company.delete("dimensions", missing["id"])
    drop("Customers.jsonl", customer("1"), customer("2", classNumber="A"))

    done = export(instance, CUSTOMERS)

    assert done.success
    check = outcome(done, "dimension_mappings_exist")
    assert not check.passed
    assert check.severity == AssetCheckSeverity.WARN
    assert named(company) == ["Customer 1"]
    assert results("Customers.jsonl")["2"]["error"]["class"] == "DimensionDefinitionNotFound"


def test_given_missing_and_blocked_values_then_their_records_fail_and_resend_brings_exactly_these(
    sandbox: Sandbox, company: Company, instance: DagsterInstance
):
    drop(
        "Customers.jsonl",
        customer("1", departmentNumber="WEB"),
        customer("2", departmentNumber="NEW"),
        customer("3", departmentNumber="CLOSED"),
        customer("4"),
    )

    first = export(instance, CUSTOMERS)

    assert first.success
    check = outcome(first, "dimension_values_valid")
    assert not check.passed
    assert check.severity == AssetCheckSeverity.WARN
    offenders = [row.data for row in check.metadata["sample"].records]
    assert [(row["file"], row["line"], row["externalId"]) for row in offenders] == [
        ("Customers.jsonl", 2, "2"),
        ("Customers.jsonl", 3, "3"),
    ]
    assert "NEW" in offenders[0]["reason"]
    assert "CLOSED" in offenders[1]["reason"]
    assert named(company) == ["Customer 1", "Customer 4"]
    failed = {key for key, line in results("Customers.jsonl").items() if not line["success"]}
    assert failed == {"2", "3"}

    repair(company)
    count = operator_actions.resend_outbound(registry.load().get(TENANT), CUSTOMERS)
    (resent,) = (home() / "outbound").glob("Customers.resend-*.jsonl")
    again = export(instance, CUSTOMERS)

    assert count == 2
    assert again.success
    assert outcome(again, "dimension_values_valid").passed
    assert outcome(again, "none_failed").passed
    assert sorted(results(resent.name)) == ["2", "3"]
    assert named(company) == [f"Customer {n}" for n in (1, 2, 3, 4)]


def repair(company: Company) -> None:
    """Somebody adds the missing department and opens the blocked one."""
    (department,) = company.find("dimensions", code="DEPARTMENT")
    value = {"dimensionId": department["id"], "code": "NEW", "displayName": "New"}
    company.insert("dimensionValues", value)
    (closed,) = company.find("dimensionValues", code="CLOSED")
    company.modify("dimensionValues", closed["id"], **{"#blocked": False})


def test_given_an_entity_none_of_whose_records_is_written_then_it_fails_and_holds_up_nobody(
    company: Company, instance: DagsterInstance
):
    drop("Customers.bad.jsonl", customer("1", departmentNumber="NEW"))
    drop("Vendors.jsonl", {"externalId": "v-1", "vendorName": "Vendor 1"})

    done = export(instance)

    vendors = [row["displayName"] for row in company.tables["vendors"].values()]
    assert "Vendor 1" in vendors
    assert not done.success
    assert outcome(done, "none_failed").severity == AssetCheckSeverity.ERROR
    assert "None of 1 records" in (outcome(done, "none_failed").description or "")


def test_given_nothing_waits_then_business_central_is_not_asked(
    sandbox: Sandbox, company: Company, instance: DagsterInstance
):
    start = sandbox.requests.total

    done = export(instance, "outbound/customers", "outbound/vendors")

    assert done.success
    assert sandbox.requests.of("bc", after=start) == []
    assert outcome(done, "dimension_mappings_exist").passed


def test_given_a_dry_run_then_the_page_shows_its_requests_and_nothing_is_sent_or_moved(
    sandbox: Sandbox, company: Company, instance: DagsterInstance
):
    drop("Customers.jsonl", customer("1"))
    drop("Vendors.jsonl", {"externalId": "v-1", "vendorName": "Vendor"})
    start = sandbox.requests.total

    done = execute(instance, TENANT, job="export", launch={"dry_run": True})

    page = observed(done)["outbound/customers"]
    (noted,) = [row.data for row in page.metadata["requests_noted"].value.records]
    assert noted["method"] == "POST"
    assert noted["path"].endswith("/customers")
    assert json.loads(noted["body"]) == {"displayName": "Customer 1"}
    assert page.metadata["requests_noted_total"].value == 1
    other = observed(done)["outbound/general_journal_lines"]
    assert "requests_noted" not in other.metadata
    assert written(sandbox, start) == []
    assert (home() / "outbound" / "Customers.jsonl").exists()
