"""When all ids of an entity are compared, to find what stamps hide (decisions 21-22).

A document may become visible long after the moment it is stamped with, behind every bookmark. Once
in a while, at a quiet hour, all ids are therefore read; ids alone cost little.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

import duckdb

from bc_pipeline.catalogue.entity import Entity
from bc_pipeline.snapshot import meta
from bc_pipeline.tenants.settings import SyncOptions

_KEY = "swept.{}"


def is_due(
    cursor: duckdb.DuckDBPyConnection, entity: Entity, options: SyncOptions, now: datetime
) -> bool:
    """Whether this read of an entity compares all ids: always, or as the first one after the
    sweep hour of a day on which a sweep is due."""
    if entity.sweep != "daily":
        return entity.sweep == "always"
    before = meta.get(cursor, _KEY.format(entity.name))
    return before is None or datetime.fromisoformat(before) < latest_due(options, now)


def latest_due(options: SyncOptions, now: datetime, every: int | None = None) -> datetime:
    """A sweep made before this moment has to be made again.

    Args:
        options: the tenant's hour, and its days between two comparisons of ids.
        now: with time zone.
        every: days between two sweeps of another kind.
    """
    zone = options.zone()
    day = now.astimezone(zone).date()
    hour = time(options.sweep_hour)
    if now < datetime.combine(day, hour, zone):
        day -= timedelta(days=1)
    return datetime.combine(day - timedelta(days=(every or options.sweep_every) - 1), hour, zone)


def note(cursor: duckdb.DuckDBPyConnection, entity: Entity, at: datetime) -> None:
    """All ids were compared, or all rows read, from ``at`` on; in the cursor's transaction."""
    if entity.sweep:
        meta.put(cursor, _KEY.format(entity.name), at.isoformat())
