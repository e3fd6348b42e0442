"""The part of a run that writes to Business Central: its session, its gate, and the work behind its
tasks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass

from bc_pipeline import clock
from bc_pipeline.business_central.client import Company
from bc_pipeline.catalogue.entities import COMPANIES, FOR_FILES, REFERENCE
from bc_pipeline.catalogue.exports import EXPORTS, export_named
from bc_pipeline.errors import PipelineError
from bc_pipeline.report import EntityResult
from bc_pipeline.run.graph import Work
from bc_pipeline.to_business_central.gate import Gate
from bc_pipeline.to_business_central.session import ExportSession
from bc_pipeline.to_business_central.writer import ExportRun

NOT_NEEDED = "not needed"
GROUP = "outbound/"
_FOR_EXPORTS = frozenset({COMPANIES, *(entity.name for entity in REFERENCE.values())})
"""Reads that a run of nothing but exports leaves out when no record needs them."""


def is_export(task: str) -> bool:
    """Whether a task writes to Business Central."""
    return task.startswith(GROUP)


def needs_optiply(tasks: Collection[str]) -> bool:
    """Whether any of these tasks speaks to Optiply."""
    exports = (export_named(task) for task in tasks if is_export(task))
    return any(task.startswith("optiply/") for task in tasks) or any(
        not export.from_files for export in exports
    )


def only_exports(tasks: Collection[str]) -> bool:
    """Whether these tasks are exports and what they read, and nothing else: such a run asks
    Business Central for nothing when nothing waits."""
    rest = {task for task in tasks if not is_export(task)}
    return len(rest) < len(tasks) and rest <= _FOR_EXPORTS


class Connection:
    """Makes sure once per run that Business Central lets us in and is the right one.

    Args:
        connect: does it and gives the config company; raises PipelineError.
    """

    def __init__(self, connect: Callable[[], Company]) -> None:
        self._connect = connect
        self._guard = threading.Lock()
        self._outcome: Company | PipelineError | None = None

    def __call__(self) -> Company:
        """The config company.

        Raises:
            PipelineError: as the first time, without asking again.
        """
        with self._guard:
            if self._outcome is None:
                try:
                    self._outcome = self._connect()
                except PipelineError as error:
                    self._outcome = error
            if isinstance(self._outcome, PipelineError):
                raise self._outcome
            return self._outcome


@dataclass(frozen=True)
class Exporting:
    """The exports of one run.

    Args:
        lazily: reads done only when a waiting record needs them.
    """

    session: ExportSession
    gate: Gate
    lazily: frozenset[str]

    def read(self, task: str) -> Work:
        """The work of reading reference data for the records in files."""
        kind = task.removeprefix("bc/")

        def work(result: EntityResult) -> None:
            rows = (
                self.session.reference_rows(kind) if kind in REFERENCE else self.session.companies()
            )
            result.mode = NOT_NEEDED if rows is None else "full"
            result.rows = rows or 0

        return work

    def write(self, task: str) -> Work:
        """The work of writing one entity."""
        entity = export_named(task).entity

        def work(result: EntityResult) -> None:
            with self.gate.passed(entity):
                started = clock.monotonic()
                try:
                    self.session.write(entity, result)
                finally:
                    result.seconds = clock.monotonic() - started

        return work


def exporting(
    context: ExportRun, tasks: Collection[str], connect: Connection, *, hold: bool
) -> Exporting | None:
    """The exports among the tasks of a run; None when there are none.

    Args:
        hold: nothing is written before it is released.
    """
    entities = [export.entity for export in EXPORTS.values() if export.task in tasks]
    if not entities:
        return None
    session = ExportSession(context, entities, connect)
    gate = Gate(session, entities, context.cancel, held=hold)
    from_files = any(EXPORTS[entity].from_files for entity in entities)
    lazily = _FOR_EXPORTS if only_exports(tasks) else frozenset(FOR_FILES if from_files else ())
    return Exporting(session, gate, lazily)
