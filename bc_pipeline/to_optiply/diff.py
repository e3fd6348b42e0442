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
ATTEMPT_HASH = "sha256(concat_ws('|', w.content_hash, w.decision, epoch_us(w.source_modified_at)))"
HELD = (
    f"(s.state = 'quarantined' AND s.failed_hash = {ATTEMPT_HASH} AND s.next_attempt_run > $run_no)"
)
QUIET = "(action = 'unchanged' AND state = 'active' AND extra IS NOT DISTINCT FROM known_extra)"
"""Nothing has to be done for such a record, neither now nor in its books."""

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

# Most records are quiet in most runs. So what is decided about each is decided from as little as
# possible, and only the others are taken along: a million of them fit into the memory there is.
_DECIDE = """
CREATE OR REPLACE TEMP TABLE decided AS
WITH w AS (
  SELECT remote_id, decision, source_modified_at, CAST(extra AS VARCHAR) AS extra,
    sha256('{version}:' || {attributes}) AS content_hash
  FROM optiply.{name}
), s AS (
  SELECT remote_id, optiply_id, content_hash, failed_hash, state, next_attempt_run,
    CAST(extra AS VARCHAR) AS extra, CASE WHEN last_sent IS NOT NULL THEN '' END AS last_sent
  FROM sync.{name}
), decided AS (
  SELECT coalesce(w.remote_id, s.remote_id) AS remote_id, w.decision, w.content_hash, w.extra,
    w.source_modified_at, {actions} AS action, {standing} AS standing, s.state,
    s.extra AS known_extra
  FROM w FULL JOIN s ON s.remote_id = w.remote_id
)
FROM decided WHERE NOT coalesce({quiet}, false)
"""

_BUILD = """
CREATE OR REPLACE TEMP TABLE plan AS
WITH canonical AS (
  SELECT remote_id, reference, reason, {attributes} AS attributes
  FROM optiply.{name} SEMI JOIN decided USING (remote_id)
)
SELECT w.remote_id, c.reference, w.decision, c.reason AS wanted_reason,
  CASE WHEN w.action <> 'unchanged' THEN c.attributes END AS attributes, w.content_hash,
  CASE WHEN w.decision IS NOT NULL THEN {attempt_hash} END AS attempt_hash, w.extra,
  w.source_modified_at, w.action, w.standing, s.optiply_id, s.optiply_uuid,
  CASE WHEN w.action <> 'unchanged' THEN s.last_sent END AS last_sent, w.state, s.attempts,
  s.reason AS known_reason, s.content_hash AS known_hash, w.known_extra,
  row_number() OVER (ORDER BY {order}) AS n
FROM decided w
LEFT JOIN canonical c ON c.remote_id = w.remote_id
LEFT JOIN sync.{name} s ON s.remote_id = w.remote_id
"""
_ALREADY_THERE = """
CASE WHEN remote_id IN (SELECT remote_id FROM sync.{name} s WHERE {standing}) THEN '{{}}'
  ELSE {attributes} END
"""

# The last column adds up to the quiet ones: all that are wanted, without those in the plan.
_COUNT = """
SELECT action, state, count(*), -count(decision) FROM plan GROUP BY action, state
UNION ALL SELECT NULL, NULL, 0, count(*) FROM optiply.{name}
"""

_DELETIONS = """
WITH alive AS (SELECT *, coalesce(standing AND state <> 'disabled', false) AS is_alive FROM plan)
SELECT count(*) FILTER (action IN ('gone', 'lost')),
  count(*) FILTER (action = 'gone' AND decision IS NULL),
  $quiet + count(*) FILTER (is_alive),
  $quiet + count(*) FILTER (is_alive AND action <> 'gone' AND decision IS NOT NULL),
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
    """The plan of one resource in a temporary table of one cursor: all records but the quiet ones,
    which are only counted.

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
    _quiet: int = 0

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
        by_age = f"c.attributes->>'$.{newest}' DESC NULLS LAST, " if newest else ""
        actions = _ACTIONS.format(
            standing=STANDING,
            pending=PENDING,
            held=HELD,
            replaced=replaced,
            settled="TRUE" if resource.create_only else SETTLED,
        )
        words = {"name": resource.name, "attributes": self._attributes()}
        decide = _DECIDE.format(
            **words, version=int(self.version), actions=actions, standing=STANDING, quiet=QUIET
        )
        self.cursor.execute(decide, {"run_no": self.run_no})
        order = f"{by_age}w.remote_id"
        self.cursor.execute(_BUILD.format(**words, attempt_hash=ATTEMPT_HASH, order=order))
        self.cursor.execute("DROP TABLE temp.decided")
        found = self.cursor.execute(_COUNT.format(name=resource.name)).fetchall()
        self._found = {(action, state): count for action, state, count, _ in found if action}
        self._quiet = sum(wanted for _, _, _, wanted in found)

    def has(self, action: str, *states: str | None) -> bool:
        """Whether the plan has a record with this action, in one of these states if any are given.
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
        counts = {"unchanged": self._quiet} if self._quiet else {}
        for (action, _), count in self._found.items():
            counts[action] = counts.get(action, 0) + count
        return counts

    def deletions(self) -> Deletions:
        """What would be taken away, for the deletion guard."""
        row = self.cursor.execute(_DELETIONS, {"quiet": self._quiet}).fetchone()
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
