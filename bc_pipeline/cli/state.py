"""What a tenant's snapshot tells an operator: last runs, counts, quarantine, next attempts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import duckdb

from bc_pipeline.checks.run import LATE_AFTER
from bc_pipeline.outbound.inbox.files import waiting
from bc_pipeline.snapshot.schema import SYNC_TABLES
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.model import Tenant

HELD_STATES = ("quarantined", "deferred")
OPEN_EXPORT_STATES = ("blocked", "ambiguous", "failed", "intent", "created")
"""States of the outbound ledger that are no good end."""


@dataclass
class TenantState:
    """One tenant as its snapshot shows it.

    Attributes:
        last_run, last_good_run: newest run, newest that was not a failure; None = never.
        late: no good run within 90 minutes.
        run_no: number of the newest run; ``next_attempt_run`` counts in these.
        counts: Optiply entity -> state -> records.
        held: records that wait, with their reason and the run that tries them again.
        exports: records for Business Central that failed, are blocked or unclear, with their
            reason.
        files: outbound files that are not through yet.
    """

    last_run: dict[str, Any] | None = None
    last_good_run: dict[str, Any] | None = None
    late: bool = True
    run_no: int = 0
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    held: list[dict[str, Any]] = field(default_factory=list)
    exports: list[dict[str, Any]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "last_run": self.last_run,
            "last_good_run": self.last_good_run,
            "late": self.late,
            "run_no": self.run_no,
            "entities": self.counts,
            "held": self.held,
            "exports": self.exports,
            "files": self.files,
        }


def read_state(tenant: Tenant, now: datetime | None = None) -> TenantState:
    """The state of a tenant; an empty one when it has never run.

    Raises:
        TenantBusy: a run holds the snapshot for longer than it is worth waiting.
    """
    files = [path.name for path in waiting(tenant.snapshot_dir)]
    try:
        snapshot = Snapshot.open(tenant.snapshot_dir, read_only=True)
    except FileNotFoundError:
        return TenantState(files=files)
    with snapshot, snapshot.cursor() as cursor:
        good = _last_run(cursor, "AND status IN ('success', 'partial')")
        return TenantState(
            last_run=_last_run(cursor),
            last_good_run=good,
            late=good is None or (now or datetime.now(UTC)) - good["ended_at"] > LATE_AFTER,
            run_no=_rows(cursor, "SELECT coalesce(max(run_no), 0) AS n FROM ops.runs")[0]["n"],
            counts={f"optiply/{name}": _counts(cursor, name) for name in SYNC_TABLES},
            held=[row for name in SYNC_TABLES for row in _held(cursor, name)],
            exports=_exports(cursor),
            files=files,
        )


def _last_run(cursor: duckdb.DuckDBPyConnection, condition: str = "") -> dict[str, Any] | None:
    runs = _rows(
        cursor,
        "SELECT run_no, run_id, status, reason, started_at, ended_at FROM ops.runs "
        f"WHERE NOT dry_run AND ended_at IS NOT NULL {condition} ORDER BY run_no DESC LIMIT 1",
    )
    return runs[0] if runs else None


def _counts(cursor: duckdb.DuckDBPyConnection, name: str) -> dict[str, int]:
    rows = _rows(cursor, f"SELECT state, count(*) AS n FROM sync.{name} GROUP BY 1 ORDER BY 1")
    return {row["state"]: row["n"] for row in rows}


def _held(cursor: duckdb.DuckDBPyConnection, name: str) -> list[dict[str, Any]]:
    return _rows(
        cursor,
        f"SELECT 'optiply/{name}' AS entity, remote_id, state, reason, attempts, next_attempt_run "
        f"FROM sync.{name} WHERE state IN {HELD_STATES} ORDER BY state DESC, remote_id",
    )


def _exports(cursor: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    return _rows(
        cursor,
        "SELECT 'outbound/' || entity AS entity, key, external_id, state, bc_number, file, line, "
        "error_class, reason, attempts, blocked_runs FROM outbound.ledger "
        f"WHERE state IN {OPEN_EXPORT_STATES} ORDER BY entity, state, file, line, key",
    )


def _rows(cursor: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    answer = cursor.execute(sql)
    columns = [column[0] for column in answer.description or []]
    return [dict(zip(columns, row, strict=True)) for row in answer.fetchall()]
