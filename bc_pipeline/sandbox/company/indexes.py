"""Look-ups of one table: which rows have a property equal to a value, made when first asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from bc_pipeline.sandbox.json_text import JsonValue

Row = dict[str, JsonValue]


class Indexes:
    """The indexes of a table by property. Whoever changes the table tells them."""

    def __init__(self) -> None:
        self._by_name: dict[str, dict[JsonValue, dict[str, None]]] = {}

    def keys(self, table: Mapping[str, Row], name: str, value: JsonValue) -> list[str]:
        """Keys of the rows of ``table`` whose property ``name`` equals ``value``."""
        if name not in self._by_name:
            index: dict[JsonValue, dict[str, None]] = defaultdict(dict)
            for key, row in table.items():
                index[row.get(name)][key] = None
            self._by_name[name] = index
        return list(self._by_name[name].get(value, ()))

    def add(self, key: str, row: Row) -> None:
        """Put a row in."""
        for name, index in self._by_name.items():
            index[row.get(name)][key] = None

    def remove(self, key: str, row: Row) -> None:
        """Take a row out."""
        for name, index in self._by_name.items():
            index[row.get(name)].pop(key, None)

    def change(self, key: str, before: Row, after: Row) -> None:
        """Find a row where it belongs now; one that did not move keeps its position."""
        for name, index in self._by_name.items():
            old, new = before.get(name), after.get(name)
            if old != new:
                index[old].pop(key, None)
                index[new][key] = None
