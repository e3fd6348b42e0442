"""System query options of a read: ``$select``, ``$expand`` and so on (behaviour.md 3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bc_pipeline.sandbox.business_central.filter_check import FilterChecker, Test
from bc_pipeline.sandbox.business_central.filter_parser import Node, parse_filter
from bc_pipeline.sandbox.company.metadata import EntityType, Field, Navigation
from bc_pipeline.sandbox.odata_errors import BcError, bad_request, unknown_property

_KNOWN = {
    "$filter",
    "$select",
    "$expand",
    "$orderby",
    "$top",
    "$skip",
    "$count",
    "$skiptoken",
    "$schemaversion",
}
_NESTED = {"$filter", "$select", "$expand", "$orderby", "$top", "$skip", "$count"}
_OF_LISTS = {"$filter", "$orderby", "$top", "$skip", "$count", "$skiptoken"}

EntityOf = Callable[[str], EntityType]


@dataclass(frozen=True)
class Order:
    """One property to sort by."""

    field: Field
    descending: bool = False


@dataclass(frozen=True)
class Query:
    """What a request wants of a list of entities; checked against the entity's type."""

    entity: EntityType
    filter: Node | None = None
    test: Test | None = None
    select: tuple[str, ...] | None = None
    expand: tuple[tuple[Navigation, Query], ...] = ()
    order: tuple[Order, ...] = ()
    top: int | None = None
    skip: int = 0
    count: bool = False
    skiptoken: str | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Properties to answer with; streams have URLs of their own."""
        fields = self.entity.fields
        chosen = fields if self.select is None else self.select
        return tuple(name for name in chosen if fields[name].type != "Stream")


def parse_query(
    options: Sequence[tuple[str, str]], entity: EntityType, entity_of: EntityOf
) -> Query:
    """The query options of a URL.

    Args:
        options: decoded names and values; those without ``$`` are none of OData's business.
        entity: type of the rows asked for.
        entity_of: gives the type of an entity set, to check what is expanded.

    Raises:
        BcError: 400, as Business Central refuses them.
    """
    system = [(name, value) for name, value in options if name.startswith("$")]
    return _query(system, entity, entity_of, _KNOWN)


def check_single(options: Sequence[tuple[str, str]]) -> None:
    """One entity is neither filtered nor sorted nor paged.

    Raises:
        BcError: 400.
    """
    for name, _ in options:
        if name in _OF_LISTS:
            raise bad_request(
                f"The query option '{name}' cannot be applied to the requested resource: it is no "
                "collection."
            )


def _query(
    options: Sequence[tuple[str, str]], entity: EntityType, entity_of: EntityOf, known: set[str]
) -> Query:
    given: dict[str, str] = {}
    for name, value in options:
        if name not in known:
            raise bad_request(f"The query parameter '{name}' is not supported.")
        if name in given:
            raise bad_request(f"Query option '{name}' was specified more than once.")
        if not value.strip():
            raise bad_request(f"The value for OData query '{name}' cannot be empty.")
        given[name] = value
    checker = FilterChecker(entity, newer_schema=given.get("$schemaversion") == "2.1")
    node = parse_filter(given["$filter"]) if "$filter" in given else None
    return Query(
        entity=entity,
        filter=node,
        test=checker.test(node) if node is not None else None,
        select=_select(given["$select"], entity) if "$select" in given else None,
        expand=tuple(_expand(given.get("$expand", ""), entity, entity_of)),
        order=tuple(_order(given.get("$orderby", ""), entity, checker)),
        top=_number(given, "$top"),
        skip=_number(given, "$skip") or 0,
        count=_boolean(given, "$count"),
        skiptoken=given.get("$skiptoken"),
    )


def _select(text: str, entity: EntityType) -> tuple[str, ...]:
    names = [name.strip() for name in text.split(",")]
    if "*" in names:
        return tuple(entity.fields)
    for name in names:
        if name not in entity.fields and name not in entity.navigations:
            raise unknown_property(name, entity.name)
    return tuple(name for name in entity.fields if name in names)


def _expand(
    text: str, entity: EntityType, entity_of: EntityOf
) -> Iterator[tuple[Navigation, Query]]:
    for part in _split(text, ","):
        match = re.fullmatch(r"\s*(\w+)\s*(?:\((.*)\))?\s*", part, re.DOTALL)
        if match is None:
            raise bad_request(f"Term '{part}' is not valid in a $select or $expand expression.")
        name, inner = match.groups()
        if inner is not None and not inner.strip():
            raise bad_request(f"The brackets of '{part.strip()}' hold no option.")
        navigation = entity.navigations.get(name)
        if navigation is None:
            raise unknown_property(name, entity.name)
        target = entity_of(navigation.entity_set)
        options = [_option(option) for option in _split(inner or "", ";")]
        yield navigation, _query(options, target, entity_of, _NESTED)


def _option(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise bad_request(f"Term '{text}' is not valid in a $select or $expand expression.")
    return name.strip(), value.strip()


def _split(text: str, mark: str) -> Iterator[str]:
    """Parts of ``text`` between marks that stand outside brackets and quotes."""
    depth, quoted, start = 0, False, 0
    for position, char in enumerate(text):
        if char == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == mark and depth == 0:
            yield text[start:position]
            start = position + 1
    if depth or quoted:
        raise bad_request(f"Brackets or quotes are not closed in '{text}'.")
    if text[start:].strip():
        yield text[start:]


def _order(text: str, entity: EntityType, checker: FilterChecker) -> Iterator[Order]:
    if text and entity.query:
        raise BcError(501, "BadRequest_MethodNotImplemented", "A query has an order of its own.")
    for part in _split(text, ","):
        name, *direction = part.split()
        if direction not in ([], ["asc"], ["desc"]):
            raise bad_request(f"Syntax error in $orderby '{part}'.")
        yield Order(checker.field(name), direction == ["desc"])


def _number(given: dict[str, str], name: str) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise bad_request(f"Invalid value '{text}' for {name} query option found.")
    return int(text)


def _boolean(given: dict[str, str], name: str) -> bool:
    text: Any = given.get(name, "false")
    if text not in ("true", "false"):
        raise bad_request(f"Invalid value '{text}' for {name} query option found.")
    return bool(text == "true")
