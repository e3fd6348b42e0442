"""Lists and single entities of one company: filtered, paged, expanded (behaviour.md 3)."""

from __future__ import annotations

import base64
import binascii
import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from bc_pipeline.sandbox.business_central.filter_check import equal_to, properties, sort_key
from bc_pipeline.sandbox.business_central.query_options import Order, Query
from bc_pipeline.sandbox.company.company import ETAG, Company, Row
from bc_pipeline.sandbox.company.metadata import EntityType, Field, Navigation
from bc_pipeline.sandbox.json_text import JsonValue
from bc_pipeline.sandbox.odata_errors import BcError, bad_request

DEFAULT_JOURNAL_TEMPLATE = "GENERAL"


@dataclass(frozen=True)
class Page:
    """One page of a list; ``next_token`` continues it, None at the end; ``left`` is what is left
    of ``$top`` then."""

    rows: list[Row]
    count: int | None
    next_token: str | None
    left: int | None = None


class Reader:
    """Reads of one company. The caller holds the company's lock."""

    def __init__(self, company: Company) -> None:
        self._company = company

    # --- lists ---------------------------------------------------------------------------------

    def page(self, query: Query, page_size: int, parent: Mapping[str, Any] | None = None) -> Page:
        """One page of an entity set, or of a sub-collection when ``parent`` gives its link.

        Raises:
            BcError: the list needs a parent and has none, or the skip token is not ours.
        """
        self._check_parent(query, parent)
        order = _full_order(query)
        token = _Token.read(query.skiptoken, order)
        count = None
        if query.count:
            count = sum(1 for _ in self._matching(query, parent, query.order))
        rows = self._matching(query, parent, query.order, after=token)
        wanted = page_size
        if token is None:
            rows = _skipped(rows, query.skip)
        if query.top is not None:
            wanted = min(wanted, query.top)
        taken = _take(rows, wanted + 1)
        more = len(taken) > wanted
        taken = taken[:wanted]
        left = None if query.top is None else query.top - len(taken)
        next_token = _Token.of(taken[-1], order).write() if more and taken and left != 0 else None
        return Page([self.project(row, query) for row in taken], count, next_token, left)

    def count(self, query: Query, parent: Mapping[str, Any] | None = None) -> int:
        """Number of entities that pass the filter."""
        self._check_parent(query, parent)
        return sum(1 for _ in self._matching(query, parent, ()))

    def single(self, entity: EntityType, key: str, parent: Mapping[str, Any] | None) -> Row | None:
        """The stored row with this key, if it exists (and belongs to ``parent``)."""
        if entity.entity_set == "dimensionSetLines":  # ids repeat, but not below one parent
            found = self._company.find(entity.entity_set, id=key, **(parent or {}))
            return found[0] if found else None
        row = self._company.tables[entity.entity_set].get(key)
        if row is None or not _has(row, parent or {}):
            return None
        return row

    def related(self, navigation: Navigation, row: Row) -> dict[str, Any]:
        """The properties that tie ``navigation``'s rows to ``row``."""
        link = {theirs: row.get(ours) for theirs, ours in navigation.link.items()}
        return link | dict(navigation.const)

    def _check_parent(self, query: Query, parent: Mapping[str, Any] | None) -> None:
        key = query.entity.parent_key
        if key is None or parent is not None:
            return
        if not self._company.tables[query.entity.entity_set] and key == "journalId":
            return  # nothing to list: the page never asks for its journal
        named = equal_to(query.filter, key)
        if named is None and (key == "parentId" or equal_to(query.filter, "id") is None):
            raise BcError(
                400,
                "Application_DialogException",
                f"You must specify an Id or a {key} to get the {query.entity.entity_set}.",
            )

    def _matching(
        self,
        query: Query,
        parent: Mapping[str, Any] | None,
        order: tuple[Order, ...],
        after: _Token | None = None,
    ) -> Iterator[Row]:
        rows = self._candidates(query, parent, None if order else after)
        if query.test is not None:
            rows = filter(query.test, rows)
        if not order:
            return iter(rows)
        keys = _full_order(query)
        rows = _sorted(rows, keys)
        if after is None:
            return iter(rows)
        return (row for row in rows if _is_after(row, after, keys))

    def _candidates(
        self, query: Query, parent: Mapping[str, Any] | None, after: _Token | None
    ) -> Iterable[Row]:
        entity = query.entity
        narrowed = dict(parent or {})
        for name in ("id", "documentId", entity.parent_key):
            if name and (value := equal_to(query.filter, name)) is not None:
                narrowed.setdefault(name, value)
        if narrowed:
            rows = self._company.find(entity.entity_set, **narrowed)
            keys = _full_order(query, given=False)
            # What all these rows have in common need not be sorted by.
            found: Iterable[Row] = _sorted(rows, [k for k in keys if k.field.name not in narrowed])
            if after is not None:
                found = [row for row in found if _is_after(row, after, keys)]
        else:
            found = self._from(entity, after)
        if entity.entity_set == "journals" and "templateDisplayName" not in _names(query):
            return (row for row in found if _has(row, _DEFAULT_JOURNALS))
        return found

    def _from(self, entity: EntityType, after: _Token | None) -> Iterator[Row]:
        """All rows in default order, from the one after a token's."""
        ids = self._company.ordered(entity.entity_set)
        table = self._company.tables[entity.entity_set]
        start = 0
        if after is not None:
            wanted = tuple(after.values)
            readers = [sort_key(entity.fields[name]) for name in _default_order(entity)]
            start = bisect.bisect_right(
                ids, wanted, key=lambda key: tuple(read(table[key]) for read in readers)
            )
        return (table[key] for key in ids[start:])

    # --- entities ------------------------------------------------------------------------------

    def project(self, row: Row, query: Query) -> Row:
        """The entity as answered: chosen properties, then what was expanded."""
        out: Row = {ETAG: row[ETAG]} if ETAG in row else {}
        for name in query.names:
            out[name] = row[name] if name in row else self._company.inventory(row["id"])
        for navigation, inner in query.expand:
            rows = list(self._matching(inner, self.related(navigation, row), inner.order))
            if navigation.many and inner.count:
                out[f"{navigation.name}@odata.count"] = len(rows)
            out[navigation.name] = self._expanded(rows, navigation, inner)
        return out

    def _expanded(self, rows: list[Row], navigation: Navigation, query: Query) -> JsonValue:
        if not navigation.many:
            return self.project(rows[0], query) if rows else None
        end = None if query.top is None else query.skip + query.top
        return [self.project(found, query) for found in rows[query.skip : end]]


_DEFAULT_JOURNALS = {"templateDisplayName": DEFAULT_JOURNAL_TEMPLATE}


def _names(query: Query) -> set[str]:
    return set() if query.filter is None else set(properties(query.filter))


def _has(row: Row, values: Mapping[str, Any]) -> bool:
    return all(row.get(name) == value for name, value in values.items())


def _skipped(rows: Iterator[Row], number: int) -> Iterator[Row]:
    for _ in zip(range(number), rows, strict=False):
        pass
    return rows


def _take(rows: Iterator[Row], number: int) -> list[Row]:
    return [row for _, row in zip(range(max(number, 0)), rows, strict=False)]


# --- order and tokens ----------------------------------------------------------------------------


def _default_order(entity: EntityType) -> tuple[str, ...]:
    """Default order ending in the key, so that no two rows are equal in it."""
    return (*entity.order, *(key for key in entity.keys if key not in entity.order))


def _full_order(query: Query, *, given: bool = True) -> tuple[Order, ...]:
    entity = query.entity
    chosen = query.order if given else ()
    named = {order.field.name for order in chosen}
    rest = (name for name in _default_order(entity) if name not in named)
    return (*chosen, *(Order(entity.fields[name]) for name in rest))


def _sorted(rows: Iterable[Row], order: Sequence[Order]) -> list[Row]:
    result = list(rows)
    for item in reversed(order):
        result.sort(key=sort_key(item.field), reverse=item.descending)
    return result


def _is_after(row: Row, token: _Token, order: tuple[Order, ...]) -> bool:
    for item, value in zip(order, token.values, strict=True):
        own = sort_key(item.field)(row)
        if own != value:
            return bool(own < value) if item.descending else bool(own > value)
    return False


@dataclass(frozen=True)
class _Token:
    """Where a list goes on: after the row with these order values.

    A row that moves in the order while a client pages is seen twice or missed, as in BC.
    """

    values: list[Any]

    @classmethod
    def of(cls, row: Row, order: tuple[Order, ...]) -> _Token:
        return cls([sort_key(item.field)(row) for item in order])

    def write(self) -> str:
        values = [value if isinstance(value, bool | int) else str(value) for value in self.values]
        return base64.urlsafe_b64encode(orjson.dumps(values)).decode()

    @classmethod
    def read(cls, text: str | None, order: tuple[Order, ...]) -> _Token | None:
        if text is None:
            return None
        try:
            values = orjson.loads(base64.urlsafe_b64decode(text))
            readers = [_token_value(item.field) for item in order]
            pairs = zip(readers, values, strict=True)
            return cls([read(value) for read, value in pairs])
        except (binascii.Error, ValueError, TypeError) as error:
            raise bad_request("The value of $skiptoken is not valid.") from error


def _token_value(field: Field) -> Callable[[Any], Any]:
    return Decimal if field.type == "Decimal" else lambda value: value
