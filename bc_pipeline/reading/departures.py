"""Which rows of the mirror the source does not have any more, and whether it went back in time.

A stamp never shows that a row is gone. What a read did not bring although it should have is looked
for at the primary: by id where it is little, by comparing all ids where that is due.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from bc_pipeline.business_central.client import BusinessCentral
from bc_pipeline.catalogue.entity import Entity
from bc_pipeline.http.counting import RequestCounter
from bc_pipeline.reading.mode import ReadPlan, overlap_of
from bc_pipeline.reading.presence import Presence
from bc_pipeline.reading.undone import contradicted
from bc_pipeline.reading.went_back import went_back
from bc_pipeline.snapshot.mirror import retracted
from bc_pipeline.snapshot.mirror.comparison import Comparison

Fetch = Callable[[list[str]], None]
"""Stages the rows with these ids as well, as the primary has them."""


@dataclass(frozen=True)
class Departures:
    """What a staged read tells beyond its rows.

    Args:
        gone: ids of rows to take out of the mirror; None: all that were not read.
        retracted: those that never happened, of posted documents.
        went_back: the source lies clearly before what has been seen of it.
        pages: pages of ids that were read to find out.
    """

    gone: frozenset[str] | None
    retracted: frozenset[str] = frozenset()
    went_back: bool = False
    pages: int = 0


def departures(
    bc: BusinessCentral,
    cursor: duckdb.DuckDBPyConnection,
    entity: Entity,
    plan: ReadPlan,
    *,
    read_at: datetime,
    tally: RequestCounter,
    fetch: Fetch,
) -> Departures:
    """Finds out, after the rows of a read have been staged and before they are swapped in.

    Args:
        bc: the tenant's Business Central.
        cursor: the one that staged.
        entity: what was read.
        plan: how.
        read_at: when the read began.
        tally: counts the requests of the entity.
        fetch: told ids whose rows should have come and did not.

    Raises:
        AuthError, Cancelled, ReadFailed, RequestFailed: it could not be found out.
    """
    if entity.route != "company":
        return Departures(None)
    look = _Look(entity, plan, Comparison(cursor, entity.table), Presence(bc, entity, tally))
    overlap = overlap_of(bc.tenant.sync)
    if plan.mode == "full":
        return look.after_full(read_at, overlap)
    fetch(contradicted(cursor, entity))
    return look.after_incremental(overlap, fetch)


@dataclass(frozen=True)
class _Look:
    entity: Entity
    plan: ReadPlan
    found: Comparison
    presence: Presence

    def after_full(self, read_at: datetime, overlap: timedelta) -> Departures:
        # What came a moment ago may only be missing because this replica lags behind that one.
        missing = self.found.not_brought()
        fresh = self.found.not_brought(arrived_since=read_at - overlap) if missing else set()
        kept = fresh - self.presence.absent(fresh)
        gone = missing - kept
        if self.entity.is_posted:
            # Old ones are deleted to save room: they have happened, and stay.
            gone = retracted.young(self.found, gone)
        return Departures(
            None if gone == missing else frozenset(gone),
            retracted=self._retracted(gone),
            went_back=self._went_back(gone, overlap),
        )

    def after_incremental(self, overlap: timedelta, fetch: Fetch) -> Departures:
        if self.plan.sweep:
            existing = self.presence.ids()
            fetch(self.found.unknown(existing))
            gone = self.found.not_among(existing)
            if self.entity.is_posted:
                # As after a full read; and rows that move while a long list is paged may be missed.
                gone = self.presence.absent(retracted.young(self.found, gone))
        else:
            gone = self.presence.absent(self.found.not_brought(stamped_since=self.plan.start))
        # What should have come and did not, and is there: changed by a transaction that was rolled
        # back, or not known yet to the replica that answered.
        left = self.found.not_brought(stamped_since=self.plan.start) - gone - self.presence.unclear
        fetch(sorted(left))
        return Departures(
            frozenset(gone),
            retracted=self._retracted(gone),
            went_back=self._went_back(gone, overlap),
            pages=int(self.plan.sweep),
        )

    def _retracted(self, gone: set[str]) -> frozenset[str]:
        return frozenset(retracted.young(self.found, gone) if self.entity.is_posted else ())

    def _went_back(self, gone: set[str], overlap: timedelta) -> bool:
        without = gone | self.presence.unclear
        return went_back(self.entity, self.found, self.presence, gone=without, overlap=overlap)
