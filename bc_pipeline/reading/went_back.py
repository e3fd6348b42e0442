"""Whether a source went back in time: its environment was restored to an earlier point (decisions
3). Stamps after that point mean nothing any more, so the entity is read in full.

Business Central never stamps a row with an earlier time than before, and does not take posted
documents away. Two things look alike at first sight: a replica that lags, so the primary is asked
before anything is concluded; and a transaction that was seen and then rolled back, so what
documents lost counts only if it was stamped before the last minutes that were seen (decisions 23).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import duckdb

from bc_pipeline.catalogue.entity import Entity
from bc_pipeline.reading.presence import Presence
from bc_pipeline.snapshot import meta
from bc_pipeline.snapshot.mirror.comparison import Comparison

WARNING = "source_went_back"
CLEARLY = timedelta(hours=1)
_KEY = "went_back."


def went_back(
    entity: Entity,
    found: Comparison,
    presence: Presence,
    *,
    gone: Collection[str],
    overlap: timedelta,
) -> bool:
    """Whether the source lies clearly before what has been seen of it.

    Args:
        entity: what was read.
        found: what was staged, beside the mirror.
        presence: asks the primary.
        gone: rows that tell nothing: taken away one by one, or not found out about.
        overlap: how far incremental reads reach back.
    """
    if entity.table.stamp is None:
        return False
    before = None
    if entity.lines:
        seen = found.newest()
        if seen is None:
            return False
        before = seen[1] - overlap
    return _a_row_went_back(found, presence, before) or _lost_the_newest(
        entity, found, presence, gone, before
    )


def _a_row_went_back(found: Comparison, presence: Presence, before: datetime | None) -> bool:
    """A row exists and is stamped clearly earlier than the mirror says."""
    earlier = found.set_back(CLEARLY, before=before)
    if earlier is None:
        return False
    id, stamp = earlier
    now = presence.stamp_of(id)
    return now is not None and now < stamp


def _lost_the_newest(
    entity: Entity,
    found: Comparison,
    presence: Presence,
    gone: Collection[str],
    before: datetime | None,
) -> bool:
    """The newest stamp seen lies clearly after the newest there is now. Rows that may be deleted
    do not count once they are gone; posted documents do."""
    left = found.newest(brought=False, before=before, without=() if entity.is_posted else gone)
    if left is None:
        return False
    point = left[1] - CLEARLY
    newest = found.newest_staged()
    return (newest is None or newest < point) and not presence.has_since(point)


def words(entity: Entity, tenant: str) -> str:
    """What to tell the operator."""
    return (
        f"{entity.name}: Business Central shows an older state than before, as after a restore of "
        "the environment to an earlier point. It was read in full; deletions in Optiply wait. "
        f"Make sure that this is meant, then: bc-pipeline approve-deletions {tenant}"
    )


def note(cursor: duckdb.DuckDBPyConnection, entity: Entity, run_no: int) -> None:
    """Deletions wait from this run on; in the transaction of ``cursor``."""
    meta.put(cursor, f"{_KEY}{entity.name}", str(run_no))


def noted(cursor: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The entities that went back, and the run in which that was last seen."""
    return meta.numbers(cursor, _KEY)
