"""A run inside of another process's run is one like any other to Dagster, and can be ended.

What is relied on in Dagster, and not documented there, is looked at first: when these tests fail
after an upgrade, ``nested_run.py`` is the place to mend.
"""

from __future__ import annotations

import inspect
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus
from dagster._core.remote_origin import (
    GrpcServerCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)

from bc_pipeline.definitions import defs
from bc_pipeline.orchestration import nested_run
from bc_pipeline.orchestration.assets.keys import asset_key
from bc_pipeline.orchestration.nested_run import NestedRun
from bc_pipeline.orchestration.tags import PARENT_TAG
from bc_pipeline.run.tenant_run import TenantRun

SELECTION = ["bc/companies", "bc/items", "optiply/products"]
REPOSITORY = RemoteRepositoryOrigin(
    GrpcServerCodeLocationOrigin("localhost", 4000, location_name="bc_pipeline"), "__repository__"
)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nested_run, "SECONDS_BETWEEN_LOOKS", 0.05)


@pytest.fixture
def parent(instance: DagsterInstance) -> DagsterRun:
    """A sweep that a daemon has started."""
    return instance.add_run(
        DagsterRun(
            job_name="sweep",
            run_id=str(uuid.uuid4()),
            status=DagsterRunStatus.STARTED,
            remote_job_origin=RemoteJobOrigin(REPOSITORY, "sweep"),
        )
    )


def nested(**given: Any) -> NestedRun:
    return NestedRun(
        defs.resolve_job_def("sync"),
        "acme",
        [asset_key(name) for name in SELECTION],
        run_config=None,  # type: ignore[arg-type]
        **given,
    )


def in_the_meantime(do: Callable[[], object], when: Callable[[], object]) -> threading.Thread:
    """Does something on a thread, once there is a reason to."""

    def wait() -> None:
        deadline = time.monotonic() + 20
        while not when():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        do()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


class TestWhatIsReliedOn:
    def test_a_run_in_this_process_is_made_by_the_method_that_is_replaced(
        self, script, instance, monkeypatch
    ):
        made: list[dict[str, Any]] = []
        create = instance.create_run_for_job

        def noted(*positional: Any, **given: Any) -> DagsterRun:
            assert positional == (), "job_def is handed in by name"
            made.append(given)
            return create(**given)

        monkeypatch.setattr(instance, "create_run_for_job", noted)
        nested().execute(instance)

        (given,) = made
        assert "job_def" in given

    def test_that_method_takes_the_origin_of_the_job(self):
        parameters = inspect.signature(DagsterInstance.create_run_for_job).parameters

        assert {"job_def", "remote_job_origin"} <= set(parameters)


def test_given_a_sweep_then_the_run_belongs_to_its_code_location_and_to_its_own_job(
    script, instance, parent
):
    run = nested(parent=parent, tags={PARENT_TAG: parent.run_id})

    summary = run.execute(instance)

    assert summary.status == "success"
    stored = instance.get_run_by_id(run.run_id)
    assert stored is not None
    assert stored.remote_job_origin == RemoteJobOrigin(REPOSITORY, "sync")
    assert stored.job_name == "sync"
    assert stored.status == DagsterRunStatus.SUCCESS
    assert stored.tags["dagster/partition"] == "acme"
    assert stored.tags[PARENT_TAG] == parent.run_id
    assert {each.run_id for each in instance.get_runs()} == {run.run_id, parent.run_id}


def test_given_the_command_line_then_the_run_has_no_origin(script, instance):
    run = nested()

    run.execute(instance)

    stored = instance.get_run_by_id(run.run_id)
    assert stored is not None
    assert stored.remote_job_origin is None


@pytest.mark.parametrize("error", [None, RuntimeError("odd"), KeyboardInterrupt()])
def test_however_it_ends_the_instance_is_as_it_was(script, instance, parent, error):
    if error is not None:
        script.errors["bc/items"] = error

    try:
        nested(parent=parent).execute(instance)
    except KeyboardInterrupt:
        assert isinstance(error, KeyboardInterrupt)

    assert "create_run_for_job" not in vars(instance)


def test_given_a_run_that_takes_too_long_then_it_is_ended_and_says_so(script, instance):
    script.endless.add("bc/items")
    run = nested(seconds=0.3)

    summary = run.execute(instance)

    assert run.overran
    assert "took longer than" in (summary.reason or "")
    assert script.runs[0].cancelled
    assert script.runs[0].finished == 1
    assert not _unfinished(instance)


def test_given_a_start_that_takes_longer_than_the_run_may_then_it_is_ended_as_soon_as_it_can_be(
    script, instance
):
    class SlowToBegin(NestedRun):
        def begun(self, run: TenantRun) -> None:
            time.sleep(0.3)
            super().begun(run)

    script.endless.add("bc/items")
    run = SlowToBegin(**vars_of(nested(seconds=0.1)))

    run.execute(instance)

    assert run.overran
    assert script.runs[0].cancelled


def test_given_a_storage_that_does_not_answer_then_the_deadline_holds(
    script, instance, monkeypatch
):
    def refuse(run_id: str) -> DagsterRun | None:
        if threading.current_thread() is not threading.main_thread():
            raise OSError("the database is locked")
        return ask(run_id)

    ask = instance.get_run_by_id
    monkeypatch.setattr(instance, "get_run_by_id", refuse)
    script.endless.add("bc/items")
    run = nested(seconds=0.2)

    run.execute(instance)

    assert run.overran


def test_given_somebody_ends_it_in_the_ui_then_it_ends_and_whoever_runs_it_goes_on(
    script, instance, parent
):
    script.endless.add("bc/items")
    run = nested(parent=parent)
    thread = in_the_meantime(
        lambda: instance.report_run_canceling(_stored(instance, run.run_id)),
        when=lambda: script.runs and "bc/items" in script.runs[0].waited,
    )

    summary = run.execute(instance)

    thread.join()
    assert summary.reason == "cancelled"
    assert not run.overran
    assert _stored(instance, run.run_id).status == DagsterRunStatus.CANCELED


def test_given_somebody_ends_the_sweep_then_its_run_ends_and_so_does_the_sweep(
    script, instance, parent
):
    script.endless.add("bc/items")
    thread = in_the_meantime(
        lambda: instance.report_run_canceled(parent),
        when=lambda: script.runs and "bc/items" in script.runs[0].waited,
    )

    with pytest.raises(KeyboardInterrupt):
        nested(parent=parent).execute(instance)

    thread.join()
    assert script.runs[0].finished == 1


def test_given_a_fault_of_ours_then_it_stops_nobody_else(script, instance, parent):
    script.errors["bc/items"] = RuntimeError("odd")

    summary = nested(parent=parent).execute(instance)

    assert summary.failed == ("bc/items",)
    assert not script.runs[0].cancelled


def test_given_this_process_is_told_to_stop_then_that_is_not_swallowed(script, instance):
    """Dagster makes a failed run of it and goes on."""
    script.errors["bc/items"] = KeyboardInterrupt()

    with pytest.raises(KeyboardInterrupt):
        nested().execute(instance)

    assert script.runs[0].finished == 1


def vars_of(run: NestedRun) -> dict[str, Any]:
    return {name: getattr(run, name) for name in run.__dataclass_fields__}


def _stored(instance: DagsterInstance, run_id: str) -> DagsterRun:
    found = instance.get_run_by_id(run_id)
    assert found is not None
    return found


def _unfinished(instance: DagsterInstance) -> list[DagsterRun]:
    return [run for run in instance.get_runs() if not run.is_finished]
