"""Buy orders made in Optiply that became purchase orders: their rows in the id map
(mapping.md 8.2, steps 7 and 8).

A linked order is known before its first import, with the values as Optiply has them: that import
finds it and sends only what Business Central made of it, and never creates it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import orjson

from bc_pipeline import clock
from bc_pipeline.catalogue.resources import BUY_ORDER_LINES, BUY_ORDERS, Resource
from bc_pipeline.errors import RequestFailed
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.snapshot import learned as account_facts
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.to_business_central.buy_orders.buy_order import BuyOrder, BuyOrderLine
from bc_pipeline.to_optiply.attribute_values import REMOTE_ID, Values
from bc_pipeline.to_optiply.id_map import ORIGIN
from bc_pipeline.to_optiply.sender import Sender

NOT_FOUND = 404

_SAVE = """
INSERT INTO sync.{name} (remote_id, optiply_id, optiply_uuid, last_sent, state, attempts, origin,
  extra, created_at, updated_at, last_seen_run)
VALUES ($remote_id, $optiply_id, $uuid, CAST($values AS JSON), 'active', 0, $origin,
  CAST($extra AS JSON), $now, $now, $run_no)
ON CONFLICT (remote_id) DO UPDATE SET optiply_id = excluded.optiply_id,
  optiply_uuid = excluded.optiply_uuid, content_hash = NULL, last_sent = excluded.last_sent,
  failed_hash = NULL, state = 'active', reason = NULL, attempts = 0, next_attempt_run = NULL,
  origin = excluded.origin, extra = excluded.extra, updated_at = excluded.updated_at,
  last_seen_run = excluded.last_seen_run
"""
_UNTOLD = """
SELECT remote_id, optiply_id FROM sync.{name} s
WHERE origin = $origin AND optiply_id IS NOT NULL AND state <> 'deleted'
  AND json_extract_string(last_sent, '$.remoteId') IS DISTINCT FROM remote_id
ORDER BY optiply_id
"""
_TOLD = """
UPDATE sync.{name} SET updated_at = $now,
  last_sent = json_merge_patch(coalesce(last_sent, '{{}}'), json_object('remoteId', remote_id))
WHERE remote_id = $remote_id AND optiply_id = $optiply_id
"""


@dataclass(frozen=True)
class LinkedRow:
    """A row of Optiply and the record of Business Central it belongs to.

    Args:
        values: its attributes as Optiply has them, in canonical form.
        extra: what the mapping keeps of the record.
    """

    remote_id: str
    optiply_id: int
    uuid: str | None
    values: Values
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LinkedOrder:
    """A buy order, its lines, and where they stand in Business Central."""

    order: LinkedRow
    lines: tuple[LinkedRow, ...] = ()


@dataclass(frozen=True)
class StandingLine:
    """A line of a purchase order as it stands in Business Central: with the number of the order
    and its sequence it is the key of its receipts (mapping.md 7)."""

    line_id: str
    sequence: int
    item_id: str
    item_number: str
    ordered_quantity: str
    factor: str


def linked(
    order: BuyOrder,
    document_id: str,
    number: str,
    vendor_id: str,
    pairs: Iterable[tuple[BuyOrderLine, StandingLine]],
) -> LinkedOrder:
    """A buy order and its lines, with what the id map keeps of the purchase order they are.

    Args:
        document_id, number, vendor_id: of the purchase order.
        pairs: lines of the buy order, each with the one it is there.
    """
    header = LinkedRow(
        document_id,
        order.id,
        order.uuid,
        dict(order.values),
        {"po_number": number, "vendor_id": vendor_id},
    )
    lines = tuple(
        LinkedRow(
            line.line_id,
            source.id,
            source.uuid,
            dict(source.values),
            {
                "po_number": number,
                "sequence": line.sequence,
                "document_id": document_id,
                "item_number": line.item_number,
                "item_id": line.item_id,
                "ordered_quantity": line.ordered_quantity,
                "factor": line.factor,
            },
        )
        for source, line in pairs
    )
    return LinkedOrder(header, lines)


def link(snapshot: Snapshot, linked: LinkedOrder, run_no: int) -> None:
    """Put an order and its lines into the id map, durably and together. Repeating it only tells
    Optiply the remote ids once more."""
    with snapshot.transaction() as cursor:
        _save(cursor, BUY_ORDERS, (linked.order,), run_no)
        _save(cursor, BUY_ORDER_LINES, linked.lines, run_no)


def is_linked(snapshot: Snapshot, optiply_id: int) -> str | None:
    """The remote id of the purchase order a buy order belongs to, or None."""
    with snapshot.cursor() as cursor:
        row = cursor.execute(
            "SELECT remote_id FROM sync.buy_orders WHERE optiply_id = ? AND state <> 'deleted'",
            [optiply_id],
        ).fetchone()
    return row[0] if row else None


def tell_remote_ids(snapshot: Snapshot, optiply: Optiply) -> list[str]:
    """PATCH the remote id onto every linked order and line that does not carry it yet.

    A failure is tried again by the next run, import or export, and never touches the link.

    Returns:
        what could not be told, in the operator's words.

    Raises:
        AuthError, Cancelled: the rest waits for the next run.
    """
    failures: list[str] = []
    for resource, what in ((BUY_ORDERS, "buy order"), (BUY_ORDER_LINES, "buy order line")):
        with snapshot.cursor() as cursor:
            sql = _UNTOLD.format(name=resource.name)
            rows = cursor.execute(sql, {"origin": ORIGIN}).fetchall()
            learned = account_facts.load(cursor, resource)
        sender = Sender(optiply, resource, learned)
        for remote_id, optiply_id in rows:
            try:
                sender.patch(optiply_id, {REMOTE_ID: remote_id})
            except RequestFailed as error:
                # Deleted in Optiply: there is nothing to tell, and the import will notice.
                if error.status != NOT_FOUND:
                    failures.append(f"{what} {optiply_id} was not told its remote id: {error}")
                continue
            _told(snapshot, resource, remote_id, optiply_id)
        account_facts.save(snapshot, resource, learned)
    return failures


def _told(snapshot: Snapshot, resource: Resource, remote_id: str, optiply_id: int) -> None:
    with snapshot.transaction() as cursor:
        cursor.execute(
            _TOLD.format(name=resource.name),
            {"now": clock.now(), "remote_id": remote_id, "optiply_id": optiply_id},
        )


def _save(
    cursor: duckdb.DuckDBPyConnection, resource: Resource, rows: Sequence[LinkedRow], run_no: int
) -> None:
    for row in rows:
        cursor.execute(
            _SAVE.format(name=resource.name),
            {
                "remote_id": row.remote_id,
                "optiply_id": row.optiply_id,
                "uuid": row.uuid,
                "values": orjson.dumps(row.values).decode(),
                "origin": ORIGIN,
                "extra": orjson.dumps(row.extra).decode(),
                "now": clock.now(),
                "run_no": run_no,
            },
        )
