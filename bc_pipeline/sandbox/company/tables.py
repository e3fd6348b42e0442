"""A company's tables: rows by key, found by their properties, every change revocable."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from functools import partial

from bc_pipeline.sandbox.company.generated import GeneratedTable
from bc_pipeline.sandbox.company.indexes import Indexes
from bc_pipeline.sandbox.company.metadata import entities
from bc_pipeline.sandbox.company.redo import Redo
from bc_pipeline.sandbox.company.rows import Row
from bc_pipeline.sandbox.json_text import JsonValue

# The id of a dimension set line is the dimension's, unique below one parent only (rules.md 9.2).
IDS_REPEAT = "dimensionSetLines"


class Tables:
    """Rows of all entity sets with look-ups, default order and undo.

    Attributes:
        lock: held while anything is read or changed; may be taken again by who holds it.
        tables: entity set -> key -> row. Read freely, never change anything in it.
        undo: while a transaction is open, how to take back each change, newest last; else None.
        touched: while a transaction is open, entity set and key of all it changed; else None.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.tables: dict[str, MutableMapping[str, Row]] = defaultdict(dict)
        self.undo: list[Callable[[], object]] | None = None
        self.touched: dict[tuple[str, str], None] | None = None
        self._version = 0
        self._indexes: dict[str, Indexes] = defaultdict(Indexes)
        self._ordered: dict[str, list[str]] = {}

    # --- reading -------------------------------------------------------------------------------

    def find(self, entity_set: str, **equal: JsonValue) -> list[Row]:
        """Rows whose properties all equal the given ones, in order of insertion."""
        with self.lock:
            table = self.tables[entity_set]
            if not equal:
                return list(table.values())
            # Any one property narrows the search; identifiers narrow it best.
            names = [n for n in equal if n.lower().endswith(("id", "number"))] or list(equal)
            name = next((n for n in _narrowest(entity_set) if n in equal), names[0])
            candidates = [table[key] for key in self._keys_where(entity_set, name, equal[name])]
            if len(equal) == 1:
                return candidates
            return [row for row in candidates if all(row.get(n) == v for n, v in equal.items())]

    def ordered(self, entity_set: str) -> list[str]:
        """Ids of all rows in the order Business Central lists them by default."""
        with self.lock:
            ids = self._ordered.get(entity_set)
            if ids is None:
                table = self.tables[entity_set]
                ids = list(table)
                if not isinstance(table, GeneratedTable):
                    order = entities()[entity_set].order
                    ids.sort(key=lambda key: (*(table[key][name] for name in order), key))
                self._ordered[entity_set] = ids
            return ids

    def key_of(self, entity_set: str, row: Row) -> str:
        """The key a row is stored under: its id, with the parent's where ids repeat."""
        key = str(row[entities()[entity_set].keys[0]])
        return f"{row['parentId']}/{key}" if entity_set == IDS_REPEAT else key

    @property
    def version(self) -> int:
        """A number that is different after every change."""
        return self._version

    @property
    def is_generated(self) -> bool:
        """Whether rows of some table are made as they are read."""
        return any(isinstance(table, GeneratedTable) for table in self.tables.values())

    def _keys_where(self, entity_set: str, name: str, value: JsonValue) -> Iterable[str]:
        table = self.tables[entity_set]
        if isinstance(table, GeneratedTable):
            return table.lookup(name, value)
        if name in entities()[entity_set].keys[:1] and entity_set != IDS_REPEAT:
            return [value] if value in table else []
        return self._indexes[entity_set].keys(table, name, value)

    # --- changing ------------------------------------------------------------------------------

    def _put(self, entity_set: str, key: str, row: Row) -> None:
        self.tables[entity_set][key] = row
        self._ordered.pop(entity_set, None)
        self._indexes[entity_set].add(key, row)
        self._note_undo(self._undo_put, entity_set, key)
        self._touch(entity_set, key)

    def _change(self, entity_set: str, key: str, changes: Row) -> Row:
        row = self.tables[entity_set][key]
        before = dict(row)
        self._note_undo(self._undo_change, entity_set, key, before)
        row.update(changes)
        if not changes.keys().isdisjoint(entities()[entity_set].order):
            self._ordered.pop(entity_set, None)
        self._indexes[entity_set].change(key, before, row)
        self._touch(entity_set, key)
        return row

    def _take(self, entity_set: str, key: str) -> Row:
        table = self.tables[entity_set]
        if self.undo is not None:
            self._note_undo(self._undo_take, entity_set, key, table[key], list(table))
        row = table.pop(key)
        self._version += 1
        self._indexes[entity_set].remove(key, row)
        self._ordered.pop(entity_set, None)
        self._touch(entity_set, key)
        return row

    def _touch(self, entity_set: str, key: str) -> None:
        if self.touched is not None:
            self.touched[entity_set, key] = None
        else:
            self.publish([(entity_set, key)])  # a change outside a transaction is one by itself

    def publish(self, touched: Iterable[tuple[str, str]]) -> None:
        """What was changed is committed: whoever follows the company may know of it."""

    @contextmanager
    def uncommitted(self) -> Iterator[None]:
        """Changes made meanwhile are seen on the primary although they are not committed;
        :meth:`publish` tells of them later."""
        with self.lock:
            self.touched = {}
            try:
                yield
            finally:
                self.touched = None

    def redo_of(self, touched: Iterable[tuple[str, str]]) -> Redo:
        """What stands now where something was changed."""
        return [(name, key, _copy(self.tables[name].get(key))) for name, key in touched]

    # --- taking back ---------------------------------------------------------------------------

    def _note_undo(self, step: Callable[..., object], *arguments: object) -> None:
        if self.undo is not None:
            self.undo.append(partial(step, *arguments))

    def _undo_put(self, entity_set: str, key: str) -> None:
        row = self.tables[entity_set].pop(key)
        self._indexes[entity_set].remove(key, row)
        self._ordered.pop(entity_set, None)
        self._version += 1
        self._touch(entity_set, key)

    def _undo_change(self, entity_set: str, key: str, before: Row) -> None:
        row = self.tables[entity_set][key]
        after = dict(row)
        row.clear()
        row.update(before)
        self._indexes[entity_set].change(key, after, row)
        self._ordered.pop(entity_set, None)
        self._version += 1
        self._touch(entity_set, key)

    def _undo_take(self, entity_set: str, key: str, row: Row, order: list[str]) -> None:
        table = self.tables[entity_set]
        rows = {**table, key: row}
        table.clear()
        table.update((place, rows[place]) for place in order)
        self._indexes[entity_set].add(key, row)
        self._ordered.pop(entity_set, None)
        self._version += 1
        self._touch(entity_set, key)


def _narrowest(entity_set: str) -> tuple[str, ...]:
    """The properties that best tell rows of a table apart."""
    return ("parentId", "id") if entity_set == IDS_REPEAT else ("id",)


def _copy(row: Row | None) -> Row | None:
    return None if row is None else dict(row)


def copied(table: MutableMapping[str, Row]) -> MutableMapping[str, Row]:
    """A table of the same rows that can be changed by itself; generated ones never change."""
    if isinstance(table, GeneratedTable):
        return table
    return {key: dict(row) for key, row in table.items()}
