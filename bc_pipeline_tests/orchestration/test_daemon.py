"""The real Dagster daemon: ticks start sweeps, and these runs of the tenants in which something has
changed, and none of a removed one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter

from bc_pipeline.cli.main import run as command_line
from bc_pipeline.orchestration.instance import open_instance
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.changes import CHANGES
from bc_pipeline_tests.ui import process

pytestmark = [pytest.mark.daemon, pytest.mark.timeout(400)]

MODULE = "bc_pipeline_tests.orchestration.quick_ticks"
WAIT_SECONDS = 180
COMPANIES = {"cronus": "CRONUS International Ltd.", "wholesale": "Noordzee Groothandel B.V."}
ITEMS = {"cronus": "1896-S", "wholesale": "O'NEILL-07"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(wholesale_items=20) as served:
        yield served


@pytest.fixture
def home(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BC_PIPELINE_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    monkeypatch.delenv("BC_PIPELINE_TENANTS", raising=False)
    sandbox.write_tenants(tmp_path)
    return tmp_path


def test_given_the_daemon_then_both_tenants_are_synced_and_a_removed_one_no_more(
    home: Path, sandbox: Sandbox
):
    with open_instance(home) as instance, process(home, "dagster-daemon", "run", "-m", MODULE):
        until(lambda: succeeded(instance, "cronus") and succeeded(instance, "wholesale"), home)
        assert set(instance.get_dynamic_partitions("tenants")) == {"cronus", "wholesale"}
        until(lambda: not unfinished(instance, "cronus"), home)
        until(lambda: not unfinished(instance, "wholesale"), home)

        without(home, "wholesale")
        until(lambda: all(run.is_finished for run in sweeps(instance)), home)
        removed_after = len(runs(instance, "wholesale"))
        for price in (17, 18):
            others_before = len(succeeded(instance, "cronus"))
            for tenant in ("cronus", "wholesale"):
                changed(sandbox, tenant, "change_price", price=price)
            until(lambda: len(succeeded(instance, "cronus")) > others_before, home)  # noqa: B023

        # One tick may have been under way while the file was changed; its run then finds no such
        # tenant and says so.
        late = failed(instance)
        assert len(late) <= 1
        assert all(run.tags["dagster/partition"] == "wholesale" for run in late)
        assert all("there is no tenant 'wholesale'" in why for why in reasons(instance, late))
        assert len(runs(instance, "wholesale")) <= removed_after + 1
        assert "wholesale" in instance.get_dynamic_partitions("tenants")


def test_given_goods_that_move_then_a_tick_of_stock_shows_them_in_optiply(
    home: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
):
    # Given both tenants in step, and a daemon that ticks for stock alone
    assert command_line(["sync", "--all", "--json"]) == 0
    monkeypatch.setenv("QUICK_TICKS", "stock")
    with open_instance(home) as instance, process(home, "dagster-daemon", "run", "-m", MODULE):
        until(lambda: len([each for each in sweeps(instance) if each.is_success]) >= 2, home)
        assert {each.tags["bc_pipeline/shard"] for each in sweeps(instance)} == {"stock 1/1"}
        before = {tenant: len(runs(instance, tenant)) for tenant in ("cronus", "wholesale")}
        start, level = sandbox.requests.total, stock_shown(sandbox, "cronus")

        # When goods of one of them move
        changed(sandbox, "cronus", "move_stock", quantity=7)

        # Then Optiply shows it, by a run of that tenant alone, inside of a sweep
        until(lambda: stock_shown(sandbox, "cronus") == level + 7, home)
        until(lambda: all(each.is_finished for each in runs(instance, "cronus")), home)
        assert len(runs(instance, "wholesale")) == before["wholesale"]
        (nested,) = runs(instance, "cronus")[: -before["cronus"]]
        assert nested.is_success
        assert nested.job_name == "stock"
        assert nested.tags["bc_pipeline/sweep"] in {each.run_id for each in sweeps(instance)}
        # What the UI needs to show it beside the job, and to run it again.
        assert nested.remote_job_origin is not None
        assert nested.remote_job_origin.job_name == "stock"
        writes = sandbox.requests.of("optiply", after=start, writes=True)
        assert [each.method for each in writes if "oauth" not in each.path] == ["PATCH"]


@pytest.mark.covers("decision 32", "new user: a broken tenants.yaml")
def test_given_broken_settings_then_what_is_broken_is_red_and_says_where(
    home: Path, sandbox: Sandbox
):
    path = home / "tenants.yaml"
    sound = path.read_text()
    with open_instance(home) as instance, process(home, "dagster-daemon", "run", "-m", MODULE):
        until(lambda: succeeded(instance, "wholesale"), home)

        # A typing error in one tenant: its partition is red, the other goes on.
        path.write_text(sound.replace("item_page_name:", "item_page_nam:"))
        assert path.read_text() != sound
        until(lambda: failed(instance), home)
        before = len(succeeded(instance, "cronus"))
        changed(sandbox, "cronus", "change_price", price=17)
        until(lambda: len(succeeded(instance, "cronus")) > before, home)
        assert {run.tags["dagster/partition"] for run in failed(instance)} == {"wholesale"}
        (told, *_) = reasons(instance, failed(instance))
        assert str(path) in told
        assert "(line " in told
        assert "item_page_nam: unknown key; did you mean item_page_name?" in told

        # No YAML at all: the ticks themselves are red.
        path.write_text(sound + "  - what is this\n")
        until(lambda: red_ticks(instance, "every_few_seconds"), home)
        tick = red_ticks(instance, "every_few_seconds")[0]
        assert tick.error is not None
        assert f"{path}: not valid YAML at line " in str(tick.error)


def changed(sandbox: Sandbox, tenant: str, change: str, **values: object) -> None:
    """Changes an item of a tenant's company."""
    company = sandbox.business_central.companies[COMPANIES[tenant]]
    CHANGES[change](company, item=ITEMS[tenant], **values)


def stock_shown(sandbox: Sandbox, tenant: str) -> int:
    """The stock level of that item in Optiply."""
    rows = sandbox.optiply.shops[tenant].rows("products")
    return next(int(row["stockLevel"]) for row in rows if row["skuCode"] == ITEMS[tenant])


def sweeps(instance: DagsterInstance) -> list[DagsterRun]:
    return list(instance.get_runs(RunsFilter(job_name="sweep")))


def red_ticks(instance: DagsterInstance, name: str) -> list[Any]:
    return [
        tick
        for state in instance.all_instigator_state()
        if state.instigator_name == name
        for tick in instance.get_ticks(state.instigator_origin_id, state.selector_id)
        if tick.is_failure
    ]


def runs(instance: DagsterInstance, tenant: str) -> list[DagsterRun]:
    return list(instance.get_runs(RunsFilter(tags={"dagster/partition": tenant})))


def succeeded(instance: DagsterInstance, tenant: str) -> list[DagsterRun]:
    return [run for run in runs(instance, tenant) if run.status == DagsterRunStatus.SUCCESS]


def unfinished(instance: DagsterInstance, tenant: str) -> list[DagsterRun]:
    return [run for run in runs(instance, tenant) if not run.is_finished]


def failed(instance: DagsterInstance) -> list[DagsterRun]:
    return list(instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.FAILURE])))


def reasons(instance: DagsterInstance, of: list[DagsterRun]) -> list[str]:
    """Why each of the runs failed, as its steps tell it."""
    return [
        " ".join(
            str(entry.dagster_event.event_specific_data)
            for entry in instance.all_logs(run.run_id)
            if entry.dagster_event and entry.dagster_event.is_step_failure
        )
        for run in of
    ]


def without(home: Path, tenant: str) -> None:
    path = home / "tenants.yaml"
    document = yaml.safe_load(path.read_text())
    del document["tenants"][tenant]
    path.write_text(yaml.safe_dump(document))


def until(condition, home: Path) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            log = (home / "dagster.log").read_text(errors="replace")
            pytest.fail(f"not within {WAIT_SECONDS} s; the daemon says:\n{log[-8000:]}")
        time.sleep(1)
