"""Keeps a bounded number of records under way and hands their outcomes back as they come.

The calling thread feeds and collects; the work itself runs on the pool. So announcing and
recording happen on one thread, in batches.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from itertools import islice

from bc_pipeline.errors import Cancelled
from bc_pipeline.to_optiply.diff import PlannedRow
from bc_pipeline.to_optiply.outcome import Outcome

Work = Callable[[PlannedRow], Outcome]
Announce = Callable[[list[PlannedRow]], list[PlannedRow]]


@dataclass
class BoundedWorkers:
    """Runs work for records, ``window`` of them at a time.

    Args:
        pool: shared by all resources of a run.
        window: records under way or queued at most.
        cancel: set to start nothing more.
    """

    pool: Executor
    window: int
    cancel: threading.Event

    def run(
        self,
        rows: Iterable[PlannedRow],
        work: Work,
        announce: Announce | None,
        take: Callable[[list[Outcome]], None],
        check: Callable[[Outcome], None],
    ) -> None:
        """Handle all records.

        Whatever ends this early, what is under way is waited for and taken first.

        Args:
            announce: called with each batch before it starts; gives the batch to start.
            take: called with what has come back.
            check: called with each outcome after it was taken; raises to stop.

        Raises:
            Cancelled: the run was cancelled.
            What ``work`` or ``check`` raises.
        """
        source = iter(rows)
        running: set[Future[Outcome]] = set()
        try:
            while True:
                if len(running) <= self.window // 2:
                    batch = list(islice(source, self.window - len(running)))
                    if self.cancel.is_set():
                        raise Cancelled("the run was cancelled")
                    if announce is not None and batch:
                        batch = announce(batch)
                    running |= {self.pool.submit(work, row) for row in batch}
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                _collect(done, take, check)
        except BaseException:
            # What has not begun is dropped.
            begun = {future for future in running if not future.cancel()}
            wait(begun)
            take([f.result() for f in begun if f.exception() is None])
            raise


def _collect(
    done: Iterable[Future[Outcome]],
    take: Callable[[list[Outcome]], None],
    check: Callable[[Outcome], None],
) -> None:
    """Take what has come back, then raise what a worker has raised."""
    outcomes: list[Outcome] = []
    error: BaseException | None = None
    for future in done:
        failure = future.exception()
        if failure is None:
            outcomes.append(future.result())
        else:
            error = error or failure
    take(outcomes)
    if error is not None:
        raise error
    for outcome in outcomes:
        check(outcome)
