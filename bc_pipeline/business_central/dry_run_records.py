"""Records a dry run pretends to have made, findable the way Business Central's are."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any

PREFIX = "dryrun"
_SEGMENT = re.compile(r"([A-Za-z.]+)(?:\(([^)]*)\))?")
_PRETENDED = re.compile(rf"{PREFIX}-\d+")
_STARTS_AS: Mapping[str, Mapping[str, Any]] = {
    "purchaseInvoices": {"status": "Draft"},
    "purchaseOrders": {"status": "Draft"},
}
"""Entity set -> what BC fills in that writers look at."""

Record = dict[str, Any]


def is_pretended(place: str) -> bool:
    """Whether a path or URL names a record that exists in the dry run only."""
    return _PRETENDED.search(place) is not None


class PretendedRecords:
    """Records and their children. Paths are relative to the root of the API."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._by_id: dict[str, tuple[str, Record]] = {}
        """Id -> entity set and record, of those that exist in the dry run only."""
        self._children: dict[str, dict[str, list[Record]]] = {}
        """Id of a parent -> navigation -> records; the parent may be a real one."""

    def add(self, path: str, body: Mapping[str, Any]) -> Record:
        """The record BC would make of ``body`` in a collection, with its nested children."""
        *parents, (entity_set, _) = _segments(path.partition("?")[0])
        parent = parents[-1][1] if parents else ""
        return self._add(parent, entity_set, body, nested=len(parents) > 1)

    def change(self, path: str, body: Mapping[str, Any]) -> Record:
        """The record as it would be afterwards; of a real one only what is known."""
        record = self._find(path)
        if record is None:
            *_, (_, id) = _segments(path)
            return {"id": id, **body}
        record.update(body)
        return self._complete(record)

    def remove(self, path: str) -> None:
        """Forgets a record, if it is a pretended one."""
        record = self._find(path)
        if record is not None:
            self._by_id.pop(str(record["id"]), None)
            for navigations in self._children.values():
                for siblings in navigations.values():
                    siblings[:] = [each for each in siblings if each is not record]

    def one(self, path: str) -> Record | None:
        """The record of a path such as ``companies(c)/customers(dryrun-1)``."""
        record = self._find(path)
        return None if record is None else self._complete(record)

    def many(self, path: str) -> list[Record]:
        """The records of a list: those below the pretended record the path or filter names."""
        place, _, query = path.partition("?")
        *parents, (entity_set, _) = _segments(place)
        named = [parents[-1][1] if parents else "", *_PRETENDED.findall(query)]
        known = [self._by_id[id] for id in named if id in self._by_id]
        found = [record for its_set, record in known if its_set == entity_set]
        for id in named:
            if is_pretended(id):
                found += self._children.get(id, {}).get(entity_set, [])
        return [self._complete(each) for each in found]

    def _add(
        self, parent: str, entity_set: str, body: Mapping[str, Any], *, nested: bool
    ) -> Record:
        id = str(body.get("id") or f"{PREFIX}-{next(self._numbers)}")
        record: Record = {"id": id}
        if not nested:
            record |= {"number": id, **_STARTS_AS.get(entity_set, {})}
        self._children.setdefault(parent, {}).setdefault(entity_set, []).append(record)
        if is_pretended(id):
            self._by_id[id] = entity_set, record
        for name, value in body.items():
            if isinstance(value, list):
                for child in value:
                    self._add(id, name, child, nested=True)
            else:
                record[name] = value
        return self._complete(record)

    def _find(self, path: str) -> Record | None:
        *parents, (entity_set, id) = _segments(path.partition("?")[0])
        if is_pretended(id):
            return self._by_id[id][1] if id in self._by_id else None
        parent = parents[-1][1] if parents else ""
        siblings = self._children.get(parent, {}).get(entity_set, [])
        return next((each for each in siblings if each["id"] == id), None)

    def _complete(self, record: Record) -> Record:
        """A copy with its children inside, as an expanded read shows it."""
        navigations = self._children.get(record["id"], {}) if is_pretended(record["id"]) else {}
        children = {
            name: [self._complete(each) for each in rows] for name, rows in navigations.items()
        }
        return {**record, **children}


def _segments(path: str) -> list[tuple[str, str]]:
    """``companies(c)/customers(1)`` as ``[("companies", "c"), ("customers", "1")]``."""
    return [(name, key or "") for name, key in _SEGMENT.findall(path)]
