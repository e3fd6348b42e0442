"""A sweep: looks at many tenants, and runs those that have something to do, one after another.

Looks at the next tenants go ahead on threads, which carry HTTP only; Dagster runs happen on the
thread that called, one at a time. Nothing of one tenant delays the others for longer than its
deadline.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b

from bc_pipeline import clock
from bc_pipeline.errors import Cancelled, PipelineError
from bc_pipeline.report import Problem, RunSummary
from bc_pipeline.run import tick_memory
from bc_pipeline.run.dependencies import dependencies
from bc_pipeline.run.tick import FIRST, Tick, look
from bc_pipeline.run.tick_outcome import noted
from bc_pipeline.tenants.settings import Tenant

AHEAD = 8
"""Tenants looked at side by side."""
WINDOW = 4 * AHEAD
"""Looks under way or waiting for their run: what a look has found is still young then."""
LOOK_SECONDS = 120.0
"""What a look may take; it is one or two requests."""
SECONDS_BETWEEN_GLANCES = 1.0
"""How often looks that take too long are searched for."""
TOO_LONG = "Business Central or Optiply did not answer a look within {:.0f} seconds"

log = logging.getLogger(__name__)

Run = Callable[[Tick], RunSummary]
LookAt = Callable[..., Tick]


@dataclass(eq=False)
class _Look:
    """A look of one tenant, on a thread of its own."""

    tenant: Tenant
    stock_only: bool
    cancel: threading.Event = field(default_factory=threading.Event)
    began: float | None = None

    def outcome(self, look_at: LookAt) -> Tick | RunSummary:
        """What the look has found due, or the tenant's outcome where that is nothing."""
        self.began = clock.monotonic()
        tenant = self.tenant
        try:
            found = look_at(tenant, stock_only=self.stock_only, cancel=self.cancel)
            return found if found.due else noted(found)
        except Cancelled:
            return _failed(tenant, "the look was ended")
        except PipelineError as error:
            return self._unseen(error.kind, str(error))
        except Exception as error:
            log.exception("%s could not be looked at", tenant.name)
            return self._unseen(type(error).__name__, "the log has the details")

    def takes_too_long(self) -> bool:
        return self.began is not None and clock.monotonic() - self.began > LOOK_SECONDS

    def _unseen(self, kind: str, reason: str) -> Tick | RunSummary:
        """Nobody knows what has changed: all of it may have. Stock waits for such a run."""
        if self.stock_only:
            return _failed(self.tenant, f"unexpected {kind}; {reason}")
        due = frozenset(dependencies(self.tenant))
        why = FIRST.format(f"the look failed ({kind})")
        return Tick(self.tenant, clock.now(), self.stock_only, due, why, sweep=True)


def sweep(
    tenants: Sequence[Tenant],
    run: Run,
    *,
    stock_only: bool = False,
    patient: bool = False,
    look_at: LookAt = look,
) -> Iterator[RunSummary]:
    """Bring each tenant up to date; its outcome as soon as there is one, in no fixed order.

    Args:
        tenants: enabled and soundly configured.
        run: does what a look has found due, on this thread.
        stock_only: only stock is looked at and sent.
        patient: a look may take any time; else a tenant whose look takes too long has failed, and
            is given time by the next tick.
        look_at: the look.

    Raises:
        KeyboardInterrupt, DagsterExecutionInterruptedError: ``run`` was interrupted; looks under
            way are ended then.
    """
    left, under_way = list(reversed(tenants)), dict[Future[Tick | RunSummary], _Look]()
    with _pool(under_way) as pool:
        while left or under_way:
            while left and len(under_way) < WINDOW:
                each = _Look(left.pop(), stock_only)
                under_way[pool.submit(each.outcome, look_at)] = each
            done, _ = wait(under_way, SECONDS_BETWEEN_GLANCES, return_when=FIRST_COMPLETED)
            for future in [each for each in under_way if each in done]:
                found = future.result()
                del under_way[future]
                yield found if isinstance(found, RunSummary) else _run_of(run, found)
            if not patient:
                yield from _given_up(under_way)


def shard_of(name: str, shards: int) -> int:
    """Which of ``shards`` sweeps a tenant belongs to; the same every time."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest()) % shards


def _run_of(run: Run, found: Tick) -> RunSummary:
    """Whatever goes wrong with one tenant's run, the others have theirs."""
    try:
        return run(found)
    except Exception as error:
        log.exception("%s could not be run", found.tenant.name)
        return _failed(found.tenant, f"unexpected {type(error).__name__}; the log has the details")


def _given_up(under_way: dict[Future[Tick | RunSummary], _Look]) -> Iterator[RunSummary]:
    """The looks that take too long are ended, and waited for no longer."""
    late = [future for future, each in under_way.items() if each.takes_too_long()]
    for future in late:
        each = under_way[future]
        each.cancel.set()
        if not future.done():  # else it has just come to its end
            del under_way[future]
            if not each.stock_only:
                tick_memory.note_overrun(each.tenant.snapshot_dir)
            yield _failed(each.tenant, TOO_LONG.format(LOOK_SECONDS))


def _failed(tenant: Tenant, reason: str) -> RunSummary:
    problem = Problem("run", None, "blocked", reason)
    return RunSummary(tenant.name, "", status="failed", reason=reason, problems=[problem])


@contextmanager
def _pool(under_way: dict[Future[Tick | RunSummary], _Look]) -> Iterator[ThreadPoolExecutor]:
    pool = ThreadPoolExecutor(AHEAD, thread_name_prefix="look")
    try:
        yield pool
    finally:
        for each in under_way.values():
            each.cancel.set()
        # They end with the request they are waiting for, which nobody has to.
        pool.shutdown(wait=False, cancel_futures=True)
