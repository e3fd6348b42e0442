"""From the steps of a URL to the entity it means: set, key, navigation, key ..."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bc_pipeline.sandbox.business_central.reader import Reader
from bc_pipeline.sandbox.business_central.urls import Segment, guid_key, text_key
from bc_pipeline.sandbox.business_central.versions import is_released, major_version
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.company.metadata import EntityType, Navigation, entities
from bc_pipeline.sandbox.json_text import JsonValue
from bc_pipeline.sandbox.odata_errors import BcError, not_found, unknown_resource


@dataclass(frozen=True)
class Place:
    """What a path leads to.

    Attributes:
        entity: type of what is there.
        key: its key, None for a list.
        navigation: the last step, None at the top.
        parent_set, parent: the entity that step was taken from.
        link: the properties that tie what is there to the parent; None at the top.
    """

    entity: EntityType
    key: str | None
    navigation: Navigation | None = None
    parent_set: str | None = None
    parent: Row | None = None
    link: Mapping[str, JsonValue] | None = None


def entity_type(company: Company, entity_set: str) -> EntityType:
    """The type of an entity set a released version has, as the company shows it.

    Raises:
        BcError: 404.
    """
    entity = entities().get(entity_set)
    if entity is None or not is_released(entity, major_version([company])):
        raise unknown_resource(entity_set)
    return company.entity(entity_set)


def walk(company: Company, segments: Sequence[Segment]) -> Place:
    """Follow a path below a company; every entity on the way must exist, the last need not.

    Raises:
        BcError: 404.
    """
    place = Place(entity_type(company, segments[0].name), segments[0].key)
    reader = Reader(company)
    for segment in segments[1:]:
        navigation = place.entity.navigations.get(segment.name)
        if place.key is None or navigation is None:
            raise unknown_resource(segment.name)
        row = row_at(company, place)
        link = reader.related(navigation, row)
        entity = entity_type(company, navigation.entity_set)
        key = segment.key
        if key is None and not navigation.many:
            key = _only(company, entity, link)
        place = Place(entity, key, navigation, place.entity.entity_set, row, link)
    return place


def row_at(company: Company, place: Place) -> Row:
    """The stored row a path with a key leads to.

    Raises:
        BcError: 404, or 400 when it can only be reached through its parent.
    """
    entity, key = place.entity, place.key or ""
    wanted = text_key(key) if entity.keys == ("subscriptionId",) else guid_key(key)
    if entity.parent_key == "parentId" and place.link is None:
        raise BcError(400, "Application_DialogException", "The parent must be specified.")
    row = Reader(company).single(entity, wanted, place.link)
    if row is None:
        raise not_found(f"The {entity.name} with key {wanted} was not found.")
    return row


def _only(company: Company, entity: EntityType, link: Mapping[str, JsonValue]) -> str:
    rows = company.find(entity.entity_set, **link)
    if not rows:
        raise not_found(f"No {entity.name} is linked.")
    return f"{rows[0][entity.keys[0]]}"
