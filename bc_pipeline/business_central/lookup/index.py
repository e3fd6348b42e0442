"""Rows of reference data by id, code and name (target_behaviour.md 3, 10 B12 C5 C10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bc_pipeline.errors import RecordError
from bc_pipeline.values import by_code, by_id, by_name

Row = Mapping[str, Any]


class Index:
    """The rows of one list, each findable by id, code and name.

    Args:
        label: what a row is, for messages: "dimension", "account".
        rows: of BC.
        code: the property that holds the code.
    """

    def __init__(self, label: str, rows: Iterable[Row], code: str = "code") -> None:
        self.rows = tuple(rows)
        self._label = label
        self._ids = {by_id(row.get("id")): row for row in self.rows}
        self._codes = {by_code(row.get(code)): row for row in self.rows}
        self._names: dict[str, list[Row]] = {}
        for row in self.rows:
            self._names.setdefault(by_name(row.get("displayName")), []).append(row)

    def find(self, *, id: object = None, code: object = None, name: object = None) -> Row | None:
        """The row meant: by id, else by code, else by name, over all rows each time.

        Blank values mean nothing. None when no row is meant.

        Raises:
            RecordError: InvalidInputError, several rows have the name.
        """
        if by_id(id) and (row := self._ids.get(by_id(id))):
            return row
        if by_code(code) and (row := self._codes.get(by_code(code))):
            return row
        named = self._names.get(by_name(name), []) if by_name(name) else []
        if len(named) > 1:
            raise RecordError(
                "InvalidInputError",
                f"{len(named)} {self._label}s are called {name!r}; give the id or the code",
            )
        return named[0] if named else None
