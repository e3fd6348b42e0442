"""Lists: filters, sorting and paging of Optiply's query string (optiply.md 3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from bc_pipeline.sandbox.optiply.errors import ApiError
from bc_pipeline.sandbox.optiply.schema import Json, Resource
from bc_pipeline.sandbox.optiply.values import utc_text

DEFAULT_LIMIT = 50
MAX_LIMIT = 100

FILTER = re.compile(r"filter\[(?P<attribute>\w+)\](?:\[(?P<operator>\w+)\])?")
COMMON_TYPES = {
    "id": "integer",
    "uuid": "string",
    "createdAt": "datetime",
    "updatedAt": "datetime",
    "createdFromPublicApi": "boolean",
    "accountId": "integer",
}

Row = dict[str, Any]


@dataclass(frozen=True)
class Condition:
    """One filter; ``value`` has the type rows are compared with."""

    attribute: str
    operator: str
    value: Any
    type: str

    def holds(self, row: Row) -> bool:
        """Whether the row passes. A null only passes NEQ."""
        stored = row.get(self.attribute)
        if stored is None:
            return self.operator == "NEQ"
        return OPERATORS[self.operator](_comparable(self.type, stored), self.value)


@dataclass(frozen=True)
class ListQuery:
    """What a list request asks for."""

    limit: int
    offset: int
    sort: tuple[tuple[str, str, bool], ...]
    conditions: tuple[Condition, ...]


def parse_list_query(resource: Resource, parameters: Iterable[tuple[str, str]]) -> ListQuery:
    """Reads the query string of a list request.

    Raises:
        ApiError: 400 for a page, sort or filter the resource does not know.
    """
    pairs = list(parameters)
    single = dict(pairs)
    limit = _whole(single.get("page[limit]", str(DEFAULT_LIMIT)), "page[limit]")
    offset = _whole(single.get("page[offset]", "0"), "page[offset]")
    if not 1 <= limit <= MAX_LIMIT:
        raise ApiError(400, f"page[limit] must be between 1 and {MAX_LIMIT}")
    if offset % limit:
        raise ApiError(400, "page[offset] must be a multiple of page[limit]")
    return ListQuery(
        limit=limit,
        offset=offset,
        sort=_sort(resource, single.get("sort", "")),
        conditions=tuple(_conditions(resource, pairs)),
    )


def apply(query: ListQuery, rows: Iterable[Row]) -> tuple[list[Row], bool]:
    """The page of rows that pass, and whether more follow. Rows come in the given order unless
    the query sorts them."""
    passing: Sequence[Row] = [
        row for row in rows if all(condition.holds(row) for condition in query.conditions)
    ]
    for attribute, kind, descending in reversed(query.sort):
        passing = sorted(passing, key=_sort_key(attribute, kind), reverse=descending)
    end = query.offset + query.limit
    return list(passing[query.offset : end]), end < len(passing)


def _whole(text: str, name: str) -> int:
    if not re.fullmatch(r"\d{1,12}", text):
        raise ApiError(400, f"{name} must be a whole number")
    return int(text)


def _sort_key(attribute: str, kind: str) -> Callable[[Row], tuple[bool, Any]]:
    def key(row: Row) -> tuple[bool, Any]:
        value = row.get(attribute)
        if value is not None and kind == "decimal":
            return True, Decimal(value)  # answered as text, but a number
        return value is not None, str(value) if isinstance(value, list | dict) else value

    return key


def _sort(resource: Resource, text: str) -> tuple[tuple[str, str, bool], ...]:
    """Attribute, its type, and whether it descends."""
    keys = []
    for part in filter(None, text.split(",")):
        attribute = part.lstrip("-")
        keys.append((attribute, _type_of(resource, attribute), part.startswith("-")))
    return tuple(keys)


def _conditions(resource: Resource, pairs: list[tuple[str, str]]) -> Iterable[Condition]:
    for name, text in pairs:
        if not name.startswith("filter"):
            continue
        match = FILTER.fullmatch(name)
        if match is None:
            raise ApiError(400, f"{name} is not a filter")
        operator = (match["operator"] or "EQ").upper()
        if operator not in OPERATORS:
            raise ApiError(400, f"{operator} is not a filter operator")
        attribute = match["attribute"]
        kind = _type_of(resource, attribute)
        if operator == "LIKE":
            yield Condition(attribute, operator, _like_pattern(text), "like")
        else:
            yield Condition(attribute, operator, _operand(attribute, kind, text), kind)


def _type_of(resource: Resource, attribute: str) -> str:
    if attribute in COMMON_TYPES:
        return COMMON_TYPES[attribute]
    if attribute in resource.attributes:
        declared = resource.attributes[attribute]
        return "enum" if declared.type == "string" and declared.enum else declared.type
    raise ApiError(400, f"{attribute} is not an attribute of {resource.name}")


def _like_pattern(text: str) -> re.Pattern[str]:
    parts = [".*" if part == "%" else re.escape(part) for part in re.split("(%)", text)]
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def _operand(attribute: str, kind: str, text: str) -> Json:
    try:
        if kind == "datetime":
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                raise ValueError("no offset")
            return utc_text(moment)
        if kind == "boolean":
            return {"true": True, "false": False}[text.lower()]
        return _comparable(kind, text)
    except (ValueError, KeyError, InvalidOperation):
        raise ApiError(400, f"filter on {attribute}: {text!r} has the wrong type") from None


def _comparable(kind: str, value: Json) -> Json:
    if kind in ("integer", "decimal", "number"):
        return Decimal(str(value))
    if kind == "enum":
        return str(value).lower()
    if kind in ("emails", "like"):
        return ",".join(value) if isinstance(value, list) else str(value)
    return value


def _like(stored: Json, pattern: re.Pattern[str]) -> bool:
    return pattern.fullmatch(stored) is not None


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "EQ": lambda stored, value: stored == value,
    "NEQ": lambda stored, value: stored != value,
    "LT": lambda stored, value: stored < value,
    "LE": lambda stored, value: stored <= value,
    "GT": lambda stored, value: stored > value,
    "GE": lambda stored, value: stored >= value,
    "LIKE": _like,
}
