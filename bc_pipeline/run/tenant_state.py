"""What a tenant's snapshot tells an operator: how old each entity is, last runs, counts, what is
held back, next attempts, and what a person should look at."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import duckdb

from bc_pipeline import clock, disk
from bc_pipeline.catalogue.states import GUARD
from bc_pipeline.errors import TenantBusy
from bc_pipeline.run import state_memory, tick_memory
from bc_pipeline.run.figures import NEWEST, figures
from bc_pipeline.run.freshness import (
    Books,
    Freshness,
    freshness_by,
    minute,
    read_books,
)
from bc_pipeline.run.history import INTERRUPTED
from bc_pipeline.run.records import alike, records
from bc_pipeline.run.stock_age import ASSET as STOCK
from bc_pipeline.run.stock_age import StockAge, stock_age
from bc_pipeline.snapshot.reader import SnapshotReader
from bc_pipeline.snapshot.rows import rows
from bc_pipeline.snapshot.schema import SYNC_TABLES
from bc_pipeline.tenants.pause import paused
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_business_central.inbox.endings import READABLE
from bc_pipeline.to_business_central.inbox.place import not_read, waiting
from bc_pipeline.to_optiply.held import HeldDeletion, held_deletions
from bc_pipeline.values import grouped

HELD_STATES = ("quarantined", "deferred")
OPEN_EXPORT_STATES = ("blocked", "ambiguous", "failed", "intent", "created")
"""States of the outbound ledger that are no good end."""
NEED_A_PERSON = ("blocked", "ambiguous")
"""Of these the states that somebody has to resolve in Business Central or Optiply."""
# A run that read nothing is no good run; the list of companies is only how it gets in.
_GOOD = """
status IN ('success', 'partial') AND EXISTS (FROM ops.reads
  WHERE reads.run_no = runs.run_no AND reads.complete AND reads.entity <> 'bc/companies')
"""
# A run holds the snapshot until it is booked; of one that is not and can be seen, nobody is left.
_LAST_RUN = f"""
SELECT run_no, run_id, if(ended_at IS NULL, 'failed', status) AS status,
  if(ended_at IS NULL, '{INTERRUPTED}', reason) AS reason, started_at,
  coalesce(ended_at, started_at) AS ended_at, {_GOOD} AS good,
  CASE WHEN json_extract_string(summary, '$.problems[0].entity') = 'run'
    THEN json_extract_string(summary, '$.problems[0].kind') END AS refused_by,
  (SELECT max(run_no) FROM ops.runs) AS newest
FROM ops.runs WHERE NOT dry_run ORDER BY run_no DESC LIMIT 1
"""
_LAST_GOOD_RUN = f"""
SELECT run_no, run_id, status, reason, started_at, ended_at, NULL AS refused_by FROM ops.runs
WHERE NOT dry_run AND ended_at IS NOT NULL AND {_GOOD} ORDER BY run_no DESC LIMIT 1
"""
_NEWEST_RUN_NO = "SELECT coalesce(max(run_no), 0) AS n FROM ops.runs"
_COUNTS = " UNION ALL ".join(
    f"SELECT '{name}' AS name, state, count(*) AS n FROM sync.{name} GROUP BY state"
    for name in SYNC_TABLES
)

# A run of something else says nothing about an entity.
_NEWEST_PROBLEMS = f"""
SELECT entity, CAST(summary->'problems' AS VARCHAR) AS problems
FROM ({NEWEST}) JOIN ops.runs USING (run_no) ORDER BY entity
"""


@dataclass
class TenantState:
    """One tenant as its snapshot shows it.

    Attributes:
        enabled: whether the schedule works on it; one that is disabled is never late.
        paused: since when, by whom and why it is paused; None when it is not.
        last_run, last_good_run: newest run, newest that read something and was no failure; None =
            never.
        freshness: every entity the settings ask for, with its last good read or send.
        run_no: number of the newest run; ``next_attempt_run`` counts in these.
        counts: Optiply entity -> state -> records.
        deletions: records that would be taken away in Optiply, held back by the guard.
        held: records that wait, with their reason and the run that tries them again.
        exports: records for Business Central that failed, are blocked or unclear, with their
            reason.
        files: outbound files that are not through yet.
        not_read: files named after an entity, in a format that nobody reads.
        ticked_at: when a tick last found everything as it was, or had it brought up to date.
        stock: how old the stock in Optiply is; None: it never ran.
        storage: why nothing can be stored in its directory, or soon; None: it can.
        settings: entity and text of each setting that its last run found wrong.
        figures: as ``figures`` gives them.
    """

    enabled: bool = True
    paused: str | None = None
    last_run: dict[str, Any] | None = None
    last_good_run: dict[str, Any] | None = None
    freshness: dict[str, Freshness] = field(default_factory=dict)
    run_no: int = 0
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    deletions: list[HeldDeletion] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)
    exports: list[dict[str, Any]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    not_read: list[str] = field(default_factory=list)
    settings: list[tuple[str, str]] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    ticked_at: datetime | None = None
    stock: StockAge | None = None
    storage: str | None = None

    @property
    def late(self) -> bool:
        """Whether an entity the settings ask for is older than it may be."""
        return self.enabled and (self.last_run is None or any(self._late()))

    @property
    def last_good_at(self) -> datetime | None:
        """End of the last good run, or of the last tick that found nothing to do since."""
        ended: datetime | None = (self.last_good_run or {}).get("ended_at")
        return max(filter(None, (ended, self.ticked_at)), default=None)

    def attention(self) -> list[str]:
        """Why somebody should look, one line per matter; empty when all is well."""
        stored = [self.storage] if self.storage else []
        return [*stored, *self._failures(), *self._lateness(), *self._waiting_for_a_person()]

    def as_json(self) -> dict[str, Any]:
        return {
            "paused": self.paused,
            "last_run": self.last_run,
            "last_good_run": self.last_good_run,
            "late": self.late,
            "attention": self.attention(),
            "last_tick": self.ticked_at,
            "stock": self.stock.as_json() if self.stock else None,
            "run_no": self.run_no,
            "freshness": {name: each.as_json() for name, each in self.freshness.items()},
            "entities": self.counts,
            "held_deletions": [each.as_json() for each in self.deletions],
            "held": self.held,
            "exports": self.exports,
            "files": self.files,
            "files_not_read": self.not_read,
        }

    def _late(self) -> Iterator[Freshness]:
        return (each for each in self.freshness.values() if each.late)

    def _failures(self) -> Iterator[str]:
        if self.last_run is not None and self.last_run["status"] == "failed":
            yield f"the last run failed: {self.last_run['reason']}"
            return
        for each in self.freshness.values():
            if each.failed and not each.late:
                why = f": {each.reason}" if each.reason else ""
                yield f"{each.entity} failed in its last run{why}"

    def _lateness(self) -> Iterator[str]:
        if not self.enabled:
            return
        if self.last_run is None:
            yield "late: it never ran"
            return
        alike = grouped(self._late(), lambda each: each.reason)
        yield from (f"late: {_together(group)}" for group in alike.values())
        if self.stock is not None and self.stock.late and not self.freshness[STOCK].late:
            yield f"late: {self.stock.in_words()}"

    def _waiting_for_a_person(self) -> Iterator[str]:
        for entity, count in Counter(each.entity for each in self.deletions).items():
            yield f"{count} deletions in {entity} wait for an approval (approve-deletions)"
        waiting = Counter(
            (row["entity"], row["state"]) for row in self.exports if row["state"] in NEED_A_PERSON
        )
        for (entity, state), count in waiting.items():
            yield f"{count} {state} in {entity} wait for somebody"
        told = [self.freshness[name].reason for name in self.freshness]
        for entity, text in self.settings:
            if text not in told:  # an entity that could not be sent at all is told with its reason
                yield f"{entity}: {text}"
        for name in self.not_read:
            yield f"{name} is in no format that is read; {READABLE}"


def _together(group: list[Freshness]) -> str:
    """Entities that are late for one reason, in one line."""
    if len(group) == 1:
        return group[0].in_words()
    oldest = min((each.good for each in group if each.good), default=None)
    when = f"since {minute(oldest)}" if all(each.good for each in group) and oldest else "never"
    names = ", ".join(each.entity for each in group)
    return f"{names}: last good {when}" + (f": {group[0].reason}" if group[0].reason else "")


def read_state(
    tenant: Tenant,
    now: datetime | None = None,
    reader: SnapshotReader | None = None,
    *,
    patient: bool = True,
) -> TenantState:
    """The state of a tenant; an empty one when it has never run.

    Args:
        tenant: whose.
        now: UTC; None means now.
        reader: of this thread, for many tenants; None means one for this tenant alone.
        patient: wait for a run that holds the snapshot; else what it told before that run.

    Raises:
        TenantBusy: a run holds the snapshot for longer than it is worth waiting.
    """
    pause = paused(tenant.snapshot_dir)
    state = TenantState(
        enabled=tenant.enabled,
        paused=pause.in_words() if pause else None,
        files=[path.name for path in waiting(tenant.snapshot_dir)],
        not_read=not_read(tenant.snapshot_dir),
        storage=disk.scarce(tenant.snapshot_dir),
    )
    told = state_memory.recall(tenant)
    if told is None:
        try:
            told = _asked(tenant, reader, patient=patient)
        except FileNotFoundError:
            return state
    return replace(state, **_at(told.pop("books"), tenant, now or clock.now()), **told)


def _asked(tenant: Tenant, reader: SnapshotReader | None, *, patient: bool) -> dict[str, Any]:
    """What the snapshot tells, remembered for the next time."""
    if reader is None:
        with SnapshotReader() as own:
            return _asked(tenant, own, patient=patient)
    version = state_memory.version(tenant)
    try:
        wait = {} if patient else {"wait_seconds": 0.0}
        with reader.open(tenant.snapshot_dir, **wait) as cursor:
            told = _of_snapshot(cursor, tenant)
    except TenantBusy:
        before = None if patient else state_memory.recall(tenant, stale=True)
        if before is None:
            raise
        return before
    state_memory.keep(tenant, version, told)
    return told


def _at(books: Books, tenant: Tenant, now: datetime) -> dict[str, Any]:
    """What depends on the time, and on what ticks have seen since."""
    fresh = freshness_by(books, tenant, now)
    memory = tick_memory.confirmed(tenant)
    return {
        "freshness": fresh,
        "ticked_at": memory.ticked_at if memory else None,
        "stock": stock_age(fresh, tenant, now),
    }


def _of_snapshot(cursor: duckdb.DuckDBPyConnection, tenant: Tenant) -> dict[str, Any]:
    """What the snapshot tells, whatever the time is: the books, and the rest by attribute."""
    counts = _counts(cursor)
    return {
        **_runs(cursor),
        "books": read_books(cursor, tenant),
        "counts": {f"optiply/{name}": states for name, states in counts.items()},
        # To look for records where there are none takes as long as to find them.
        "deletions": [
            each
            for name, states in counts.items()
            if GUARD in states
            for each in held_deletions(cursor, tenant, name)
        ],
        "held": [
            row
            for name, states in counts.items()
            if not alike(HELD_STATES).isdisjoint(states)
            for row in _held(cursor, name)
        ],
        "exports": _exports(cursor),
        "settings": _settings(cursor),
        "figures": figures(cursor),
    }


def _runs(cursor: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """The number of the newest run, the last one that ended, and the last good one."""
    found = rows(cursor, _LAST_RUN)
    if not found:
        newest = rows(cursor, _NEWEST_RUN_NO)[0]["n"]
        return {"run_no": newest, "last_run": None, "last_good_run": None}
    last = found[0]
    newest, good = last.pop("newest"), last.pop("good")
    last_good = last if good else next(iter(rows(cursor, _LAST_GOOD_RUN)), None)
    return {"run_no": newest, "last_run": last, "last_good_run": last_good}


def _counts(cursor: duckdb.DuckDBPyConnection) -> dict[str, dict[str, int]]:
    """Entity -> state -> records."""
    counts: dict[str, dict[str, int]] = {name: {} for name in SYNC_TABLES}
    for row in sorted(rows(cursor, _COUNTS), key=lambda row: str(row["state"])):
        counts[row["name"]][row["state"]] = row["n"]
    return counts


def _settings(cursor: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return [
        (row["entity"], problem["reason"])
        for row in rows(cursor, _NEWEST_PROBLEMS)
        for problem in json.loads(row["problems"] or "[]")
        if problem["entity"] == row["entity"]
        and problem["kind"] == "config"
        and problem["remote_id"] is None
    ]


def _held(cursor: duckdb.DuckDBPyConnection, name: str) -> list[dict[str, Any]]:
    return [
        {
            "entity": f"optiply/{name}",
            "remote_id": each.key,
            "number": each.number,
            "name": each.name,
            "state": each.state,
            "reason": each.reason,
            "attempts": each.tries,
            "next_attempt_run": each.next_run,
        }
        for each in records(cursor, f"optiply/{name}", HELD_STATES)
    ]


def _exports(cursor: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    return rows(
        cursor,
        "SELECT 'outbound/' || entity AS entity, key, external_id, state, bc_number, file, line, "
        "error_class, reason, attempts, blocked_runs FROM outbound.ledger "
        f"WHERE state IN {OPEN_EXPORT_STATES} ORDER BY entity, state, file, line, key",
    )
