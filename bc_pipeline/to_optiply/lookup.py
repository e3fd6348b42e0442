"""Finding a record in Optiply when the id map cannot say where it is: after a POST without an
answer, a 409, or a 404 on a row we thought we knew (optiply.md 4, 7, flows.md 4).

A look-up that fails raises; it never means "not there".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from bc_pipeline.catalogue.resources import BUY_ORDER_LINES, Resource
from bc_pipeline.optiply.client import Optiply, Record
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.to_optiply.attribute_values import Values, canonical, same
from bc_pipeline.to_optiply.diff import PlannedRow
from bc_pipeline.to_optiply.id_map import owner_of


class Claims:
    """Which Optiply row belongs to which remote id: one row is never adopted twice.

    Args:
        owner: the remote id an Optiply id is recorded for in the id map, or None.
    """

    def __init__(self, owner: Callable[[int], str | None]) -> None:
        self._owner = owner
        self._taken: dict[int, str] = {}
        self._lock = threading.Lock()

    def take(self, optiply_id: int, remote_id: str) -> bool:
        """Claim the row for ``remote_id``; False when another record has it."""
        with self._lock:
            holder = self._taken.get(optiply_id) or self._owner(optiply_id)
            if holder not in (None, remote_id):
                return False
            self._taken[optiply_id] = remote_id
            return True

    def take_new(self, optiply_id: int, remote_id: str) -> bool:
        """Claim a row that has just been created for ``remote_id``; False when a look-up of this
        run took it for the row of another record."""
        with self._lock:
            return self._taken.setdefault(optiply_id, remote_id) == remote_id

    def is_free(self, optiply_id: int, remote_id: str) -> bool:
        """Whether ``take`` would succeed."""
        with self._lock:
            holder = self._taken.get(optiply_id) or self._owner(optiply_id)
            return holder in (None, remote_id)


class Twins:
    """Keeps records that look the same to Optiply from being created at the same moment.

    Only one of them is under way, so a row found after a lost answer is the one that was sent.
    """

    def __init__(self) -> None:
        self._busy: set[str] = set()
        self._changed = threading.Condition()

    @contextmanager
    def alone(self, key: str) -> Iterator[None]:
        """Hold ``key`` for the length of the block."""
        with self._changed:
            self._changed.wait_for(lambda: key not in self._busy)
            self._busy.add(key)
        try:
            yield
        finally:
            with self._changed:
                self._busy.discard(key)
                self._changed.notify_all()


@dataclass
class Lookup:
    """Looks for rows of one resource.

    Args:
        optiply: where to look.
        resource: what to look for.
        claims: rows that belong to other records are no answer.
    """

    optiply: Optiply
    resource: Resource
    claims: Claims

    def posted(self, remote_id: str, values: Mapping[str, Any]) -> Record | None:
        """The row a POST of ``values`` has made, if it has.

        Raises:
            RequestFailed: it could not be found out.
        """
        candidates = self._candidates(values)
        if self.resource.has_remote_id_map and all(
            "remoteIdMap" in record.attributes for record in candidates
        ):
            mine = [c for c in candidates if c.is_linked(self.optiply.coupling_id, remote_id)]
            return self._first(remote_id, mine)
        return self._first(remote_id, [c for c in candidates if self._equals(c, values)])

    def known_as(self, remote_id: str, values: Mapping[str, Any]) -> Record | None:
        """The row that carries our remote id, else the only one with the same natural key that
        carries nobody else's (decisions 4).

        Raises:
            RequestFailed: it could not be found out.
        """
        candidates = self._candidates(values)
        linked = [c for c in candidates if c.is_linked(self.optiply.coupling_id, remote_id)]
        if linked:
            return self._first(remote_id, linked)
        if not self.resource.has_remote_id_map and self.resource.unique_pair is None:
            return self._first(remote_id, [c for c in candidates if self._equals(c, values)])
        free = [
            c
            for c in candidates
            if self.claims.is_free(c.id, remote_id) and not c.is_of_others(remote_id)
        ]
        return self._first(remote_id, free) if len(free) == 1 else None

    def pair(self, remote_id: str, values: Mapping[str, Any]) -> Record | None:
        """The row with our unique pair, unless it carries another's remote id (decisions 4); the
        answer is checked, because a server that ignores the filter would otherwise hand us any row
        (optiply.md 4)."""
        pair = self.resource.unique_pair or ()
        found = self.optiply.rows(self.resource.path, {name: values[name] for name in pair})
        matching = [
            c for c in found if self._agrees(c, values, pair) and not c.is_of_others(remote_id)
        ]
        return self._first(remote_id, matching)

    def _candidates(self, values: Mapping[str, Any]) -> list[Record]:
        names = [name for name in self.resource.lookup if values.get(name) is not None]
        names = names or [a.name for a in self.resource.attributes if a.required][:1]
        found = self.optiply.rows(self.resource.path, {name: values[name] for name in names})
        return [c for c in found if self._agrees(c, values, tuple(names))]

    def _agrees(self, record: Record, values: Mapping[str, Any], names: tuple[str, ...]) -> bool:
        for name in names:
            attribute = self.resource.attribute(name)
            answered = canonical(attribute.kind, record.attributes.get(name))
            if not same(attribute, answered, values.get(name)):
                return False
        return True

    def _equals(self, record: Record, values: Mapping[str, Any]) -> bool:
        """Whether the row is just what we sent, made by an API user, and still without lines."""
        if record.attributes.get("createdFromPublicApi") is False:
            return False
        sent = tuple(
            a.name
            for a in self.resource.attributes
            if a.kind != "lines" and values.get(a.name) is not None
        )
        return self._agrees(record, values, sent) and not self._has_lines(record)

    def _has_lines(self, record: Record) -> bool:
        if self.resource.lines is None:
            return False
        path, key = self.resource.lines
        return any(True for _ in self.optiply.rows(path, {key: record.id}))

    def _first(self, remote_id: str, records: list[Record]) -> Record | None:
        for record in sorted(records, key=lambda record: record.id):
            if self.claims.take(record.id, remote_id):
                return record
        return None


def twin_key(resource: Resource, values: Values) -> str | None:
    """What records must share to be indistinguishable to Optiply; None where remote ids or a
    unique pair tell them apart."""
    if resource.has_remote_id_map or resource.unique_pair:
        return None
    return "|".join(str(values.get(name)) for name in resource.lookup)


# Receipt lines whose order line Optiply does not know any more (optiply.md 4, mapping.md 7).

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
