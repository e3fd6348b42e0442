"""What a support person does in the UI: it does the same as the command, and says what it did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance, ExecuteInProcessResult

from bc_pipeline.definitions import defs
from bc_pipeline.orchestration.tags import BY_TAG
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants import registry
from bc_pipeline.to_optiply.diff import FORCED
from bc_pipeline_tests.orchestration.conftest import write_tenants

HELD = (
    "INSERT INTO sync.products (remote_id, optiply_id, state, reason, attempts, next_attempt_run,"
    " last_sent) VALUES "
    "('p1', 1, 'active', NULL, 0, NULL, '{}'), ('p2', NULL, 'quarantined', 'no name', 3, 9, NULL), "
    "('p3', 3, 'guard', 'gone', 0, NULL, '{\"skuCode\": \"1896-S\", \"name\": \"Desk\"}')"
)


@pytest.fixture
def snapshot_dir(home: Path) -> Path:
    """acme's, with a record of each kind."""
    directory = registry.load().get("acme").snapshot_dir
    with Snapshot.open(directory) as snapshot, snapshot.cursor() as cursor:
        cursor.execute(HELD)
    return directory


def act(instance: DagsterInstance, name: str, **config: Any) -> ExecuteInProcessResult:
    return defs.resolve_job_def(name).execute_in_process(
        instance=instance,
        partition_key="acme",
        raise_on_error=False,
        run_config={"ops": {f"{name}_now": {"config": config}}},
    )


def told(result: ExecuteInProcessResult) -> dict[str, Any]:
    (output,) = (each.step_output_data for each in result.all_events if each.is_successful_output)
    return {name: value.value for name, value in output.metadata.items()}


def column(directory: Path, name: str, remote_id: str) -> object:
    with Snapshot.open(directory, read_only=True) as snapshot, snapshot.cursor() as cursor:
        query = f"SELECT {name} FROM sync.products WHERE remote_id = ?"
        return cursor.execute(query, [remote_id]).fetchone()[0]


def test_retry_lets_the_next_run_try_what_is_held_back(instance, snapshot_dir: Path):
    result = act(instance, "retry", entity="products", by="Anna")

    assert told(result)["done"] == "The next run tries 1 records again"
    assert column(snapshot_dir, "next_attempt_run", "p2") is None
    assert instance.get_run_by_id(result.run_id).tags[BY_TAG] == "Anna"


def test_resend_sends_all_attributes_of_a_record_again(instance, snapshot_dir: Path):
    result = act(instance, "resend", entity="optiply/products", record="p1")

    assert told(result)["records"] == 1
    assert column(snapshot_dir, "content_hash", "p1") == FORCED


def test_deletions_are_shown_first_and_approved_only_when_that_is_said(
    instance, snapshot_dir: Path
):
    shown = told(act(instance, "approve_deletions"))
    assert shown["deletions"] == 1
    assert "| optiply/products | 1896-S | Desk |" in shown["waiting"]
    assert "nothing was approved" in shown["done"]

    done = told(act(instance, "approve_deletions", approve=True))
    assert done["done"] == "Approved for the next run: optiply/products"
    with Snapshot.open(snapshot_dir, read_only=True) as snapshot, snapshot.cursor() as cursor:
        assert cursor.execute("SELECT count(*) FROM ops.approvals").fetchone() == (1,)


def test_pause_keeps_the_schedules_off_and_resume_lets_them_go_on(instance, home: Path):
    paused = told(act(instance, "pause", by="Anna", why="stock-taking"))
    assert paused["done"].endswith("by Anna: stock-taking")
    assert [each.name for each in registry.load().enabled()] == ["globex"]

    resumed = told(act(instance, "resume"))
    assert resumed["done"].startswith("Resumed; it was paused since")
    assert [each.name for each in registry.load().enabled()] == ["acme", "globex"]


def test_given_it_cannot_be_done_then_the_run_fails_in_words(instance, home: Path):
    result = act(instance, "retry", entity="nonsense")

    (failure,) = (each for each in result.all_events if each.is_step_failure)
    data = failure.step_failure_data
    assert not result.success
    assert "nonsense" in (data.user_failure_data.description or "")


def test_given_wrong_settings_then_no_secret_is_told(instance, home: Path):
    write_tenants(home, acme={"optiply": {"password": "s3cr3t-password"}})

    result = act(instance, "retry")

    assert not result.success
    events = "".join(str(each) for each in instance.all_logs(result.run_id))
    assert "s3cr3t" not in events


@pytest.mark.parametrize("name", ["retry", "resend", "approve_deletions", "pause", "resume"])
def test_every_field_of_their_launchpads_is_described(name):
    job = defs.resolve_job_def(name)
    op = job.run_config_schema.config_type.fields["ops"].config_type.fields[f"{name}_now"]
    fields = op.config_type.fields["config"].config_type.fields

    assert job.partitions_def.name == "tenants"
    assert job.description
    assert fields
    assert all(field.description for field in fields.values())
