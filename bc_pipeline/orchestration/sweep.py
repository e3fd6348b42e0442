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
from hashlib import blake2b

from bc_pipeline.errors import PipelineError
from bc_pipeline.report import Problem, RunSummary
from bc_pipeline.run.tick import Tick, look
from bc_pipeline.run.tick_outcome import noted
from bc_pipeline.tenants.settings import Tenant

AHEAD = 8
"""Tenants looked at side by side."""
WINDOW = 4 * AHEAD
"""Looks under way or waiting for their run: what a look has found is still young then."""

log = logging.getLogger(__name__)

Run = Callable[[Tick], RunSummary]


def sweep(
    tenants: Sequence[Tenant],
    run: Run,
    *,
    stock_only: bool = False,
    look_at: Callable[..., Tick] = look,
) -> Iterator[RunSummary]:
    """Bring each tenant up to date; its outcome as soon as there is one, in no fixed order.

    Args:
        tenants: enabled and soundly configured.
        run: does what a look has found due, on this thread.
        stock_only: only stock is looked at and sent.
        look_at: the look.

    Raises:
        whatever ``run`` does not turn into an outcome, such as an interruption; looks under way
        are ended then.
    """
    left, under_way = list(reversed(tenants)), dict[Future[Tick | RunSummary], Tenant]()
    with _pool() as (pool, cancel):
        while left or under_way:
            while left and len(under_way) < WINDOW:
                tenant = left.pop()
                future = pool.submit(_looked, look_at, tenant, stock_only, cancel)
                under_way[future] = tenant
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                tenant = under_way.pop(future)
                found = future.result()
                yield found if isinstance(found, RunSummary) else run(found)


def shard_of(name: str, shards: int) -> int:
    """Which of ``shards`` sweeps a tenant belongs to; the same every time."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest()) % shards


def _looked(
    look_at: Callable[..., Tick], tenant: Tenant, stock_only: bool, cancel: threading.Event
) -> Tick | RunSummary:
    """What a look has found due, or the outcome where that is nothing."""
    try:
        found = look_at(tenant, stock_only=stock_only, cancel=cancel)
        return found if found.due else noted(found)
    except PipelineError as error:
        return _failed(tenant, str(error))
    except Exception as error:
        log.exception("%s could not be looked at", tenant.name)
        return _failed(tenant, f"unexpected {type(error).__name__}; the log has the details")


def _failed(tenant: Tenant, reason: str) -> RunSummary:
    problem = Problem("run", None, "blocked", reason)
    return RunSummary(tenant.name, "", status="failed", reason=reason, problems=[problem])


@contextmanager
def _pool() -> Iterator[tuple[ThreadPoolExecutor, threading.Event]]:
    cancel = threading.Event()
    pool = ThreadPoolExecutor(AHEAD, thread_name_prefix="look")
    try:
        yield pool, cancel
    finally:
        cancel.set()
        pool.shutdown(wait=True, cancel_futures=True)
