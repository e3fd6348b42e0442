"""Where an entity is read, and how much of it is asked for."""

from __future__ import annotations

from bc_pipeline.business_central.client import BusinessCentral, query_url
from bc_pipeline.catalogue.entity import Entity


def entity_url(
    bc: BusinessCentral, entity: Entity, *, select: bool, condition: str | None = None
) -> str:
    """URL of the rows of an entity, with their lines.

    Args:
        bc: the tenant's Business Central.
        entity: what is read.
        select: name the columns.
        condition: a ``$filter``, besides the one that each read of the entity has.
    """
    options = columns_of(entity, select=select)
    if condition:
        own = options.get("$filter")
        options["$filter"] = f"{own} and {condition}" if own else condition
    return query_url(place(bc, entity), options)


def columns_of(entity: Entity, *, select: bool = True) -> dict[str, str]:
    """The query options that bring what the mirror keeps of an entity, with its lines.

    Args:
        entity: what is read.
        select: name the columns.
    """
    options: dict[str, str] = {}
    if select:
        options["$select"] = ",".join(entity.table.selected)
    if entity.expand and entity.lines:
        inner = f"($select={','.join(entity.lines.selected)})" if select else ""
        options["$expand"] = entity.expand + inner
    if entity.condition:
        options["$filter"] = entity.condition
    return options


def place(bc: BusinessCentral, entity: Entity) -> str:
    """URL of an entity without options."""
    if entity.route == "companies":
        return bc.companies_url()
    if entity.route == "page":
        return bc.page_url(getattr(bc.tenant.business_central, entity.path))
    if entity.route == "extension":
        return bc.extension_url(entity.path)
    if entity.route == "analytics":
        return bc.analytics_url(entity.path)
    return bc.company_url(entity.path)
