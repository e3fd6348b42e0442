"""``sync`` over the sandbox, and the commands that look at what it did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance

from bc_pipeline.cli import runs
from bc_pipeline.orchestration.instance import open_instance
from bc_pipeline.report import COUNT_NAMES
from bc_pipeline.run.execute import tick_tenant
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.changes import CHANGES
from bc_pipeline_tests.cli import aged
from bc_pipeline_tests.cli.conftest import CommandLine
from bc_pipeline_tests.in_step import InStep

WRITTEN = {
    "optiply/products",
    "optiply/product_compositions",
    "optiply/suppliers",
    "optiply/supplier_products",
    "optiply/sell_orders",
    "optiply/buy_orders",
    "optiply/buy_order_lines",
    "optiply/receipt_lines",
}
REQUESTS = {"total", "retried", "throttled"}
MOST_REQUESTS_WHEN_NOTHING_CHANGED = 14
MOST_REQUESTS_OF_A_LOOK = 2


@pytest.fixture(scope="module")
def synced() -> dict[str, bool]:
    """Whether the tenants of this file have had their first sync."""
    return {"done": False}


@pytest.fixture(autouse=True)
def first_sync(
    command: CommandLine,
    sandbox: Sandbox,
    home: Path,
    synced: dict[str, bool],
    in_memory: None,
    in_step: InStep,
) -> None:
    """Every test finds both tenants in step."""
    if synced["done"]:
        return
    synced["done"] = True
    outcome = command("sync", "cronus", "--json")
    assert outcome.code == 0, outcome.stdout
    told = outcome.json["tenants"]["cronus"]
    assert_as_documented(told)
    assert told["entities"]["optiply/products"]["created"] > 0
    in_step.put(sandbox, home, "wholesale", ticked=True)
    assert command("check", "wholesale").code == 0  # signs in


def assert_as_documented(told: dict[str, Any]) -> None:
    """What ``--json`` says of a tenant whose run had nothing to complain about."""
    assert set(told) == {
        "status",
        "run_id",
        "seconds",
        "reason",
        "entities",
        "requests",
        "checks",
        "problems",
    }
    assert told["status"] in ("success", "partial")
    assert set(told["entities"]) == WRITTEN
    assert all(set(counts) == set(COUNT_NAMES) for counts in told["entities"].values())
    assert set(told["requests"]["business_central"]) == REQUESTS
    assert set(told["requests"]["optiply"]) == REQUESTS
    assert told["checks"]["read_complete"] == "passed"
    for problem in told["problems"]:
        assert set(problem) == {"entity", "remote_id", "kind", "reason"}


def test_given_nothing_changed_then_a_look_is_all_there_is(command: CommandLine, sandbox: Sandbox):
    command("sync", "--all")  # whatever other tests have left
    start = sandbox.requests.total

    outcome = command("sync", "--all", "--json")

    assert outcome.code == 0
    assert sandbox.requests.of("optiply", after=start, writes=True) == []
    for told in outcome.json["tenants"].values():
        assert told["run_id"] == ""
        assert told["reason"].startswith("nothing has changed since ")
        assert told["requests"]["business_central"]["total"] <= MOST_REQUESTS_OF_A_LOOK
        assert set(told["entities"]) == WRITTEN
        assert told["entities"]["optiply/products"]["unchanged"] > 0
        for counts in told["entities"].values():
            assert (counts["created"], counts["updated"], counts["deleted"]) == (0, 0, 0)


def test_given_nothing_changed_then_a_named_tenant_is_read_all_the_same_and_nothing_is_sent(
    command: CommandLine, sandbox: Sandbox
):
    start = sandbox.requests.total

    told = command("sync", "wholesale", "--json").json["tenants"]["wholesale"]

    assert told["run_id"]
    assert sandbox.requests.of("optiply", after=start, writes=True) == []
    for counts in told["entities"].values():
        assert (counts["created"], counts["updated"], counts["deleted"]) == (0, 0, 0)
    made = told["requests"]["business_central"]["total"]
    assert made <= MOST_REQUESTS_WHEN_NOTHING_CHANGED


def test_given_goods_that_move_then_stock_sends_that_and_nothing_else(
    command: CommandLine, sandbox: Sandbox, home: Path
):
    tick_tenant(aged.tenant())  # whatever other tests have left
    tick_tenant(aged.tenant("wholesale"))
    company = sandbox.business_central.companies["CRONUS International Ltd."]
    CHANGES["move_stock"](company, item="1896-S", quantity=3)
    CHANGES["rename_item"](company, item="1906-S", name="Renamed meanwhile")
    start = sandbox.requests.total

    outcome = command("stock", "--all", "--json")
    again = command("stock", "cronus", "--json")

    told = outcome.json["tenants"]
    assert told["wholesale"]["run_id"] == ""
    assert told["cronus"]["entities"]["optiply/products"]["updated"] >= 1
    assert set(told["cronus"]["entities"]) == {"optiply/products"}
    writes = sandbox.requests.of("optiply", after=start, writes=True)
    assert {write.method for write in writes if "oauth" not in write.path} == {"PATCH"}
    assert again.json["tenants"]["cronus"]["run_id"] == ""
    assert (outcome.code, again.code) == (0, 0)


def test_the_run_is_recorded_in_the_dagster_instance_of_the_home(
    command: CommandLine, home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(runs, "open_instance", open_instance)  # the one in files

    told = command("sync", "cronus", "--entity", "suppliers", "--json").json["tenants"]["cronus"]

    monkeypatch.setenv("DAGSTER_HOME", str(home / "dagster"))
    with open_instance(home) as instance:
        assert isinstance(instance, DagsterInstance)
        run = instance.get_run_by_id(told["run_id"])
    assert run is not None
    assert run.is_success
    assert run.job_name == "sync"
    assert run.tags["dagster/partition"] == "cronus"
    assert set(told["entities"]) == {"optiply/suppliers"}


def test_given_a_dry_run_then_it_says_what_it_would_do_and_does_nothing(
    command: CommandLine, sandbox: Sandbox
):
    company = sandbox.business_central.companies["CRONUS International Ltd."]
    item = next(row for row in company.tables["items"].values() if row["number"] == "1896-S")
    company.modify("items", item["id"], displayName="ATHENS desk, renamed")
    start = sandbox.requests.total

    dry = command("sync", "cronus", "--entity", "optiply/products", "--dry-run", "--json")

    assert dry.json["tenants"]["cronus"]["entities"]["optiply/products"]["updated"] == 1
    assert sandbox.requests.of("optiply", after=start, writes=True) == []

    real = command("sync", "cronus", "--entity", "products", "--json")

    assert real.json["tenants"]["cronus"]["entities"]["optiply/products"]["updated"] == 1
    writes = sandbox.requests.of("optiply", after=start, writes=True)
    assert [write.method for write in writes] == ["PATCH"]


def test_without_json_a_table_is_on_stdout_and_progress_on_stderr(command: CommandLine):
    outcome = command("sync", "cronus", "--entity", "suppliers")

    assert outcome.code == 0
    assert "cronus: success" in outcome.stdout
    assert "optiply/suppliers" in outcome.stdout
    assert "cronus: bc/vendors" in outcome.stderr
    assert "rows" in outcome.stderr


def test_given_refused_credentials_then_it_exits_1_with_kind_auth_and_the_other_tenant_works(
    command: CommandLine, sandbox: Sandbox, home: Path
):
    settings = home / "tenants.yaml"
    text = settings.read_text()
    broken = text.replace("client_secret: wholesale-client-secret", "client_secret: n0t-this")
    assert broken != text
    for token in (home / "secrets").glob("wholesale.*"):
        token.unlink()
    settings.write_text(broken)
    try:
        outcome = command("sync", "--all", "--entity", "suppliers", "--json")
        checked = command("check", "wholesale", "--json")
    finally:
        settings.write_text(text)

    assert outcome.code == 1
    told = outcome.json["tenants"]
    assert told["cronus"]["status"] == "success"
    assert told["wholesale"]["status"] == "failed"
    assert [problem["kind"] for problem in told["wholesale"]["problems"]] == ["auth"]
    assert checked.code == 1
    assert checked.json["tenants"]["wholesale"]["status"] == "failed"
    assert "n0t-this" not in outcome.stdout + outcome.stderr


def test_check_looks_at_everything_and_writes_nothing(command: CommandLine, sandbox: Sandbox):
    start = sandbox.requests.total

    outcome = command("check", "--json")

    assert outcome.code == 0
    for name, report in outcome.json["tenants"].items():
        checks = {check["name"]: check["outcome"] for check in report["checks"]}
        assert checks["business_central"] == checks["optiply"] == "passed", name
        assert "dimension_mappings_exist" in checks
    wholesale = {check["name"] for check in outcome.json["tenants"]["wholesale"]["checks"]}
    assert {"item_page", "item_units_page", "bom_components"} <= wholesale
    assert sandbox.requests.of("bc", after=start, writes=True) == []
    api_writes = sandbox.requests.of("optiply", after=start, writes=True)
    assert [write.path for write in api_writes if "oauth" not in write.path] == []


def test_given_a_company_that_is_not_there_then_check_names_it(command: CommandLine, home: Path):
    settings = home / "tenants.yaml"
    text = settings.read_text()
    settings.write_text(text.replace("company: CRONUS International Ltd.", "company: Contoso"))
    try:
        outcome = command("check", "cronus")
    finally:
        settings.write_text(text)

    assert outcome.code == 1
    assert "config: company 'Contoso' is not among the companies" in outcome.stdout


def test_status_shows_last_good_run_counts_and_what_is_held(command: CommandLine):
    outcome = command("status", "--json")
    plain = command("status")

    assert outcome.code == plain.code == 0
    cronus = outcome.json["tenants"]["cronus"]
    assert cronus["enabled"] is True
    assert cronus["late"] is False
    assert cronus["last_good_run"]["status"] in ("success", "partial")
    assert cronus["entities"]["optiply/products"]["active"] > 0
    assert "optiply/products" in plain.stdout


def test_show_follows_one_record_by_its_number(command: CommandLine):
    outcome = command("show", "cronus", "products", "1896-S", "--json")
    plain = command("show", "cronus", "optiply/products", "1896-S")

    (record,) = outcome.json["records"]
    assert record["source"]["items"][0]["number"] == "1896-S"
    assert record["wanted"]["skuCode"] == "1896-S"
    assert record["last_sent"]["skuCode"] == "1896-S"
    assert record["state"]["state"] == "active"
    assert plain.code == 0
    assert "1896-S" in plain.stdout


def test_show_of_an_unknown_record_exits_2(command: CommandLine):
    assert command("show", "cronus", "products", "no-such-number").code == 2


def test_retry_counts_the_records_it_releases(command: CommandLine):
    held = command("status", "cronus", "--json").json["tenants"]["cronus"]["held"]

    outcome = command("retry", "cronus", "--json")

    assert outcome.code == 0
    assert outcome.json == {"tenant": "cronus", "records": len(held)}
    assert command("retry", "cronus", "products", "no-such-number").code == 2


def test_approve_deletions_with_nothing_held_back_says_so(command: CommandLine):
    outcome = command("approve-deletions", "cronus")

    assert outcome.code == 0
    assert "held nothing back" in outcome.stdout
    named = command("approve-deletions", "cronus", "products", "--json")
    assert named.json == {"tenant": "cronus", "approved": ["optiply/products"]}
