"""Which runs go, which stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRunStatus

from bc_pipeline.errors import ConfigError, PipelineError
from bc_pipeline.orchestration.retention import event_storage
from bc_pipeline.orchestration.retention.clean_up import OF_NO_TENANT
from bc_pipeline.run import tick_memory
from bc_pipeline.snapshot.lock import tenant_lock
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants import registry
from bc_pipeline_tests.orchestration.conftest import write_tenants
from bc_pipeline_tests.orchestration.retention.conftest import (
    COMPANIES,
    KEEP_TWO,
    VENDORS,
    booked,
    cleaned,
    later,
    run_ids,
)

ONE_RUN = {"retention": {"runs": 1, "failed_days": 0}}


def with_defaults(home: Path, retention: str) -> None:
    path = home / "tenants.yaml"
    path.write_text(f"{path.read_text()}defaults: {{retention: {retention}}}\n")


def test_given_two_tenants_then_each_keeps_its_own_newest(home, instance):
    write_tenants(home, acme=KEEP_TWO, globex=KEEP_TWO)
    early = {booked(instance, "globex"), booked(instance, "globex")}
    gone, *stay = [booked(instance) for _ in range(3)]

    done = cleaned(instance)

    assert run_ids(instance) == early | set(stay)
    assert (done.tenants["acme"].deleted, done.tenants["globex"].deleted) == (1, 0)
    assert gone not in stay


def test_given_a_run_in_which_an_asset_was_good_last_then_it_stays(home, instance):
    write_tenants(home, acme=KEEP_TWO, globex=KEEP_TWO)
    with_vendors = booked(instance, assets=(COMPANIES, VENDORS))
    booked(instance, "globex", assets=(COMPANIES, VENDORS))
    stay = {booked(instance) for _ in range(3)} - {with_vendors}

    cleaned(instance)

    assert with_vendors in run_ids(instance)
    assert len(run_ids(instance) & stay) == 2


def test_given_a_run_that_evaluated_a_check_last_then_it_stays(home, instance):
    write_tenants(home, acme=KEEP_TWO, globex={})
    with_check = booked(instance, checks=("agrees_with_optiply",))
    for _ in range(3):
        booked(instance)

    cleaned(instance)

    assert with_check in run_ids(instance)


def test_given_a_failed_run_then_it_stays_for_its_days(home, instance):
    write_tenants(home, acme=KEEP_TWO, globex={})
    failed = booked(instance, status=DagsterRunStatus.FAILURE)
    for _ in range(3):
        booked(instance)

    with later(timedelta(days=29)):
        cleaned(instance)
    assert failed in run_ids(instance)
    assert len(run_ids(instance)) == 3

    with later(timedelta(days=31)):
        cleaned(instance)
    assert failed not in run_ids(instance)
    assert len(run_ids(instance)) == 2


@pytest.mark.parametrize("status", ["NOT_STARTED", "STARTING", "STARTED", "CANCELING"])
def test_given_a_run_at_work_then_it_stays_however_old(home, instance, status):
    write_tenants(home, acme=ONE_RUN, globex={})
    at_work = booked(instance, assets=(), status=DagsterRunStatus(status))
    booked(instance)
    last = booked(instance)

    with later(timedelta(days=400)):
        cleaned(instance)

    assert run_ids(instance) == {at_work, last}


def test_given_a_run_that_was_repeated_then_it_stays_with_its_repetition(home, instance):
    write_tenants(home, acme=ONE_RUN, globex={})
    booked(instance)
    first = booked(instance, assets=(), status=DagsterRunStatus.FAILURE)
    again = booked(instance, parent_run_id=first, root_run_id=first)

    cleaned(instance)

    assert run_ids(instance) == {first, again}


def test_given_a_tenant_that_is_gone_and_runs_of_none_then_the_limits_of_defaults_hold(
    home, instance
):
    write_tenants(home, globex={})
    with_defaults(home, "{runs: 1}")
    booked(instance, "acme")
    stays = booked(instance, "acme")
    for _ in range(2):
        booked(instance, None, of_job="retention")

    done = cleaned(instance)

    assert stays in run_ids(instance)
    assert len(run_ids(instance)) == 2
    assert done.tenants["acme"].runs == done.tenants[OF_NO_TENANT].runs == 1


def test_given_wrong_settings_of_a_tenant_then_nothing_of_it_is_deleted(home, instance):
    write_tenants(home, acme={"retention": {"rusn": 2}}, globex=KEEP_TWO)
    for _ in range(3):
        booked(instance)
        booked(instance, "globex")

    done = cleaned(instance)

    assert len(run_ids(instance)) == 5
    assert "did you mean runs?" in str(done.tenants["acme"].remark)


def test_given_wrong_defaults_then_nothing_at_all_is_deleted(home, instance):
    with_defaults(home, "{runs: none}")
    for _ in range(60):
        booked(instance, None, of_job="retention")

    with pytest.raises(ConfigError, match=r"defaults.retention.runs.*line"):
        cleaned(instance)

    assert len(run_ids(instance)) == 60


def test_given_a_storage_nobody_knows_then_nothing_is_deleted(home, instance, monkeypatch):
    monkeypatch.setattr(event_storage, "SqlEventLogStorage", int)

    with pytest.raises(PipelineError, match="nothing was deleted"):
        cleaned(instance)


def test_given_a_dry_run_then_nothing_is_deleted_and_all_is_counted(home, instance):
    write_tenants(home, acme=KEEP_TWO, globex={})
    before = {booked(instance) for _ in range(3)}

    done = cleaned(instance, dry_run=True)

    assert run_ids(instance) == before
    assert done.tenants["acme"].deleted == 1
    assert not (home / "storage.json").exists()


def test_given_a_busy_tenant_then_its_snapshot_is_left_and_the_others_are_done(home, instance):
    old_books(home)
    told: list[str] = []
    with tenant_lock(registry.load().get("acme").snapshot_dir):
        done = cleaned(instance, tell=told.append)

    assert "another run of acme is in progress" in str(done.tenants["acme"].remark)
    assert done.tenants["acme"].booked == 0
    assert any(line.startswith("acme:") and "in progress" in line for line in told)
    assert done.tenants["globex"].remark is None
    assert cleaned(instance).tenants["acme"].booked == 110


def test_given_old_books_then_they_go_once(home, instance):
    old_books(home)

    assert cleaned(instance, dry_run=True).tenants["acme"].booked == 110
    assert cleaned(instance).tenants["acme"].booked == 110
    assert cleaned(instance).tenants["acme"].booked == 0


def old_books(home: Path) -> None:
    """200 days with a run each."""
    with (
        Snapshot.open(registry.load().get("acme").snapshot_dir) as snapshot,
        snapshot.transaction() as cursor,
    ):
        cursor.execute(
            "INSERT INTO ops.runs SELECT n, 'id', began, began, 'success', NULL, false, '{}' FROM ("
            "SELECT n, now() - INTERVAL 12 HOURS - INTERVAL 1 DAY * (199 - n) AS began "
            "FROM range(200) t(n))"
        )


def test_given_a_dagster_yaml_that_says_nothing_of_ticks_then_that_is_told(
    home, instance: DagsterInstance, disk_instance: DagsterInstance
):
    assert cleaned(disk_instance).remarks == []

    assert [each.split(":")[0] for each in cleaned(instance).remarks] == [
        "Ticks of schedules are kept for ever",
        "Ticks of sensors are kept for ever",
    ]


def test_given_old_books_then_what_ticks_remember_holds_when_they_are_gone(home, instance):
    old_books(home)
    tenant = registry.load().get("acme")
    directory = tenant.snapshot_dir
    at = datetime.now(UTC)
    memory = tick_memory.Memory(
        made_by=tick_memory.maker(tenant),
        snapshot=tick_memory.state_of(directory),
        company=("id", "CRONUS", "CRONUS", "29"),
        ticked_at=at,
        ran_at=at,
    )
    tick_memory.save(directory, memory)

    assert cleaned(instance).tenants["acme"].booked == 110

    held = tick_memory.held(tenant)
    assert held is not None
    assert held.snapshot != memory.snapshot
    assert held.ticked_at == at
