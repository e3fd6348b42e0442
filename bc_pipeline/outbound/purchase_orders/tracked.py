"""Buy orders that were exported: what happens to them in Optiply afterwards is not sent to
Business Central, only told, once (mapping.md 8.5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson

from bc_pipeline.optiply.client import Condition, Optiply, Record
from bc_pipeline.optiply.resources import BUY_ORDER_LINES, BUY_ORDERS
from bc_pipeline.outbound.purchase_orders.candidates import OVERLAP
from bc_pipeline.outbound.purchase_orders.model import ENTITY, buy_order, moment
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.sync.exported import ORIGIN
from bc_pipeline.sync.model import EntityResult, Problem
from bc_pipeline.sync.values import canonical, moment_text

COMPARED_IN_LINES = ("productId", "quantity")
COMPARED = ("supplierId", "placed", "expectedDeliveryDate", "totalValue")
TOLD = "told"
"""Key of the entry's detail: what has been reported about the order since it was exported."""

_OPEN = """
SELECT s.optiply_id, json_extract_string(s.extra, '$.po_number'), CAST(s.last_sent AS VARCHAR),
  json_extract_string(l.detail, '$.told'), json_extract_string(s.last_sent, '$.placed')
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
_TELL = """
UPDATE outbound.ledger SET detail = json_merge_patch(coalesce(detail, '{}'),
  json_object('told', CAST($told AS VARCHAR)))
WHERE entity = $entity AND key = $key
"""


class OpenOrder:
    """An exported order that is not completed: what Optiply was last known to have."""

    def __init__(self, row: Sequence[Any]) -> None:
        self.id: int = row[0]
        self.number: str = row[1] or "(unknown)"
        self.values: dict[str, Any] = orjson.loads(row[2] or "{}")
        self.told: str | None = row[3]
        self.placed: datetime | None = moment(row[4])


def report(
    snapshot: Snapshot,
    optiply: Optiply,
    changed: Iterable[Record],
    since: datetime | None,
    result: EntityResult,
) -> None:
    """Tell which exported orders were edited or deleted in Optiply since.

    Args:
        changed: exported orders that changed since the bookmark.
        since: from when on their lines may have changed; None when not known.
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
    for order_id, texts in _edited_lines(snapshot, optiply, since).items():
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
    conditions = [Condition("createdFromPublicApi", "EQ", "false")]
    if oldest is not None:
        conditions.append(Condition("placed", "GE", moment_text(oldest)))
    present = {record.id for record in optiply.rows(BUY_ORDERS.path, conditions)} | set(shown)
    missing = [order for order in known if order.id not in present and order.told != "deleted"]
    return [order for order in missing if optiply.get(BUY_ORDERS.path, order.id) is None]


def _edits(order: OpenOrder, record: Record) -> list[str]:
    now = buy_order(record).values
    return [
        f"{name}: {order.values.get(name)} -> {now.get(name)}"
        for name in COMPARED
        if now.get(name) != order.values.get(name)
    ]


def _edited_lines(
    snapshot: Snapshot, optiply: Optiply, since: datetime | None
) -> dict[int, list[str]]:
    """What differs in the lines of exported orders that changed since, by order."""
    if since is None:
        return {}
    changed = [Condition("updatedAt", "GE", moment_text(since - OVERLAP))]
    records = {record.id: record for record in optiply.rows(BUY_ORDER_LINES.path, changed)}
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


def _tell(snapshot: Snapshot, result: EntityResult, order: OpenOrder, what: str, text: str) -> None:
    if order.told == what:
        return
    result.problems.append(Problem(result.name, str(order.id), "blocked", text))
    with snapshot.transaction() as cursor:
        cursor.execute(_TELL, {"entity": ENTITY, "key": str(order.id), "told": what})
