"""Writing ``sync.<resource>``: the id map and what was last confirmed, durably (flows.md 2).

Everything is written in bulk: lists are bound as one parameter each and unnested by DuckDB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import orjson

from bc_pipeline import clock
from bc_pipeline.catalogue.resources import RESOURCES, Resource
from bc_pipeline.catalogue.states import GUARD
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.snapshot.transaction import all_or_nothing
from bc_pipeline.to_optiply import held
from bc_pipeline.to_optiply.attribute_values import Values
from bc_pipeline.to_optiply.diff import Plan, PlannedRow
from bc_pipeline.to_optiply.outcome import Outcome

ORIGIN = "optiply"
"""Origin of rows that were made in Optiply, not by a sync."""

_COLUMNS: tuple[tuple[str, str], ...] = (
    ("remote_id", "VARCHAR"),
    ("optiply_id", "BIGINT"),
    ("optiply_uuid", "VARCHAR"),
    ("content_hash", "VARCHAR"),
    ("last_sent", "VARCHAR"),
    ("failed_hash", "VARCHAR"),
    ("state", "VARCHAR"),
    ("reason", "VARCHAR"),
    ("attempts", "INTEGER"),
    ("next_attempt_run", "BIGINT"),
    ("extra", "VARCHAR"),
    ("source_modified_at", "VARCHAR"),
)
_NAMES = ", ".join(name for name, _ in _COLUMNS)
_UNNESTED = ", ".join(f"unnest(CAST(? AS {kind}[])) AS {name}" for name, kind in _COLUMNS)
_CASTS = {"last_sent": "JSON", "extra": "JSON", "source_modified_at": "TIMESTAMPTZ"}
_SELECTED = ", ".join(
    f"CAST({name} AS {_CASTS[name]})" if name in _CASTS else name for name, _ in _COLUMNS
)
_REPLACED = ", ".join(f"{name} = excluded.{name}" for name, _ in _COLUMNS[1:])

_SAVE = f"""
INSERT INTO sync.{{name}} ({_NAMES}, created_at, updated_at, last_seen_run)
SELECT {_SELECTED}, CAST(? AS TIMESTAMPTZ), CAST(? AS TIMESTAMPTZ), ?
FROM (SELECT {_UNNESTED})
ON CONFLICT (remote_id) DO UPDATE SET {_REPLACED},
  updated_at = excluded.updated_at, last_seen_run = excluded.last_seen_run
"""

_HOLD = f"""
UPDATE sync.{{name}} t SET state = '{GUARD}', reason = '{held.REASON}', attempts = 0,
  next_attempt_run = NULL, failed_hash = NULL, updated_at = $now
FROM plan p WHERE p.remote_id = t.remote_id AND p.action = 'gone' AND t.state <> '{GUARD}'
"""

_SETTLE: tuple[tuple[Callable[[Plan], bool], str], ...] = (
    # Back before its deletion was approved.
    (
        lambda plan: plan.has_state(GUARD),
        f"""UPDATE sync.{{name}} t SET state = 'active', reason = NULL, updated_at = $now
       FROM plan p WHERE p.remote_id = t.remote_id AND p.action <> 'gone'
         AND t.state = '{GUARD}'""",
    ),
    # Back to normal: what made it wait or fail has gone away by itself.
    (
        lambda plan: plan.has("unchanged", "deferred", "quarantined", "skipped"),
        """UPDATE sync.{name} t SET state = 'active', reason = NULL, attempts = 0,
         next_attempt_run = NULL, failed_hash = NULL, updated_at = $now
       FROM plan p WHERE p.remote_id = t.remote_id AND p.action = 'unchanged'
         AND t.state IN ('deferred', 'quarantined', 'skipped')""",
    ),
    (
        lambda plan: plan.has("unchanged"),
        """UPDATE sync.{name} t SET extra = CASE
         WHEN json_exists(t.extra, '$.refused') THEN json_merge_patch(CAST(p.extra AS JSON),
           json_object('refused', json_extract(t.extra, '$.refused')))
         ELSE CAST(p.extra AS JSON) END
       FROM plan p WHERE p.remote_id = t.remote_id AND p.action = 'unchanged'
         AND p.extra IS DISTINCT FROM p.known_extra""",
    ),
    (
        lambda plan: plan.has("skip"),
        """UPDATE sync.{name} t SET state = 'skipped', reason = p.wanted_reason, attempts = 0,
         extra = CAST(p.extra AS JSON), next_attempt_run = NULL, failed_hash = NULL,
         updated_at = $now
       FROM plan p WHERE p.remote_id = t.remote_id AND p.action = 'skip' AND NOT p.standing
         AND t.last_sent IS NULL AND t.state <> 'deleted'
         AND (t.state <> 'skipped' OR t.reason IS DISTINCT FROM p.wanted_reason)""",
    ),
    (
        lambda plan: plan.has("defer"),
        """UPDATE sync.{name} t SET attempts = CASE WHEN t.state = 'deferred'
           THEN t.attempts + 1 ELSE 1 END, state = 'deferred', reason = p.wanted_reason,
         next_attempt_run = NULL, failed_hash = NULL, updated_at = $now
       FROM plan p WHERE p.remote_id = t.remote_id AND p.action = 'defer'""",
    ),
    (
        lambda plan: plan.has("quarantine"),
        """UPDATE sync.{name} t SET attempts = CASE WHEN t.state = 'quarantined'
           THEN t.attempts + 1 ELSE 1 END, state = 'quarantined', reason = p.wanted_reason,
         next_attempt_run = NULL, failed_hash = p.attempt_hash, updated_at = $now
       FROM plan p WHERE p.remote_id = t.remote_id AND p.action = 'quarantine'""",
    ),
    (
        lambda plan: any(plan.has(each, None) for each in ("skip", "defer", "quarantine")),
        """INSERT INTO sync.{name} (remote_id, state, reason, attempts, failed_hash, extra,
         source_modified_at, created_at, updated_at, last_seen_run)
       SELECT remote_id, CASE action WHEN 'skip' THEN 'skipped' WHEN 'defer' THEN 'deferred'
           ELSE 'quarantined' END, wanted_reason, CASE action WHEN 'skip' THEN 0 ELSE 1 END,
         CASE action WHEN 'quarantine' THEN attempt_hash END, CAST(extra AS JSON),
         source_modified_at, $now, $now, $run_no
       FROM plan p WHERE action IN ('skip', 'defer', 'quarantine') AND state IS NULL""",
    ),
    (
        lambda plan: plan.has("forget"),
        """DELETE FROM sync.{name} t USING plan p
       WHERE p.remote_id = t.remote_id AND p.action = 'forget'""",
    ),
)
"""What happens to the records that need no request, one statement per transition, with whether
there may be one to make."""

_FORGET = """
UPDATE sync.{name} SET optiply_id = NULL, optiply_uuid = NULL, content_hash = NULL,
  last_sent = NULL, failed_hash = NULL, attempts = 0, next_attempt_run = NULL, state = 'deleted',
  updated_at = $now
"""
_GONE = f"""
{_FORGET}, reason = 'removed in Optiply (row ' || optiply_id || ')'
WHERE optiply_id IN (SELECT unnest(CAST($ids AS BIGINT[])))
"""
_CASCADE = f"""
{_FORGET}, reason = 'deleted in Optiply with its parent'
WHERE optiply_id IS NOT NULL AND state <> 'deleted'
  AND CAST(json_extract_string(last_sent, '$.{{key}}') AS BIGINT) IN
    (SELECT unnest(CAST($parents AS BIGINT[])))
"""
_CHILDREN = """
SELECT optiply_id FROM sync.{name} WHERE optiply_id IS NOT NULL AND state <> 'deleted'
  AND CAST(json_extract_string(last_sent, '$.{key}') AS BIGINT) IN
    (SELECT unnest(CAST($parents AS BIGINT[])))
"""


def owner_of(snapshot: Snapshot, resource: Resource, optiply_id: int) -> str | None:
    """The remote id of the record that a row of Optiply belongs to, or None."""
    with snapshot.cursor() as cursor:
        row = cursor.execute(
            f"SELECT remote_id FROM sync.{resource.name} "
            "WHERE optiply_id = ? AND state <> 'deleted'",
            [optiply_id],
        ).fetchone()
    return row[0] if row else None


def gone_in_optiply(
    cursor: duckdb.DuckDBPyConnection, resource: Resource, optiply_ids: Sequence[int]
) -> None:
    """Rows, and with them their children, that turned out not to be in Optiply any more: they are
    created again if they are still wanted. In the transaction of ``cursor``."""
    cursor.execute(_GONE.format(name=resource.name), {"ids": list(optiply_ids), "now": clock.now()})
    _cascade(cursor, resource, list(optiply_ids))


@dataclass
class Ledger:
    """The rows of one resource. Used by one thread; the cursor also holds the plan.

    Args:
        snapshot: whose other writers are kept out while a transaction is open.
        cursor: the cursor that holds the temporary table ``plan``.
        resource: whose rows.
        run_no: number of the run.
    """

    snapshot: Snapshot
    cursor: duckdb.DuckDBPyConnection
    resource: Resource
    run_no: int

    def settle(self, plan: Plan) -> None:
        """Record the state of every record of the plan that needs no request."""
        parameters = {"now": clock.now(), "run_no": self.run_no}
        with self._transaction() as cursor:
            for statement in (sql for may_apply, sql in _SETTLE if may_apply(plan)):
                sql = statement.format(name=self.resource.name)
                cursor.execute(sql, {k: v for k, v in parameters.items() if f"${k}" in sql})

    def hold(self) -> None:
        """Record that the guard holds the deletions of the plan back."""
        with self._transaction() as cursor:
            cursor.execute(_HOLD.format(name=self.resource.name), {"now": clock.now()})

    def announce(self, rows: Sequence[tuple[PlannedRow, Values]]) -> None:
        """Note durably that these records are about to be POSTed, with the attributes sent.

        A record that stood in Optiply until now is gone there, and its children with it.
        """
        parents = [row.optiply_id for row, _ in rows if row.optiply_id is not None]
        outcomes = [
            Outcome(
                row,
                None,
                "intent",
                last_sent=values,
                extra=row.extra,
                attempts=row.attempts,
                failed_hash=row.attempt_hash,
            )
            for row, values in rows
        ]
        with self._transaction() as cursor:
            self._write(cursor, outcomes)
            if parents:
                _cascade(cursor, self.resource, parents)

    def save(self, outcomes: Sequence[Outcome]) -> None:
        """Record what became of these records, all or nothing."""
        parents = [o.parent_gone for o in outcomes if o.parent_gone is not None]
        forgotten = [o.row.remote_id for o in outcomes if o.forget]
        warnings = [(o.row.remote_id, *warning) for o in outcomes for warning in o.warnings]
        with self._transaction() as cursor:
            self._write(cursor, [o for o in outcomes if not o.forget])
            if parents:
                _cascade(cursor, self.resource, parents)
            if forgotten:
                cursor.execute(
                    f"DELETE FROM sync.{self.resource.name} WHERE remote_id IN "
                    "(SELECT unnest(CAST(? AS VARCHAR[])))",
                    [forgotten],
                )
            if warnings:
                self._warn(cursor, warnings)

    def warn(self, warnings: Sequence[tuple[str, str, str]]) -> None:
        """Record warnings: (remote id, kind, message)."""
        if warnings:
            with self._transaction() as cursor:
                self._warn(cursor, warnings)

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self.snapshot.writing(), all_or_nothing(self.cursor):
            yield self.cursor

    def _write(self, cursor: duckdb.DuckDBPyConnection, outcomes: Sequence[Outcome]) -> None:
        if not outcomes:
            return
        now = clock.now()
        columns: list[list[Any]] = [
            list(column) for column in zip(*map(_fields, outcomes), strict=True)
        ]
        cursor.execute(_SAVE.format(name=self.resource.name), [now, now, self.run_no, *columns])

    def _warn(
        self, cursor: duckdb.DuckDBPyConnection, warnings: Sequence[tuple[str, str, str]]
    ) -> None:
        ids, kinds, messages = (list(column) for column in zip(*warnings, strict=True))
        cursor.execute(
            "INSERT INTO ops.warnings SELECT ?, ?, unnest(CAST(? AS VARCHAR[])), "
            "unnest(CAST(? AS VARCHAR[])), unnest(CAST(? AS VARCHAR[]))",
            [self.run_no, f"optiply/{self.resource.name}", ids, kinds, messages],
        )


def _cascade(cursor: duckdb.DuckDBPyConnection, resource: Resource, parents: list[int]) -> None:
    """Children Optiply has deleted along have to be created again if they are still wanted."""
    for name, key in resource.children:
        sql = _CHILDREN.format(name=name, key=key)
        ids = [row[0] for row in cursor.execute(sql, {"parents": parents}).fetchall()]
        if not ids:
            continue
        _cascade(cursor, RESOURCES[name], ids)
        cursor.execute(
            _CASCADE.format(name=name, key=key), {"parents": parents, "now": clock.now()}
        )


def _fields(outcome: Outcome) -> tuple[Any, ...]:
    return (
        outcome.row.remote_id,
        outcome.optiply_id,
        outcome.optiply_uuid,
        outcome.content_hash,
        None if outcome.last_sent is None else orjson.dumps(outcome.last_sent).decode(),
        outcome.failed_hash,
        outcome.state,
        outcome.reason,
        outcome.attempts,
        outcome.next_attempt_run,
        orjson.dumps(outcome.extra).decode() if outcome.extra else None,
        outcome.row.source_modified_at,
    )
