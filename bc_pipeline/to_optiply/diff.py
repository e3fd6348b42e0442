"""What has to happen to each record, decided in one statement over all of them (flows.md 3).

The wanted rows (``optiply.<resource>``) are joined with what Optiply has (``sync.<resource>``).
Only records that need a request, or a look, come to Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb
import orjson

from bc_pipeline.catalogue.resources import Resource
from bc_pipeline.to_optiply.attribute_values import Values, canonical_sql
from bc_pipeline.to_optiply.guard import Deletions

CHUNK = 500
FORCED = ""
"""A content hash that equals no other: send everything again (flows.md 10)."""

UNCONFIRMED = "unconfirmed"
"""Key in ``extra``: attributes of a PATCH of which it is not known whether Optiply has them."""

STANDING = "(s.optiply_id IS NOT NULL AND s.state <> 'deleted')"
# A POST was announced and never confirmed: the row may exist, so look before posting again.
PENDING = "(s.optiply_id IS NULL AND s.last_sent IS NOT NULL AND s.state <> 'deleted')"
SETTLED = (
    "s.content_hash = w.content_hash "
    f"AND NOT coalesce(json_exists(s.extra, '$.{UNCONFIRMED}'), FALSE)"
)
HELD = (
    "(s.state = 'quarantined' AND s.failed_hash = w.attempt_hash AND s.next_attempt_run > $run_no)"
)

_ACTIONS = """
CASE
  WHEN w.remote_id IS NULL THEN CASE
    WHEN s.state IN ('deleted', 'disabled') THEN 'none'
    WHEN {standing} AND s.state = 'quarantined' AND s.next_attempt_run > $run_no THEN 'held'
    WHEN {standing} THEN 'gone'
    WHEN {pending} THEN 'lost'
    ELSE 'forget' END
  WHEN w.decision = 'quarantine' THEN 'quarantine'
  WHEN w.decision = 'defer' THEN 'defer'
  WHEN w.decision = 'skip' THEN 'skip'
  WHEN w.decision = 'remove' THEN CASE
    WHEN {standing} AND s.state <> 'disabled' THEN 'gone'
    WHEN {pending} THEN 'lost'
    ELSE 'skip' END
  WHEN {held} THEN 'held'
  WHEN {standing} THEN CASE
    WHEN {replaced} THEN 'replace'
    WHEN {settled} THEN 'unchanged'
    ELSE 'update' END
  WHEN {pending} THEN 'resolve'
  WHEN w.decision = 'update_only' THEN 'skip'
  ELSE 'create' END
"""

_BUILD = """
CREATE OR REPLACE TEMP TABLE plan AS
WITH canonical AS (
  SELECT remote_id, reference, decision, reason, source_modified_at,
    CAST(extra AS VARCHAR) AS extra, {attributes} AS attributes
  FROM optiply.{name}
), hashed AS (
  SELECT *, sha256('{version}:' || attributes) AS content_hash FROM canonical
), w AS (
  SELECT *, sha256(concat_ws('|', content_hash, decision, epoch_us(source_modified_at)))
    AS attempt_hash FROM hashed
), decided AS (
  SELECT coalesce(w.remote_id, s.remote_id) AS remote_id, w.reference, w.decision,
    w.reason AS wanted_reason, w.attributes, w.content_hash, w.attempt_hash, w.extra,
    w.source_modified_at, {actions} AS action,
    {standing} AS standing, s.optiply_id, s.optiply_uuid, s.last_sent, s.state, s.attempts,
    s.reason AS known_reason, s.content_hash AS known_hash,
    CAST(s.extra AS VARCHAR) AS known_extra
  FROM w FULL JOIN sync.{name} s ON s.remote_id = w.remote_id
)
-- What is unchanged, most of it in most runs, need not be carried along.
SELECT * REPLACE (
    CASE WHEN action <> 'unchanged' THEN attributes END AS attributes,
    CASE WHEN action <> 'unchanged' THEN last_sent END AS last_sent),
  row_number() OVER (ORDER BY {order}) AS n
FROM decided
"""
_ALREADY_THERE = """
CASE WHEN remote_id IN (SELECT remote_id FROM sync.{name} s WHERE {standing}) THEN '{{}}'
  ELSE {attributes} END
"""

_DELETIONS = """
WITH alive AS (SELECT *, coalesce(standing AND state <> 'disabled', false) AS is_alive FROM plan)
SELECT count(*) FILTER (action IN ('gone', 'lost')),
  count(*) FILTER (action = 'gone' AND decision IS NULL),
  count(*) FILTER (is_alive),
  count(*) FILTER (is_alive AND action <> 'gone' AND decision IS NOT NULL),
  count(*) FILTER (action IN ('create', 'resolve')),
  count(*) FILTER (action = 'gone' AND state = 'guard')
FROM alive
"""

_ROWS = """
SELECT n, remote_id, reference, decision, action, attributes, content_hash, attempt_hash, extra,
  CAST(source_modified_at AS VARCHAR), optiply_id, optiply_uuid, CAST(last_sent AS VARCHAR), state,
  attempts, known_hash, known_extra
FROM plan WHERE action = $action AND n > $after ORDER BY n LIMIT $limit
"""


@dataclass
class PlannedRow:
    """One record that needs attention: the wanted side, and what we know of Optiply's side."""

    remote_id: str
    action: str
    reference: str | None = None
    decision: str | None = None
    wanted: Values = field(default_factory=dict)
    content_hash: str | None = None
    attempt_hash: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    source_modified_at: str | None = None
    optiply_id: int | None = None
    optiply_uuid: str | None = None
    last_sent: Values | None = None
    state: str | None = None
    attempts: int = 0
    known_hash: str | None = None
    known_extra: dict[str, Any] = field(default_factory=dict)

    @property
    def forced(self) -> bool:
        return self.known_hash == FORCED

    @property
    def refused(self) -> Values:
        """Attribute values Optiply has refused for this record."""
        refused = self.known_extra.get("refused")
        return refused if isinstance(refused, dict) else {}

    @property
    def unconfirmed(self) -> frozenset[str]:
        """Attributes of which it is not known what Optiply has."""
        names = self.known_extra.get(UNCONFIRMED)
        return frozenset(names if isinstance(names, list) else ())


@dataclass
class Plan:
    """The plan of one resource in a temporary table of one cursor.

    Args:
        cursor: must stay open, and must not be used by another thread.
        resource: what to plan.
        run_no: decides which quarantined records are due.
        version: version of the mapping, part of the content hash (flows.md 2).
    """

    cursor: duckdb.DuckDBPyConnection
    resource: Resource
    run_no: int
    version: int
    _found: Mapping[tuple[str, str | None], int] = field(default_factory=dict)

    def build(self) -> None:
        """Decide anew from the present state of both sides."""
        resource = self.resource
        replaced = "FALSE"
        if resource.replace_key:
            path = f"'$.{resource.replace_key}'"
            replaced = (
                f"json_extract_string(s.extra, {path}) <> json_extract_string(w.extra, {path})"
            )
        newest = resource.newest_first
        order = f"attributes->>'$.{newest}' DESC NULLS LAST, remote_id" if newest else "remote_id"
        actions = _ACTIONS.format(
            standing=STANDING,
            pending=PENDING,
            held=HELD,
            replaced=replaced,
            settled="TRUE" if resource.create_only else SETTLED,
        )
        self.cursor.execute(
            _BUILD.format(
                name=resource.name,
                attributes=self._attributes(),
                version=int(self.version),
                actions=actions,
                standing=STANDING,
                order=order,
            ),
            {"run_no": self.run_no},
        )
        found = self.cursor.execute(
            "SELECT action, state, count(*) FROM plan GROUP BY action, state"
        ).fetchall()
        self._found = {(action, state): count for action, state, count in found}

    def has(self, action: str, *states: str | None) -> bool:
        """Whether there is a record with this action, in one of these states where any are given.
        A statement about records that are not there costs as much as one about a few."""
        return any(a == action and (not states or s in states) for a, s in self._found)

    def has_state(self, state: str) -> bool:
        """Whether there is a record in this state."""
        return any(each == state for _, each in self._found)

    def _attributes(self) -> str:
        attributes = canonical_sql(self.resource)
        if not self.resource.create_only:
            return attributes
        # Never changed once created, so a long history costs nothing.
        return _ALREADY_THERE.format(
            name=self.resource.name, standing=STANDING, attributes=attributes
        )

    def counts(self) -> dict[str, int]:
        """How many records there are per action, as it was decided."""
        counts: dict[str, int] = {}
        for (action, _), count in self._found.items():
            counts[action] = counts.get(action, 0) + count
        return counts

    def deletions(self) -> Deletions:
        """What would be taken away, for the deletion guard."""
        row = self.cursor.execute(_DELETIONS).fetchone()
        assert row is not None
        return Deletions(*row)

    def leave_absent(self) -> int:
        """Take records absent from the wanted rows out of the plan; how many there were."""
        row = self.cursor.execute(
            "UPDATE plan SET action = 'none' WHERE action = 'gone' AND decision IS NULL"
        ).fetchone()
        return int(row[0]) if row else 0

    def rows(self, action: str) -> Iterator[PlannedRow]:
        """The records of an action in the order they are to be handled.

        Other statements may run on the cursor between two rows.
        """
        after = 0
        while self.has(action):
            chunk = self.cursor.execute(
                _ROWS, {"action": action, "after": after, "limit": CHUNK}
            ).fetchall()
            for row in chunk:
                yield _planned(row)
            if len(chunk) < CHUNK:
                return
            after = chunk[-1][0]


def _planned(row: tuple[Any, ...]) -> PlannedRow:
    last_sent = row[12]
    return PlannedRow(
        remote_id=row[1],
        reference=row[2],
        decision=row[3],
        action=row[4],
        wanted=_json(row[5]),
        content_hash=row[6],
        attempt_hash=row[7],
        extra=_json(row[8]),
        source_modified_at=row[9],
        optiply_id=row[10],
        optiply_uuid=row[11],
        last_sent=None if last_sent is None else _json(last_sent),
        state=row[13],
        attempts=row[14] or 0,
        known_hash=row[15],
        known_extra=_json(row[16]),
    )


def _json(text: str | None) -> dict[str, Any]:
    value = orjson.loads(text) if text else {}
    return value if isinstance(value, dict) else {}
