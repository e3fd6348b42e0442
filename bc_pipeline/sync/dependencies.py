"""Which task needs which, for one tenant (flows.md 1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bc_pipeline.business_central.entities import selected_entities
from bc_pipeline.errors import ConfigError
from bc_pipeline.optiply.resources import RESOURCES
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
            return Needs(("optiply/products", "optiply/suppliers", *links, *MONEY), (UNITS,))
        case "sell_orders":
            return Needs(("optiply/products", *sell_order_sources(tenant), *MONEY), (UNITS,))
        case "buy_orders":
            return Needs(("optiply/suppliers", "optiply/products", *purchases, *MONEY), (UNITS,))
        case "buy_order_lines":
            return Needs(("optiply/buy_orders",))
        case _:
            return Needs(("optiply/buy_order_lines", "bc/purchase_receipts"))


def sell_order_sources(tenant: Tenant) -> tuple[str, ...]:
    """What sell orders are told from. An order that left BC's list was invoiced or cancelled:
    only the posted documents tell which (mapping.md 4.1)."""
    source = f"bc/{tenant.sync.sell_order_source}"
    if source == "bc/sales_orders":
        return (source, "bc/sales_invoices", "bc/sales_shipments")
    return (source,)


def chosen(tenant: Tenant, entities: Iterable[str]) -> tuple[str, ...]:
    """The tasks to run for ``--entity``: those named, and what an Optiply entity is made from.

    Other Optiply entities are not written along: their id map is used as it is (flows.md 10).

    Args:
        entities: task names, ``optiply/products`` or just ``products``; empty means all.

    Raises:
        ConfigError: no such entity.
    """
    needs = dependencies(tenant)
    wanted: set[str] = set()
    for entity in entities:
        name = _task_name(entity, needs)
        sources = {n for n in (*needs[name].hard, *needs[name].soft) if n.startswith("bc/")}
        wanted |= {name, *sources} if name.startswith("optiply/") else {name}
    return tuple(name for name in needs if not wanted or name in wanted)


def _task_name(entity: str, known: Iterable[str]) -> str:
    for name in known:
        if entity in (name, name.split("/", 1)[1]) and ("/" in entity or name.startswith("opt")):
            return name
    for name in known:
        if name == f"bc/{entity}":
            return name
    raise ConfigError(f"there is no entity {entity!r}; known are: {', '.join(known)}")
