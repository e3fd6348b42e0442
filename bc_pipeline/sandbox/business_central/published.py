"""Published OData pages and the lists of Optiply's extension: rows without declared types.

Their columns differ per tenant, so the type of each is taken from the first row
(tap_behaviour.md 2a, 5).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from decimal import Decimal

from bc_pipeline.sandbox.business_central.filter_check import sort_key
from bc_pipeline.sandbox.business_central.query_options import Query, check_single, parse_query
from bc_pipeline.sandbox.business_central.reader import Page
from bc_pipeline.sandbox.company.company import ETAG, Row
from bc_pipeline.sandbox.company.metadata import EntityType, Field
from bc_pipeline.sandbox.company.values import etag_text
from bc_pipeline.sandbox.json_text import JsonValue, dumps
from bc_pipeline.sandbox.odata_errors import bad_request, not_found

_PATTERNS = (
    ("Guid", re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")),
    ("DateTimeOffset", re.compile(r"\d{4}-\d\d-\d\dT.*Z")),
    ("Date", re.compile(r"\d{4}-\d\d-\d\d")),
)
# What identifies a row, by the columns a page has: the first that fits, else its first column.
_KEYS = (
    ("ItemNo", "VariantCode", "LocationCode"),
    ("Item_No", "Code"),
    ("Dimension_Code", "Code"),
    ("id",),
    ("No",),
    ("Code",),
    ("Name",),
)
_KEY_PART = re.compile(r"(?:(\w+)\s*=\s*)?('(?:[^']|'')*'|[^',=]+)\s*(,|$)\s*")

Options = tuple[tuple[str, str], ...]


class RowList:
    """A list whose rows stand in no table, as it is now.

    Args:
        name: of the entity set.
        entity: its type; taken from the first row when None.
    """

    def __init__(self, name: str, rows: Iterable[Row], entity: EntityType | None = None) -> None:
        self._rows = list(rows)
        self.entity = entity or _entity_of(name, self._rows[0] if self._rows else {})

    def page(self, options: Options, size: int) -> Page:
        """One page of rows, paged by position in the list's own order.

        Raises:
            BcError: 400, as for any list.
        """
        if not self.entity.fields:
            return Page([], None, None)
        query = self._query(options)
        rows = self._found(query)
        for item in reversed(query.order):
            rows.sort(key=sort_key(item.field), reverse=item.descending)
        count = len(rows) if query.count else None
        start = _position(query)
        end = len(rows) if query.top is None else min(len(rows), start + query.top)
        taken = rows[start : min(start + size, end)]
        following = start + len(taken)
        token = str(following) if taken and following < end else None
        left = None if query.top is None else query.top - len(taken)
        return Page([_project(row, query) for row in taken], count, token, left)

    def count(self, options: Options) -> int:
        """Number of rows the filter lets through.

        Raises:
            BcError: 400, as for any list.
        """
        return len(self._found(self._query(options))) if self.entity.fields else 0

    def row(self, key: str, options: Options) -> Row:
        """The row of a key, as it stands in brackets.

        Raises:
            BcError: 404, there is none; 400, bad options.
        """
        check_single(options)
        if not self.entity.keys:
            raise not_found(f"The {self.entity.name} with key {key} was not found.")
        wanted = _key_values(key, self.entity)
        for row in self._rows:
            if all(_same(row[name], text) for name, text in wanted.items()):
                return _project(row, self._query(options))
        raise not_found(f"The {self.entity.name} with key {key} was not found.")

    def _query(self, options: Options) -> Query:
        return parse_query(options, self.entity, lambda _: self.entity)

    def _found(self, query: Query) -> list[Row]:
        return [row for row in self._rows if query.test is None or query.test(row)]


def _position(query: Query) -> int:
    if query.skiptoken is None:
        return query.skip
    if not query.skiptoken.isdecimal():
        raise bad_request("The value of $skiptoken is not valid.")
    return int(query.skiptoken)


def _project(row: Row, query: Query) -> Row:
    shown = {name: row.get(name) for name in query.names}
    if query.entity.query:
        return shown
    # The tag stands for the row's content: such rows have no version of their own.
    return {ETAG: etag_text(zlib.crc32(dumps(row)))} | shown


def _key_values(key: str, entity: EntityType) -> Mapping[str, str]:
    """``'A'`` or ``Item_No='A',Code='B'`` -> text by column, quotes undone; only text has them."""
    values: dict[str, str] = {}
    position = 0
    while part := _KEY_PART.match(key, position):
        name, text = part[1] or entity.keys[0], part[2].strip()
        quoted = text.startswith("'")
        field = entity.fields.get(name)
        if name in values or field is None or quoted != (field.type == "String"):
            break
        values[name] = text[1:-1].replace("''", "'") if quoted else text
        position = part.end()
    if position < len(key) or values.keys() != set(entity.keys):
        raise not_found(f"Bad Request - Error in query syntax: '{key}'.")
    return values


def _same(value: JsonValue, text: str) -> bool:
    """Codes are one whatever their case."""
    return str(value).casefold() == text.casefold()


def _entity_of(name: str, row: Row) -> EntityType:
    fields = {key: Field(key, _type_of(value)) for key, value in row.items() if key != ETAG}
    known = next((each for each in _KEYS if fields.keys() >= set(each)), ())
    # Codes, numbers and names are texts, also one that looks like a date.
    fields |= {key: Field(key, "String") for key in known if key != "id"}
    return EntityType(name, name, True, known or tuple(fields)[:1], fields)


def _type_of(value: JsonValue) -> str:
    match value:
        case bool():
            return "Boolean"
        case int():
            return "Int32"
        case Decimal():
            return "Decimal"
        case str():
            return next((t for t, pattern in _PATTERNS if pattern.fullmatch(value)), "String")
    return "String"
