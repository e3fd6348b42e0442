"""The link between one Dagster run and one tenant run (``TenantRun``).

With the in-process executor all steps of a Dagster run share one ``RunHandle``. The first step that
asks starts the tenant run for everything the Dagster run selected; each step then waits for its own
task. The tenant run works on many tasks at once while the steps look at them one after another.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Protocol

from dagster import DagsterRun

from bc_pipeline.catalogue.task import BC, OPTIPLY, OUTBOUND
from bc_pipeline.catalogue.tasks import BY_NAME, closure, downstream, entity_names
from bc_pipeline.errors import PipelineError
from bc_pipeline.orchestration.assets.keys import selected_names
from bc_pipeline.report import EntityResult, Launch, Problem, ProgressListener, RunSummary
from bc_pipeline.run.tenant_run import TenantRun
from bc_pipeline.run.tick import Tick
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_business_central.export_types import Preparation

EXPORT_JOB = "export"
"""Name of the job that only writes to Business Central."""
FULL_REFRESH_JOB = "full_refresh"
"""Name of the job that reads everything again, whatever its launch configuration says: Dagster's
launchpad fills in the defaults of the resource, and these are those of every job."""


class RunObserver(ProgressListener, Protocol):
    """Somebody who watches runs of this process, such as the command line."""

    def finished(self, summary: RunSummary) -> None:
        """The run is over; everything it learned is in ``summary``."""


class Conductor(RunObserver, Protocol):
    """Somebody who executes one run in this process, and may end it.

    Attributes:
        tick: the look that has found what the run is to do; None: somebody asked for it.
    """

    tick: Tick | None

    def begun(self, run: TenantRun) -> None:
        """The run is about to start; it can be cancelled from now on."""


_observer: ContextVar[RunObserver | None] = ContextVar("observer", default=None)
_conductor: ContextVar[Conductor | None] = ContextVar("conductor", default=None)


@contextmanager
def watched_by(observer: RunObserver) -> Iterator[None]:
    """Runs executed inside the block report their progress and outcome to ``observer``."""
    token = _observer.set(observer)
    try:
        yield
    finally:
        _observer.reset(token)


@contextmanager
def conducted_by(conductor: Conductor) -> Iterator[None]:
    """The run executed inside the block is that of ``conductor``, who watches it too."""
    token = _conductor.set(conductor)
    try:
        with watched_by(conductor):
            yield
    finally:
        _conductor.reset(token)


class RunHandle:
    """The tenant run of one Dagster run, started when a step first asks.

    Args:
        find_tenant: gives the tenant of a partition key; may raise ConfigError.
        find_launch: gives the launch settings; may raise ConfigError.
        dagster_run: whose selection the tenant run works on; None outside of a run.
    """

    def __init__(
        self,
        find_tenant: Callable[[str], Tenant],
        find_launch: Callable[[], Launch],
        dagster_run: DagsterRun | None,
    ) -> None:
        self._find_tenant = find_tenant
        self._find_launch = find_launch
        self._dagster_run = dagster_run
        self._run_id = dagster_run.run_id if dagster_run else str(uuid.uuid4())
        self._partition = ""
        self._engine: TenantRun | None = None
        self._refusal: PipelineError | None = None
        self._checks: dict[str, str] = {}
        self._asked: set[str] = set()
        self._failed: set[str] = set()

    def includes(self, name: str) -> bool:
        """Whether launch configuration leaves this asset in (``entities``)."""
        entities = self._launch().entities
        return not entities or name in closure(entity_names(entities, self._prefixes()))

    @property
    def dry_run(self) -> bool:
        """Whether nothing is to be sent; ConfigError when the launch settings are wrong."""
        return self._launch().dry_run

    def still_to_tell(self, partition: str, name: str) -> list[str]:
        """The asset and those of this run that come after it, which no step has asked for yet, in
        the order of the asset table.

        Raises:
            PipelineError: the tenant run could not start.
        """
        behind = downstream([name]) & self._started(partition).selected
        return [each for each in BY_NAME if each in behind and each not in self._asked]

    def prepared(self, partition: str, name: str) -> Preparation:
        """What an ``outbound/*`` asset is about to write; nothing of it is written before
        ``release``.

        Raises: as ``wait``.
        """
        with self._asking(partition, name) as tenant_run:
            return tenant_run.prepared(name)

    def release(self, name: str) -> None:
        """Let the writing of an ``outbound/*`` asset begin."""
        self.tenant_run().release(name)

    def wait(self, partition: str, name: str) -> EntityResult:
        """Wait for one task and return what it did; empty when the tenant has no such entity.

        Raises:
            PipelineError: the tenant run could not start (the same error for every step that
                asks), or this task failed or was blocked.
        """
        with self._asking(partition, name) as tenant_run:
            return tenant_run.wait(name)

    def result(self, name: str) -> EntityResult:
        """What a task that has ended did, however it ended."""
        return self.tenant_run().result(name)

    def goes_on_after(self, name: str) -> bool:
        """Whether other assets of this run come after this one."""
        return bool(self.tenant_run().selected & (downstream([name]) - {name}))

    @property
    def started(self) -> bool:
        """Whether the tenant run has started, so that its snapshot can be looked at."""
        return self._engine is not None and self._refusal is None

    def tenant_run(self) -> TenantRun:
        """The tenant run, once a step has waited for something."""
        if self._engine is None:
            raise RuntimeError("no step has asked for anything yet")
        return self._engine

    def note_check(self, name: str, outcome: str) -> None:
        """Remember a check's outcome for the summary; of several, the worst stays."""
        ranking = ("passed", "warned", "failed")
        known = self._checks.get(name, "passed")
        self._checks[name] = max(known, outcome, key=ranking.index)

    def cancel(self) -> None:
        """Stop after the requests in flight; called when the Dagster run is interrupted."""
        if self._engine is not None:
            self._engine.cancel()

    @property
    def tenant(self) -> Tenant | None:
        """Whose run it was; None when its settings could not be read."""
        return self._engine.tenant if self._engine is not None else None

    def close(self) -> RunSummary | None:
        """End of the Dagster run: wait for what still works, write the summary, free the tenant.

        Returns:
            how the tenant run ended; None when no step ran.
        """
        summary = self._summarised()
        observer = _observer.get()
        if observer is not None and summary is not None:
            observer.finished(summary)
        return summary

    @contextmanager
    def _asking(self, partition: str, name: str) -> Iterator[TenantRun]:
        """The tenant run, for the step of a task; what becomes of the task is remembered."""
        tenant_run = self._started(partition)
        self._asked.add(name)
        try:
            yield tenant_run
        except Exception:  # a fault of ours too: what does not hang on it goes on
            self._failed.add(name)
            raise

    def _started(self, partition: str) -> TenantRun:
        if self._refusal is not None:
            raise self._refusal
        if self._engine is None:
            try:
                self._engine = self._prepared(partition)
                if (conductor := _conductor.get()) is not None:
                    conductor.begun(self._engine)
                self._engine.start()
            except PipelineError as error:
                self._refusal = error
                raise
        return self._engine

    def _prepared(self, partition: str) -> TenantRun:
        self._partition = partition
        conductor = _conductor.get()
        return TenantRun(
            self._find_tenant(partition),
            self._launch(),
            run_id=self._run_id,
            selected=[name for name in selected_names(self._dagster_run) if self.includes(name)],
            listener=_observer.get(),
            # Each outbound step shows its checks first, then releases its own task.
            hold_outbound=True,
            tick=conductor.tick if conductor else None,
        )

    def _launch(self) -> Launch:
        launch = self._find_launch()
        return replace(launch, full=True) if self._job == FULL_REFRESH_JOB else launch

    @property
    def _job(self) -> str:
        return self._dagster_run.job_name if self._dagster_run else ""

    def _prefixes(self) -> tuple[str, ...]:
        """What a name without its group may mean in ``entities``: in the job ``export``, which
        reads vendors only to write some, ``vendors`` are those written."""
        return (OUTBOUND,) if self._job == EXPORT_JOB else (OPTIPLY, BC, OUTBOUND)

    def _was_interrupted(self, tenant_run: TenantRun) -> bool:
        """Whether Dagster ended before it had asked for everything it could still get."""
        obtainable = tenant_run.selected - downstream(self._failed)
        return self._refusal is None and not self._asked >= obtainable

    def _summarised(self) -> RunSummary | None:
        if self._engine is not None:
            if self._was_interrupted(self._engine):
                self._engine.cancel()
            summary = self._engine.finish()
            summary.checks.update(self._checks)
            return summary
        if self._refusal is None:
            return None  # no step ran
        reason = str(self._refusal)
        return RunSummary(
            self._partition,
            self._run_id,
            status="failed",
            reason=reason,
            problems=[Problem("run", None, "config", reason)],
        )
