"""Receipt lines whose order line Optiply does not know any more (optiply.md 4, mapping.md 7)."""

from __future__ import annotations

import threading
from functools import partial

import orjson

from bc_pipeline.catalogue.resources import BUY_ORDER_LINES
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.to_optiply.attribute_values import Values
from bc_pipeline.to_optiply.diff import PlannedRow
from bc_pipeline.to_optiply.id_map import owner_of
from bc_pipeline.to_optiply.lookup import Claims, Lookup

KEY = "buyOrderLineId"


class LostLines:
    """Finds the row that took the place of a lost order line, once per line.

    Where there is none, our mapping of the line is dropped, so that the next run creates the line
    anew and then the receipt.
    """

    def __init__(self, snapshot: Snapshot, optiply: Optiply) -> None:
        self._snapshot = snapshot
        self._optiply = optiply
        self._known: dict[int, int | None] = {}
        self._lock = threading.Lock()
        self._lookup = Lookup(
            optiply, BUY_ORDER_LINES, Claims(partial(owner_of, snapshot, BUY_ORDER_LINES))
        )

    def replacement(self, row: PlannedRow) -> Values | None:
        """The foreign key to use instead, or None.

        Raises:
            RequestFailed: it could not be found out.
        """
        lost = int(row.wanted[KEY])
        with self._lock:
            if lost not in self._known:
                self._known[lost] = self._search(lost)
            found = self._known[lost]
        return None if found is None else {KEY: found}

    def _search(self, lost: int) -> int | None:
        if self._optiply.get(BUY_ORDER_LINES.path, lost) is not None:
            return None
        with self._snapshot.cursor() as cursor:
            line = cursor.execute(
                "SELECT remote_id, CAST(last_sent AS VARCHAR) FROM sync.buy_order_lines "
                "WHERE optiply_id = ?",
                [lost],
            ).fetchone()
        if line is None:
            return None
        remote_id, last_sent = line
        found = self._lookup.known_as(remote_id, orjson.loads(last_sent or "{}"))
        if found is not None:
            self._set(remote_id, "optiply_id = ?, optiply_uuid = ?", [found.id, found.uuid])
            return found.id
        self._set(
            remote_id,
            "optiply_id = NULL, optiply_uuid = NULL, content_hash = NULL, last_sent = NULL, "
            "state = 'deleted', reason = 'removed in Optiply'",
            [],
        )
        return None

    def _set(self, remote_id: str, assignments: str, values: list[object]) -> None:
        with self._snapshot.transaction() as cursor:
            cursor.execute(
                f"UPDATE sync.buy_order_lines SET {assignments} WHERE remote_id = ?",
                [*values, remote_id],
            )
