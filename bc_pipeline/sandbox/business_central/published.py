"""Published OData pages and the lists of Optiply's extension: rows without declared types.

Their columns differ per tenant, so the type of each is taken from the first row
(tap_behaviour.md 2a, 5).
"""

from __future__ import annotations

import re
import zlib
from decimal import Decimal

from bc_pipeline.sandbox.business_central.company import ETAG, Company, Row
from bc_pipeline.sandbox.business_central.errors import bad_request
from bc_pipeline.sandbox.business_central.filter_check import sort_key
from bc_pipeline.sandbox.business_central.metadata import EntityType, Field
from bc_pipeline.sandbox.business_central.query_options import Query, parse_query
from bc_pipeline.sandbox.business_central.reader import Page
from bc_pipeline.sandbox.business_central.values import etag_text
from bc_pipeline.sandbox.json_text import JsonValue, dumps

_PATTERNS = (
    ("Guid", re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")),
    ("DateTimeOffset", re.compile(r"\d{4}-\d\d-\d\dT.*Z")),
    ("Date", re.compile(r"\d{4}-\d\d-\d\d")),
)


def published_page(
    company: Company, name: str, options: tuple[tuple[str, str], ...], page_size: int
) -> Page:
    """One page of a published list, paged by position in the list's own order.

    Raises:
        BcError: 400, as for any list.
    """
    rows = list(company.pages[name](company))
    if not rows:
        return Page([], None, None)
    return page_of(rows, _entity_of(name, rows[0]), options, page_size)


def page_of(
    rows: list[Row], entity: EntityType, options: tuple[tuple[str, str], ...], page_size: int
) -> Page:
    """One page of rows that stand in no table, paged by position in the order given.

    Raises:
        BcError: 400, as for any list.
    """
    query = parse_query(options, entity, lambda _: entity)
    if query.test is not None:
        rows = [row for row in rows if query.test(row)]
    for item in reversed(query.order):
        rows.sort(key=sort_key(item.field), reverse=item.descending)
    count = len(rows) if query.count else None
    start = _position(query)
    end = len(rows) if query.top is None else min(len(rows), query.skip + query.top)
    taken = rows[start : min(start + page_size, end)]
    following = start + len(taken)
    token = str(following) if taken and following < end else None
    return Page([_project(row, query) for row in taken], count, token)


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


def _entity_of(name: str, row: Row) -> EntityType:
    fields = {key: Field(key, _type_of(value)) for key, value in row.items() if key != ETAG}
    keys = tuple(fields)[:1]
    return EntityType(name, name, True, keys, fields)


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
