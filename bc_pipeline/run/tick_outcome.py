"""What is remembered after a look that found nothing, and after a run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from bc_pipeline.business_central.client import Company
from bc_pipeline.catalogue.probes import hanging, moved, moves_stock, of_stock
from bc_pipeline.report import EntityResult, RunSummary
from bc_pipeline.run import tick_memory
from bc_pipeline.run.dependencies import dependencies
from bc_pipeline.run.last_result import again, kept
from bc_pipeline.run.probe import Mark
from bc_pipeline.run.tick import NOTHING, Tick
from bc_pipeline.run.tick_memory import Memory
from bc_pipeline.tenants.settings import Tenant

NOT_THROUGH = ("blocked", "auth", "config", "throttled", "ambiguous")
"""Kinds of problems that another try may solve without anything having changed."""
MOST_PROBLEMS = 50
"""Problems of a task that are remembered, to be told again while nothing changes."""


@dataclass(frozen=True)
class Ended:
    """A run that has come to its end.

    Args:
        tenant: whose.
        summary: its outcome.
        run_no: its number.
        started: when.
        attempts: resource of the run -> number of the run that tries a record of it again.
        company: the config company; None: the run did not have to know it.
    """

    tenant: Tenant
    summary: RunSummary
    run_no: int
    started: datetime
    attempts: Mapping[str, int]
    company: Company | None

    @property
    def results(self) -> Mapping[str, EntityResult]:
        return self.summary.entities


def noted(tick: Tick) -> RunSummary:
    """Remember that a look found nothing, and tell how the tenant stands: as after its last run."""
    memory = tick.memory
    summary = RunSummary(tick.tenant.name, "", reason=tick.why, business_central=tick.requests)
    if memory is None:
        summary.status = "skipped"
        return summary
    _note(tick, memory)
    looked_at = of_stock(tick.tenant) if tick.stock_only else memory.standing
    summary.entities = {
        name: again(name, before, NOTHING)
        for name, before in memory.standing.items()
        if name in looked_at
    }
    summary.problems = [p for each in summary.entities.values() for p in each.problems]
    summary.reason = f"{NOTHING} since {memory.ran_at:%Y-%m-%d %H:%M} UTC; the counts are of then"
    summary.status = "partial" if summary.problems else "success"
    return summary


def _note(tick: Tick, memory: Memory) -> None:
    """A run may have ended, and another look been noted, since this one began."""
    now = tick_memory.load(tick.tenant.snapshot_dir)
    if now is None or (now.snapshot, now.run_no) != (memory.snapshot, memory.run_no):
        return
    after = replace(now, stock_at=_stock_at(tick.tenant, now.unfinished, tick.at, now.stock_at))
    if not tick.stock_only:
        orders = asdict(tick.orders)
        after = replace(after, ticked_at=tick.at, idle=now.idle + 1, orders=orders)
    tick_memory.save(tick.tenant.snapshot_dir, after)


def remembered(tick: Tick | None, before: Memory | None, ended: Ended) -> Memory | None:
    """What to remember after a run; None: nothing, so that the next tick reads everything.

    Args:
        tick: the look that led to it; None: somebody asked for it.
        before: what was remembered and held when it began.
        ended: the run.
    """
    if before is None and (tick is None or tick.stock_only or ended.company is None):
        return None
    blank = Memory("", None, ("", "", "", ""), ended.started, ended.started)
    memory = replace(
        before or blank,
        made_by=tick_memory.maker(ended.tenant),
        company=_shown(ended.company) if ended.company else (before or blank).company,
        run_no=ended.run_no,
        idle=0,
        overran=False,
        attempts=_attempts(before, ended),
        unfinished=tuple(sorted(_unfinished(before, ended))),
        standing={
            **(before.standing if before else {}),
            **{
                name: kept(each, MOST_PROBLEMS)
                for name, each in ended.results.items()
                if name.startswith("optiply/")
            },
        },
    )
    return memory if tick is None else _ticked(memory, tick, ended)


def _shown(company: Company) -> tuple[str, str, str, str]:
    return (company.id, company.name, company.display_name, company.system_version)


def _ticked(memory: Memory, tick: Tick, ended: Ended) -> Memory:
    tenant, done = tick.tenant, set(ended.results) - set(memory.unfinished)
    settled = dict(_settled(tick, done))
    of_products = of_stock(tenant) <= done
    stock = {
        path: tick.answers[path].next
        for path in tick.changed
        if of_products and moves_stock(tenant, path)
    }
    stock_at = memory.stock_at
    if of_products or not tick.stock_only:
        stock_at = _stock_at(tenant, memory.unfinished, tick.at, stock_at)
    memory = replace(
        memory,
        stock_at=stock_at,
        marks={**memory.marks, **settled},
        stock_marks={**memory.stock_marks, **stock},
    )
    if tick.stock_only:
        return memory
    return replace(
        memory,
        ticked_at=tick.at,
        ran_at=tick.at,
        swept_at=tick.at if tick.sweep else memory.swept_at,
        orders=asdict(tick.orders),
    )


def _settled(tick: Tick, done: Collection[str]) -> Iterator[tuple[str, Mark]]:
    """The questions whose change has come through: all that was to be read was read after they were
    asked, and a run of nothing but stock has sent all that hangs on it."""
    for path in tick.changed:
        entities = moved(tick.tenant, {path})
        behind = hanging(tick.tenant, entities) if tick.stock_only else set()
        if {*entities, *behind} <= {*done}:
            yield path, tick.answers[path].next


def _attempts(before: Memory | None, ended: Ended) -> dict[str, int]:
    worked_on = {name.partition("/")[2] for name in ended.results if name.startswith("optiply/")}
    kept = before.attempts if before else {}
    return {**{n: no for n, no in kept.items() if n not in worked_on}, **ended.attempts}


def _unfinished(before: Memory | None, ended: Ended) -> set[str]:
    """Tasks that another run has to try again, whatever the next look finds."""
    summary, results = ended.summary, ended.results
    left = {name for name in (before.unfinished if before else ()) if name not in results}
    left |= {*summary.failed, *summary.blocked}
    left |= {p.entity for p in summary.problems if p.kind in NOT_THROUGH and p.entity in results}
    left |= {name for name, each in results.items() if _waits(each)}
    stock = of_stock(ended.tenant)
    terms = {name for name in stock if name.startswith("bc/")}
    # Figures that are taken off each other have to be of one moment; and what keeps stock from
    # being sent, such as a list that is not there, is found out by reading again.
    if (stock - terms) & left or (terms & results.keys() and not terms <= results.keys() - left):
        left |= terms
    return {*left, *_missed(ended)}


def _waits(result: EntityResult) -> bool:
    """Whether records wait for what no look asks about: an answer, or, of a file or among buy
    orders, another record, and what was made of an order to be told to Optiply."""
    untold = any(each.kind == "deferred" for each in result.problems)
    exported = result.name.startswith("outbound/")
    return result.unsettled > 0 or (exported and (untold or result.deferred > 0))


def _missed(ended: Ended) -> Iterator[str]:
    """Tasks that were not in the run and refer to rows that it has made, taken away or found again
    under another id."""
    for name, needs in dependencies(ended.tenant).items():
        if name.startswith("optiply/") and name not in ended.results:
            parents = (ended.results[n] for n in (*needs.hard, *needs.soft) if n in ended.results)
            if any(each.name.startswith("optiply/") and _renewed(each) for each in parents):
                yield name


def _renewed(result: EntityResult) -> bool:
    return bool(result.created or result.deleted or result.renumbered)


def _stock_at(
    tenant: Tenant, unfinished: Collection[str], at: datetime, before: datetime | None
) -> datetime | None:
    return before if of_stock(tenant) & set(unfinished) else at
