"""Entities of the API v2.0, read from the data file that is shared with the pipeline.

The file restates Microsoft's published API source as facts; see the README beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, cached_property
from importlib import resources
from typing import Any, Literal

Source = Literal["stored", "variable", "flow"]


@dataclass(frozen=True)
class Field:
    """One property of an entity (behaviour.md 7)."""

    name: str
    type: str
    max_length: int | None = None
    read_only: bool = False
    enum: tuple[str, ...] = ()
    source: Source = "stored"
    minimum: Decimal | None = None
    maximum: Decimal | None = None

    @cached_property
    def is_code(self) -> bool:
        """True for AL type Code: stored upper-case, compared case-insensitively."""
        if self.type != "String" or self.name in _TEXT_DESPITE_NAME:
            return False
        return self.name.lower().endswith(("code", "number"))


_TEXT_DESPITE_NAME = {"phoneNumber", "faxNumber", "taxRegistrationNumber", "mobilePhoneNumber"}


@dataclass(frozen=True)
class Navigation:
    """A way from one entity to another: ``link`` is their property -> our property."""

    name: str
    entity_set: str
    many: bool
    link: Mapping[str, str]
    const: Mapping[str, str] = field(default_factory=dict)
    part: bool = False


@dataclass(frozen=True)
class EntityType:
    """One entity set of the API."""

    entity_set: str
    name: str
    shipping: bool
    keys: tuple[str, ...]
    fields: Mapping[str, Field]
    navigations: Mapping[str, Navigation] = field(default_factory=dict)
    actions: tuple[str, ...] = ()
    insert: bool = False
    modify: bool = False
    delete: bool = False
    temporary: bool = False
    query: bool = False

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Properties rows come in order of when a request names none."""
        for key in ("entryNumber", "sequence", "lineNumber"):
            if key in self.fields:
                parent = next((n for n in ("documentId", "journalId") if n in self.fields), None)
                return (parent, key) if parent else (key,)
        return self.keys or tuple(self.fields)[:1]

    @cached_property
    def parent_key(self) -> str | None:
        """Property that a list must be filtered by, None when any list is fine (3.1)."""
        if self.temporary and "documentId" in self.fields:
            return "documentId"
        return _PARENT_KEYS.get(self.entity_set)


_PARENT_KEYS = {
    "dimensionSetLines": "parentId",
    "journalLines": "journalId",
    "vendorPayments": "journalId",
    "customerPayments": "journalId",
}


def _entity(data: Mapping[str, Any]) -> EntityType:
    return EntityType(
        entity_set=data["set"],
        name=data["name"],
        shipping=data["shipping"],
        keys=tuple(data["keys"]),
        fields={name: _field(name, item) for name, item in data["fields"].items()},
        navigations={
            name: Navigation(
                name=name,
                entity_set=item["set"],
                many=item["many"],
                link=item["link"],
                const=item.get("const", {}),
                part=item.get("part", False),
            )
            for name, item in data.get("navigations", {}).items()
        },
        actions=tuple(data.get("actions", ())),
        insert=data["insert"],
        modify=data["modify"],
        delete=data["delete"],
        temporary=data.get("temporary", False),
        query=data.get("objectType") == "query",
    )


def _field(name: str, data: Mapping[str, Any]) -> Field:
    return Field(
        name=name,
        type=data["type"],
        max_length=data.get("maxLength"),
        read_only=data.get("readOnly", False),
        enum=tuple(data.get("enum", ())),
        source=data.get("source", "stored"),
        minimum=Decimal(data["min"]) if "min" in data else None,
        maximum=Decimal(data["max"]) if "max" in data else None,
    )


@cache
def entities() -> Mapping[str, EntityType]:
    """All entity sets of the API by name, also those that no released version has."""
    data = resources.files(__package__) / "entity_sets" / "entities.json"
    rows = json.loads(data.read_text("utf-8"))
    return {row["set"]: _entity(row) for row in rows}
