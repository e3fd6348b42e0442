"""Which buy orders wait to be exported, as the records of this run (mapping.md 8.1, flows.md 5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

import orjson

from bc_pipeline.business_central.lookup.reference_data import KindName
from bc_pipeline.report import Problem
from bc_pipeline.snapshot import learned
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.to_business_central import ledger_rows
from bc_pipeline.to_business_central.buy_orders import candidates, marker_places, tracked
from bc_pipeline.to_business_central.buy_orders.buy_order import ENTITY, moment
from bc_pipeline.to_business_central.buy_orders.job import Job, OrderLookups, validate
from bc_pipeline.to_business_central.buy_orders.links import tell_remote_ids
from bc_pipeline.to_business_central.buy_orders.writer import write
from bc_pipeline.to_business_central.export_types import LedgerEntry, Pending
from bc_pipeline.to_business_central.writer import EntityRun, ExportContext, Writer
from bc_pipeline.to_optiply.attribute_values import moment_text

SEEN = "outbound.purchase_orders.seen"
"""Key in ``ops.meta``: the newest change and the orders a run has found, until it is over."""
NO_CANDIDATE = "no candidate"
"""Payload hash of an order that is not to be exported: when it becomes a candidate again, it
differs."""
PATIENCE = timedelta(days=1)
"""How old an order may be for a tick to run because its lines may still come; one that is older
waits for the daily run."""


def find(context: EntityRun) -> list[Pending]:
    """The buy orders to be exported, and those an earlier run has not brought to an end, oldest
    first. Asks Optiply only.

    Raises:
        AuthError, Cancelled, RequestFailed: Optiply could not be read.
    """
    marker_places.forget_switched_off(context.snapshot, context.exports)
    with context.snapshot.cursor() as cursor:
        entries = ledger_rows.entries(cursor, ENTITY, None)
    linked = _linked(context.snapshot, entries)
    made = {int(key) for key, e in entries.items() if e.state == "done" and e.bc_id}
    unended = {int(key): e for key, e in entries.items() if e.state != "done"}
    bookmark = candidates.bookmark(context.snapshot)
    found = candidates.read(
        context.optiply,
        start=candidates.export_start(context.tenant, context.snapshot, context.started_at),
        bookmark=bookmark,
        waiting=unended.keys() - linked.keys(),
        linked=candidates.linked_ids(context.snapshot) | made,
        doubtful=candidates.import_in_doubt(context.snapshot),
    )
    if not context.dry_run:  # the import of a dry run only pretended to tell Optiply
        tracked.report(
            context.snapshot, context.optiply, found.exported, found.lines, context.result
        )
    youngest = context.started_at - PATIENCE
    context.result.unsettled += sum(each.placed > youngest for each in found.left if each.placed)
    lookups = OrderLookups(found.candidates)
    jobs = {order.id: Job(lookups, order=order) for order in found.candidates}
    jobs |= {key: Job(lookups, blocked=problem) for key, problem in found.unreadable.items()}
    jobs |= {key: Job(lookups, gone=reason) for key, reason in found.gone.items()}
    jobs |= {key: Job(lookups, remote_id=linked[key]) for key in unended.keys() & linked.keys()}
    stamp = moment_text(found.newest) if found.newest else None
    learned.put(context.snapshot, SEEN, orjson.dumps([stamp, sorted(jobs)]).decode())
    return [_pending(context, key, job, entries.get(str(key))) for key, job in sorted(jobs.items())]


def finished(context: EntityRun) -> None:
    """Tell Optiply the remote ids it does not know yet, and move the bookmark, unless an order
    was left alone of which nothing would remind the next run.

    Raises:
        AuthError, Cancelled: the rest waits for the next run.
    """
    for failure in tell_remote_ids(context.snapshot, context.optiply):
        context.result.problems.append(Problem(context.result.name, None, "deferred", failure))
    with context.snapshot.cursor() as cursor:
        stamp, keys = orjson.loads(learned.get(cursor, SEEN) or "[null, []]")
        known = ledger_rows.entries(cursor, ENTITY, [str(key) for key in keys])
    if len(known) == len(keys):
        candidates.move_bookmark(context.snapshot, moment(stamp), context.run_no)


def _linked(snapshot: Snapshot, keys: Collection[str]) -> dict[int, str]:
    """Optiply id -> purchase order, of the orders of the ledger that are in the id map."""
    with snapshot.cursor() as cursor:
        found = cursor.execute(
            "SELECT optiply_id, remote_id FROM sync.buy_orders WHERE state <> 'deleted' "
            "AND optiply_id IN (SELECT unnest(CAST(? AS BIGINT[])))",
            [[int(key) for key in keys]],
        ).fetchall()
    return dict(found)


def _pending(context: EntityRun, key: int, job: Job, entry: LedgerEntry | None) -> Pending:
    payload: Mapping[str, object] = entry.record if entry else {}
    fingerprint = NO_CANDIDATE
    if job.order is not None:
        payload, fingerprint = job.order.model_dump(mode="json"), job.order.fingerprint()
    elif job.remote_id is not None and entry is not None:
        fingerprint = entry.payload_hash or ""
    return Pending(
        entity=ENTITY,
        key=str(key),
        payload_hash=fingerprint,
        record=job,
        payload=payload,
        company=context.home(),
        external_id=str(key),
        entry=entry,
    )


# Buy orders as an entity that is written: where they come from, what they need, who writes.

_NEEDS: frozenset[KindName] = frozenset({"company_information", "dimensions", "locations"})
"""Reference data buy orders may need: currency, header dimensions, location."""


def _needs(pendings: Sequence[Pending]) -> frozenset[KindName]:
    return _NEEDS if pendings else frozenset()


def _complete(context: ExportContext, pending: Pending) -> bool:
    """Never: an order that is done comes again only when there is something left to do."""
    return False


WRITER = Writer(_needs, validate, write, _complete, find, finished)
