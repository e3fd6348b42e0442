"""What a read brought, and its trace in ``ops.reads`` and ``ops.warnings``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from bc_pipeline.business_central import mending
from bc_pipeline.business_central.mending import MendedRecord
from bc_pipeline.catalogue.entity import Mode


@dataclass(frozen=True)
class ReadResult:
    """What a read brought.

    Args:
        entity: its name.
        mode: ``full`` or ``incremental``.
        rows: rows read, each counted once.
        changed: of these, new or different ones.
        deleted: rows taken out of the mirror.
        lines: lines read.
        lines_changed: lines written to or taken out of the mirror.
        pages: pages read, those of the comparison of ids included.
        requests, retried, throttled: requests sent, repeats among them, 429s met.
        seconds: how long it took.
        from_stamp: the stamp an incremental read started from.
        complete: the mirror shows the source; False when the read failed or there is no source.
        absent: this tenant's BC does not have the optional source.
        reason: why it is not complete.
        warnings: kind -> message, for the operator.
        mended: records whose texts could not be stored as they were.
    """

    entity: str
    mode: Mode
    rows: int = 0
    changed: int = 0
    deleted: int = 0
    lines: int = 0
    lines_changed: int = 0
    pages: int = 0
    requests: int = 0
    retried: int = 0
    throttled: int = 0
    seconds: float = 0.0
    from_stamp: datetime | None = None
    complete: bool = True
    absent: bool = False
    reason: str | None = None
    warnings: dict[str, str] = field(default_factory=dict)
    mended: tuple[MendedRecord, ...] = ()

    @property
    def warning_counts(self) -> dict[str, int]:
        """How many warnings there are of each kind."""
        counts = dict.fromkeys(self.warnings, 1)
        return counts | ({mending.WARNING: len(self.mended)} if self.mended else {})

    def record(self, cursor: duckdb.DuckDBPyConnection, run_no: int) -> None:
        """Writes it down, in the transaction of ``cursor``."""
        cursor.execute(
            "INSERT INTO ops.reads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                run_no,
                self.entity,
                self.mode,
                self.rows,
                self.pages,
                self.requests,
                self.seconds,
                self.complete,
                self.reason,
                self.from_stamp,
            ],
        )
        told: list[tuple[str | None, str, str]] = [
            *((None, kind, message) for kind, message in self.warnings.items()),
            *((id, mending.WARNING, message) for id, message in mending.warnings(self.mended)),
        ]
        for id, kind, message in told:
            cursor.execute(
                "INSERT INTO ops.warnings VALUES (?, ?, ?, ?, ?)",
                [run_no, self.entity, id, kind, message],
            )
