"""What stands at the root of a service: its list of entity sets, and ``$metadata``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bc_pipeline.sandbox.business_central import odata
from bc_pipeline.sandbox.business_central.edmx import document
from bc_pipeline.sandbox.business_central.urls import API, ODATA
from bc_pipeline.sandbox.business_central.versions import major_version, released_entities
from bc_pipeline.sandbox.company.company import Company
from bc_pipeline.sandbox.company.metadata import EntityType, entities

Companies = Mapping[str, Company]


def service_document(companies: Companies, service: str) -> list[dict[str, str]]:
    """The entity sets of a service, as its root lists them."""
    return [{"name": name, "kind": "EntitySet", "url": name} for name in _types(companies, service)]


def metadata(companies: Companies, service: str) -> bytes:
    """``$metadata`` of a service."""
    root = odata.COMPANY if service == ODATA else "companies"
    return document(_types(companies, service), root)


def _types(companies: Companies, service: str) -> dict[str, EntityType]:
    """Types by entity set: what any company of the environment shows is there for all."""
    if service == API:
        released = released_entities(major_version(companies.values()))
        shown = [entity.entity_set for entity in released]
        return {name: _merged([each.entity(name) for each in companies.values()]) for name in shown}
    if service == ODATA:
        types = {odata.COMPANY: odata.company_list(companies).entity}
    else:
        types = {"companies": entities()["companies"]}
    for company in companies.values():
        for name in odata.names(company, service):
            entity = odata.list_of(company, service, name).entity
            if entity.fields:
                types.setdefault(name, entity)
    return types


def _merged(types: list[EntityType]) -> EntityType:
    """One type with the properties of all."""
    fields = {name: field for entity in types for name, field in entity.fields.items()}
    return replace(types[0], fields=fields)
