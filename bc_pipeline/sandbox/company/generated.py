"""Tables whose rows are made when they are read, for companies too large to hold in memory."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, MutableMapping

from bc_pipeline.sandbox.json_text import JsonValue

Row = dict[str, JsonValue]


class GeneratedTable(MutableMapping[str, Row]):
    """A read-only table; a company treats it like any other.

    Iterating gives the keys in the entity's default order.
    """

    @abstractmethod
    def lookup(self, name: str, value: JsonValue) -> Iterable[str]:
        """Keys of the rows whose property ``name`` equals ``value``."""

    @abstractmethod
    def __getitem__(self, key: str) -> Row: ...

    @abstractmethod
    def __iter__(self) -> Iterator[str]: ...

    def __setitem__(self, key: str, row: Row) -> None:
        raise TypeError("generated rows cannot be written")

    def __delitem__(self, key: str) -> None:
        raise TypeError("generated rows cannot be deleted")
