"""Runs whose process is gone, whoever launched it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRunStatus, JobDefinition, job, op

from bc_pipeline.orchestration.alive import DIRECTORY, at_work, has_died
from bc_pipeline.orchestration.assets.launch import TenantRunResource
from bc_pipeline.orchestration.at_work import DIED, ORPHANED, fail_orphans
from bc_pipeline.orchestration.resources import TenantsResource
from bc_pipeline.orchestration.tags import PARENT_TAG


def _work_until_killed(home: Path, run_id: str, begun: object) -> None:
    with at_work(home, run_id):
        begun.set()  # type: ignore[attr-defined]
        multiprocessing.Event().wait(60)


def test_given_a_sweep_that_ends_then_nothing_is_left_and_one_not_begun_has_not_died(
    tmp_path: Path,
):
    assert not has_died(tmp_path, "one")
    with at_work(tmp_path, "one"):
        assert not has_died(tmp_path, "one")
    assert not has_died(tmp_path, "one")
    assert not list((tmp_path / DIRECTORY).iterdir())


def test_given_a_killed_process_then_its_sweep_and_the_runs_inside_it_are_marked_as_failed(
    tmp_path: Path, instance: DagsterInstance
):
    started = DagsterRunStatus.STARTED
    sweep = instance.create_run_for_job(_nothing, status=started)
    nested = instance.create_run_for_job(_nothing, status=started, tags={PARENT_TAG: sweep.run_id})
    context = multiprocessing.get_context("spawn")
    begun = context.Event()
    worker = context.Process(target=_work_until_killed, args=(tmp_path, sweep.run_id, begun))
    worker.start()
    assert begun.wait(30)
    assert fail_orphans(instance, tmp_path) == []

    worker.kill()
    worker.join(20)

    failed = [run.run_id for run in fail_orphans(instance, tmp_path)]
    assert failed == [sweep.run_id, nested.run_id]
    assert _why(instance, sweep.run_id) == DIED
    assert _why(instance, nested.run_id) == ORPHANED
    assert fail_orphans(instance, tmp_path) == []


def test_given_a_run_of_a_tenant_is_killed_then_the_next_tick_marks_it_as_failed(
    tmp_path: Path, instance: DagsterInstance
):
    run = instance.create_run_for_job(_nothing, status=DagsterRunStatus.STARTED)
    context = multiprocessing.get_context("spawn")
    begun = context.Event()
    worker = context.Process(target=_hold_a_tenant_run, args=(tmp_path, run.run_id, begun))
    worker.start()
    assert begun.wait(60)
    assert fail_orphans(instance, tmp_path) == []

    worker.kill()
    worker.join(20)

    assert [each.run_id for each in fail_orphans(instance, tmp_path)] == [run.run_id]
    assert _why(instance, run.run_id) == DIED


@pytest.mark.parametrize(
    ("tags", "held"), [({}, True), ({PARENT_TAG: "a sweep"}, False)], ids=["own", "in a sweep"]
)
def test_a_run_answers_for_itself_unless_it_is_part_of_a_sweep(
    tmp_path: Path, instance: DagsterInstance, tags: dict[str, str], held: bool
):
    done = _tenant_job(lambda: sorted(each.name for each in (tmp_path / DIRECTORY).glob("*")))
    result = done.execute_in_process(
        instance=instance, tags=tags, resources={"tenant_run": _resource(tmp_path)}
    )

    assert result.output_for_node("work") == ([result.run_id] if held else [])
    assert not list((tmp_path / DIRECTORY).glob("*"))


def _tenant_job(what: Callable[[], object]) -> JobDefinition:
    """A job whose run is one of a tenant, as far as its resource knows."""

    @op(required_resource_keys={"tenant_run"})
    def work() -> object:
        return what()

    @job
    def of_a_tenant() -> None:
        work()

    return of_a_tenant


def _resource(home: Path) -> TenantRunResource:
    return TenantRunResource(tenants=TenantsResource(home=str(home)))


def _hold_a_tenant_run(home: Path, run_id: str, begun: object) -> None:
    def wait() -> None:
        begun.set()  # type: ignore[attr-defined]
        multiprocessing.Event().wait(60)

    _tenant_job(wait).execute_in_process(run_id=run_id, resources={"tenant_run": _resource(home)})


def _why(instance: DagsterInstance, run_id: str) -> str:
    events = [entry.dagster_event for entry in instance.all_logs(run_id)]
    return next(str(each.message) for each in events if each and each.is_failure)


@op
def _nothing_at_all() -> None:
    return None


@job
def _nothing() -> None:
    _nothing_at_all()
