"""The resources of Optiply's API, loaded from ``resources.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from importlib import resources
from typing import Any

# A value as it stands in a JSON body.
Json = Any

REMOTE_ID_MAX_LENGTH = 255


@dataclass(frozen=True)
class Attribute:
    """One attribute of a resource.

    ``type`` is one of string, integer, boolean, decimal, number, datetime, emails, uuid, any.
    ``refers_to`` names the resource a foreign key points at; ``cascade`` tells that deleting the
    target deletes this row too instead of being refused.
    """

    name: str
    type: str
    required: bool = False
    nullable: bool = False
    read_only: bool = False
    max_length: int | None = None
    min_length: int = 0
    enum: tuple[Any, ...] = ()
    min: Decimal | None = None
    max: Decimal | None = None
    decimals: int | None = None
    default: Any = None
    refers_to: str | None = None
    cascade: bool = False


@dataclass(frozen=True)
class NestedLines:
    """Lines that may travel in ``orderLines`` when the parent is created."""

    resource: str
    parent: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class Resource:
    """One resource: its attributes and the rules between its rows."""

    name: str
    methods: tuple[str, ...]
    attributes: dict[str, Attribute]
    unique: tuple[tuple[str, ...], ...] = ()
    unique_in_parent: tuple[str, ...] = ()
    no_mirror_pair: tuple[str, str] | None = None
    lines: NestedLines | None = None
    remote_id_map: bool = False
    shows_account: bool = False
    references: tuple[Attribute, ...] = field(default=())


def _decimal(value: Json) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _attribute(name: str, spec: dict[str, Any]) -> Attribute:
    return Attribute(
        name=name,
        type=spec["type"],
        required=spec.get("required", False),
        nullable=spec.get("nullable", False),
        read_only=spec.get("read_only", False),
        max_length=spec.get("max_length"),
        min_length=spec.get("min_length", 0),
        enum=tuple(spec.get("enum", ())),
        min=_decimal(spec.get("min")),
        max=_decimal(spec.get("max")),
        decimals=spec.get("decimals"),
        default=spec.get("default"),
        refers_to=spec.get("refers_to"),
        cascade=spec.get("on_delete") == "cascade",
    )


def _resource(name: str, spec: dict[str, Any]) -> Resource:
    attributes = {key: _attribute(key, value) for key, value in spec["attributes"].items()}
    if spec.get("synced_to_date"):
        attributes["remoteDataSyncedToDate"] = Attribute(
            "remoteDataSyncedToDate", "datetime", nullable=True
        )
    lines = spec.get("lines")
    mirror = spec.get("no_mirror_pair")
    return Resource(
        name=name,
        methods=tuple(spec["methods"]),
        attributes=attributes,
        unique=tuple(tuple(fields) for fields in spec.get("unique", ())),
        unique_in_parent=tuple(spec.get("unique_in_parent", ())),
        no_mirror_pair=(mirror[0], mirror[1]) if mirror else None,
        lines=NestedLines(lines["resource"], lines["parent"], tuple(lines["members"]))
        if lines
        else None,
        remote_id_map=spec.get("remote_id_map", False),
        shows_account=spec.get("shows_account", False),
        references=tuple(a for a in attributes.values() if a.refers_to),
    )


def load_resources() -> dict[str, Resource]:
    """Reads ``resources.json``: resource name -> declaration, in Optiply's write order."""
    text = resources.files(__package__).joinpath("resources.json").read_text(encoding="utf-8")
    return {name: _resource(name, spec) for name, spec in json.loads(text)["resources"].items()}


RESOURCES = load_resources()

# (child resource, foreign key) of everything that points at a resource.
DEPENDANTS: dict[str, list[tuple[str, Attribute]]] = {
    target: [
        (resource.name, reference)
        for resource in RESOURCES.values()
        for reference in resource.references
        if reference.refers_to == target
    ]
    for target in RESOURCES
}
