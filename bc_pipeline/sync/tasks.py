"""The work behind each task of a run: reading one entity of Business Central, or mapping and
writing one Optiply resource."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import duckdb

from bc_pipeline.business_central import published_pages
from bc_pipeline.business_central.client import BusinessCentral
from bc_pipeline.business_central.entities import ENTITIES, Entity
from bc_pipeline.business_central.read import read_entity
from bc_pipeline.errors import RequestFailed
from bc_pipeline.mapping import MAPPING_VERSION, Facts, build_wanted, vanished_buy_orders
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.optiply.resources import (
    BUY_ORDER_LINES,
    BUY_ORDERS,
    PRODUCTS,
    RECEIPT_LINES,
    RESOURCES,
    SELL_ORDERS,
    SUPPLIERS,
    Resource,
)
from bc_pipeline.outbound.run.contexts import Around
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.sync import listed_stock, recognise, runs, sources, verifying
from bc_pipeline.sync.dependencies import dependencies, made_from, sell_order_sources
from bc_pipeline.sync.engine import Rules, SyncContext, sync_resource
from bc_pipeline.sync.exporting import Exporting, is_export
from bc_pipeline.sync.graph import Task, Work
from bc_pipeline.sync.model import EntityResult, Launch, Problem, ProgressListener
from bc_pipeline.sync.named import Names
from bc_pipeline.tenants.model import Tenant

FRESH_ENOUGH = timedelta(minutes=5)
"""How old a mirror may be for an Optiply entity that is run without what it is made from."""
ENTITY_SETS: Mapping[str, str] = {
    "sales_invoices": "salesInvoices",
    "sales_orders": "salesOrders",
    "sales_shipments": "salesShipments",
}


@dataclass
class Surroundings:
    """What the tasks of one run work with.

    Args:
        vanished: buy orders confirmed to be gone from Business Central, filled on the way.
        exporting: the exports of the run, where it has any.
    """

    tenant: Tenant
    launch: Launch
    snapshot: Snapshot
    business_central: BusinessCentral
    optiply: Optiply
    pool: Executor
    run_no: int
    cancel: threading.Event
    listener: ProgressListener | None = None
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    vanished: frozenset[str] = frozenset()
    exporting: Exporting | None = None
    names: Names = field(init=False)

    def __post_init__(self) -> None:
        self.names = Names(self.tenant, self.business_central, self.snapshot)

    @property
    def writing(self) -> SyncContext:
        """The part the writing of resources needs."""
        return SyncContext(
            self.tenant.name,
            self.snapshot,
            self.optiply,
            self.pool,
            self.run_no,
            self.cancel,
            self.listener,
        )

    @property
    def of_exports(self) -> Around:
        """The part the exports need."""
        return Around(
            self.tenant,
            self.snapshot,
            self.business_central,
            self.optiply,
            self.run_no,
            self.cancel,
            self.started_at,
            self.launch.dry_run,
            self.listener,
        )


def tasks(around: Surroundings, selected: frozenset[str]) -> list[Task]:
    """The selected tasks this tenant's configuration asks for, and what has to be read first."""
    everything = dependencies(around.tenant)
    imported = {name for name in everything if not is_export(name)}
    whole = not around.launch.full and selected >= imported
    wanted = selected | _read_first(around, selected)
    return [
        Task(name, _work(around, name, may_keep=whole), needs.hard, needs.soft)
        for name, needs in everything.items()
        if name in wanted
    ]


def _read_first(around: Surroundings, selected: frozenset[str]) -> set[str]:
    """What the selected Optiply entities are made from and nobody has selected, when some of it is
    not of the last minutes (decision 31). All of it then: figures that are taken off each other
    have to be of one moment."""
    needed = {source for name in selected for source in made_from(around.tenant, name)} - selected
    moment = around.started_at - FRESH_ENOUGH
    with around.snapshot.cursor() as cursor:
        settled = all(sources.settled_since(cursor, name, moment) for name in needed)
    anew = around.launch.full or around.launch.since is not None
    return set() if settled and not anew else needed


def _work(around: Surroundings, name: str, *, may_keep: bool) -> Work:
    work = _plain_work(around, name, may_keep=may_keep)
    if not name.startswith(runs.WRITTEN):
        return work

    def noted(result: EntityResult) -> None:
        work(result)
        runs.note_sent(around.snapshot, around.run_no, name)

    return noted


def _plain_work(around: Surroundings, name: str, *, may_keep: bool) -> Work:
    exporting = around.exporting
    if exporting is not None and is_export(name):
        return exporting.write(name)
    if exporting is not None and name in exporting.lazily:
        return exporting.read(name)

    def work(result: EntityResult) -> None:
        if name.startswith("bc/"):
            if not (may_keep and _kept(around, ENTITIES[name], result)):
                _read(around, name, result)
        else:
            _write(around, name.removeprefix("optiply/"), result)

    return work


def _kept(around: Surroundings, entity: Entity, result: EntityResult) -> bool:
    """Whether the last complete read is recent enough to serve this run too."""
    with around.snapshot.cursor() as cursor:
        if not sources.read_since(cursor, entity.name, around.started_at - entity.keeps):
            return False
        result.rows = sources.rows(cursor, entity.table)
    result.mode = f"kept, read less than {entity.keeps} ago"
    return True


def _read(around: Surroundings, name: str, result: EntityResult) -> None:
    """Bring the mirror of one entity up to date."""
    read = read_entity(
        around.business_central,
        around.snapshot,
        ENTITIES[name],
        run_no=around.run_no,
        full=around.launch.full,
        since=around.launch.since,
        cancel=around.cancel,
    )
    result.rows = read.rows
    result.pages = read.pages
    result.requests = read.requests
    result.retried = read.retried
    result.throttled = read.throttled
    result.mode = read.mode
    result.complete = read.complete
    result.warnings = read.warning_counts
    if name == "bc/companies":
        _warn_of_pages(around, result)
    # A source the tenant does not have is a warning, not a problem.
    if not read.complete and not read.absent:
        reason = read.reason or "not read completely"
        result.problems.append(Problem(name, None, "blocked", reason))
    if around.listener is not None:
        rate = read.requests / read.seconds if read.seconds else 0.0
        around.listener.progress(name, read.rows, read.rows, read.requests, rate)


def _warn_of_pages(around: Surroundings, result: EntityResult) -> None:
    """Published pages that end, or have ended, with a version of Business Central."""
    version = around.business_central.company.major_version
    told = published_pages.notice(around.tenant.business_central, version)
    if told is None:
        return
    result.warnings[published_pages.WARNING] = 1
    with around.snapshot.transaction() as cursor:
        cursor.execute(
            "INSERT INTO ops.warnings (run_no, entity, kind, message) VALUES (?, ?, ?, ?)",
            [around.run_no, result.name, published_pages.WARNING, told],
        )


def _write(around: Surroundings, name: str, result: EntityResult) -> None:
    """Map one resource and bring Optiply up to date."""
    resource = RESOURCES[name]
    if resource is BUY_ORDERS:
        around.vanished = _confirmed_gone(around, result)
    with around.snapshot.cursor() as cursor:
        facts = _facts(around, cursor)
    if resource is not SUPPLIERS:  # which may come before the items are read
        if resource is PRODUCTS and facts.stock_held:
            result.problems.append(Problem(result.name, None, "blocked", facts.stock_held))
        facts = around.names.heeded(facts)
        result.problems += around.names.new_problems(result.name)
    if resource is BUY_ORDERS:
        facts = recognise.with_markers(
            facts, around.tenant, around.snapshot, around.business_central, around.optiply
        )
    with around.snapshot.cursor() as cursor:
        may_delete = sources.ever_complete(cursor, _sources_of(around.tenant, name))
        # One at a time: building creates tables and macros in the shared catalogue.
        with around.snapshot.writing():
            report = build_wanted(cursor, name, around.tenant.sync, facts)
    result.rows = report.rows
    result.warnings = dict(report.warnings)

    def build_lines(cursor: duckdb.DuckDBPyConnection) -> None:
        with around.snapshot.writing():
            build_wanted(cursor, "buy_order_lines", around.tenant.sync, facts)

    def still_there(remote_id: str) -> bool:
        entity_set = ENTITY_SETS[around.tenant.sync.sell_order_source]
        found = around.business_central.get(entity_set, remote_id, select=("id",))
        return found is not None

    rules = Rules(
        version=MAPPING_VERSION[name],
        may_delete=may_delete,
        still_in_source=still_there if resource is SELL_ORDERS else None,
        parts=resource in (BUY_ORDER_LINES, RECEIPT_LINES),
        # A purchase order that left the list is completed or cancelled by its receipts: the
        # mapping says which, once it is confirmed that the order is gone (mapping.md 5).
        keep_absent=resource is BUY_ORDERS,
        before_adopting=build_lines if resource is BUY_ORDERS else None,
    )
    sync_resource(around.writing, resource, rules, result)
    if resource is SELL_ORDERS:
        sources.remember_sell_orders(around.snapshot, around.tenant)
    if not around.launch.dry_run:
        _verify(around, resource, result)


def _verify(around: Surroundings, resource: Resource, result: EntityResult) -> None:
    """Once a day, compare what Optiply has with what was sent."""
    optiply = around.optiply.scoped()
    options, now = around.tenant.sync, around.started_at
    verifying.verify_daily(around.snapshot, optiply, resource, options, now)
    result.requests += optiply.counter.total
    result.retried += optiply.counter.retried
    result.throttled += optiply.counter.throttled


def _facts(around: Surroundings, cursor: duckdb.DuckDBPyConnection) -> Facts:
    optional = sources.optional(cursor, around.tenant)
    return Facts(
        run_no=around.run_no,
        today=around.started_at.astimezone(around.tenant.sync.zone()).date(),
        now=around.started_at,
        stock_complete=sources.stock_complete(cursor, around.tenant),
        stock_held=listed_stock.why_held(cursor, around.tenant, optional),
        sources=optional,
        bom="bc.bom_components" in optional,
        vanished=around.vanished,
    )


def _sources_of(tenant: Tenant, name: str) -> tuple[str, ...]:
    """The entities of Business Central whose absence of a row means that it is gone."""
    if name == "sell_orders":
        return sell_order_sources(tenant)
    needs = dependencies(tenant)
    own = tuple(n for n in needs[f"optiply/{name}"].hard if n.startswith("bc/"))
    return own or ("bc/purchase_orders",)


def _confirmed_gone(around: Surroundings, result: EntityResult) -> frozenset[str]:
    """Ask Business Central for each buy order that left its list; a failed look-up is not
    "gone" (mapping.md 5)."""
    with around.snapshot.cursor() as cursor:
        found = cursor.execute(vanished_buy_orders(around.tenant.sync)).fetchall()
    numbers = {row[0]: row[1] for row in found}
    remote_ids = list(numbers)
    if not remote_ids:
        return frozenset()

    def gone(remote_id: str) -> bool | RequestFailed:
        try:
            return around.business_central.get("purchaseOrders", remote_id, select=("id",)) is None
        except RequestFailed as error:
            return error

    with ThreadPoolExecutor(around.tenant.business_central.max_concurrent_requests) as pool:
        answers = dict(zip(remote_ids, pool.map(gone, remote_ids), strict=True))
    for remote_id, answer in answers.items():
        if isinstance(answer, RequestFailed):
            reason = (
                f"purchase order {numbers[remote_id]} left the list, and it could not be made sure "
                f"that it is gone: {answer}"
            )
            result.problems.append(Problem(result.name, remote_id, "blocked", reason))
    return frozenset(remote_id for remote_id, answer in answers.items() if answer is True)
