"""Decides how an entity is read this time: everything, or what changed since when (flows.md 3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import duckdb

from bc_pipeline.catalogue.entity import Entity, Mode
from bc_pipeline.catalogue.tables import NEVER
from bc_pipeline.tenants.settings import SyncOptions

STAMP = "lastModifiedDateTime"
LONGEST_LAG = timedelta(seconds=60)
"""A replica that answers may be this much behind; reported are up to 30 seconds (platform 1)."""
MOST_UNSTAMPED = 1000


@dataclass(frozen=True)
class ReadPlan:
    """How one read is done.

    Args:
        mode: ``full`` brings every row, ``incremental`` those stamped since.
        start: first stamp asked for, None when all are.
        unstamped: ask for rows without a stamp too.
        moves_bookmark: the next read may start where this one ends.
        sweep: all ids are compared too: it finds what stamps hide, and shows deletions.
    """

    mode: Mode
    start: datetime | None = None
    unstamped: bool = False
    moves_bookmark: bool = False
    sweep: bool = False

    def filter(self) -> str | None:
        """The ``$filter``; BC takes an ``or`` between conditions on one property only (3.1)."""
        if self.start is None:
            return None
        since = f"{STAMP} ge {literal(self.start)}"
        return f"({since} or {STAMP} eq {NEVER})" if self.unstamped else since


def plan_read(
    cursor: duckdb.DuckDBPyConnection,
    entity: Entity,
    *,
    overlap: timedelta,
    full: bool = False,
    since: date | None = None,
    sweep: bool = False,
) -> ReadPlan:
    """The plan for the next read of an entity.

    Args:
        cursor: on the tenant's snapshot.
        entity: what is to be read.
        overlap: rows committed late carry older stamps; incremental reads start this much earlier.
        full: forget the bookmark for this read.
        since: start here instead of at the bookmark. Does not concern entities read in full.
        sweep: compare all ids, if it is not to be read in full anyway.
    """
    if entity.mode == "full":
        return ReadPlan("full")
    bookmark = _bookmark(cursor, entity)
    usual = bookmark - overlap if bookmark else None
    start = datetime.combine(since, time(), UTC) if since else usual
    if full or start is None:
        return ReadPlan("full", moves_bookmark=True)
    return ReadPlan(
        "incremental",
        start,
        # Few rows without a stamp may be new ones, so they are read each time. Many are what was
        # there before BC kept stamps: they do not come up again until a full read, and asking for
        # them would make every incremental read as long as a full one.
        unstamped=_unstamped(cursor, entity) <= MOST_UNSTAMPED,
        # Starting later than usual leaves a gap that the next read has to close.
        moves_bookmark=usual is not None and start <= usual,
        sweep=sweep,
    )


def overlap_of(options: SyncOptions) -> timedelta:
    """How far an incremental read reaches back: what was configured, but never less than what a
    replica may lag behind."""
    return max(timedelta(seconds=options.read_overlap_seconds), LONGEST_LAG)


def literal(moment: datetime) -> str:
    """A moment as OData writes it, cut to milliseconds, BC's precision."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _bookmark(cursor: duckdb.DuckDBPyConnection, entity: Entity) -> datetime | None:
    """The newest stamp seen, of a row that is still there: a read that starts a little earlier
    brings that row again, or tells that something is wrong."""
    row = cursor.execute(
        f"""
        SELECT least(stamp, coalesce(
            (SELECT max("{STAMP}") FROM bc.{entity.table.name} WHERE "{STAMP}" > ?::TIMESTAMPTZ),
            stamp))
        FROM ops.bookmarks WHERE entity = ?
        """,
        [NEVER, entity.name],
    ).fetchone()
    return row[0] if row else None


def _unstamped(cursor: duckdb.DuckDBPyConnection, entity: Entity) -> int:
    row = cursor.execute(
        f'SELECT count(*) FROM bc.{entity.table.name} WHERE "{STAMP}" = ?::TIMESTAMPTZ', [NEVER]
    ).fetchone()
    return int(row[0]) if row else 0
