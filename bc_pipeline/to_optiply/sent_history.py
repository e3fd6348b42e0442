"""What was sent to Optiply when, in ``ops.sent``: for the people who ask how a value got there.

Nothing here decides anything: what Optiply has is what the id map says. So the lines are gathered
and written some hundred at a time, and a process that is killed loses the last ones of them only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb
import orjson

from bc_pipeline import clock
from bc_pipeline.catalogue.resources import Resource
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.to_optiply.outcome import Outcome

PORTION = 500
"""Lines that are written at once."""

_NOTE = """
INSERT INTO ops.sent SELECT ?, unnest(CAST(? AS TIMESTAMPTZ[])), ?, unnest(CAST(? AS VARCHAR[])),
  unnest(CAST(? AS VARCHAR[])), unnest(CAST(? AS BIGINT[])),
  CAST(unnest(CAST(? AS VARCHAR[])) AS JSON)
"""
_Line = tuple[datetime, str, str, int | None, str | None]


@dataclass
class SentHistory:
    """What one run sends of one resource.

    Args:
        snapshot: whose other writers are kept out while lines are written.
        cursor: of the thread that notes.
        resource: what is sent.
        run_no: number of the run.
    """

    snapshot: Snapshot
    cursor: duckdb.DuckDBPyConnection
    resource: Resource
    run_no: int
    _lines: list[_Line] = field(default_factory=list)

    def note(self, outcomes: Iterable[Outcome]) -> None:
        """Remember those of the outcomes that changed something in Optiply."""
        now = clock.now()
        for outcome in outcomes:
            action = _action(outcome)
            if action is not None:
                self._lines.append(
                    (
                        now,
                        outcome.row.remote_id,
                        action,
                        outcome.optiply_id or outcome.row.optiply_id,
                        self._attributes(outcome, action),
                    )
                )
        if len(self._lines) >= PORTION:
            self.flush()

    def flush(self) -> None:
        """Write what is remembered."""
        if not self._lines:
            return
        at, ids, actions, optiply_ids, attributes = (
            list(column) for column in zip(*self._lines, strict=True)
        )
        self._lines = []
        entity = f"optiply/{self.resource.name}"
        with self.snapshot.writing():
            self.cursor.execute(
                _NOTE, [self.run_no, at, entity, ids, actions, optiply_ids, attributes]
            )

    def _attributes(self, outcome: Outcome, action: str) -> str | None:
        """What the request carried, as JSON; None: all that the id map has, which for a resource
        that is never changed stays so (a million sell orders need not be kept twice)."""
        sent: dict[str, Any] | None = outcome.changes
        if action == "created":
            sent = None if self.resource.create_only else outcome.last_sent
        return orjson.dumps(sent).decode() if sent else None


def _action(outcome: Outcome) -> str | None:
    """``created``, ``updated`` or ``deleted``; None when nothing was changed in Optiply."""
    if outcome.bucket in ("created", "updated", "deleted"):
        return outcome.bucket
    # Half of a replacement: it is created again, and counted, afterwards.
    return "deleted" if outcome.state == "deleted" and outcome.followed_by else None
