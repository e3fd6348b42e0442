"""How old each entity of a tenant is: its last complete read, or the last time it was sent whole.

A tenant is late as soon as one entity that its settings ask for is: items forbidden for a week are
not made good by vendors that are read every half hour.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

from bc_pipeline.catalogue.entities import ENTITIES, FOR_FILES
from bc_pipeline.reading import mirror_state
from bc_pipeline.run import tick_memory
from bc_pipeline.run.dependencies import dependencies
from bc_pipeline.run.history import SENT
from bc_pipeline.run.tick_memory import Memory
from bc_pipeline.snapshot.rows import Row, rows
from bc_pipeline.tenants.pause import resumed_at
from bc_pipeline.tenants.settings import Tenant

LATE_AFTER = timedelta(minutes=90)
"""Time since the last good read or send after which someone should look (flows.md 8)."""
_DAY = timedelta(days=1)
STOCK = "optiply/products"
LATELY = 100
"""Newest runs in which most entities were sent."""
LEGACY_RUNS = 50
"""Newest runs that are looked through for what a version before ``SENT`` has sent."""

_READS = """
SELECT tried.*, EXISTS (FROM ops.warnings w WHERE w.run_no = tried.newest
    AND w.entity = tried.entity AND w.kind = 'source_absent') AS absent
FROM (
  SELECT entity, max(started_at) FILTER (complete) AS good, max(run_no) AS newest,
    arg_max(complete, run_no) AS complete, arg_max(reads.reason, run_no) AS reason
  FROM ops.reads JOIN ops.runs USING (run_no)
  WHERE entity IN (SELECT unnest(CAST($names AS VARCHAR[]))) AND NOT coalesce(dry_run, false)
  GROUP BY entity) tried
"""
# Of the newest runs alone, which answer for most entities: the books have a hundred lines a run.
_SENT_LATELY = """
SELECT entity, max(coalesce(ended_at, started_at)) FILTER (sent) AS good, true AS complete
FROM (
  SELECT entity, run_no, bool_or(kind = $sent) AS sent FROM ops.entity_counts
  WHERE entity IN (SELECT unnest(CAST($names AS VARCHAR[])))
    AND run_no > (SELECT max(run_no) FROM ops.runs) - $lately GROUP BY ALL)
JOIN ops.runs USING (run_no) WHERE NOT coalesce(dry_run, false) GROUP BY entity
HAVING arg_max(sent, run_no)
"""
# Runs of a version that did not book what was sent whole: those without a failure of the entity.
_SENDS = """
WITH counts AS (
  SELECT entity, run_no, bool_or(kind = $sent) AS sent FROM ops.entity_counts
  WHERE entity IN (SELECT unnest(CAST($names AS VARCHAR[]))) GROUP BY ALL
), done AS (
  SELECT entity, run_no FROM counts WHERE sent
  UNION
  SELECT counts.entity, run_no FROM counts JOIN ops.runs USING (run_no)
  WHERE status IN ('success', 'partial') AND run_no > (SELECT max(run_no) FROM ops.runs) - $legacy
    AND NOT list_contains(list_transform(list_filter(
      from_json(summary->'problems', '[{"entity": "VARCHAR", "remote_id": "VARCHAR"}]'),
      lambda problem: problem.remote_id IS NULL), lambda problem: problem.entity), counts.entity))
SELECT tried.entity, max(coalesce(ended_at, started_at)) FILTER (done.run_no IS NOT NULL) AS good,
  arg_max(done.run_no IS NOT NULL, run_no) AS complete
FROM counts tried
JOIN ops.runs USING (run_no) LEFT JOIN done USING (entity, run_no)
WHERE NOT coalesce(dry_run, false) GROUP BY tried.entity
"""
_LAST_PROBLEMS = """
SELECT CAST(summary->'problems' AS VARCHAR) FROM ops.runs
WHERE NOT coalesce(dry_run, false) AND ended_at IS NOT NULL ORDER BY run_no DESC LIMIT 1
"""


@dataclass(frozen=True)
class Freshness:
    """How one entity stands.

    Attributes:
        entity: as the asset is called, ``bc/items``.
        good: when it was last read to its end, or sent whole; None = never.
        failed: the newest try did not work.
        reason: why it did not; None when it worked or is not known.
        absent: an optional source that Business Central does not have.
        late: good longer ago than it may be.
        instead: others that tell the same; it is not read while they are there.
    """

    entity: str
    good: datetime | None
    failed: bool = False
    reason: str | None = None
    absent: bool = False
    late: bool = False
    instead: tuple[str, ...] = ()

    @property
    def done(self) -> str:
        """What it is good for: a source is read, everything else is sent."""
        return "read" if self.entity.startswith("bc/") else "sent"

    def in_words(self) -> str:
        """One line for an operator, ``bc/items was last read 2026-08-22 10:29 UTC: ...``."""
        if self.instead:
            return f"{self.entity} is not needed: {mirror_state.told_by(self.instead)}"
        if self.absent:
            return f"{self.entity} is not there"
        when = f"last {self.done} {minute(self.good)}" if self.good else f"never {self.done}"
        text = f"{self.entity} was {when}"
        return f"{text}: {self.reason}" if self.reason else text

    def as_json(self) -> dict[str, Any]:
        return {
            "last_good": self.good,
            "late": self.late,
            "failed": self.failed,
            "absent": self.absent,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Books:
    """What a snapshot's books say of entities, whatever the time is.

    Args:
        entities: by name, in the order of a run: when each was good and how its last try went;
            empty of those that were never tried.
        problems: entity -> why it failed in the last run.
        unneeded: entities that are not read, with those that tell the same.
    """

    entities: Mapping[str, Row]
    problems: Mapping[str, str]
    unneeded: Mapping[str, Sequence[str]]


def freshness(
    cursor: duckdb.DuckDBPyConnection,
    tenant: Tenant,
    now: datetime,
    names: Collection[str] | None = None,
) -> dict[str, Freshness]:
    """The entities the tenant's settings ask for, in the order of a run.

    Args:
        cursor: of the tenant's snapshot.
        now: UTC.
        names: only these; None means all. The books of thousands of runs are looked through, so a
            check of one entity should not ask for all.
    """
    return freshness_by(read_books(cursor, tenant, names), tenant, now)


def read_books(
    cursor: duckdb.DuckDBPyConnection, tenant: Tenant, names: Collection[str] | None = None
) -> Books:
    """What the books say of the entities the tenant's settings ask for.

    Args:
        cursor: of the tenant's snapshot.
        names: only these; None means all.
    """
    asked = [name for name in dependencies(tenant) if names is None or name in names]
    read = [name for name in asked if name.startswith("bc/")]
    sent = [name for name in asked if not name.startswith("bc/")]
    booked = rows(cursor, _READS, {"names": read}) if read else []
    booked += _sends(cursor, sent) if sent else []
    by_name = {row["entity"]: row for row in booked}
    return Books(
        entities={name: by_name.get(name, {}) for name in asked},
        problems=_problems(cursor),
        unneeded=mirror_state.unneeded(cursor, tenant),
    )


def freshness_by(books: Books, tenant: Tenant, now: datetime) -> dict[str, Freshness]:
    """How the entities stand at a moment.

    Args:
        books: of the tenant's snapshot.
        now: UTC.
    """
    memory = tick_memory.confirmed(tenant)
    resumed = resumed_at(tenant.snapshot_dir)
    found = {
        name: _one(name, _confirmed(name, row, memory), books.problems, now, resumed)
        for name, row in books.entities.items()
    }
    for name, others in books.unneeded.items():
        if name in found:
            found[name] = Freshness(name, found[name].good, instead=tuple(others))
    return found


def _sends(cursor: duckdb.DuckDBPyConnection, names: list[str]) -> list[Row]:
    """What the books say of sending these entities."""
    found = rows(cursor, _SENT_LATELY, {"names": names, "sent": SENT, "lately": LATELY})
    rest = set(names) - {row["entity"] for row in found}
    if rest:
        found += rows(cursor, _SENDS, {"names": [*rest], "sent": SENT, "legacy": LEGACY_RUNS})
    return found


def minute(moment: datetime) -> str:
    """A time as operators read it."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def allowed(name: str) -> timedelta:
    """How old the last good read or send of an entity may be."""
    return LATE_AFTER + (_DAY if is_daily(name) else timedelta(0))


def is_daily(name: str) -> bool:
    """Whether an entity is read once a day only, because no look tells that it may have changed."""
    entity = ENTITIES.get(name)
    return entity is not None and not (entity.probe or entity.follows)


def _confirmed(name: str, row: Row, memory: Memory | None) -> Row:
    """What was read or sent, and found unchanged by ticks since, is as good as on the last tick."""
    good = row.get("good")
    if memory is None or good is None or is_daily(name) or name in memory.unfinished:
        return row
    at = memory.ticked_at
    if memory.stock_at is not None and name == STOCK:
        at = max(at, memory.stock_at)
    return {**row, "good": max(good, at)}


def counted_from(good: datetime | None, resumed: datetime | None) -> datetime | None:
    """From when on something gets older: it was good, or a pause of the tenant has ended since, in
    which nobody could make it good.

    Args:
        good: when it was; None = never.
        resumed: when the last pause ended.
    """
    return max(filter(None, (good, resumed)), default=None)


def _one(
    name: str,
    row: Row,
    problems: Mapping[str, str],
    now: datetime,
    resumed: datetime | None,
) -> Freshness:
    good, absent = row.get("good"), bool(row.get("absent"))
    failed = bool(row) and not row["complete"] and not absent
    since = counted_from(good, resumed)
    late = since is None or now - since > allowed(name)
    # Only records in files ask for it; without any it is not read at all.
    excused = absent or (name in FOR_FILES and not failed)
    late = late and not excused
    known = row.get("reason") if failed else None
    reason = known or problems.get(name) or problems.get("run") if failed or late else None
    return Freshness(name, good, failed, reason, absent, late)


def _problems(cursor: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Entity -> why it failed in the last run; ``run`` -> why that could not even begin."""
    row = cursor.execute(_LAST_PROBLEMS).fetchone()
    problems = json.loads(row[0]) if row and row[0] else []
    return {each["entity"]: each["reason"] for each in problems if each["remote_id"] is None}
