"""Running tasks side by side, each as soon as those it needs are done (flows.md 1).

Every task has a thread; a task that fails stops only what depends on it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bc_pipeline import clock
from bc_pipeline.errors import (
    Cancelled,
    EntityBlocked,
    EntityFailed,
    PipelineError,
    RequestFailed,
)
from bc_pipeline.report import EntityResult, Problem, ProblemKind

logger = logging.getLogger(__name__)

Work = Callable[[EntityResult], None]
THROTTLED = 429
WRITING = ("optiply/", "outbound/")
"""Groups of tasks that write."""

_KINDS: dict[str, ProblemKind] = {
    "auth": "auth",
    "config": "config",
    "quarantined": "quarantined",
}
"""Kinds of errors that are problem kinds too; others hold the entity up."""

NOT_STARTED = "was not started"
"""Of a task that another one has stopped; how the reason begins."""


@dataclass(frozen=True)
class Task:
    """One task.

    Args:
        name: as the asset is called, ``bc/items``.
        work: does it, filling the result; raises when it fails.
        needs: tasks that must have succeeded.
        soft: tasks that must have ended, however; they only make the outcome better.
    """

    name: str
    work: Work
    needs: tuple[str, ...] = ()
    soft: tuple[str, ...] = ()


@dataclass
class _Node:
    task: Task
    result: EntityResult
    done: threading.Event = field(default_factory=threading.Event)
    error: PipelineError | None = None


class Graph:
    """The tasks of one run. Needs that are not among them are taken as met.

    Args:
        tasks: in any order.
        cancel: set to start nothing more.
        foreseen: what an error of another room means in words; None where it means nothing known.
    """

    def __init__(
        self,
        tasks: Iterable[Task],
        cancel: threading.Event,
        foreseen: Callable[[Exception], PipelineError | None] = lambda error: None,
    ) -> None:
        self._nodes = {t.name: _Node(t, EntityResult(name=t.name)) for t in tasks}
        self._cancel = cancel
        self._foreseen = foreseen
        self._threads: list[threading.Thread] = []
        soft = {name for node in self._nodes.values() for name in node.task.soft}
        # What is written counts for itself, also where others only wait for its end.
        self._soft = {name for name in soft if not name.startswith(WRITING)}

    def start(self) -> None:
        """Start every task whose needs are met; the others follow by themselves."""
        for node in self._nodes.values():
            thread = threading.Thread(target=self._run, args=(node,), name=node.task.name)
            thread.daemon = True
            self._threads.append(thread)
            thread.start()

    def wait(self, name: str) -> EntityResult:
        """The result of a task, once it has one.

        A failed read that others need only softly gives its incomplete result.

        Raises:
            KeyError: no such task in this run.
            EntityFailed: it failed.
            EntityBlocked: it was not started, because one it needs failed.
            Cancelled: the run was cancelled before it was through.
        """
        node = self._nodes[name]
        node.done.wait()
        if node.error is None or (name in self._soft and isinstance(node.error, EntityFailed)):
            return node.result
        raise node.error

    def __contains__(self, name: object) -> bool:
        return name in self._nodes

    def result(self, name: str) -> EntityResult:
        """The result of a task as it is now; it may still be at work on it.

        Raises:
            KeyError: no such task in this run.
        """
        return self._nodes[name].result

    def wait_for_needs(self, name: str, prefix: str) -> None:
        """Wait until those tasks have ended that a task needs and that begin with ``prefix``.

        Raises:
            KeyError: no such task in this run.
        """
        task = self._nodes[name].task
        for need in (*task.needs, *task.soft):
            if need in self._nodes and need.startswith(prefix):
                self._nodes[need].done.wait()

    def join(self) -> None:
        """Wait until every task has ended."""
        for thread in self._threads:
            thread.join()

    def results(self) -> dict[str, EntityResult]:
        """All results by name; read them after ``join``."""
        return {name: node.result for name, node in self._nodes.items()}

    def failed(self) -> tuple[str, ...]:
        """The tasks that failed or were cut off."""
        return tuple(
            name
            for name, node in self._nodes.items()
            if node.error is not None and not isinstance(node.error, EntityBlocked)
        )

    def blocked(self) -> tuple[str, ...]:
        """The tasks that were not started because of others."""
        return tuple(n for n, node in self._nodes.items() if isinstance(node.error, EntityBlocked))

    def _run(self, node: _Node) -> None:
        try:
            obstacle = self._obstacle(node.task)
            if obstacle is not None:
                node.error = EntityBlocked(f"{node.task.name} {NOT_STARTED}: {obstacle} failed")
                self._tell(node, "blocked", str(node.error))
            else:
                self._work(node)
        finally:
            node.result.complete = node.result.complete and node.error is None
            node.done.set()

    def _obstacle(self, task: Task) -> str | None:
        """The first needed task that did not succeed, after waiting for all of them."""
        for name in (*task.needs, *task.soft):
            if name in self._nodes:
                self._nodes[name].done.wait()
        failed = (n for n in task.needs if n in self._nodes and self._nodes[n].error is not None)
        return next(failed, None)

    def _work(self, node: _Node) -> None:
        started = clock.monotonic()
        try:
            if self._cancel.is_set():
                raise Cancelled("the run was cancelled")
            node.task.work(node.result)
        except Cancelled as error:
            node.error = error
            self._tell(node, "blocked", str(error))
        except PipelineError as error:
            node.error = _as_failure(error)
            self._tell(node, _kind(error), str(error))
        except Exception as error:
            known = self._foreseen(error)
            if known is not None:
                node.error = EntityFailed(f"{node.task.name}: {known}")
                self._tell(node, "blocked", str(known))
                return
            logger.exception("%s failed unexpectedly", node.task.name)
            text = f"unexpected {type(error).__name__}; the log has the details"
            node.error = EntityFailed(f"{node.task.name}: {text}")
            self._tell(node, "blocked", text)
        finally:
            # Work that had to wait for somebody's leave has measured itself.
            node.result.seconds = node.result.seconds or clock.monotonic() - started

    @staticmethod
    def _tell(node: _Node, kind: ProblemKind, reason: str) -> None:
        node.result.problems.append(Problem(node.task.name, None, kind, reason))


def _as_failure(error: PipelineError) -> EntityFailed:
    if isinstance(error, EntityFailed):
        return error
    failure = EntityFailed(str(error))
    failure.__cause__ = error
    return failure


def _kind(error: PipelineError) -> ProblemKind:
    """The kind of problem in the words of the JSON."""
    if isinstance(error, EntityFailed) and error.kind not in _KINDS:
        return "guard"
    return "throttled" if _throttled(error) else _KINDS.get(error.kind, "blocked")


def _throttled(error: BaseException | None) -> bool:
    """Whether what went wrong in the end was a 429."""
    while error is not None:
        if isinstance(error, RequestFailed) and error.status == THROTTLED:
            return True
        error = error.__cause__
    return False
