"""The gate in front of the writing: what is known before it, and when it may begin.

Whoever starts the run may want to look at an entity before anything of it is written, such as
Dagster with its checks. Then every task of an export waits until it is released.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from bc_pipeline.catalogue.exports import EXPORTS
from bc_pipeline.errors import Cancelled, PipelineError
from bc_pipeline.report import EntityResult
from bc_pipeline.to_business_central.export_types import Preparation
from bc_pipeline.to_business_central.session import ExportSession

_LOOK_SECONDS = 0.1
"""How often a waiting task looks whether the run was cancelled."""


class Gate:
    """Holds the exports of one run back until they are released, and keeps them in order: an
    entity waits for those its records may refer to, as far as these have been released.

    Args:
        session: prepares them.
        entities: those of this run.
        cancel: set to let nobody through any more.
        held: False lets everybody through at once.
    """

    def __init__(
        self,
        session: ExportSession,
        entities: Iterable[str],
        cancel: threading.Event,
        *,
        held: bool,
    ) -> None:
        self._session = session
        self._cancel = cancel
        self._released = {entity: threading.Event() for entity in entities}
        self._ended = {entity: threading.Event() for entity in self._released}
        self._sent_away: set[str] = set()
        if not held:
            for entity in self._released:
                self.release(entity)

    def prepared(self, entity: str, result: EntityResult) -> Preparation:
        """What is known about an entity, found out now if it was not yet.

        An entity that cannot be prepared, or must not be written, goes through the gate: its task
        ends with the reason, having written nothing.

        Raises:
            PipelineError: it could not be found out.
        """
        try:
            preparation = self._session.prepare(entity, result)
        except PipelineError:
            self.release(entity)
            raise
        if preparation.mappings is not None and preparation.mappings.blocking:
            self.release(entity)
        return preparation

    def release(self, entity: str) -> None:
        """Let an entity be written."""
        self._released[entity].set()

    def close(self) -> None:
        """Nobody is going to release anything any more: who still waits goes away empty-handed.
        Who has nothing to write may as well pass."""
        for entity, released in self._released.items():
            if not released.is_set():
                if not self._session.is_idle(entity):
                    self._sent_away.add(entity)
                released.set()

    @contextmanager
    def passed(self, entity: str) -> Iterator[None]:
        """Wait until the entity may be written, and tell the others when it has been.

        Raises:
            Cancelled: it never may.
        """
        try:
            self._wait(self._released[entity])
            if entity in self._sent_away:
                raise Cancelled("it was not released for writing")
            for first in EXPORTS[entity].after:
                # Waiting for somebody who may never be released would be waiting for ever.
                if first in self._released and self._released[first].is_set():
                    self._wait(self._ended[first])
            yield
        finally:
            self._ended[entity].set()

    def _wait(self, event: threading.Event) -> None:
        while not event.wait(_LOOK_SECONDS):
            if self._cancel.is_set():
                raise Cancelled("the run was cancelled")
