"""The work behind each task of a run: reading one entity of Business Central, or mapping and
writing one Optiply resource."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import duckdb

from bc_pipeline.business_central import published_pages
from bc_pipeline.catalogue import stock_source
from bc_pipeline.catalogue.entities import ENTITIES
from bc_pipeline.catalogue.entity import Entity
from bc_pipeline.catalogue.resources import (
    BUY_ORDER_LINES,
    BUY_ORDERS,
    PRODUCTS,
    RECEIPT_LINES,
    RESOURCES,
    SELL_ORDERS,
    SUPPLIERS,
    Resource,
)
from bc_pipeline.errors import RequestFailed
from bc_pipeline.mapping import (
    MappingInput,
    build_wanted,
    rebuild,
    vanished_buy_orders,
)
from bc_pipeline.reading import listed_stock, mirror_state
from bc_pipeline.reading.entity import read_entity
from bc_pipeline.report import EntityResult, Problem
from bc_pipeline.run import history, verification
from bc_pipeline.run.context import RunContext
from bc_pipeline.run.dependencies import dependencies, made_from, sell_order_sources
from bc_pipeline.run.exports import is_export
from bc_pipeline.run.graph import Task, Work
from bc_pipeline.run.unchanged import Inputs
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_business_central.buy_orders import recognition
from bc_pipeline.to_optiply.resource_sync import Rules, sync_resource

FRESH_ENOUGH = timedelta(minutes=5)
"""How old a mirror may be for an Optiply entity that is run without what it is made from."""
NOT_NEEDED = "not needed:"
"""Begins the mode of an entity that was not read because others told the same."""
ENTITY_SETS: Mapping[str, str] = {
    "sales_invoices": "salesInvoices",
    "sales_orders": "salesOrders",
    "sales_shipments": "salesShipments",
}


def tasks(context: RunContext, selected: frozenset[str]) -> list[Task]:
    """The selected tasks this tenant's configuration asks for, and what has to be read first."""
    everything = dependencies(context.tenant)
    imported = {name for name in everything if not is_export(name)}
    whole = not (context.launch.full or context.launch.looked) and selected >= imported
    wanted = selected | _read_first(context, selected)
    return [
        Task(name, _work(context, name, may_keep=whole), needs.hard, needs.soft)
        for name, needs in everything.items()
        if name in wanted
    ]


def _read_first(context: RunContext, selected: frozenset[str]) -> set[str]:
    """What the selected Optiply entities are made from and nobody has selected, when some of it is
    not of the last minutes (decision 31). All of it then: figures that are taken off each other
    have to be of one moment. A look has told already that nothing else has changed."""
    if context.launch.looked:
        return set()
    needed = {source for name in selected for source in made_from(context.tenant, name)} - selected
    moment = context.started_at - FRESH_ENOUGH
    with context.snapshot.cursor() as cursor:
        asked = needed - set(mirror_state.unneeded(cursor, context.tenant))
        settled = all(mirror_state.settled_since(cursor, name, moment) for name in asked)
    anew = context.launch.full or context.launch.since is not None
    return set() if settled and not anew else needed


def _work(context: RunContext, name: str, *, may_keep: bool) -> Work:
    work = _plain_work(context, name, may_keep=may_keep)
    if not name.startswith(history.WRITTEN):
        return work

    def noted(result: EntityResult) -> None:
        work(result)
        history.note_sent(context.snapshot, context.run_no, name)

    return noted


def _plain_work(context: RunContext, name: str, *, may_keep: bool) -> Work:
    exporting = context.exporting
    if exporting is not None and is_export(name):
        return exporting.write(name)
    if exporting is not None and name in exporting.lazily:
        return exporting.read(name)

    def work(result: EntityResult) -> None:
        if name.startswith("bc/"):
            if _unneeded(context, name, result):
                return
            if not (may_keep and _kept(context, ENTITIES[name], result)):
                _read(context, name, result)
        else:
            _write(context, name.removeprefix("optiply/"), result)

    return work


def _unneeded(context: RunContext, name: str, result: EntityResult) -> bool:
    """Whether others that were read tell the same."""
    if not ENTITIES[name].unless:
        return False
    with context.snapshot.cursor() as cursor:
        others = mirror_state.unneeded(cursor, context.tenant).get(name)
    if others is None:
        return False
    result.mode = f"{NOT_NEEDED} {mirror_state.told_by(others)}"
    return True


def _kept(context: RunContext, entity: Entity, result: EntityResult) -> bool:
    """Whether the last complete read is recent enough to serve this run too."""
    with context.snapshot.cursor() as cursor:
        if not mirror_state.read_since(cursor, entity.name, context.started_at - entity.keeps):
            return False
        result.rows = mirror_state.rows(cursor, entity.table)
    result.mode = f"kept, read less than {entity.keeps} ago"
    return True


def _read(context: RunContext, name: str, result: EntityResult) -> None:
    """Bring the mirror of one entity up to date."""
    read = read_entity(
        context.bc,
        context.snapshot,
        ENTITIES[name],
        run_no=context.run_no,
        full=context.launch.full,
        since=context.launch.since,
        cancel=context.cancel,
        fresh=context.fresh,
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
        _warn_of_pages(context, result)
    # A source the tenant does not have is a warning, not a problem.
    if not read.complete and not read.absent:
        reason = read.reason or "not read completely"
        result.problems.append(Problem(name, None, "blocked", reason))
    if context.listener is not None:
        rate = read.requests / read.seconds if read.seconds else 0.0
        context.listener.progress(name, read.rows, read.rows, read.requests, rate)


def _warn_of_pages(context: RunContext, result: EntityResult) -> None:
    """Published pages that end, or have ended, with a version of Business Central."""
    version = context.bc.company.major_version
    told = published_pages.notice(context.tenant.business_central, version)
    if told is None:
        return
    result.warnings[published_pages.WARNING] = 1
    with context.snapshot.transaction() as cursor:
        cursor.execute(
            "INSERT INTO ops.warnings (run_no, entity, kind, message) VALUES (?, ?, ?, ?)",
            [context.run_no, result.name, published_pages.WARNING, told],
        )


def _write(context: RunContext, name: str, result: EntityResult) -> None:
    """Map one resource and bring Optiply up to date."""
    resource = RESOURCES[name]
    if resource is BUY_ORDERS:
        context.vanished = _confirmed_gone(context, result)
    with context.snapshot.cursor() as cursor:
        inputs = _inputs(context, cursor)
    if resource is not SUPPLIERS:  # which may come before the items are read
        if resource is PRODUCTS and inputs.stock_held:
            result.problems.append(Problem(result.name, None, "blocked", inputs.stock_held))
        inputs = context.names.heeded(inputs)
        result.problems += context.names.new_problems(result.name)
    if resource is BUY_ORDERS:
        inputs = recognition.with_markers(
            inputs, context.tenant, context.snapshot, context.bc, context.optiply
        )
    with context.snapshot.cursor() as cursor:
        may_delete = mirror_state.ever_complete(cursor, _sources_of(context.tenant, name))
    made_of = Inputs(context.tenant, context.snapshot, resource, inputs, may_delete)
    may_settle = not (context.dry_run or context.launch.full)
    if not (may_settle and made_of.settle(result)):
        _send(context, made_of, result)
    if resource is SELL_ORDERS:
        mirror_state.remember_sell_orders(context.snapshot, context.tenant)
    if not context.dry_run:
        _verify(context, resource, result)


def _send(context: RunContext, made_of: Inputs, result: EntityResult) -> None:
    """Build the wanted rows and send what differs."""
    resource, inputs = made_of.resource, made_of.given
    with context.mapping() as connection:
        made_of.look()
        report = rebuild(connection, resource.name, context.tenant.sync, inputs)
    result.rows = report.rows
    result.warnings = dict(report.warnings)
    asked_about: list[str] = []

    def build_lines(cursor: duckdb.DuckDBPyConnection) -> None:
        with context.snapshot.writing():
            build_wanted(cursor, "buy_order_lines", context.tenant.sync, inputs)

    def still_there(remote_id: str) -> bool:
        entity_set = ENTITY_SETS[context.tenant.sync.sell_order_source]
        asked_about.append(remote_id)
        found = context.bc.get(entity_set, remote_id, select=("id",))
        return found is not None

    rules = Rules(
        version=resource.mapping_version,
        may_delete=made_of.may_delete,
        still_in_source=still_there if resource is SELL_ORDERS else None,
        parts=resource in (BUY_ORDER_LINES, RECEIPT_LINES),
        # A purchase order that left the list is completed or cancelled by its receipts: the
        # mapping says which, once it is confirmed that the order is gone (mapping.md 5).
        keep_absent=resource is BUY_ORDERS,
        before_adopting=build_lines if resource is BUY_ORDERS else None,
    )
    sync_resource(context, resource, rules, result)
    # What Business Central answered about a record is in no table: it is asked again.
    if not (context.dry_run or asked_about):
        made_of.remember(result)


def _verify(context: RunContext, resource: Resource, result: EntityResult) -> None:
    """Once a day, compare what Optiply has with what was sent."""
    optiply = context.optiply.scoped()
    options, now = context.tenant.sync, context.started_at
    verification.verify_daily(context.snapshot, optiply, resource, options, now)
    result.requests += optiply.counter.total
    result.retried += optiply.counter.retried
    result.throttled += optiply.counter.throttled


def _inputs(context: RunContext, cursor: duckdb.DuckDBPyConnection) -> MappingInput:
    optional = mirror_state.optional(cursor, context.tenant)
    return MappingInput(
        run_no=context.run_no,
        today=context.started_at.astimezone(context.tenant.sync.zone()).date(),
        now=context.started_at,
        stock_complete=mirror_state.stock_complete(cursor, context.tenant, optional),
        stock_compared=(
            stock_source.LISTS["analytics"] in optional
            and mirror_state.of_one_run(cursor, {"bc/items", stock_source.ENTRIES})
        ),
        stock_held=listed_stock.why_held(cursor, context.tenant, optional),
        sources=optional,
        bom="bc.bom_components" in optional,
        vanished=context.vanished,
    )


def _sources_of(tenant: Tenant, name: str) -> tuple[str, ...]:
    """The entities of Business Central whose absence of a row means that it is gone."""
    if name == "sell_orders":
        return sell_order_sources(tenant)
    needs = dependencies(tenant)
    own = tuple(n for n in needs[f"optiply/{name}"].hard if n.startswith("bc/"))
    return own or ("bc/purchase_orders",)


def _confirmed_gone(context: RunContext, result: EntityResult) -> frozenset[str]:
    """Ask Business Central for each buy order that left its list; a failed look-up is not
    "gone" (mapping.md 5)."""
    with context.snapshot.cursor() as cursor:
        found = cursor.execute(vanished_buy_orders(context.tenant.sync)).fetchall()
    numbers = {row[0]: row[1] for row in found}
    remote_ids = list(numbers)
    if not remote_ids:
        return frozenset()

    def gone(remote_id: str) -> bool | RequestFailed:
        try:
            return context.bc.get("purchaseOrders", remote_id, select=("id",)) is None
        except RequestFailed as error:
            return error

    with ThreadPoolExecutor(context.tenant.business_central.max_concurrent_requests) as pool:
        answers = dict(zip(remote_ids, pool.map(gone, remote_ids), strict=True))
    for remote_id, answer in answers.items():
        if isinstance(answer, RequestFailed):
            reason = (
                f"purchase order {numbers[remote_id]} left the list, and it could not be made sure "
                f"that it is gone: {answer}"
            )
            result.problems.append(Problem(result.name, remote_id, "blocked", reason))
    return frozenset(remote_id for remote_id, answer in answers.items() if answer is True)
