"""``status`` says "fine" only when it is (decisions 28 to 34)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bc_pipeline.run.freshness import Freshness
from bc_pipeline.run.tenant_state import TenantState
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.snapshot.store import FILE_NAME, Snapshot
from bc_pipeline_tests.cli.aged import changed_settings, let_pass, synced, tenant
from bc_pipeline_tests.cli.conftest import CommandLine
from bc_pipeline_tests.in_step import InStep

WEEK = timedelta(days=7)
FORBIDDEN = {"error": {"code": "Authentication_InvalidCredentials", "message": "No permission"}}


@pytest.fixture(scope="module")
def just_synced(sandbox: Sandbox, shared_home: Path, in_step: InStep) -> bytes:
    """cronus's snapshot after its first sync."""
    in_step.put(sandbox, shared_home, "cronus")
    return (shared_home / "snapshots/cronus" / FILE_NAME).read_bytes()


@pytest.fixture(autouse=True)
def first_sync(home: Path, just_synced: bytes) -> None:
    """Every test finds cronus in step with Optiply as of now."""
    (tenant().snapshot_dir / FILE_NAME).write_bytes(just_synced)


@contextmanager
def items_forbidden(sandbox: Sandbox) -> Iterator[None]:
    fault = sandbox.faults.add(
        "bc", action="status", status=403, path=r"/items\?", times=None, body=FORBIDDEN
    )
    try:
        yield
    finally:
        sandbox.faults.remove(fault)


@pytest.mark.covers("decision 29")
def test_given_everything_was_read_and_sent_just_now_then_all_is_well(command: CommandLine):
    plain = command("status", "cronus", "--exit-code")
    told = command("status", "cronus", "--json").json["tenants"]["cronus"]

    assert plain.code == 0, plain.stdout
    assert told["late"] is False
    assert told["attention"] == []
    assert {"bc/items", "optiply/products", "optiply/buy_order_lines"} <= set(told["freshness"])
    for name, fresh in told["freshness"].items():
        assert fresh["last_good"] is not None, name
        assert not (fresh["late"] or fresh["failed"]), name


@pytest.mark.covers("decision 29")
def test_given_items_forbidden_for_a_week_while_the_rest_goes_on_then_the_tenant_is_late(
    command: CommandLine, sandbox: Sandbox
):
    let_pass(WEEK)
    with items_forbidden(sandbox):
        assert synced().status == "partial"

    plain = command("status", "cronus", "--exit-code")
    told = command("status", "cronus", "--json").json["tenants"]["cronus"]

    assert plain.code == 1
    assert "late: bc/items was last read" in plain.stdout
    assert "refuses access for cronus (HTTP 403" in plain.stdout
    assert "7 days ago" in plain.stdout
    late = {name for name, fresh in told["freshness"].items() if fresh["late"]}
    assert told["late"] is True
    assert {"bc/items", "optiply/products"} <= late
    assert not {"bc/vendors", "optiply/suppliers"} & late
    assert "403" in told["freshness"]["bc/items"]["reason"]


@pytest.mark.covers("decision 29")
def test_given_a_run_that_read_nothing_then_the_good_run_is_the_one_before(command: CommandLine):
    before = command("status", "cronus", "--json").json["tenants"]["cronus"]["last_good_run"]

    summary = synced(entities=("bc/companies",))

    assert summary.status == "success"
    told = command("status", "cronus", "--json").json["tenants"]["cronus"]
    assert told["last_run"]["run_id"] == summary.run_id
    assert told["last_good_run"]["run_id"] == before["run_id"]


@pytest.mark.covers("decision 29")
def test_given_a_sync_of_one_entity_then_only_that_one_is_fresh(command: CommandLine):
    let_pass(WEEK)
    synced(entities=("suppliers",))

    told = command("status", "cronus", "--json").json["tenants"]["cronus"]

    assert told["late"] is True
    late = {name for name, fresh in told["freshness"].items() if fresh["late"]}
    assert not {"bc/vendors", "bc/purchase_orders", "optiply/suppliers"} & late
    assert {"bc/items", "optiply/products", "optiply/sell_orders"} <= late


@pytest.mark.covers("decision 29")
def test_given_what_is_read_once_a_day_then_it_is_late_only_after_more_than_a_day(
    command: CommandLine,
):
    let_pass(timedelta(hours=20))
    synced()

    told = command("status", "cronus", "--json").json["tenants"]["cronus"]

    assert told["late"] is False, told["attention"]


def test_given_a_failure_whose_reason_a_later_run_has_replaced_then_no_reason_is_made_up() -> None:
    failed = Freshness("optiply/products", good=datetime.now(UTC), failed=True)
    state = TenantState(last_run={"status": "success"}, freshness={failed.entity: failed})

    assert state.attention() == ["optiply/products failed in its last run"]


@pytest.mark.covers("decision 29")
def test_given_a_run_that_failed_then_the_exit_code_says_so_before_it_is_late(
    command: CommandLine, sandbox: Sandbox
):
    with items_forbidden(sandbox):
        synced()

    outcome = command("status", "cronus", "--exit-code")

    assert outcome.code == 1
    assert "bc/items failed in its last run: " in outcome.stdout
    assert command("status", "cronus").code == 0


@pytest.mark.covers("decision 29")
def test_given_a_disabled_tenant_then_nothing_is_expected_of_it(command: CommandLine, home: Path):
    let_pass(WEEK)

    with changed_settings(home, "cronus", {"enabled": False}):
        outcome = command("status", "cronus", "--exit-code")
        told = command("status", "cronus", "--json").json["tenants"]["cronus"]

    assert outcome.code == 0
    assert told["late"] is False


@pytest.mark.covers("decision 29")
def test_given_a_tenant_that_never_ran_then_it_is_late(command: CommandLine):
    outcome = command("status", "wholesale", "--exit-code")

    assert outcome.code == 1
    assert "wholesale: late: it never ran" in outcome.stdout


@pytest.mark.covers("decision 29")
@pytest.mark.parametrize(("state", "code"), [("blocked", 1), ("ambiguous", 1), ("done", 0)])
def test_given_an_export_that_waits_for_somebody_then_the_exit_code_is_1(
    command: CommandLine, state: str, code: int
):
    book(f"INSERT INTO outbound.ledger (entity, key, state) VALUES ('vendors', 'v-1', '{state}')")
    try:
        outcome = command("status", "cronus", "--exit-code")
    finally:
        book("DELETE FROM outbound.ledger")

    assert outcome.code == code
    assert (f"1 {state} in outbound/vendors wait for somebody" in outcome.stdout) is bool(code)


@pytest.mark.covers("decision 29", "installations")
def test_given_the_books_of_the_first_version_then_what_it_sent_counts(command: CommandLine):
    book("DELETE FROM ops.entity_counts WHERE kind = 'sent'")

    outcome = command("status", "cronus", "--exit-code")

    assert outcome.code == 0, outcome.stdout


@pytest.mark.covers("decision 18")
def test_given_a_misspelt_location_then_status_says_so_until_the_entity_is_sent_well(
    command: CommandLine, home: Path
):
    with changed_settings(home, "cronus", {"sync": {"locations": ["EASST"]}}):
        synced(entities=("products",))
        synced(entities=("suppliers",))  # says nothing about locations
    misspelt = command("status", "cronus", "--exit-code")

    synced(entities=("products",))
    corrected = command("status", "cronus", "--exit-code")

    assert misspelt.code == 1
    assert "cronus: optiply/products: sync.locations: Business Central has no location 'EASST'" in (
        misspelt.stdout
    )
    assert corrected.code == 0, corrected.stdout


def book(statement: str) -> None:
    with Snapshot.open(tenant().snapshot_dir) as snapshot, snapshot.transaction() as cursor:
        cursor.execute(statement)


@pytest.mark.covers("decision 14")
def test_a_file_in_a_format_nobody_reads_is_told_with_those_that_are(command: CommandLine):
    path = tenant().snapshot_dir / "outbound" / "Bills.final.docx"
    path.parent.mkdir(exist_ok=True)
    path.write_text("x")
    try:
        plain = command("status", "cronus", "--exit-code")
        told = command("status", "cronus", "--json").json["tenants"]["cronus"]
    finally:
        path.unlink()

    assert plain.code == 1
    assert "Bills.final.docx is in no format that is read; write .parquet" in plain.stdout
    assert told["files_not_read"] == ["Bills.final.docx"]


@pytest.mark.covers("decision 34")
class TestRecords:
    """``bc-pipeline records`` lists what is behind a number."""

    def test_skipped_products_are_listed_with_number_name_and_reason(self, command: CommandLine):
        plain = command("records", "cronus", "products", "--state", "skipped")
        told = command("records", "cronus", "optiply/products", "--state", "skipped", "--json")

        assert plain.code == told.code == 0
        counted = command("status", "cronus", "--json").json["tenants"]["cronus"]["entities"]
        assert len(told.json["records"]) == counted["optiply/products"]["skipped"]
        assert "the item is of type Service, not Inventory" in plain.stdout
        for record in told.json["records"]:
            assert record["number"] in plain.stdout
            assert record["name"] in plain.stdout
            assert record["key"] not in plain.stdout

    def test_they_go_into_a_file_for_a_spreadsheet(self, command: CommandLine, tmp_path: Path):
        path = tmp_path / "skipped.csv"

        outcome = command("records", "cronus", "receipt_lines", "--csv", str(path))

        with path.open(encoding="utf-8-sig", newline="") as file:
            written = list(csv.DictReader(file))
        assert outcome.code == 0
        assert len(written) > 100
        assert {"number", "name", "state", "reason", "key"} <= set(written[0])
        assert written[0]["number"].endswith("line 10000")

    def test_given_a_name_like_a_formula_then_the_spreadsheet_gets_it_as_text(
        self, command: CommandLine, tmp_path: Path
    ):
        book(
            "INSERT INTO outbound.ledger (entity, key, state, reason, record) VALUES ('vendors', "
            """'@v-2', 'failed', '-1', '{"vendorName": "=HYPERLINK(\\"http://x\\")"}')"""
        )
        path = tmp_path / "failed.csv"

        command("records", "cronus", "Vendors", "--csv", str(path))

        with path.open(encoding="utf-8-sig", newline="") as file:
            (written,) = (row for row in csv.DictReader(file) if row["key"].endswith("v-2"))
        assert written["name"] == """'=HYPERLINK("http://x")"""
        assert (written["key"], written["reason"]) == ("'@v-2", "'-1")

    def test_a_file_that_cannot_be_written_is_told(self, command: CommandLine, tmp_path: Path):
        path = tmp_path / "none" / "skipped.csv"

        outcome = command("records", "cronus", "products", "--csv", str(path))

        assert outcome.code == 2
        assert f"{path} cannot be written (No such file or directory)" in outcome.stderr

    def test_records_for_business_central_by_the_name_producers_use(self, command: CommandLine):
        book(
            "INSERT INTO outbound.ledger (entity, key, state, reason, record) VALUES ('vendors', "
            """'v-1', 'failed', 'no country XX', '{"vendorName": "Fabrikam"}')"""
        )
        outcome = command("records", "cronus", "Vendors", "--state", "failed")

        assert "Fabrikam" in outcome.stdout
        assert "no country XX" in outcome.stdout

    def test_held_records_have_their_number_and_name_in_status(self, command: CommandLine):
        plain = command("status", "cronus")
        held = command("status", "cronus", "--json").json["tenants"]["cronus"]["held"]

        assert held
        for record in held:
            assert record["number"] in plain.stdout
            assert record["remote_id"] not in plain.stdout

    def test_nothing_in_a_state_is_said(self, command: CommandLine):
        outcome = command("records", "cronus", "suppliers", "--state", "quarantined")

        assert outcome.code == 0
        assert "cronus: no record of optiply/suppliers is quarantined" in outcome.stdout
