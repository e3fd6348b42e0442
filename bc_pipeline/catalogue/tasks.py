"""Every task, made of what is declared: entities that are read, Optiply resources, exports.

A task's name is also that of its asset: ``bc/items``, ``optiply/products``.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Sequence

from bc_pipeline.catalogue.entities import COMPANIES, ENTITIES, FOR_FILES
from bc_pipeline.catalogue.exports import EXPORTS
from bc_pipeline.catalogue.resources import PRODUCTS, RESOURCES
from bc_pipeline.catalogue.task import BC, OPTIPLY, OUTBOUND, Task
from bc_pipeline.errors import ConfigError


def _reads() -> Iterator[Task]:
    for each in ENTITIES.values():
        first = () if each.name == COMPANIES else (COMPANIES,)
        yield Task(each.name, each.description, first, each.unless, (), each.when, each.setting)


def _resources() -> Iterator[Task]:
    for each in RESOURCES.values():
        yield Task(f"{OPTIPLY}/{each.name}", each.description, each.hard, each.soft)


def _exports() -> Iterator[Task]:
    """Everything they need only softly: what was read before is better than no export. The order
    among them is kept by their gate, which knows who is held back."""
    for each in EXPORTS.values():
        # The ids of what has just come from Business Central are fresh then (flows.md 1).
        soft = FOR_FILES if each.from_files else tuple(f"{OPTIPLY}/{name}" for name in RESOURCES)
        beside = ("bc/dimensions", "bc/locations", *(EXPORTS[n].task for n in each.shown_after))
        yield Task(
            each.task,
            each.description,
            soft=soft,
            beside=beside,
            when=each.is_on,
            setting=f"exports.{each.switch}",
        )


TASKS: tuple[Task, ...] = (*_reads(), *_resources(), *_exports())
"""Each after all that it needs."""

BY_NAME: dict[str, Task] = {task.name: task for task in TASKS}

OUTBOUND_NAMES: tuple[str, ...] = tuple(each.task for each in EXPORTS.values())


def reference_data(names: Collection[str]) -> set[str]:
    """What outbound assets read from Business Central themselves, with what that needs."""
    direct = {need for name in names for need in BY_NAME[name].needs if need.startswith(f"{BC}/")}
    return direct | {need for name in direct for need in BY_NAME[name].needs}


ACCOUNTING_NAMES: tuple[str, ...] = tuple(each.task for each in EXPORTS.values() if each.from_files)
"""The outbound assets that are fed by files."""

_BY_STREAM: dict[str, str] = {
    **{each.stream.lower(): each.task for each in EXPORTS.values() if each.stream},
    "buyorders": EXPORTS["purchase_orders"].task,
}
"""By what producers call an entity, in lower case."""

EXPORT_NAMES: tuple[str, ...] = tuple(
    name for name in BY_NAME if name in OUTBOUND_NAMES or name in reference_data(OUTBOUND_NAMES)
)
"""What the job ``export`` works on: the outbound assets and the reference data they read."""


STOCK_NAMES: tuple[str, ...] = (*PRODUCTS.stock, f"{OPTIPLY}/{PRODUCTS.name}")
"""What the job ``stock`` works on: the terms of stock, and the resource that shows it."""


def entity_names(
    names: Iterable[str], prefixes: Sequence[str] = (OPTIPLY, BC, OUTBOUND)
) -> tuple[str, ...]:
    """Names as people write them as asset names.

    Args:
        names: with the group (``optiply/products``), without (``products``), or as the producers
            of outbound files call it (``Bills``).
        prefixes: the groups a name without one may mean; the first that has it wins.

    Raises:
        ConfigError: a name nothing has.
    """
    return tuple(dict.fromkeys(_asset_name(name.strip(), prefixes) for name in names))


def _asset_name(name: str, prefixes: Sequence[str]) -> str:
    stream = _BY_STREAM.get(name.lower().replace("_", ""), f"{OUTBOUND}/{name}")
    # Capitals are how producers write: `Vendors` is the stream, `vendors` what is read.
    first = [stream] if name[:1].isupper() else []
    bare = [f"{prefix}/{name}" for prefix in prefixes]
    for candidate in (name, *first, *bare, stream):
        if candidate in BY_NAME and BY_NAME[candidate].prefix in prefixes:
            return candidate
    tasks = [task for task in TASKS if task.prefix in prefixes]
    known = [task.name for task in tasks]
    close = difflib.get_close_matches(name, [*known, *(task.entity for task in tasks)], n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
    raise ConfigError(f"there is no entity {name!r}; {hint}")


def closure(names: Collection[str]) -> set[str]:
    """The assets and everything they are made from, directly or not."""
    wanted = set(names)
    for task in reversed(TASKS):
        if task.name in wanted:
            wanted.update(task.needs)
    return wanted


def downstream(names: Collection[str]) -> set[str]:
    """The assets and everything that is made from them, directly or not."""
    found = set(names)
    for task in TASKS:
        if found & set(task.needs):
            found.add(task.name)
    return found


def with_sources(names: Collection[str]) -> set[str]:
    """The assets and what they read from Business Central; other Optiply entities stay as the
    snapshot knows them ("sync one entity", flows.md 10)."""
    direct = {need for name in names for need in BY_NAME[name].needs if need.startswith(f"{BC}/")}
    reads = direct | {name for name in names if name.startswith(f"{BC}/")}
    return set(names) | closure(reads)
