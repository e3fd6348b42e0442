"""``export`` over the sandbox, and what an operator does about what it could not write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.report import COUNT_NAMES
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline_tests.cli.conftest import CommandLine

TENANT = "wholesale"
GOOD = {"externalId": "1", "companyName": "Good Ltd.", "departmentNumber": "WEB"}
BAD = {"externalId": "2", "companyName": "Bad Ltd.", "departmentNumber": "NEW"}
VENDOR = {"externalId": "v-1", "vendorName": "Goods Ltd."}


@pytest.fixture
def home(exporting_home: Path) -> Path:
    return exporting_home


def drop(home: Path, name: str, *records: dict[str, Any]) -> Path:
    path = home / "snapshots" / TENANT / "outbound" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def told(outcome: Any) -> dict[str, Any]:
    tenant: dict[str, Any] = outcome.json["tenants"][TENANT]
    return tenant


def displayed(company: Company, table: str) -> set[str]:
    return {row["displayName"] for row in company.tables[table].values()}


def test_given_good_and_bad_records_then_the_json_counts_them_and_says_why(
    command: CommandLine, home: Path, company: Company
):
    drop(home, "Customers.jsonl", GOOD, BAD)
    drop(home, "Vendors.jsonl", VENDOR)

    outcome = command("export", TENANT, "--json")

    assert outcome.code == 0
    report = told(outcome)
    assert report["status"] == "partial"
    assert set(report["entities"]) == {
        "outbound/customers",
        "outbound/vendors",
        "outbound/purchase_invoices",
        "outbound/vendor_payments",
        "outbound/general_journal_lines",
        "outbound/purchase_orders",
    }
    customers = report["entities"]["outbound/customers"]
    assert set(customers) == set(COUNT_NAMES)
    assert (customers["created"], customers["quarantined"]) == (1, 1)
    assert report["checks"]["dimension_mappings_exist"] == "passed"
    assert report["checks"]["dimension_values_valid"] == "warned"
    (problem,) = report["problems"]
    assert (problem["entity"], problem["remote_id"]) == ("outbound/customers", "2")
    assert "NEW" in problem["reason"]
    assert "requests_noted" not in report
    assert {"Good Ltd."} == displayed(company, "customers") & {"Good Ltd.", "Bad Ltd."}


def test_given_a_dry_run_then_the_exact_requests_are_shown_and_nothing_is_sent_or_moved(
    command: CommandLine, home: Path, company: Company, sandbox: Sandbox
):
    path = drop(home, "Customers.jsonl", GOOD, BAD)
    start = sandbox.requests.total

    as_json = command("export", TENANT, "--entity", "Customers", "--dry-run", "--json")
    plain = command("export", TENANT, "--entity", "customers", "--dry-run")

    assert as_json.code == plain.code == 0
    assert [e.path for e in sandbox.requests.of("bc", after=start, writes=True)] == []
    assert path.exists()
    (noted,) = told(as_json)["requests_noted"]
    assert (noted["method"], noted["body"]["displayName"]) == ("POST", "Good Ltd.")
    assert noted["path"].endswith("/customers")
    assert "POST companies(" in plain.stdout
    assert '"displayName": "Good Ltd."' in plain.stdout

    command("export", TENANT, "--entity", "outbound/customers")
    sent = sandbox.requests.of("bc", after=start, writes=True)
    assert len(sent) == 1
    assert "Good Ltd." in displayed(company, "customers")


def test_given_an_entity_then_only_its_files_are_written(
    command: CommandLine, home: Path, company: Company
):
    drop(home, "Customers.jsonl", GOOD)
    vendors = drop(home, "Vendors.jsonl", VENDOR)

    outcome = command("export", TENANT, "--entity", "Customers", "--json")

    assert set(told(outcome)["entities"]) == {"outbound/customers"}
    assert vendors.exists()
    assert "Goods Ltd." not in displayed(company, "vendors")


def test_given_only_bad_records_then_it_exits_1_and_others_are_written(
    command: CommandLine, home: Path, company: Company
):
    drop(home, "Customers.jsonl", BAD)
    drop(home, "Vendors.jsonl", VENDOR)

    outcome = command("export", TENANT, "--json")

    assert outcome.code == 1
    assert told(outcome)["checks"]["none_failed"] == "failed"
    assert "Goods Ltd." in displayed(company, "vendors")


def test_given_a_missing_mapped_dimension_then_it_exits_1_and_the_file_stays(
    command: CommandLine, home: Path, sandbox: Sandbox
):
    path = drop(home, "Customers.jsonl", GOOD)
    mapping = {"dynamics-bc": {"dimension_mappings": {"region": "REGION"}}}
    (home / "snapshots" / TENANT / "tenant-config.json").write_text(json.dumps(mapping))
    start = sandbox.requests.total

    outcome = command("export", TENANT, "--json")

    assert outcome.code == 1
    assert told(outcome)["checks"]["dimension_mappings_exist"] == "failed"
    assert "config" in {problem["kind"] for problem in told(outcome)["problems"]}
    assert sandbox.requests.of("bc", after=start, writes=True) == []
    assert path.exists()
    checked = command("check", TENANT, "--json").json["tenants"][TENANT]
    found = {check["name"]: check for check in checked["checks"]}
    assert found["dimension_mappings_exist"]["outcome"] == "failed"
    assert "REGION" in found["dimension_mappings_exist"]["detail"]


def test_status_and_show_tell_what_failed_and_resend_brings_it_after_the_repair(
    command: CommandLine, home: Path, company: Company
):
    drop(home, "Customers.jsonl", GOOD, BAD)
    drop(home, "Custommers.jsonl", GOOD)
    command("export", TENANT)

    status = command("status", TENANT, "--json").json["tenants"][TENANT]
    (failed,) = status["exports"]
    assert (failed["entity"], failed["external_id"]) == ("outbound/customers", "2")
    assert (failed["state"], failed["line"]) == ("failed", 2)
    assert "NEW" in failed["reason"]
    assert status["files"] == ["Custommers.jsonl"]
    assert "Customers.jsonl:2" in command("status", TENANT).stdout

    (shown,) = command("show", TENANT, "Customers", "2", "--json").json["records"]
    assert shown["record"]["companyName"] == "Bad Ltd."
    assert shown["ledger"]["state"] == "failed"
    assert shown["outcomes"][0]["file"] == "Customers.jsonl"

    (department,) = company.find("dimensions", code="DEPARTMENT")
    value = {"dimensionId": department["id"], "code": "NEW", "displayName": "New"}
    company.insert("dimensionValues", value)
    resent = command("resend", TENANT, "customers", "--json")
    assert resent.json == {"tenant": TENANT, "records": 1}
    outcome = command("export", TENANT, "--json")
    assert told(outcome)["entities"]["outbound/customers"]["created"] == 1
    assert {"Good Ltd.", "Bad Ltd."} <= displayed(company, "customers")
    assert command("status", TENANT, "--json").json["tenants"][TENANT]["exports"] == []
    number = next(
        row["number"]
        for row in company.tables["customers"].values()
        if row["displayName"] == "Bad Ltd."
    )
    (found,) = command("show", TENANT, "customers", number, "--json").json["records"]
    assert found["reference"] == number


def test_retry_of_what_goes_to_business_central_is_a_resend(command: CommandLine, home: Path):
    path = drop(home, "Customers.jsonl", GOOD, BAD)
    command("export", TENANT)

    retried = command("retry", TENANT, "customers", "2", "--json")

    assert retried.json == {"tenant": TENANT, "records": 1}
    assert len(list(path.parent.glob("Customers.resend-*.jsonl"))) == 1


def test_check_asks_for_what_the_export_settings_name(command: CommandLine, home: Path):
    settings = home / "tenants.yaml"
    text = settings.read_text()
    settings.write_text(
        text.replace(
            "buy_orders: true",
            "buy_orders: true\n      export_location_id: NOWHERE\n"
            "      buy_order_dimensions: {department: CLOSED, class: A, shape: ROUND}",
        )
    )

    outcome = command("check", TENANT, "--json")

    assert outcome.code == 1
    found = {check["name"]: check for check in outcome.json["tenants"][TENANT]["checks"]}
    assert found["export_location_id"]["outcome"] == "failed"
    assert found["buy_order_dimensions"]["outcome"] == "failed"
    assert "CLOSED of DEPARTMENT is blocked" in found["buy_order_dimensions"]["detail"]
    assert "shape is not mapped" in found["buy_order_dimensions"]["detail"]
    passed = {"accounts", "vendor_payment_journals", "dimensions_page", "dimension_values_page"}
    assert all(found[name]["outcome"] == "passed" for name in passed)


def test_resend_of_an_optiply_entity_forces_its_records(command: CommandLine, home: Path):
    command("sync", TENANT, "--entity", "suppliers")

    outcome = command("resend", TENANT, "optiply/suppliers", "--json")

    assert outcome.code == 0
    assert outcome.json["records"] > 0
    again = command("sync", TENANT, "--entity", "suppliers", "--json")
    assert told(again)["entities"]["optiply/suppliers"]["updated"] == outcome.json["records"]
