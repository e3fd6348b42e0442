"""Syncing one resource: plan, adopt, guard, then DELETE, POST, PATCH, each outcome recorded
(flows.md 1-4, 6).

The thread that calls ``sync_resource`` plans, records and counts; requests run on the shared
pool. Whatever ends the work early, requests under way are waited for and recorded.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

import duckdb

from bc_pipeline.catalogue.resources import RECEIPT_LINES, Resource
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.report import EntityResult, Problem, ProgressListener
from bc_pipeline.snapshot import learned
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_optiply import approvals, counting, held, restored
from bc_pipeline.to_optiply.adoption import adopt, map_is_empty
from bc_pipeline.to_optiply.attribute_values import missing
from bc_pipeline.to_optiply.circuit_breaker import CircuitBreaker
from bc_pipeline.to_optiply.concurrency import BoundedWorkers, Work
from bc_pipeline.to_optiply.deletions import Remover, StillInSource
from bc_pipeline.to_optiply.diff import Plan, PlannedRow
from bc_pipeline.to_optiply.guard import Deletions, guard_reason
from bc_pipeline.to_optiply.id_map import Ledger, owner_of
from bc_pipeline.to_optiply.lookup import Claims, Lookup, LostLines
from bc_pipeline.to_optiply.outcome import Outcome, waiting
from bc_pipeline.to_optiply.sender import Sender
from bc_pipeline.to_optiply.sent_history import SentHistory
from bc_pipeline.to_optiply.writer import FindParent, Writer

PORTION = 500


@dataclass
class SyncContext:
    """What all resources of one tenant's run share.

    Args:
        tenant: its name is for messages.
        snapshot: state of the tenant, open for writing.
        optiply: the account; one client for all threads.
        pool: runs the requests of all resources.
        run_no: number of the run.
        cancel: set to stop after the requests under way.
        listener: told about progress.
    """

    tenant: Tenant
    snapshot: Snapshot
    optiply: Optiply
    pool: Executor
    run_no: int
    cancel: threading.Event
    listener: ProgressListener | None = None


@dataclass(frozen=True)
class Rules:
    """What holds for one resource in this run.

    Args:
        version: version of its mapping (flows.md 2).
        may_delete: its sources have been read completely at least once.
        still_in_source: asked before a row the source lost is taken away.
        parts: the rows are parts of documents that are there.
        keep_absent: a row absent from the wanted rows stays: its mapping names those to remove.
        before_adopting: builds what adopting needs beyond the wanted rows.
    """

    version: int = 1
    may_delete: bool = True
    still_in_source: StillInSource | None = None
    parts: bool = False
    keep_absent: bool = False
    before_adopting: Callable[[duckdb.DuckDBPyConnection], None] | None = None


def sync_resource(
    context: SyncContext, resource: Resource, rules: Rules, result: EntityResult
) -> None:
    """Bring Optiply's rows of ``resource`` to what ``optiply.<resource>`` wants.

    ``result`` is filled while the work goes on and is right even when this raises.

    Raises:
        EntityFailed: the entity was stopped: one cause failing many records, a wrong account, an
            account that may not write.
        AuthError: Optiply refuses the credentials.
        RequestFailed: existing rows could not be read before the first creation.
        Cancelled: the run was cancelled.
    """
    with context.snapshot.cursor() as cursor:
        _EntitySync(context, resource, rules, result, cursor).run()


@dataclass
class _EntitySync:
    context: SyncContext
    resource: Resource
    rules: Rules
    result: EntityResult
    cursor: duckdb.DuckDBPyConnection

    def __post_init__(self) -> None:
        context, resource, cursor = self.context, self.resource, self.cursor
        self._optiply = context.optiply.scoped()
        self._pump = BoundedWorkers(context.pool, 2 * self._optiply.concurrency, context.cancel)
        self._plan = Plan(cursor, resource, context.run_no, self.rules.version)
        self._ledger = Ledger(context.snapshot, cursor, resource, context.run_no)
        self._history = SentHistory(context.snapshot, cursor, resource, context.run_no)
        self._learned = learned.load(cursor, resource)
        self._breaker = CircuitBreaker(self.result.name, 0)
        self._total = 0
        claims = Claims(partial(owner_of, context.snapshot, resource))
        sender = Sender(self._optiply, resource, self._learned)
        self._writer = Writer(
            self._optiply,
            resource,
            claims,
            sender,
            context.run_no,
            find_parent=_line_finder(context.snapshot, self._optiply, resource),
        )
        self._remover = Remover(
            self._optiply,
            resource,
            Lookup(self._optiply, resource, claims),
            sender,
            context.run_no,
            self.rules.still_in_source,
        )

    def run(self) -> None:
        result = self.result
        try:
            self._plan.build()
            self._adopt_existing()
            counts = self._plan.counts()
            self._ledger.settle(self._plan)
            self._count_settled(counts)
            counting.settled_problems(self.cursor, result, patient=self.resource.patient)
            approved = approvals.pending(self.cursor, result.name)
            self._breaker = CircuitBreaker(
                result.name, _requests_planned(counts), approved=approved
            )
            self._progress()
            self._work(approved)
        finally:
            self._count_untried()
            counter = self._optiply.counter
            result.requests += counter.total
            result.retried += counter.retried
            result.throttled += counter.throttled
            counting.shorten(result)
            self._history.flush()
            learned.save(self.context.snapshot, self.resource, self._learned)

    # -- the phases, in the order Optiply documents: DELETE, POST, PATCH ------------------------

    def _work(self, approved: bool) -> None:
        again = self._phase(self._plan.rows("replace"), self._remover.replace)
        self._take_away(approved)
        again += self._phase(self._plan.rows("resolve"), self._writer.resolve)
        self._create(again)
        self._create(self._plan.rows("create"))
        unknown = self._phase(self._changed(), self._writer.update)
        self._breaker.check_account()
        self._create(self._phase(unknown, self._writer.refind))

    def _take_away(self, approved: bool) -> None:
        unconfirmed = self._leave_absent() if self.rules.keep_absent else 0
        deletions = self._deletions()
        held_back = self._why_not_delete(deletions, approved) if deletions.gone else None
        if held_back is not None:
            self.result.skipped += deletions.gone
            self.result.problems.append(held_back)
            return
        self._phase(self._plan.rows("gone"), self._remover.remove)
        self._phase(self._plan.rows("lost"), self._remover.remove_lost)
        approvals.use(self.context.snapshot, self.result.name, self.context.run_no)
        if not unconfirmed:
            restored.settle(self.context.snapshot, self.resource, self.context.run_no)

    def _leave_absent(self) -> int:
        left = self._plan.leave_absent()
        if left:
            self.result.skipped += left
            reason = f"{left} records left Business Central's list, which is not confirmed yet"
            self.result.problems.append(Problem(self.result.name, None, "blocked", reason))
        return left

    def _deletions(self) -> Deletions:
        deletions = self._plan.deletions()
        # Each of them is asked for before it is taken away.
        absent = deletions.absent if self.rules.still_in_source is None else 0
        return replace(deletions, absent=absent, parts=self.rules.parts)

    def _why_not_delete(self, deletions: Deletions, approved: bool) -> Problem | None:
        entity = self.result.name
        if not self.rules.may_delete:
            gone = deletions.gone
            reason = f"{gone} records stay: Business Central has not been read completely"
            return Problem(entity, None, "blocked", reason)
        if approved and not deletions.are_more_than_was_seen:
            return None
        if approved:  # used up, or it would let the rest through in the next run
            approvals.use(self.context.snapshot, entity, self.context.run_no)
        if restored.waits(self.cursor, self.resource):
            tell = restored.reason
        elif deletions.are_too_many:
            tell = guard_reason
        else:
            return None
        self._ledger.hold()
        names = [record.text for record in held.of_resource(self.cursor, self.resource.name)]
        told = tell(entity, self.context.tenant.name, deletions.gone, deletions.standing, names)
        return Problem(entity, None, "guard", told)

    def _adopt_existing(self) -> None:
        """Recognise what Optiply has already, before the first creation."""
        cursor, resource = self.cursor, self.resource
        if not self._plan.counts().get("create") or not map_is_empty(cursor, resource):
            return
        if self.rules.before_adopting is not None:
            self.rules.before_adopting(cursor)
        adopt(cursor, self._optiply, resource, self._ledger, self.result)
        self._plan.build()

    def _phase(
        self, rows: Iterable[PlannedRow], work: Work, *, announce: bool = False
    ) -> list[PlannedRow]:
        """Handle the records side by side. Returns those that need another step."""
        further: list[PlannedRow] = []

        def take(outcomes: list[Outcome]) -> None:
            self._record(outcomes)
            further.extend(_next_step(outcome) for outcome in outcomes if outcome.followed_by)

        self._pump.run(rows, work, self._announced if announce else None, take, self._breaker.note)
        return further

    def _create(self, rows: Iterable[PlannedRow]) -> None:
        self._phase(self._complete(rows), self._writer.create, announce=True)

    def _announced(self, rows: list[PlannedRow]) -> list[PlannedRow]:
        """Note durably that these records are about to be POSTed; then they stand nowhere."""
        self._ledger.announce([(row, self._writer.posted_values(row)) for row in rows])
        return [replace(row, optiply_id=None, optiply_uuid=None, last_sent=None) for row in rows]

    def _complete(self, rows: Iterable[PlannedRow]) -> Iterator[PlannedRow]:
        """The records that can be created; the others wait for what is not known yet."""
        for row in rows:
            unknown = missing(self.resource, row.wanted)
            if unknown:
                self._record([waiting(row, f"waits for its {' and '.join(unknown)}")])
            else:
                yield row

    def _changed(self) -> Iterator[PlannedRow]:
        """The records to PATCH; those that turn out to be as Optiply has them are settled here."""
        same: list[Outcome] = []
        for row in self._plan.rows("update"):
            if self._writer.pending_changes(row):
                yield row
                continue
            same.append(self._writer.unchanged(row))
            if len(same) == PORTION:
                self._record(same)
                same = []
        self._record(same)

    def _record(self, outcomes: list[Outcome]) -> None:
        final = [o for o in outcomes if o.followed_by is None or o.state == "deleted"]
        if not final:
            return
        self._ledger.save(final)
        self._history.note(final)
        for outcome in final:
            counting.count(self.result, outcome, patient=self.resource.patient)
        self._progress()

    # -- counting ---------------------------------------------------------------------------------

    def _count_settled(self, counts: dict[str, int]) -> None:
        result = self.result
        result.unchanged += counts.get("unchanged", 0)
        result.skipped += counts.get("skip", 0)
        result.deferred += counts.get("defer", 0)
        result.quarantined += counts.get("quarantine", 0) + counts.get("held", 0)
        self._total = sum(n for action, n in counts.items() if action not in ("none", "forget"))

    def _count_untried(self) -> None:
        """Records an early end has left alone are tried again next run."""
        self.result.deferred += max(0, self._total - counting.counted(self.result))

    def _progress(self) -> None:
        if self.context.listener is not None:
            self.context.listener.progress(
                self.result.name,
                counting.counted(self.result),
                self._total,
                self._optiply.counter.total,
                self._optiply.rate,
            )


def _line_finder(snapshot: Snapshot, optiply: Optiply, resource: Resource) -> FindParent | None:
    return LostLines(snapshot, optiply).replacement if resource is RECEIPT_LINES else None


def _next_step(outcome: Outcome) -> PlannedRow:
    """The record as its next step finds it."""
    if outcome.state == "deleted":
        return replace(outcome.row, optiply_id=None, optiply_uuid=None, last_sent=None)
    return outcome.row


def _requests_planned(counts: dict[str, int]) -> int:
    asking = ("gone", "lost", "replace", "resolve", "create", "update")
    return sum(counts.get(action, 0) for action in asking)
