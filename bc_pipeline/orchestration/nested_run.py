"""A Dagster run of one tenant in this process: of the command line, or inside the run of a sweep.

Dagster knows no runs within runs. One is executed by the public ``execute_in_process``; so that the
UI shows, re-executes and watches it like any other, it gets the origin of the run it is part of by
way of ``DagsterInstance.create_run_for_job``, which is not documented: ``test_nested_run`` fails
first when that changes.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from dagster import (
    AssetKey,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    ExecuteInProcessResult,
    JobDefinition,
    RunConfig,
)

from bc_pipeline import clock
from bc_pipeline.orchestration.assets.tenant_run import RunObserver, conducted_by
from bc_pipeline.orchestration.known_targets import known_targets
from bc_pipeline.report import RunSummary
from bc_pipeline.run.tenant_run import TenantRun
from bc_pipeline.run.tick import Tick

SECONDS_BETWEEN_LOOKS = 5.0
"""How often somebody's wish to end the run is looked for."""
ENDING = (DagsterRunStatus.CANCELING, DagsterRunStatus.CANCELED)
OVERRAN = "took longer than {:.0f} minutes; the rest is done by the next run"
_INTERRUPTIONS = ("KeyboardInterrupt", "DagsterExecutionInterruptedError")

log = logging.getLogger(__name__)


@dataclass
class NestedRun:
    """One run to be executed here.

    Args:
        job: whose assets.
        tenant: the partition.
        selection: the assets.
        run_config: launch configuration.
        tags: of the run.
        parent: the run it is part of.
        tick: the look that led to it.
        seconds: it is ended when it takes longer; None: it may take any time.
        observer: told about progress.
    """

    job: JobDefinition
    tenant: str
    selection: Sequence[AssetKey]
    run_config: RunConfig
    tags: Mapping[str, str] = field(default_factory=dict)
    parent: DagsterRun | None = None
    tick: Tick | None = None
    seconds: float | None = None
    observer: RunObserver | None = None
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def __post_init__(self) -> None:
        self._engine: TenantRun | None = None
        self._summary: RunSummary | None = None
        self._over = threading.Event()
        self._overran = self._parent_ends = False

    def execute(self, instance: DagsterInstance) -> RunSummary:
        """Run it; one at a time in a process, for two of them on threads deadlock.

        Raises:
            KeyboardInterrupt: this process was told to stop; what was under way is finished and
                booked. Dagster itself swallows that.
        """
        guard = threading.Thread(target=self._guard, args=(instance,), daemon=True)
        guard.start()
        try:
            with (
                conducted_by(self),
                _origin(instance, self.parent),
                known_targets(instance),
            ):
                result = self.job.execute_in_process(
                    run_config=self.run_config,
                    instance=instance,
                    partition_key=self.tenant,
                    asset_selection=list(self.selection),
                    run_id=self.run_id,
                    tags=dict(self.tags),
                    raise_on_error=False,
                )
        finally:
            self._over.set()
            guard.join()
        if self._parent_ends or _was_interrupted(result):
            raise KeyboardInterrupt
        summary = self._summary or _without_summary(self.tenant, self.run_id, result)
        if self._overran:
            summary.reason = OVERRAN.format((self.seconds or 0) / 60)
        return summary

    @property
    def overran(self) -> bool:
        """Whether it was ended because it took too long."""
        return self._overran

    # -- Conductor ------------------------------------------------------------------------------

    def begun(self, run: TenantRun) -> None:
        self._engine = run

    def progress(self, entity: str, done: int, total: int, requests: int, rate: float) -> None:
        if self.observer is not None:
            self.observer.progress(entity, done, total, requests, rate)

    def finished(self, summary: RunSummary) -> None:
        self._summary = summary
        if self.observer is not None:
            self.observer.finished(summary)

    def _guard(self, instance: DagsterInstance) -> None:
        """Ends the run when it takes too long, or when somebody ends it, or what it is part of, in
        the UI."""
        started = clock.monotonic()
        while not self._over.wait(SECONDS_BETWEEN_LOOKS):
            late = self.seconds is not None and clock.monotonic() - started > self.seconds
            parent_ends = self.parent is not None and _is_ending(instance, self.parent.run_id)
            if not (late or parent_ends or _is_ending(instance, self.run_id)):
                continue
            if self._engine is not None:
                self._overran, self._parent_ends = late, parent_ends
                self._engine.cancel()
                return


def _is_ending(instance: DagsterInstance, run_id: str) -> bool:
    try:
        run = instance.get_run_by_id(run_id)
    except Exception:  # a storage that is busy for a moment; the deadline has to hold all the same
        log.warning("cannot tell whether run %s is to end", run_id, exc_info=True)
        return False
    return run is not None and run.status in ENDING


def _was_interrupted(result: ExecuteInProcessResult) -> bool:
    """Whether the run ended because the process was told to stop."""
    ends = (each for each in result.all_events if each.is_failure or each.is_job_event)
    errors = [getattr(each.event_specific_data, "error", None) for each in ends]
    return any(each is not None and each.cls_name in _INTERRUPTIONS for each in errors)


@contextmanager
def _origin(instance: DagsterInstance, parent: DagsterRun | None) -> Iterator[None]:
    """Runs made inside the block belong to the code location of ``parent``."""
    if parent is None or parent.remote_job_origin is None:
        yield
        return
    create: Callable[..., DagsterRun] = instance.create_run_for_job
    origin = parent.remote_job_origin

    def create_with_origin(*, job_def: JobDefinition, **given: object) -> DagsterRun:
        own = type(origin)(repository_origin=origin.repository_origin, job_name=job_def.name)
        return create(job_def=job_def, **{**given, "remote_job_origin": own})

    instance.create_run_for_job = create_with_origin  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        del instance.create_run_for_job


def _without_summary(name: str, run_id: str, result: ExecuteInProcessResult) -> RunSummary:
    """The run ended before our run had anything to say: what Dagster knows about it."""
    failures = [event.message for event in result.all_events if event.is_failure and event.message]
    return RunSummary(
        tenant=name,
        run_id=run_id,
        status="failed",
        reason=failures[0] if failures else "the run did not start",
    )
