"""All tenants at a glance: one line each, for a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from bc_pipeline.errors import PipelineError
from bc_pipeline.run.freshness import Freshness, minute
from bc_pipeline.run.tenant_state import NEED_A_PERSON, TenantState, read_state
from bc_pipeline.snapshot.reader import SnapshotReader
from bc_pipeline.tenants.registry import Registry
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.values import counted

TICK, STOCK_TICK = timedelta(minutes=30), timedelta(minutes=5)
WHOLE, STOCK = "every_30_minutes", "stock_every_5_minutes"
"""The schedules."""
LATELY = timedelta(minutes=45)
"""A schedule that is on has come by within this time: half an hour, and a sweep takes a while."""
_MINUTE = timedelta(minutes=1)


def overview(
    registry: Registry, now: datetime, running: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """One row per tenant, those that need somebody first.

    Args:
        registry: the tenants, wrongly configured ones too.
        now: UTC.
        running: the schedules that are on; None: not known.
    """
    with SnapshotReader() as reader:
        rows = [_row(tenant, now, reader, running) for tenant in registry.tenants.values()]
    rows += [_broken(name, str(error)) for name, error in registry.errors.items()]
    return sorted(rows, key=lambda row: (row["needs somebody"] == "", row["tenant"]))


def totals(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many there are, and how many need somebody."""
    told = list(rows)
    return {"tenants": len(told), "need_somebody": sum(bool(row["needs somebody"]) for row in told)}


def ages(found: Iterable[Freshness], now: datetime) -> str:
    """How old each entity is, those of one age together: ``4 min: products, suppliers``."""
    by_age: dict[str, list[str]] = {}
    for each in sorted(found, key=lambda one: (one.good is not None, one.good)):
        if not (each.instead or each.absent):
            age = "never" if each.good is None else age_of(now - each.good)
            by_age.setdefault(age, []).append(each.entity.split("/")[1] + "!" * each.late)
    return "; ".join(f"{age}: {', '.join(sorted(names))}" for age, names in by_age.items())


def age_of(age: timedelta) -> str:
    """``4 min``, ``3 h`` or ``2 days``."""
    minutes = max(int(age / _MINUTE), 0)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def next_tick(now: datetime, every: timedelta = TICK) -> datetime:
    """When the schedule comes by next."""
    start = datetime.min.replace(tzinfo=now.tzinfo)
    return now + every - (now - start) % every


def stock_is_due(tenant: Tenant, moment: datetime) -> bool:
    """Whether a tick between two half-hours looks at a tenant's stock."""
    every, minute = tenant.sync.stock_every_minutes, moment.minute % (TICK // _MINUTE)
    return every > 0 and minute // every > (minute - STOCK_TICK // _MINUTE) // every


def _stock_ticks(tenant: Tenant, now: datetime) -> Iterator[datetime]:
    """When the schedule for stock comes by a tenant until the next half hour."""
    moment, end = next_tick(now, STOCK_TICK), next_tick(now)
    while moment < end:
        if stock_is_due(tenant, moment):
            yield moment
        moment += STOCK_TICK


def next_run(
    state: TenantState, tenant: Tenant, now: datetime, running: Collection[str] | None = None
) -> str:
    """When a tenant is looked at next, or why nobody can tell.

    Args:
        state: of the tenant.
        tenant: whose.
        now: UTC.
        running: the schedules that are on; None: not known, those count that came by lately.
    """
    if state.paused or not state.enabled:
        return state.paused or "disabled"
    looked = state.stock.as_of if state.stock else None
    if running is None:
        came = state.ticked_at is not None and now - state.ticked_at < LATELY
        # What confirmed stock after the last whole tick was the schedule for stock.
        stock = bool(came and looked and state.ticked_at and looked > state.ticked_at)
    else:
        came, stock = WHOLE in running, STOCK in running
    if not came:
        return _never(state.ticked_at, known=running is not None)
    soon = next(_stock_ticks(tenant, now), None) if stock else None
    return minute(next_tick(now)) + (f", stock {soon:%H:%M}" if soon else "")


def _never(ticked_at: datetime | None, *, known: bool) -> str:
    if known:
        return f"none: the schedule {WHOLE} is off"
    since = f"since {minute(ticked_at)}" if ticked_at else "yet"
    return f"not known: no tick has come by {since}; is {WHOLE} on?"


def _row(
    tenant: Tenant, now: datetime, reader: SnapshotReader, running: Collection[str] | None
) -> dict[str, Any]:
    try:
        state = read_state(tenant, now, reader, patient=False)
    except PipelineError as error:
        return _broken(tenant.name, f"{error.kind}: {error}")
    last = state.last_run or {}
    fresh = state.freshness.values()
    stock = state.stock.as_of if state.stock else None
    return {
        "tenant": tenant.name,
        "needs somebody": "; ".join(state.attention()) if state.enabled else "",
        "stock": "never" if stock is None else age_of(now - stock),
        "last run": f"{last['status']}, {minute(last['started_at'])}" if last else "never ran",
        "run": str(last.get("run_id") or ""),
        "held": counted(Counter(row["state"] for row in state.held)),
        "deletions held": len(state.deletions),
        "blocked": counted(
            Counter(row["state"] for row in state.exports if row["state"] in NEED_A_PERSON)
        ),
        "next run": next_run(state, tenant, now, running),
        "sent": ages((each for each in fresh if each.done == "sent"), now),
        "read": ages((each for each in fresh if each.done == "read"), now),
    }


def _broken(name: str, why: str) -> dict[str, Any]:
    return {"tenant": name, "needs somebody": why}
