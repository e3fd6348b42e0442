"""Buy orders that were exported: what happens to them in Optiply afterwards is not sent to
Business Central, only told, once (mapping.md 8.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from bc_pipeline.catalogue.resources import BUY_ORDER_LINES, BUY_ORDERS
from bc_pipeline.errors import RequestFailed
from bc_pipeline.optiply.client import Condition, Optiply, Record
from bc_pipeline.report import EntityResult, Problem
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.to_business_central.buy_orders.buy_order import ENTITY, buy_order, moment
from bc_pipeline.to_business_central.buy_orders.candidates import order_of
from bc_pipeline.to_optiply.attribute_values import canonical, moment_text
from bc_pipeline.to_optiply.id_map import ORIGIN
from bc_pipeline.to_optiply.sender import INVALID

COMPARED_IN_LINES = ("productId", "quantity")
COMPARED = ("supplierId", "placed", "completed", "expectedDeliveryDate", "totalValue")
# ``told`` in the entry's detail: what has been reported about the order since it was exported.

_OPEN = """
SELECT s.optiply_id, json_extract_string(s.extra, '$.po_number'), CAST(s.last_sent AS VARCHAR),
  json_extract_string(l.detail, '$.told'), json_extract_string(s.last_sent, '$.placed'),
  json_extract_string(l.record, '$.lines[*].id')
FROM sync.buy_orders s JOIN outbound.ledger l
  ON l.entity = $entity AND l.key = CAST(s.optiply_id AS VARCHAR)
WHERE s.origin = $origin AND s.optiply_id IS NOT NULL AND s.state <> 'deleted'
  AND json_extract_string(s.last_sent, '$.completed') IS NULL
"""
_LINES = """
SELECT optiply_id, CAST(last_sent AS VARCHAR) FROM sync.buy_order_lines
WHERE origin = $origin AND state <> 'deleted' AND json_exists(last_sent, '$.buyOrderId')
  AND optiply_id IN (SELECT unnest(CAST($ids AS BIGINT[])))
"""
_IMPORTED = """
SELECT optiply_id FROM sync.buy_order_lines
WHERE optiply_id IN (SELECT unnest(CAST(? AS BIGINT[])))
"""
_TELL = """
UPDATE outbound.ledger SET detail = json_merge_patch(coalesce(detail, '{}'),
  json_object('told', CAST($told AS VARCHAR)))
WHERE entity = $entity AND key = $key
"""


class OpenOrder:
    """An exported order that is not completed: what Optiply was last known to have, and which lines
    it had when it was exported (none where that was forgotten)."""

    def __init__(self, row: Sequence[Any]) -> None:
        self.id: int = row[0]
        self.number: str = row[1] or "(unknown)"
        self.values: dict[str, Any] = orjson.loads(row[2] or "{}")
        self.told: str | None = row[3]
        self.placed: datetime | None = moment(row[4])
        self.lines: frozenset[int] = frozenset(map(int, row[5] or ()))


def report(
    snapshot: Snapshot,
    optiply: Optiply,
    changed: Iterable[Record],
    lines: Sequence[Record],
    result: EntityResult,
) -> None:
    """Tell which exported orders were edited or deleted in Optiply since.

    Args:
        changed: exported orders that changed since the bookmark.
        lines: lines, of whatever order, that changed since the bookmark.
        result: gets the problems.

    Raises:
        AuthError, Cancelled, RequestFailed: Optiply could not be asked.
    """
    with snapshot.cursor() as cursor:
        rows = cursor.execute(_OPEN, {"entity": ENTITY, "origin": ORIGIN}).fetchall()
    known = {order.id: order for order in map(OpenOrder, rows)}
    if not known:
        return
    shown = {record.id: record for record in changed if record.id in known}
    for order in _deleted(optiply, list(known.values()), shown.keys()):
        text = (
            f"buy order {order.id} was deleted in Optiply; purchase order {order.number} stays "
            "in Business Central"
        )
        _tell(snapshot, result, order, "deleted", text)
    edited = {order_id: _edits(known[order_id], record) for order_id, record in shown.items()}
    for texts_by_order in (_edited_lines(snapshot, lines), _added_lines(snapshot, known, lines)):
        for order_id, texts in texts_by_order.items():
            edited.setdefault(order_id, []).extend(texts)
    for order_id, edits in sorted(edited.items()):
        if order_id in known and edits:
            order = known[order_id]
            text = (
                f"buy order {order.id} was changed in Optiply after it was exported "
                f"({', '.join(edits)}); purchase order {order.number} stays as it is"
            )
            _tell(snapshot, result, order, "; ".join(edits), text)


def _deleted(optiply: Optiply, known: Sequence[OpenOrder], shown: Iterable[int]) -> list[OpenOrder]:
    """Those Optiply does not have any more: one list of what users made since the oldest of them,
    and a look at each that it does not show."""
    oldest = min((order.placed for order in known if order.placed), default=None)
    conditions = [] if oldest is None else [Condition("placed", "GE", moment_text(oldest))]
    by_users = [Condition("createdFromPublicApi", "EQ", "false")]
    try:
        listed = list(optiply.rows(BUY_ORDERS.path, [*by_users, *conditions]))
    except RequestFailed as error:
        if error.status not in INVALID:
            raise
        # This Optiply does not say who made an order (mapping.md 8.1).
        listed = list(optiply.rows(BUY_ORDERS.path, conditions))
    present = {record.id for record in listed} | set(shown)
    missing = [order for order in known if order.id not in present and order.told != "deleted"]
    return [order for order in missing if optiply.get(BUY_ORDERS.path, order.id) is None]


def _edits(order: OpenOrder, record: Record) -> list[str]:
    now = buy_order(record).values
    return [
        f"{name}: {order.values.get(name)} -> {now.get(name)}"
        for name in COMPARED
        if now.get(name) != order.values.get(name)
    ]


def _edited_lines(snapshot: Snapshot, lines: Iterable[Record]) -> dict[int, list[str]]:
    """What differs in those lines that belong to exported orders, by order."""
    records = {record.id: record for record in lines}
    with snapshot.cursor() as cursor:
        found = cursor.execute(_LINES, {"origin": ORIGIN, "ids": list(records)}).fetchall()
    edited: dict[int, list[str]] = {}
    for line_id, last_sent in sorted(found):
        before, given = orjson.loads(last_sent), records[line_id].attributes
        for attribute in map(BUY_ORDER_LINES.attribute, COMPARED_IN_LINES):
            now = canonical(attribute.kind, given.get(attribute.name))
            if now != before.get(attribute.name):
                text = f"line {line_id} {attribute.name}: {before.get(attribute.name)} -> {now}"
                edited.setdefault(int(before["buyOrderId"]), []).append(text)
    return edited


def _added_lines(
    snapshot: Snapshot, known: Mapping[int, OpenOrder], lines: Iterable[Record]
) -> dict[int, list[str]]:
    """Which of those lines came to an exported order by way of Optiply, by order."""
    added: dict[int, list[int]] = {}
    for record in lines:
        order = known.get(order_of(record) or 0)
        if order is not None and order.lines and record.id not in order.lines:
            added.setdefault(order.id, []).append(record.id)
    ids = [line_id for line_ids in added.values() for line_id in line_ids]
    with snapshot.cursor() as cursor:
        imported = {row[0] for row in cursor.execute(_IMPORTED, [ids]).fetchall()}
    return {
        order_id: [f"line {line_id} was added" for line_id in line_ids if line_id not in imported]
        for order_id, line_ids in added.items()
    }


def _tell(snapshot: Snapshot, result: EntityResult, order: OpenOrder, what: str, text: str) -> None:
    if order.told == what:
        return
    result.problems.append(Problem(result.name, str(order.id), "blocked", text))
    with snapshot.transaction() as cursor:
        cursor.execute(_TELL, {"entity": ENTITY, "key": str(order.id), "told": what})
