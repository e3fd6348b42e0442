"""Progress of a run while it works, on stderr: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from bc_pipeline import clock
from bc_pipeline.cli.output import console, message
from bc_pipeline.report import RunSummary

SECONDS_BETWEEN_LINES = 5.0


class Watcher(Protocol):
    """Watches the runs of one command (``RunObserver``) and keeps their summaries."""

    summaries: dict[str, RunSummary]

    def tenant(self, name: str) -> None:
        """The next run is this tenant's."""

    def progress(self, entity: str, done: int, total: int, requests: int, rate: float) -> None:
        """See ``ProgressListener``."""

    def finished(self, summary: RunSummary) -> None:
        """See ``RunObserver``."""


class Pace:
    """How fast the entities of one run get on."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[float, int]] = {}

    def figures(self, entity: str, done: int, total: int, requests: int) -> str:
        """``7 of 64 rows, 8 requests, 3 rows/s, 19 s left``; the last two once they are known."""
        rows = f"{done} of {total} rows" if total else f"{done} rows"
        told = f"{rows}, {requests} requests"
        rate = self._rate(entity, done)
        if not rate:
            return told
        left = f", {(total - done) / rate:.0f} s left" if total > done else ""
        return f"{told}, {rate:.0f} rows/s{left}"

    def _rate(self, entity: str, done: int) -> float:
        now = clock.monotonic()
        since, at_first = self._first.setdefault(entity, (now, done))
        return (done - at_first) / (now - since) if now > since else 0.0


class _Watching:
    """What every watcher keeps."""

    def __init__(self) -> None:
        self.summaries: dict[str, RunSummary] = {}
        self._tenant = ""
        self._pace = Pace()
        self._lock = threading.Lock()

    def tenant(self, name: str) -> None:
        self._tenant = name
        self._pace = Pace()

    def finished(self, summary: RunSummary) -> None:
        self.summaries[summary.tenant] = summary


class Lines(_Watching):
    """One line when an entity is done, and every few seconds while it works."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[str, float] = {}

    def tenant(self, name: str) -> None:
        super().tenant(name)
        self._told.clear()
        message(f"{name}: started")

    def progress(self, entity: str, done: int, total: int, requests: int, rate: float) -> None:
        with self._lock:
            figures = self._pace.figures(entity, done, total, requests)
            now = clock.monotonic()
            last = self._told.setdefault(entity, now)
            if done < total and now - last < SECONDS_BETWEEN_LINES:
                return
            self._told[entity] = now
        message(f"{self._tenant}: {entity} {figures}")

    def finished(self, summary: RunSummary) -> None:
        super().finished(summary)
        message(f"{summary.tenant}: {summary.status} after {summary.seconds:.1f} s")


class Bars(_Watching):
    """One bar per entity of the run at hand."""

    def __init__(self, bars: Progress) -> None:
        super().__init__()
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def progress(self, entity: str, done: int, total: int, requests: int, rate: float) -> None:
        with self._lock:
            if entity not in self._tasks:
                label = f"{self._tenant} {entity}"
                self._tasks[entity] = self._bars.add_task(label, total=None, figures="")
            figures = self._pace.figures(entity, done, total, requests)
            self._bars.update(
                self._tasks[entity], completed=done, total=total or None, figures=figures
            )

    def finished(self, summary: RunSummary) -> None:
        super().finished(summary)
        with self._lock:
            for task in self._tasks.values():
                self._bars.remove_task(task)
            self._tasks.clear()


class Silence(_Watching):
    """Nothing is shown."""

    def progress(self, entity: str, done: int, total: int, requests: int, rate: float) -> None:
        """See ``ProgressListener``."""


@contextmanager
def watch(*, lines: bool = True) -> Iterator[Watcher]:
    """The watcher that suits where stderr goes.

    Args:
        lines: whether progress is told line by line where there is no terminal for bars.
    """
    screen = console(stderr=True)
    if not screen.is_terminal:
        yield Lines() if lines else Silence()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[figures]}"),
    )
    with Progress(*columns, console=screen, transient=True) as bars:
        yield Bars(bars)
