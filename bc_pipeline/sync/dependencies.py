"""Which task needs which, for one tenant (flows.md 1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bc_pipeline.business_central.entities import ACCOUNTING, selected_entities
from bc_pipeline.errors import ConfigError
from bc_pipeline.optiply.resources import RESOURCES
from bc_pipeline.outbound.run.export import EXPORTS, Export, export_named
from bc_pipeline.tenants.model import Tenant

MONEY = ("bc/currency_exchange_rates", "bc/company_information")
UNITS = "bc/item_units_of_measure"
STOCK_SOURCES = ("bc/sales_orders", "bc/inventory_by_locations", "bc/item_page")


@dataclass(frozen=True)
class Needs:
    """What a task waits for: ``hard`` must succeed, ``soft`` must only end."""

    hard: tuple[str, ...] = ()
    soft: tuple[str, ...] = ()


def dependencies(tenant: Tenant) -> dict[str, Needs]:
    """Every task this tenant's configuration asks for, in the order of a run, with its needs."""
    read = [entity.name for entity in selected_entities(tenant)]
    needs = {n: Needs(() if n == "bc/companies" else ("bc/companies",)) for n in read}
    needs |= {f"optiply/{name}": _of_resource(name, tenant) for name in RESOURCES}
    needs |= {e.task: _of_export(e) for e in EXPORTS.values() if is_on(e.task, tenant)}
    known = set(needs)
    return {
        name: Needs(
            tuple(n for n in need.hard if n in known),
            tuple(n for n in need.soft if n in known and n not in need.hard),
        )
        for name, need in needs.items()
    }


def _of_resource(name: str, tenant: Tenant) -> Needs:
    purchases = ("bc/purchase_orders", "bc/purchase_receipts")
    match name:
        case "products":
            items = ("bc/items", "bc/item_variants", "bc/locations")
            return Needs(items, (*STOCK_SOURCES, UNITS, "bc/bom_components"))
        case "product_compositions":
            return Needs(("optiply/products", "bc/bom_components"), (UNITS,))
        case "suppliers":
            return Needs(("bc/vendors", "bc/purchase_orders"))
        case "supplier_products":
            page = tenant.business_central.item_page_name
            links = ("bc/item_page",) if page else purchases
            # Without its page Business Central tells by purchases who sells what.
            soft = (UNITS, *purchases)
            return Needs(("optiply/products", "optiply/suppliers", *links, *MONEY), soft)
        case "sell_orders":
            return Needs(("optiply/products", *sell_order_sources(tenant), *MONEY), (UNITS,))
        case "buy_orders":
            return Needs(("optiply/suppliers", "optiply/products", *purchases, *MONEY), (UNITS,))
        case "buy_order_lines":
            return Needs(("optiply/buy_orders",))
        case _:
            return Needs(("optiply/buy_order_lines", "bc/purchase_receipts"))


def _of_export(export: Export) -> Needs:
    """Everything only softly: what was read before is better than no export. The order among the
    exports is kept by their gate, which knows who is held back."""
    if export.from_files:
        return Needs(soft=ACCOUNTING)
    # The ids of what has just come from Business Central are fresh then (flows.md 1).
    return Needs(soft=tuple(f"optiply/{name}" for name in RESOURCES))


def is_on(task: str, tenant: Tenant) -> bool:
    """Whether the tenant's settings switch an export on."""
    return bool(getattr(tenant.exports, export_named(task).switch))


def sell_order_sources(tenant: Tenant) -> tuple[str, ...]:
    """What sell orders are told from. An order that left BC's list was invoiced or cancelled:
    only the posted documents tell which (mapping.md 4.1)."""
    source = f"bc/{tenant.sync.sell_order_source}"
    if source == "bc/sales_orders":
        return (source, "bc/sales_invoices", "bc/sales_shipments")
    return (source,)


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
