"""Runs in a process of their own that is killed at a chosen request, or whose answers get lost.

A drill has one input per round, such as a file of twenty records with names of that round's own,
and a check of what Business Central must hold in the end. A round is one disturbed run and one
undisturbed run after it. Where Business Central's replica lags, it shows nothing of a round before
the next one.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.process import BaseProcess
from typing import Literal

from bc_pipeline.report import Launch
from bc_pipeline.run.execute import run_tenant
from bc_pipeline.sandbox.faults import Fault
from bc_pipeline.tenants import registry
from bc_pipeline_tests.end_to_end.installation import Installation

Moment = Literal["before", "after"]
FaultAction = Literal["drop", "apply_then_drop"]
SINGLE = r"^(?!.*\$batch)"
"""Requests that are no batch, as faults see them."""

# A process forked from a small, warm one: neither this one's threads nor a second of imports.
_WARM = multiprocessing.get_context("forkserver")
_WARM.set_forkserver_preload([__name__])

RUN_SECONDS = 120


@dataclass
class Drill:
    """One entity's drill.

    Args:
        installation: tenants, sandbox and home.
        tenant: whose runs they are.
        entity: the only one that is run, e.g. ``outbound/customers``.
        prepare: puts the input of a round in place.
        check: asserts what the round must have left behind.
        again: puts what failed in a round in place once more, as its producer would.
        numbers: of the rounds; drills that share a company share them.
        lag_seconds: how far Business Central's replica is behind.
    """

    installation: Installation
    tenant: str
    entity: str
    prepare: Callable[[int], None]
    check: Callable[[int], None]
    again: Callable[[int], None] = lambda number: None
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    lag_seconds: float = 0

    def undisturbed(self) -> int:
        """One round without any disturbance; how many requests its run takes."""
        number = self._next()
        before = self.installation.sandbox.requests.total
        self.run()
        taken = self.installation.sandbox.requests.total - before
        self.check(number)
        return taken

    def killed(self, at: int, moment: Moment) -> None:
        """A run killed before or after its ``at``-th request (from 0) is handled, then another."""
        action = "drop" if moment == "before" else "apply_then_drop"

        def struck(at: int) -> bool:
            process = _Held(self.installation, self.tenant, self.entity)
            with self._fault(action, at, call=lambda: process.kill()):
                process.release()
            return process.was_killed

        self._struck(at, struck)

    def answer_lost(self, at: int) -> None:
        """A run that never hears the answer to its ``at``-th request, then another run."""

        def struck(at: int) -> bool:
            with self._fault("apply_then_drop", at) as fault:
                self.run()
            return fault.hits == 1

        self._struck(at, struck)

    def _struck(self, at: int, strike: Callable[[int], bool]) -> None:
        """A round whose run is struck, and another run. What is kept for a while is not read in
        every run, so that one may take a request or two less than the one it is measured by: then
        it was undisturbed, and an earlier request of the next one is struck."""
        for earlier in range(min(at + 1, 3)):
            number = self._next()
            struck = strike(at - earlier)
            self.run()
            self.check(number)
            if struck:
                return
        raise AssertionError(f"runs took less than {at + 1} requests, by more than two")

    def cut_in_a_batch(self, at: int, action: FaultAction) -> bool:
        """A run whose connection ends at the ``at``-th request (from 0) inside its batches: those
        before it are done, nobody hears of them. Then another run.

        Returns:
            whether there were that many.
        """
        number = self._next()
        with self._fault(action, at, operation=True) as fault:
            self.run()
        self.run()
        self.check(number)
        return fault.hits == 1

    def refused_after_commit(self, at: int, *, operation: bool, path: str | None = None) -> bool:
        """A run whose ``at``-th write (from 0) is carried out and then refused; what it is told
        failed comes once more. Then another run.

        Args:
            operation: count the writes inside batches instead of single ones.
            path: regular expression of the writes to count.

        Returns:
            whether there were that many.
        """
        number = self._next()
        path = path or (None if operation else SINGLE)
        options = {"system": "bc", "writes": True, "operation": operation, "path": path}
        with self._fault("apply_then_refuse", at, **options) as fault:
            self.run()
        self.again(number)
        self.run()
        self.check(number)
        return fault.hits == 1

    def _next(self) -> int:
        if self.lag_seconds:
            self.installation.sandbox.clock.advance(self.lag_seconds + 1)
        number = next(self.numbers)
        self.prepare(number)
        return number

    def run(self) -> None:
        """One run of the entity in this process."""
        run_tenant(self.installation.tenant(self.tenant), Launch(entities=(self.entity,)))

    @contextmanager
    def _fault(self, action: str, at: int, **options: object) -> Iterator[Fault]:
        faults = self.installation.sandbox.faults
        fault = faults.add(action=action, after=at, times=1, **options)
        try:
            yield fault
        finally:
            faults.remove(fault)


class _Held:
    """A run in a process that waits for its release, so that the fault knows whom to kill."""

    def __init__(self, installation: Installation, tenant: str, entity: str) -> None:
        self._go = _WARM.Event()
        self._process: BaseProcess = _WARM.Process(
            target=_work, args=(self._go, str(installation.home), tenant, entity), daemon=True
        )
        self._process.start()

    @property
    def was_killed(self) -> bool:
        return self._process.exitcode == -signal.SIGKILL

    def kill(self) -> None:
        """SIGKILL: no chance to clean up."""
        pid = self._process.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    def release(self) -> None:
        """Let it run; returns when it has ended, one way or the other."""
        self._go.set()
        self._process.join(RUN_SECONDS)
        assert not self._process.is_alive(), "the run hangs"


def _work(go, home: str, tenant: str, entity: str) -> None:
    from pathlib import Path

    go.wait()
    run_tenant(registry.load(Path(home)).get(tenant), Launch(entities=(entity,)))
