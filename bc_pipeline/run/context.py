"""What the tasks of one run of a tenant work with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from bc_pipeline import clock
from bc_pipeline.mapping import prepare
from bc_pipeline.reading.named_settings import Names
from bc_pipeline.report import Launch
from bc_pipeline.run.exports import Exporting
from bc_pipeline.to_business_central.writer import ExportRun


@dataclass(kw_only=True)
class RunContext(ExportRun):
    """What the tasks of one run work with.

    Args:
        vanished: buy orders confirmed to be gone from Business Central, filled on the way.
        exporting: the exports of the run, where it has any.
        fresh: no replica may answer. One that is behind would take back what a tick has read, and
            the ticks, which have seen that, would not read it again.
    """

    launch: Launch
    started_at: datetime = field(default_factory=lambda: clock.now())
    vanished: frozenset[str] = frozenset()
    exporting: Exporting | None = None
    fresh: bool = False

    def __post_init__(self) -> None:
        self.dry_run = self.launch.dry_run
        self._mapping: duckdb.DuckDBPyConnection | None = None
        self.names = Names(self.tenant, self.bc, self.snapshot)

    @contextmanager
    def mapping(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The connection mappings run on, one at a time: building creates tables in the shared
        catalogue, and what a connection needs for it costs as much as a small mapping."""
        with self.snapshot.writing():
            if self._mapping is None:
                self._mapping = self.snapshot.cursor()
                prepare(self._mapping)
            yield self._mapping

    def close(self) -> None:
        """Let go of that connection; as long as it is open, the snapshot is."""
        if self._mapping is not None:
            self._mapping.close()
