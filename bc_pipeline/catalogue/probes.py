"""The questions that tell, without reading it, whether an entity of Business Central may have
changed, and what has to be looked at when it did."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bc_pipeline.catalogue.entities import ENTITIES, selected_entities
from bc_pipeline.catalogue.entity import LEDGER, Entity, Probe
from bc_pipeline.catalogue.resources import PRODUCTS, RESOURCES, Resource
from bc_pipeline.catalogue.task import OPTIPLY, needed
from bc_pipeline.tenants.settings import Tenant


@dataclass(frozen=True)
class Question:
    """One question about an entity set of the standard API.

    Args:
        path: the entity set, which is also the name of the question.
        kind: how it is asked.
        entity: whose columns a ``whole`` one compares; None for the ledger.
    """

    path: str
    kind: Probe
    entity: Entity | None = None


_QUESTIONS = {
    **{
        each.path: Question(each.path, each.probe, each) for each in ENTITIES.values() if each.probe
    },
    LEDGER: Question(LEDGER, "newest"),
}


def questions(tenant: Tenant) -> list[Question]:
    """What is asked about a tenant: one question for each entity set that what it reads depends
    on."""
    asked = {path for each in selected_entities(tenant) for path in _sources(each)}
    return [question for path, question in _QUESTIONS.items() if path in asked]


def moved(tenant: Tenant, changed: Collection[str]) -> dict[str, bool]:
    """The entities that may have changed -> whether only stock may have.

    Args:
        tenant: whose.
        changed: paths of the questions whose answer is another one.
    """
    found = {
        each.name: _only_stock(each, changed)
        for each in selected_entities(tenant)
        if _sources(each) & set(changed)
    }
    terms = _terms(tenant)
    if found.keys() & terms:
        # Figures that are taken off each other have to be of one moment (mapping.md 2.1).
        found = {**dict.fromkeys(terms, True), **found}
    return found


def hanging(tenant: Tenant, entities: dict[str, bool], resources: Collection[str] = ()) -> set[str]:
    """The Optiply tasks that have to look at their rows again.

    Args:
        tenant: whose.
        entities: as ``moved`` gives them.
        resources: tasks that have to for reasons of their own; what hangs on them does, too.
    """
    renewed, figures = set(resources), set[str]()
    for resource in RESOURCES.values():
        task = f"{OPTIPLY}/{resource.name}"
        needs = {*needed(resource.hard, tenant), *needed(resource.soft, tenant)}
        if needs & renewed or any(_renews(resource, n, entities) for n in needs):
            renewed.add(task)
        elif resource.stock and needs & entities.keys():
            figures.add(task)
    return renewed | figures


def moves_stock(tenant: Tenant, path: str) -> bool:
    """Whether a change of an entity set means that stock may have moved, and no more to products
    than that."""
    entities = moved(tenant, {path})
    return bool(_terms(tenant) & entities.keys()) and not any(
        _renews(PRODUCTS, name, entities) for name in entities
    )


def of_stock(tenant: Tenant) -> set[str]:
    """The tasks that bring stock to Optiply, and nothing else."""
    return _terms(tenant) | {f"{OPTIPLY}/{PRODUCTS.name}"}


def _terms(tenant: Tenant) -> set[str]:
    return {each.name for each in selected_entities(tenant)} & set(PRODUCTS.stock)


def _sources(entity: Entity) -> set[str]:
    return {*entity.follows, *([entity.path] if entity.probe else ())}


def _only_stock(entity: Entity, changed: Collection[str]) -> bool:
    """Items move without their stamps, and nothing of them but stock does."""
    own = entity.path if entity.probe else None
    return own not in changed and {*entity.follows} & set(changed) == {LEDGER}


def _renews(resource: Resource, need: str, entities: dict[str, bool]) -> bool:
    """Whether a resource may have other rows, or rows with other attributes than stock."""
    return not entities.get(need, True) and need not in resource.stock_alone
