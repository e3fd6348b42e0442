"""Which task needs which, for one tenant (flows.md 1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bc_pipeline.catalogue.exports import EXPORTS
from bc_pipeline.catalogue.resources import SELL_ORDER_SOURCES
from bc_pipeline.catalogue.task import needed
from bc_pipeline.catalogue.tasks import TASKS
from bc_pipeline.errors import ConfigError
from bc_pipeline.tenants.settings import Tenant


@dataclass(frozen=True)
class Needs:
    """What a task waits for: ``hard`` must succeed, ``soft`` must only end."""

    hard: tuple[str, ...] = ()
    soft: tuple[str, ...] = ()


def dependencies(tenant: Tenant) -> dict[str, Needs]:
    """Every task this tenant's configuration asks for, in the order of a run, with its needs."""
    tasks = [task for task in TASKS if task.when(tenant)]
    known = {task.name for task in tasks}
    needs: dict[str, Needs] = {}
    for task in tasks:
        hard, soft = needed(task.hard, tenant), needed(task.soft, tenant)
        needs[task.name] = Needs(
            tuple(name for name in hard if name in known),
            tuple(name for name in soft if name in known and name not in hard),
        )
    return needs


def sell_order_sources(tenant: Tenant) -> tuple[str, ...]:
    """What sell orders are told from."""
    return needed(SELL_ORDER_SOURCES, tenant)


def made_from(tenant: Tenant, name: str) -> tuple[str, ...]:
    """The entities of Business Central an Optiply entity is made from, directly or by way of
    others, in the order of a run; the list of companies is only the way in. Empty for everything
    else: exports read what their records need themselves."""
    if not name.startswith("optiply/"):
        return ()
    needs = dependencies(tenant)
    found, rest = set[str](), [name]
    while rest:
        need = needs[rest.pop()]
        new = {each for each in (*need.hard, *need.soft) if each not in found}
        found |= new
        rest.extend(new)
    sources = found - {"bc/companies"}
    return tuple(each for each in needs if each in sources and each.startswith("bc/"))


def chosen(tenant: Tenant, entities: Iterable[str]) -> tuple[str, ...]:
    """The tasks to run for ``--entity``: those named, and what an Optiply entity is made from.

    Other Optiply entities are not written along: their id map is used as it is (flows.md 10).

    Args:
        entities: task names, ``optiply/products`` or just ``products``; empty means all.

    Raises:
        ConfigError: no such entity, or an export that is switched off.
    """
    needs = dependencies(tenant)
    wanted: set[str] = set()
    for entity in entities:
        name = _task_name(entity, tenant, needs)
        sources = {n for n in (*needs[name].hard, *needs[name].soft) if n.startswith("bc/")}
        wanted |= {name} if name.startswith("bc/") else {name, *sources}
    return tuple(name for name in needs if not wanted or name in wanted)


def _task_name(entity: str, tenant: Tenant, known: Iterable[str]) -> str:
    """A name without its group means Optiply's entity, else what is read, else what is exported."""
    groups = ("",) if "/" in entity else ("optiply/", "bc/", "outbound/")
    for group in groups:
        if f"{group}{entity}" in known:
            return f"{group}{entity}"
    name = entity.removeprefix("outbound/")
    if name in EXPORTS:
        raise ConfigError(
            f"{entity} is switched off for {tenant.name}: exports.{EXPORTS[name].switch}"
        )
    raise ConfigError(f"there is no entity {entity!r}; known are: {', '.join(known)}")
