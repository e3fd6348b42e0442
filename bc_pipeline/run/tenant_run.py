"""One run of one tenant: lock, snapshot, preflight, tasks, summary (flows.md 1)."""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bc_pipeline import clock, disk
from bc_pipeline.business_central.client import BusinessCentral, Company
from bc_pipeline.business_central.dry_run import DryRunBusinessCentral
from bc_pipeline.catalogue.exports import export_named
from bc_pipeline.errors import PipelineError
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.optiply.dry_run import DryRunOptiply
from bc_pipeline.reading import mirror_state
from bc_pipeline.report import EntityResult, Launch, ProgressListener, RunSummary
from bc_pipeline.run import history, identity, tick_memory
from bc_pipeline.run import summary as summaries
from bc_pipeline.run.context import RunContext
from bc_pipeline.run.dependencies import dependencies, made_from
from bc_pipeline.run.exports import Connection, Exporting, exporting, needs_optiply, only_exports
from bc_pipeline.run.graph import Graph
from bc_pipeline.run.tasks import tasks
from bc_pipeline.run.tick import Tick
from bc_pipeline.run.tick_memory import Memory
from bc_pipeline.run.tick_outcome import Ended, remembered
from bc_pipeline.snapshot.lock import tenant_lock
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_business_central.export_types import Preparation

logger = logging.getLogger(__name__)

NOT_CONFIGURED = "not configured"


class TenantRun:
    """One run of one tenant.

    Args:
        tenant: whose run.
        launch: how it was asked for.
        run_id: the orchestrator's id of the run.
        selected: names of the tasks to run. What Optiply entities among them are made from is
            read first when it is older than five minutes; everything else they need is taken from
            the snapshot as it is. Names this tenant has no use for give an empty result.
        listener: told about progress.
        hold_outbound: nothing is written to Business Central before ``release``.
        tick: the look that has found what is selected; None: somebody asked for the run.
    """

    def __init__(
        self,
        tenant: Tenant,
        launch: Launch,
        *,
        run_id: str,
        selected: Collection[str],
        listener: ProgressListener | None = None,
        hold_outbound: bool = False,
        tick: Tick | None = None,
    ) -> None:
        self.tenant = tenant
        self.launch = launch
        self.run_id = run_id
        self.selected = frozenset(selected)
        self._listener = listener
        self._hold = hold_outbound
        self._tick = tick
        if tick is not None:
            self.launch = replace(launch, looked=True)
        self._memory: Memory | None = None
        self._after: Memory | None = None
        self._cancel = threading.Event()
        self._resources = ExitStack()
        self._started = clock.monotonic()
        self._context: RunContext | None = None
        self._graph: Graph | None = None
        self._refusal: PipelineError | None = None
        self._snapshot: Snapshot | None = None
        self._run_no: int | None = None
        self._summary: RunSummary | None = None
        self._finishing = threading.Lock()

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot the run works on (of a dry run: the throw-away copy), until ``finish``."""
        if self._snapshot is None:
            raise RuntimeError("the run has not been started")
        return self._snapshot

    @property
    def looked_at(self) -> datetime | None:
        """When it began to look at Business Central; None before it was started."""
        if self._tick is not None:
            return self._tick.at
        return self._context.started_at if self._context else None

    def start(self) -> None:
        """Take the tenant lock, open the snapshot, check both systems, start the tasks.

        Raises:
            TenantBusy: another run of this tenant is going on.
            AuthError, ConfigError: a person must act; nothing was retried.
            PipelineError: a system could not be reached, or the snapshot is unusable.
        """
        self._started = clock.monotonic()
        try:
            self._open()
            found = tasks(self._preflight(), self.selected)
            self._graph = Graph(found, self._cancel, self._obstacle)
        except PipelineError as error:
            self._refusal = error
            raise
        except BaseException as error:
            self._refusal = self._obstacle(error)
            if self._refusal is not None:
                raise self._refusal from error
            self._resources.close()
            raise
        self._graph.start()

    def wait(self, name: str) -> EntityResult:
        """The result of a task, once it has one.

        Raises:
            EntityFailed: the task failed. (A read that others need only softly gives its
                incomplete result instead.)
            EntityBlocked: a task it needs failed.
            Cancelled: the run was cancelled.
            KeyError: the task was not selected.
        """
        if self._graph is None:
            raise RuntimeError("the run has not been started")
        try:
            return self._graph.wait(name)
        except KeyError:
            if name in self.selected:
                return EntityResult(name=name, mode=NOT_CONFIGURED)
            raise

    def result(self, name: str) -> EntityResult:
        """What a task has done so far, also one that failed.

        Raises:
            KeyError: there is no such task in this run.
        """
        if self._graph is None:
            raise RuntimeError("the run has not been started")
        return self._graph.result(name)

    def read_first(self, name: str) -> list[EntityResult]:
        """What was read for a selected task because nobody had selected it and it was old."""
        if self._graph is None:
            return []
        extra = (each for each in made_from(self.tenant, name) if each not in self.selected)
        return [self._graph.result(each) for each in extra if each in self._graph]

    def prepared(self, name: str) -> Preparation:
        """What is known about an ``outbound/*`` task before anything of it is written: waits for
        what it is made from, reads and validates what waits. It need not be released after an
        error, nor when the dimension mapping forbids writing: ``wait`` tells then.

        Raises:
            As ``wait``.
        """
        if self._graph is None:
            raise RuntimeError("the run has not been started")
        try:
            result = self._graph.result(name)
        except KeyError:
            if name in self.selected:
                return Preparation(name)
            raise
        self._graph.wait_for_needs(name, "optiply/")
        return self._exporting().gate.prepared(export_named(name).entity, result)

    def release(self, name: str) -> None:
        """Let the writing of an ``outbound/*`` task begin; only needed with ``hold_outbound``.
        Those whose records others refer to are released first: nobody waits for who is held."""
        if self._graph is not None and name in self._graph:
            self._exporting().gate.release(export_named(name).entity)

    def cancel(self) -> None:
        """Stop after the requests under way."""
        self._cancel.set()

    def finish(self) -> RunSummary:
        """Wait for every task, book the run, let go of the tenant. May be called again."""
        with self._finishing:
            if self._summary is None:
                self._summary = self._finished()
            return self._summary

    # -- inside -------------------------------------------------------------------------------

    def _open(self) -> None:
        directory = self.tenant.snapshot_dir
        self._resources.enter_context(tenant_lock(directory, holder=f"run {self.run_id}"))
        self._memory = tick_memory.held(self.tenant)
        self._resources.callback(self._remember)
        snapshot = Snapshot.open(directory)
        if self.launch.dry_run:
            temporary = self._resources.enter_context(tempfile.TemporaryDirectory())
            with snapshot:
                copy = snapshot.copy_to(Path(temporary))
            snapshot = copy
        self._resources.callback(snapshot.close)
        self._snapshot = snapshot
        self._run_no = history.begin(
            snapshot,
            self.run_id,
            dry_run=self.launch.dry_run,
            idle=self._memory.idle if self._memory else 0,
        )

    def _obstacle(self, error: BaseException) -> PipelineError | None:
        return disk.cannot_store(error, self.tenant.snapshot_dir)

    def _exporting(self) -> Exporting:
        if self._context is None or self._context.exporting is None:
            raise RuntimeError("the run has no exports")
        return self._context.exporting

    def _preflight(self) -> RunContext:
        """Make sure that the systems the run needs let us in, before anything is done."""
        context = self._surroundings()
        self._context = context
        names = self.selected & dependencies(self.tenant).keys()
        exports_alone = only_exports(names)
        with self.snapshot.cursor() as cursor:
            identity.check_settings(cursor, self.tenant)
            if not exports_alone:
                mirror_state.check_sell_orders(cursor, self.tenant)

        def connected() -> Company:
            bc = context.bc
            company = bc.preflight()
            identity.check_company(self.snapshot, self.tenant, bc, company)
            if warning := bc.http.clock.warning:
                assert self._run_no is not None
                logger.warning("%s: %s", self.tenant.name, warning)
                history.warn(self.snapshot, self._run_no, "clock_differs", warning)
            return company

        connect = Connection(connected)
        context.exporting = exporting(context, names, connect, hold=self._hold)
        if not exports_alone or self._exporting().session.files_wait():
            connect()
        if needs_optiply(names):
            context.optiply.preflight()
        return context

    def _surroundings(self) -> RunContext:
        tenant, tokens = self.tenant, TokenStore(self.tenant.home)
        bc_client = DryRunBusinessCentral if self.launch.dry_run else BusinessCentral
        business_central = bc_client(tenant, tokens, cancel=self._cancel)
        self._resources.callback(business_central.close)
        client = DryRunOptiply if self.launch.dry_run else Optiply
        optiply = client(tenant, tokens, cancel=self._cancel)
        self._resources.callback(optiply.close)
        pool = ThreadPoolExecutor(optiply.concurrency, thread_name_prefix="optiply")
        self._resources.callback(pool.shutdown)
        assert self._run_no is not None
        context = RunContext(
            tenant,
            self.snapshot,
            optiply,
            pool,
            self._run_no,
            self._cancel,
            self._listener,
            bc=business_central,
            launch=self.launch,
            fresh=self._tick is not None or self._memory is not None,
        )
        self._resources.callback(context.close)
        return context

    def _finished(self) -> RunSummary:
        try:
            if self._context is not None and self._context.exporting is not None:
                self._context.exporting.gate.close()
            if self._graph is not None:
                self._graph.join()
            summary = self._summarised()
            if self._snapshot is not None and self._run_no is not None:
                self._book(self._snapshot, self._run_no, summary)
            return summary
        finally:
            self._resources.close()

    def _book(self, snapshot: Snapshot, run_no: int, summary: RunSummary) -> None:
        """Note how the run ended. Where that cannot be written, the next run finds this one as it
        finds one that was killed: what it has sent is looked up."""
        try:
            history.end(snapshot, run_no, summary)
            self._after = self._to_remember(summary)
        except Exception as error:
            obstacle = self._obstacle(error)
            if obstacle is None:
                raise
            summaries.refuse(summary, obstacle)

    def _remember(self) -> None:
        """For the tenant's ticks, how its snapshot was left; it is closed by now."""
        if self._after is not None:
            directory = self.tenant.snapshot_dir
            left = tick_memory.state_of(directory)
            tick_memory.save(directory, replace(self._after, snapshot=left))

    def _to_remember(self, summary: RunSummary) -> Memory | None:
        context, run_no = self._context, self._run_no
        if self.launch.dry_run or self._refusal or context is None or run_no is None:
            return None
        company = context.bc.known_company
        attempts = history.next_attempts(self.snapshot, _with_quarantined(summary))
        ended = Ended(self.tenant, summary, run_no, context.started_at, attempts, company)
        return remembered(self._tick, self._memory, ended)

    def _summarised(self) -> RunSummary:
        summary = RunSummary(self.tenant.name, self.run_id, dry_run=self.launch.dry_run)
        if self._context is not None:
            summaries.count_requests(summary, self._context.bc, self._context.optiply)
        if self._tick is not None:
            summaries.add_requests(summary.business_central, self._tick.requests)
        if self._refusal is not None:
            summaries.refuse(summary, self._refusal)
        elif self._graph is not None:
            summaries.take(summary, self._graph, cancelled=self._cancel.is_set())
        else:
            summary.status, summary.reason = "failed", "the run was never started"
        summary.seconds = clock.monotonic() - self._started
        return summary


def _with_quarantined(summary: RunSummary) -> list[str]:
    return [
        name.removeprefix("optiply/")
        for name, result in summary.optiply_entities()
        if result.quarantined
    ]
