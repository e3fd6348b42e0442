"""``check`` fails where the next sync would, and names what to do (decision 30)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bc_pipeline.catalogue.entities import selected_entities
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.snapshot import learned
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline_tests.cli.aged import changed_settings, synced, tenant
from bc_pipeline_tests.cli.conftest import CommandLine
from bc_pipeline_tests.in_step import InStep

FORBIDDEN = {"error": {"code": "Authorization_RequestDenied", "message": "You may not."}}


@pytest.fixture(autouse=True)
def no_faults(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.faults.clear()


@contextmanager
def settings(home: Path, **changed: dict[str, object]) -> Iterator[None]:
    """Other settings of cronus for a while."""
    with changed_settings(home, "cronus", changed):
        yield


def report(command: CommandLine, name: str = "cronus") -> dict[str, dict[str, str]]:
    """The checks of a tenant by name."""
    checks = command("check", name, "--json").json["tenants"][name]["checks"]
    return {check["name"]: check for check in checks}


@pytest.mark.covers("decision 30")
def test_given_all_is_well_then_company_and_account_are_named_and_everything_is_read(
    command: CommandLine, home: Path, sandbox: Sandbox
):
    start = sandbox.requests.total

    plain = command("check", "cronus")
    told = report(command)

    assert plain.code == 0, plain.stdout
    assert "the company is CRONUS International Ltd." in told["business_central"]["detail"]
    account = sandbox.optiply.shops["cronus"]
    assert f"account {account.account_id} is 'cronus'" in told["optiply"]["detail"]
    assert "for the company CRONUS International Ltd." in told["optiply"]["detail"]
    names = {entity.name for entity in selected_entities(tenant())} - {"bc/companies"}
    assert names <= set(told)
    assert {"permissions", "coupling_id", "state", "optiply/products"} <= set(told)
    assert sandbox.requests.of("bc", after=start, writes=True) == []
    assert account.rows("products") == []


@pytest.mark.covers("decision 30")
def test_given_a_company_by_its_id_then_its_name_stands_beside_the_accounts(
    command: CommandLine, home: Path, sandbox: Sandbox
):
    company = sandbox.business_central.companies["CRONUS International Ltd."]
    with settings(home, business_central={"company": str(company.id)}):
        told = report(command)

    assert "for the company CRONUS International Ltd." in told["optiply"]["detail"]


@pytest.mark.covers("decision 30")
def test_given_entities_that_may_not_be_read_then_each_is_named_with_what_the_permissions_lack(
    command: CommandLine, home: Path, sandbox: Sandbox
):
    for path in (r"/items\?", r"/salesInvoices\?"):
        sandbox.faults.add("bc", action="status", status=403, path=path, times=None, body=FORBIDDEN)

    outcome = command("check", "cronus")
    told = report(command)

    assert outcome.code == 1
    failed = {name for name, check in told.items() if check["outcome"] == "failed"}
    assert failed == {"bc/items", "bc/sales_invoices", "permissions"}
    assert "no permission to read items (table data Item)" in told["bc/items"]["detail"]
    assert (
        "lack read permission on Item, Sales Invoice Header, Sales Invoice Line"
        in told["permissions"]["detail"]
    )
    assert "\nTraceback" not in outcome.stdout + outcome.stderr


@pytest.mark.covers("decision 30")
def test_given_a_token_that_still_works_but_no_next_one_then_it_fails_now(
    command: CommandLine, home: Path, sandbox: Sandbox
):
    assert command("check", "cronus").code == 0
    sandbox.faults.add(
        "entra", action="status", status=400, times=None, body={"error": "invalid_grant"}
    )

    outcome = command("check", "cronus")

    assert outcome.code == 1
    assert "invalid_grant" in outcome.stdout
    assert "sign in" in outcome.stdout


@pytest.mark.covers("decision 30")
def test_given_an_optional_source_that_is_not_there_then_it_is_a_warning_as_in_a_run(
    command: CommandLine, home: Path, sandbox: Sandbox
):
    with settings(home, business_central={"item_page_name": "No_Such_Page"}):
        outcome = command("check", "cronus")
        told = report(command)

    assert outcome.code == 0, outcome.stdout
    assert told["item_page"]["outcome"] == "warned"
    assert "is not there" in told["item_page"]["detail"]


@pytest.mark.covers("decision 30")
def test_given_a_wrong_account_then_it_says_which_key(
    command: CommandLine, home: Path, sandbox: Sandbox
):
    with settings(home, optiply={"account_id": 99}):
        outcome = command("check", "cronus")
        told = report(command)

    assert outcome.code == 1
    assert told["optiply"]["outcome"] == "failed"
    assert "optiply.account_id" in told["optiply"]["detail"]


@pytest.mark.covers("decision 30")
def test_given_a_wrong_coupling_in_an_account_without_rows_then_it_fails_and_changes_nothing(
    command: CommandLine, home: Path, sandbox: Sandbox
):
    with settings(home, optiply={"coupling_id": 999}):
        outcome = command("check", "cronus")
        told = report(command)

    assert outcome.code == 1
    assert "optiply.coupling_id" in told["coupling_id"]["detail"]
    assert sandbox.optiply.shops["cronus"].rows("products") == []


@pytest.mark.covers("decision 30")
class TestOnceInStep:
    """With rows of ours in Optiply and a snapshot."""

    @pytest.fixture(autouse=True)
    def first_sync(self, home: Path, sandbox: Sandbox, in_step: InStep) -> None:
        if not sandbox.optiply.shops["cronus"].rows("products"):
            in_step.put(sandbox, home, "cronus")

    def test_the_coupling_is_known_by_our_own_rows_and_nothing_is_sent(
        self, command: CommandLine, sandbox: Sandbox
    ):
        start = sandbox.requests.total

        told = report(command)

        assert told["coupling_id"]["outcome"] == "passed"
        assert told["state"]["outcome"] == "passed"
        writes = sandbox.requests.of("optiply", after=start, writes=True)
        assert [write.path for write in writes if "oauth" not in write.path] == []

    def test_given_another_coupling_then_it_names_the_one_our_rows_carry(
        self, command: CommandLine, home: Path, sandbox: Sandbox
    ):
        own = sandbox.optiply.shops["cronus"].coupling_id
        with settings(home, optiply={"coupling_id": 999}):
            told = report(command)

        assert told["coupling_id"]["outcome"] == "failed"
        assert f"rows carry {own}" in told["coupling_id"]["detail"]

    @pytest.mark.parametrize(
        "changed",
        [
            {"sync": {"sell_order_source": "sales_orders"}},
            {"business_central": {"entra_tenant": "other.example"}},
        ],
        ids=["another source of sell orders", "another place"],
    )
    def test_given_settings_that_do_not_fit_the_state_then_it_fails_like_the_next_run(
        self, command: CommandLine, home: Path, changed: dict[str, dict[str, object]]
    ):
        with settings(home, **changed):
            told = report(command)
            run = synced()

        assert told["state"]["outcome"] == "failed"
        assert run.status == "failed"
        assert told["state"]["detail"] == f"config: {run.reason}"

    @pytest.mark.covers("decision 2")
    def test_given_the_state_of_another_company_then_it_fails_like_the_next_run(
        self, command: CommandLine, home: Path
    ):
        key = "identity.business_central.company"
        with Snapshot.open(tenant().snapshot_dir) as snapshot:
            with snapshot.cursor() as cursor:
                own = learned.get(cursor, key)
            learned.put(snapshot, key, "another one")

        told = report(command)
        run = synced()

        assert told["business_central"]["outcome"] == "failed"
        assert told["business_central"]["detail"] == f"config: {run.reason}"
        with Snapshot.open(tenant().snapshot_dir) as snapshot:
            learned.put(snapshot, key, str(own))
