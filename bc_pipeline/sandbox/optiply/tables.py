"""The rows of one account, found by what they refer to; every coupling of it sees the same ones."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable

from bc_pipeline.sandbox.optiply.query import ListQuery, Row
from bc_pipeline.sandbox.optiply.schema import DEPENDANTS, RESOURCES, Resource


class AccountTables:
    """Rows of all resources with their remote ids.

    Attributes:
        lock: held while anything is read or changed.
        rows: resource -> id -> row, in the order of their last change, as a list without sort
            shows them.
        remote_ids: (resource, id) -> coupling -> remote id.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.rows: dict[str, dict[int, Row]] = {name: {} for name in RESOURCES}
        self.remote_ids: dict[tuple[str, int], dict[int, str]] = defaultdict(dict)
        self._index: dict[tuple[str, str, int], set[int]] = defaultdict(set)

    def clear(self) -> None:
        """Forget all rows."""
        for table in self.rows.values():
            table.clear()
        self.remote_ids.clear()
        self._index.clear()

    def file(self, declared: Resource, row: Row) -> None:
        """Put a row in, or last."""
        table = self.rows[declared.name]
        table.pop(row["id"], None)
        table[row["id"]] = row
        for reference in declared.references:
            self._index[declared.name, reference.name, row[reference.name]].add(row["id"])

    def unindex(self, declared: Resource, row: Row) -> None:
        """Forget what a row refers to, before that changes."""
        for reference in declared.references:
            self._index[declared.name, reference.name, row[reference.name]].discard(row["id"])

    def referring(self, resource: str, reference: str, id_: int) -> set[int]:
        """Ids of the rows that refer to a row."""
        return self._index[resource, reference, id_]

    def remove_tree(self, resource: str, id_: int) -> None:
        """Take out a row and what cascades from it."""
        for child, reference in DEPENDANTS[resource]:
            for child_id in list(self.referring(child, reference.name, id_)):
                self.remove_tree(child, child_id)
        row = self.rows[resource].pop(id_)
        self.unindex(RESOURCES[resource], row)
        self.remote_ids.pop((resource, id_), None)

    def set_remote_id(
        self, resource: str, id_: int, coupling_id: int, remote_id: str | None
    ) -> None:
        """What a coupling calls a row; None: nothing any more."""
        if remote_id is None:
            self.remote_ids[resource, id_].pop(coupling_id, None)
        else:
            self.remote_ids[resource, id_][coupling_id] = remote_id

    def twins(self, declared: Resource, own_id: int | None, wanted: dict[str, int]) -> set[int]:
        """Other rows that refer to the same ones."""
        found = set.intersection(
            *(self._index[declared.name, name, value] for name, value in wanted.items())
        )
        return found - {own_id}

    def candidates(self, resource: str, query: ListQuery) -> Iterable[Row]:
        """All rows, or the few an equality on an indexed attribute leaves."""
        table = self.rows[resource]
        references = {reference.name for reference in RESOURCES[resource].references}
        for condition in query.conditions:
            if condition.operator != "EQ":
                continue
            if condition.attribute == "id":
                row = table.get(int(condition.value))
                return [row] if row else []
            if condition.attribute in references:
                ids = self.referring(resource, condition.attribute, int(condition.value))
                return [table[id_] for id_ in sorted(ids)]
        return table.values()
