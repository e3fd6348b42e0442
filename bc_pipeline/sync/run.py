"""One run of one tenant: lock, snapshot, preflight, tasks, summary (flows.md 1)."""

from __future__ import annotations

import logging
import tempfile
import threading
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

from bc_pipeline.business_central.client import BusinessCentral
from bc_pipeline.errors import PipelineError, TenantBusy
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.optiply.dry_run import DryRunOptiply
from bc_pipeline.snapshot.lock import tenant_lock
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.sync import runs, sources
from bc_pipeline.sync.dependencies import chosen
from bc_pipeline.sync.graph import Graph
from bc_pipeline.sync.model import (
    EntityResult,
    Launch,
    Problem,
    ProblemKind,
    ProgressListener,
    RunStatus,
    RunSummary,
)
from bc_pipeline.sync.tasks import Surroundings, tasks
from bc_pipeline.tenants.model import Tenant
from bc_pipeline.tenants.secrets import TokenStore

logger = logging.getLogger(__name__)

NOT_CONFIGURED = "not configured"


class TenantRun:
    """One run of one tenant.

    Args:
        tenant: whose run.
        launch: how it was asked for.
        run_id: the orchestrator's id of the run.
        selected: names of the tasks to run; what they need beyond these is taken from the
            snapshot as it is. Names this tenant has no use for give an empty result.
        listener: told about progress.
    """

    def __init__(
        self,
        tenant: Tenant,
        launch: Launch,
        *,
        run_id: str,
        selected: Collection[str],
        listener: ProgressListener | None = None,
    ) -> None:
        self.tenant = tenant
        self.launch = launch
        self.run_id = run_id
        self.selected = frozenset(selected)
        self._listener = listener
        self._cancel = threading.Event()
        self._resources = ExitStack()
        self._started = time.monotonic()
        self._around: Surroundings | None = None
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

    def start(self) -> None:
        """Take the tenant lock, open the snapshot, check both systems, start the tasks.

        Raises:
            TenantBusy: another run of this tenant is going on.
            AuthError, ConfigError: a person must act; nothing was retried.
            PipelineError: a system could not be reached, or the snapshot is unusable.
        """
        self._started = time.monotonic()
        try:
            self._open()
            self._graph = Graph(tasks(self._preflight(), self.selected), self._cancel)
        except PipelineError as error:
            self._refusal = error
            raise
        except BaseException:
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
        self._resources.enter_context(tenant_lock(directory))
        snapshot = Snapshot.open(directory)
        if self.launch.dry_run:
            temporary = self._resources.enter_context(tempfile.TemporaryDirectory())
            with snapshot:
                copy = snapshot.copy_to(Path(temporary))
            snapshot = copy
        self._resources.callback(snapshot.close)
        self._snapshot = snapshot
        self._run_no = runs.begin(snapshot, self.run_id, dry_run=self.launch.dry_run)

    def _preflight(self) -> Surroundings:
        """Make sure that both systems let us in, before anything is done."""
        tenant, snapshot = self.tenant, self.snapshot
        with snapshot.cursor() as cursor:
            sources.check_sell_orders(cursor, tenant)
        tokens = TokenStore(tenant.home)
        business_central = BusinessCentral(tenant, tokens, cancel=self._cancel)
        self._resources.callback(business_central.close)
        client = DryRunOptiply if self.launch.dry_run else Optiply
        optiply = client(tenant, tokens, cancel=self._cancel)
        self._resources.callback(optiply.close)
        pool = ThreadPoolExecutor(optiply.concurrency, thread_name_prefix="optiply")
        self._resources.callback(pool.shutdown)
        assert self._run_no is not None
        self._around = Surroundings(
            tenant,
            self.launch,
            snapshot,
            business_central,
            optiply,
            pool,
            self._run_no,
            self._cancel,
            self._listener,
        )
        company = business_central.preflight()
        optiply.preflight()
        sources.check_identity(snapshot, tenant, company.id)
        return self._around

    def _finished(self) -> RunSummary:
        try:
            if self._graph is not None:
                self._graph.join()
            summary = self._summarised()
            if self._snapshot is not None and self._run_no is not None:
                runs.end(self._snapshot, self._run_no, summary)
            return summary
        finally:
            self._resources.close()

    def _summarised(self) -> RunSummary:
        summary = RunSummary(self.tenant.name, self.run_id, dry_run=self.launch.dry_run)
        if self._around is not None:
            _copy_counts(self._around.business_central.counter, summary.business_central)
            _copy_counts(self._around.optiply.counter, summary.optiply)
        if self._refusal is not None:
            self._refused(summary, self._refusal)
        elif self._graph is not None:
            summary.entities = self._graph.results()
            summary.failed = self._graph.failed()
            summary.blocked = self._graph.blocked()
            summary.problems = [p for r in summary.entities.values() for p in r.problems]
            summary.status = _status(summary)
            summary.reason = "cancelled" if self._cancel.is_set() else _reason(summary)
        else:
            summary.status, summary.reason = "failed", "the run was never started"
        summary.seconds = time.monotonic() - self._started
        return summary

    def _refused(self, summary: RunSummary, error: PipelineError) -> None:
        summary.reason = str(error)
        if isinstance(error, TenantBusy):
            summary.status = "skipped"
            return
        summary.status = "failed"
        kinds: dict[str, ProblemKind] = {"auth": "auth", "config": "config"}
        kind = kinds.get(error.kind, "blocked")
        summary.problems = [Problem("run", None, kind, str(error))]


def run_tenant(
    tenant: Tenant,
    launch: Launch | None = None,
    *,
    run_id: str | None = None,
    listener: ProgressListener | None = None,
) -> RunSummary:
    """Run one tenant from start to end, without Dagster. Foreseen failures end up in the summary.

    Raises:
        ConfigError: ``launch.entities`` names something unknown.
    """
    launch = launch or Launch()
    run_id = run_id or str(uuid4())
    if not tenant.enabled:
        return RunSummary(tenant.name, run_id, status="skipped", reason="the tenant is disabled")
    run = TenantRun(
        tenant,
        launch,
        run_id=run_id,
        selected=chosen(tenant, launch.entities),
        listener=listener,
    )
    try:
        run.start()
    except PipelineError as error:
        logger.warning("%s: %s", tenant.name, error)
    except BaseException:
        run.cancel()
        raise
    return _finish_or_cancel(run)


def _finish_or_cancel(run: TenantRun) -> RunSummary:
    """Finish; interrupted meanwhile, stop after the requests under way and finish then."""
    try:
        return run.finish()
    except KeyboardInterrupt:
        run.cancel()
        run.finish()
        raise


def _copy_counts(counter: object, counts: object) -> None:
    for name in ("total", "retried", "throttled"):
        setattr(counts, name, getattr(counter, name))


def _status(summary: RunSummary) -> RunStatus:
    """``failed`` only when nothing at all came out of the run."""
    ended_badly = {*summary.failed, *summary.blocked}
    writing = {name for name in summary.entities if name.startswith("optiply/")}
    matter = writing or set(summary.entities)
    if matter and matter <= ended_badly:
        return "failed"
    return "partial" if ended_badly or summary.problems else "success"


def _reason(summary: RunSummary) -> str | None:
    """The first failure in the order of the run; None when no entity failed."""
    for name in summary.failed:
        for problem in summary.entities[name].problems:
            if problem.remote_id is None:
                return f"{name}: {problem.reason}"
    return None
