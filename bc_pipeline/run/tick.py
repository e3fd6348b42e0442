"""One look at a tenant: whether a run has anything to do, and what.

``look`` costs one or two requests and no more. A look that finds nothing is noted
(``tick_outcome.noted``) and starts no run; else a run of just the tasks that are due follows.
Whatever is not certain counts as due.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo

from bc_pipeline import clock
from bc_pipeline.business_central.client import BusinessCentral, Company
from bc_pipeline.catalogue.probes import Question, hanging, moved, moves_stock, of_stock, questions
from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.catalogue.task import OPTIPLY
from bc_pipeline.catalogue.tasks import ACCOUNTING_NAMES, reference_data
from bc_pipeline.errors import Cancelled, PipelineError
from bc_pipeline.reading.mode import overlap_of
from bc_pipeline.reading.sweeps import latest_due
from bc_pipeline.report import RequestCounts
from bc_pipeline.run import tick_memory
from bc_pipeline.run.dependencies import dependencies
from bc_pipeline.run.probe import Answer, Mark, ask
from bc_pipeline.run.tick_memory import Memory
from bc_pipeline.snapshot.store import FILE_NAME
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_business_central.buy_orders.buy_order import TASK as BUY_ORDER_TASK
from bc_pipeline.to_business_central.buy_orders.new_in_optiply import Look, look_at
from bc_pipeline.to_business_central.inbox import place

EVERYTHING_EVERY = 1
"""Days between two ticks that read everything, asked or not."""
NOTHING = "nothing has changed"
FIRST = "everything is read: {}"

NOT_COMPARED = "all stock is read: there is no whole tick yet to compare with"
WHOLE_TICK_FIRST = (
    "stock alone is looked at once a tick has looked at everything, and none has yet: the schedule "
    "every_30_minutes makes one, or now: bc-pipeline sync --all"
)


@dataclass(frozen=True)
class Tick:
    """What a look found.

    Args:
        tenant: whose.
        at: when it was looked, before anything was asked.
        stock_only: only stock was looked at.
        due: names of the tasks that have something to do.
        why: in words, for people.
        sweep: everything is due, asked or not.
        memory: what was remembered; None when it does not hold.
        answers: path of a question -> its answer.
        company: the config company, once it is known.
        orders: what to remember of the look for new buy orders.
        requests: what the look itself took of Business Central.
    """

    tenant: Tenant
    at: datetime
    stock_only: bool
    due: frozenset[str]
    why: str
    sweep: bool = False
    memory: Memory | None = None
    answers: Mapping[str, Answer] = field(default_factory=dict)
    company: Company | None = None
    orders: Look = field(default_factory=Look)
    requests: RequestCounts = field(default_factory=RequestCounts)

    @property
    def changed(self) -> frozenset[str]:
        """Paths of the questions whose answer is not that of the last time."""
        return frozenset(_changed(self.answers, self.marks))

    @property
    def marks(self) -> Mapping[str, Mark]:
        """What the answers are compared with."""
        if self.memory is None:
            return {}
        return self.memory.stock_marks if self.stock_only else self.memory.marks


def look(
    tenant: Tenant,
    *,
    stock_only: bool = False,
    asked_for: bool = False,
    cancel: threading.Event | None = None,
) -> Tick:
    """Look whether anything may have changed, in Business Central, in ``outbound/``, and among the
    buy orders of Optiply.

    A whole look that fails makes everything due: the run then tells what is wrong.

    Args:
        tenant: enabled and soundly configured.
        stock_only: look only at what moves stock.
        asked_for: somebody wants it now, and waits for no whole tick.
        cancel: ends the look.

    Raises:
        Cancelled: the look was ended.
        PipelineError: a look at stock alone got no answer; stock is left to the next whole tick.
    """
    at = clock.now()
    remembered = tick_memory.confirmed(tenant)
    if stock_only and (remembered is None or not (tenant.snapshot_dir / FILE_NAME).exists()):
        # What has moved stock is told by comparing with a whole tick; without one, all may have.
        synced = asked_for and (tenant.snapshot_dir / FILE_NAME).exists()
        stock = frozenset(of_stock(tenant) & set(dependencies(tenant)) if synced else ())
        return Tick(tenant, at, stock_only, stock, NOT_COMPARED if synced else WHOLE_TICK_FIRST)
    untouched = remembered is not None and _untouched(tenant, remembered)
    memory = remembered if untouched or stock_only else None
    asked = _asked(tenant, stock_only=stock_only)
    tick = Tick(tenant, at, stock_only, frozenset(), "", memory=memory)
    try:
        tick = _asked_business_central(tick, asked, cancel)
        new_orders: Collection[str] = ()
        if not stock_only:
            tick, new_orders = _asked_optiply(tick, remembered, cancel)
    except Cancelled:
        raise
    except PipelineError as error:
        if stock_only:
            raise
        why = FIRST.format(f"the look failed ({error.kind})")
        everything = frozenset(dependencies(tenant))
        return replace(tick, due=everything, why=why, answers={}, sweep=True)
    if stock_only:
        assert remembered is not None
        again = of_stock(tenant) & {*_tried_again(remembered)}
        due = of_stock(tenant) if tick.changed or again or not untouched else set[str]()
        why = _words(tick.changed, again) if due else NOTHING
        return replace(tick, due=frozenset(due & set(dependencies(tenant))), why=why)
    return _due(tick, new_orders, _why_everything(tenant, remembered, untouched=untouched))


def _why_everything(tenant: Tenant, remembered: Memory | None, *, untouched: bool) -> str | None:
    """Why what is remembered does not hold; None when it does."""
    if untouched:
        return None
    if remembered is not None:
        return "somebody has worked on its state"
    if tick_memory.load(tenant.snapshot_dir) is not None:
        return "its settings or the program have changed"
    return "nothing is remembered of it"


def _untouched(tenant: Tenant, memory: Memory) -> bool:
    return memory.snapshot == tick_memory.state_of(tenant.snapshot_dir)


def _asked(tenant: Tenant, *, stock_only: bool) -> list[Question]:
    asked = questions(tenant)
    return [each for each in asked if moves_stock(tenant, each.path)] if stock_only else asked


def _asked_business_central(
    tick: Tick, asked: list[Question], cancel: threading.Event | None
) -> Tick:
    tenant = tick.tenant
    with BusinessCentral(tenant, TokenStore(tenant.home), cancel=cancel) as bc:
        if tick.memory is not None:
            bc.assume(Company(*tick.memory.company))
        answers = ask(bc, asked, tick.marks, overlap_of(tenant.sync))
        counter = bc.counter
        requests = RequestCounts(counter.total, counter.retried, counter.throttled)
        return replace(tick, answers=answers, company=bc.company, requests=requests)


def _asked_optiply(
    tick: Tick, remembered: Memory | None, cancel: threading.Event | None
) -> tuple[Tick, Collection[str]]:
    before = Look(**remembered.orders) if remembered and remembered.orders else Look()
    if not tick.tenant.exports.buy_orders or tick.memory is None:
        return replace(tick, orders=before), ()
    try:
        orders, new = look_at(tick.tenant, before, tick.at, cancel or threading.Event())
    except Cancelled:
        raise
    except PipelineError:
        # The export asks again, with more patience, and says what is wrong.
        return replace(tick, orders=before), (BUY_ORDER_TASK,)
    return replace(tick, orders=orders), new


def _due(tick: Tick, new_orders: Collection[str], everything: str | None) -> Tick:
    tenant, memory = tick.tenant, tick.memory
    configured = set(dependencies(tenant))
    if (
        memory is None
        or memory.swept_at is None
        or memory.swept_at < latest_due(tenant.sync, tick.at, every=EVERYTHING_EVERY)
    ):
        why = FIRST.format(everything or "it is the day's first run")
        return replace(tick, due=frozenset(configured), why=why, sweep=True)
    entities = moved(tenant, tick.changed)
    again = set(_again(tenant, memory, tick.at))
    exports = set(_exports(tenant, memory, new_orders))
    unfinished = {name for name in memory.unfinished if not name.startswith("outbound/")}
    due = {*entities, *hanging(tenant, entities, again | unfinished), *again, *unfinished}
    due |= {*exports, *reference_data(exports)}
    reasons = [*sorted(again), *sorted(unfinished), *sorted(exports)]
    due &= configured
    why = _words(tick.changed, reasons) if due else NOTHING
    return replace(tick, due=frozenset(due), why=why)


def _again(tenant: Tenant, memory: Memory, at: datetime) -> Iterator[str]:
    """Resources with a record whose next try is due, or whose rows another day has changed."""
    yield from _tried_again(memory)
    zone = tenant.sync.zone()
    if _day(memory.ticked_at, zone) != _day(at, zone):
        yield from (f"{OPTIPLY}/{name}" for name, each in RESOURCES.items() if each.looks_at_day)


def _tried_again(memory: Memory) -> Iterator[str]:
    """Resources with a record whose next try is due."""
    for name, attempt in memory.attempts.items():
        if attempt <= memory.next_run_no:
            yield f"{OPTIPLY}/{name}"


def _exports(tenant: Tenant, memory: Memory, new_orders: Collection[str]) -> Iterator[str]:
    if place.waiting(tenant.snapshot_dir):
        yield from ACCOUNTING_NAMES
    if new_orders:
        yield BUY_ORDER_TASK
    yield from (name for name in memory.unfinished if name.startswith("outbound/"))


def _day(moment: datetime, zone: tzinfo) -> date:
    return moment.astimezone(zone).date()


def _changed(answers: Mapping[str, Answer], marks: Mapping[str, Mark]) -> Iterator[str]:
    return (path for path, answer in answers.items() if answer.mark.differs(marks.get(path)))


def _words(changed: Collection[str], reasons: Collection[str]) -> str:
    parts = []
    if changed:
        parts.append(f"may have changed: {', '.join(sorted(changed))}")
    if reasons:
        parts.append(f"due again: {', '.join(dict.fromkeys(reasons))}")
    return "; ".join(parts) or "stock is looked at"
