"""Why a stock level is what it is: the sum, its terms, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb

from bc_pipeline import clock
from bc_pipeline.catalogue import stock_source
from bc_pipeline.mapping import sold, stock, stock_terms, values
from bc_pipeline.mapping.definition import MappingInput
from bc_pipeline.reading import listed_stock, mirror_state
from bc_pipeline.run.freshness import freshness
from bc_pipeline.snapshot.rows import rows
from bc_pipeline.story.model import Order, Sending, Stock
from bc_pipeline.tenants.settings import SyncOptions, Tenant
from bc_pipeline.values import listed, plain

MOST_NAMED = 12
"""Sales orders that the sum names."""
STOCK_LEVEL = "stockLevel"
NOT_OF_ONE_RUN = (
    "stock and what is sold were not read in one run, and half of it is never sent; what was sent "
    "last stays"
)


def stock_of(
    cursor: duckdb.DuckDBPyConnection,
    tenant: Tenant,
    remote_id: str,
    wanted: Mapping[str, Any] | None,
    sent: Mapping[str, Any] | None,
    history: Sequence[Sending],
) -> Stock | None:
    """The stock of a product as a sum; None where it never had any.

    Args:
        cursor: of the tenant's snapshot; reading is enough.
        remote_id: of the product, or of a variant.
        wanted, sent: its attributes as the mirror has them, and as they were sent last.
        history: what was sent of it, newest first.
    """
    level, last = (wanted or {}).get(STOCK_LEVEL), (sent or {}).get(STOCK_LEVEL)
    if wanted is None and last is None:
        return None
    options, inputs = tenant.sync, _inputs(cursor, tenant)
    sending = next((each for each in history if STOCK_LEVEL in (each.attributes or {})), None)
    return replace(
        sum_of(cursor, options, inputs, remote_id, level),
        sent=last,
        read_at=_read_at(cursor, tenant, inputs),
        sent_at=sending.at if sending else None,
        sent_by=sending.run_id if sending else None,
    )


def sum_of(
    cursor: duckdb.DuckDBPyConnection,
    options: SyncOptions,
    inputs: MappingInput,
    remote_id: str,
    level: int | None,
) -> Stock:
    """A stock level as a sum of what the mirror has.

    Args:
        inputs: sources, and why stock may not be sent.
        level: as it was mapped; None: there is none.
    """
    terms = _terms(cursor, options, inputs, remote_id)
    held = inputs.stock_held or (None if inputs.stock_complete else NOT_OF_ONE_RUN)
    found = Stock(
        level=level,
        source=_source(options, inputs),
        counted=_counted(options),
        notes=tuple(_notes(options, inputs, terms, held, level)),
        **terms,
    )
    return replace(found, text=sum_text(found))


def _inputs(cursor: duckdb.DuckDBPyConnection, tenant: Tenant) -> MappingInput:
    """What stock depends on beside the mirror."""
    optional = mirror_state.optional(cursor, tenant)
    now = clock.now()
    return MappingInput(
        run_no=0,
        today=now.date(),
        now=now,
        stock_complete=mirror_state.stock_complete(cursor, tenant, optional),
        stock_held=listed_stock.why_held(cursor, tenant, optional),
        sources=optional,
    )


def _terms(
    cursor: duckdb.DuckDBPyConnection, options: SyncOptions, inputs: MappingInput, remote_id: str
) -> dict[str, Any]:
    item, _, variant = remote_id.partition("_")
    given = {"item": item, "variant": variant or None}
    values.install(cursor)
    for name, select in stock_terms.steps(options, inputs).items():
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}")
    try:
        level = next(iter(rows(cursor, stock_terms.LEVEL, given)), {})
        places = rows(cursor, stock_terms.lying(options, inputs), given)
        orders = rows(cursor, stock_terms.taken_off(options, inputs), given)
    finally:
        for name in reversed(stock_terms.steps(options, inputs)):
            cursor.execute(f"DROP TABLE IF EXISTS temp.{name}")
    by_place: dict[str, Decimal] = {row["place"]: row["quantity"] for row in places}
    known = all(quantity is not None for quantity in by_place.values())
    if not known or sum(by_place.values()) != level.get("in_base_units"):
        by_place = {}  # the figure of the item itself serves, not the list
    return {
        "inventory": level.get("inventory"),
        "in_base_units": level.get("in_base_units"),
        "base_unit": level.get("base_unit") or "",
        "sold": level.get("outstanding"),
        "places": by_place,
        "orders": _by_order(orders),
    }


def _by_order(found: Sequence[Mapping[str, Any]]) -> tuple[Order, ...]:
    """One entry per order and unit, however many lines it has."""
    summed: dict[tuple[str | None, str, bool], Order] = {}
    for row in found:
        key = (row["order_number"], row["unit"], row["taken"] is None or row["unplaced"])
        before = summed.get(key)
        taken = None if key[2] else row["taken"]
        summed[key] = Order(
            row["order_number"],
            (before.quantity or 0) + row["quantity"] if before else row["quantity"],
            row["unit"],
            (before.taken or 0) + taken if before and taken is not None else taken,
        )
    return tuple(summed.values())


def _read_at(
    cursor: duckdb.DuckDBPyConnection, tenant: Tenant, inputs: MappingInput
) -> datetime | None:
    """When all terms were last read: the oldest of them."""
    terms = mirror_state.stock_terms(tenant, inputs.sources)
    found = freshness(cursor, tenant, clock.now(), terms) if terms else {}
    moments = [each.good for each in found.values() if each.good is not None]
    return min(moments, default=None) if len(moments) == len(terms) else None


def _source(options: SyncOptions, inputs: MappingInput) -> str:
    source = stock_source.in_force(options, inputs.sources)
    return stock_source.NAMES[source] if source else "nowhere: none of the sources is there"


def _counted(options: SyncOptions) -> str:
    if not options.locations:
        return "all locations"
    named = ", ".join(code.strip().upper() or "(no location)" for code in options.locations)
    return f"location{'s' if len(options.locations) > 1 else ''} {named}"


def _notes(
    options: SyncOptions,
    inputs: MappingInput,
    terms: Mapping[str, Any],
    held: str | None,
    level: int | None,
) -> list[str]:
    notes = [f"No stock is sent: {held}"] if held else []
    if not held and level is None:
        why = stock.no_figure(options, inputs)
        if terms["inventory"] is not None and terms["sold"] is None:
            why = sold.unknown(options, inputs)
        notes.append(f"No stock is sent: {why}")
    if not options.deduct_sales_orders:
        notes.append("What is sold is not taken off: sync.deduct_sales_orders is off")
    notes += [
        f"Sales order {each.number}: {plain(each.quantity)} {each.unit or 'of them'} are not taken "
        "off, because nobody knows how much one is, or where it is sold from"
        for each in terms["orders"]
        if each.taken is None and each.quantity is not None
    ]
    return notes


def sum_text(found: Stock) -> str:
    """``504 = 510 in inventory - 6 on sales orders 101001, 101005``."""
    if found.inventory is None:
        return "unknown: Business Central does not tell what is in stock"
    total = f"{found.level}" if found.level is not None else "unknown"
    parts = _places(found)
    taken = _taken(found)
    exact = None if found.sold is None else found.inventory - found.sold
    cut = ""
    if exact is not None and found.level is not None and exact != found.level:
        cut = f" (exactly {plain(exact)}, rounded down)"
        if exact > found.level + 1:
            cut = f" (exactly {plain(exact)}, more than Optiply takes)"
    return f"{total} = {parts}{taken}{cut}"


def _places(found: Stock) -> str:
    assert found.inventory is not None
    assert found.in_base_units is not None
    unit = f" {found.base_unit}" if found.base_unit else ""
    scale = ""
    if found.in_base_units and found.in_base_units != found.inventory:
        scale = f" x {plain(found.inventory / found.in_base_units)}"
    if not found.places:
        return f"{plain(found.in_base_units)}{unit if scale else ''} in inventory{scale}"
    told = " + ".join(
        f"{plain(quantity)}{unit if scale else ''} {'at ' + place if place else 'at no location'}"
        for place, quantity in found.places.items()
    )
    return f"({told}){scale}" if scale else told


def _taken(found: Stock) -> str:
    if found.sold is None:
        return " - what is sold, which is not known"
    if not found.sold:
        return ""
    named = [_order(each) for each in found.orders if each.taken is not None]
    if not named:
        return f" - {plain(found.sold)} on sales orders, by the item's published page"
    orders = "orders" if len(named) > 1 else "order"
    return f" - {plain(found.sold)} on sales {orders} {listed(named, MOST_NAMED)}"


def _order(order: Order) -> str:
    number = order.number or "(no number)"
    if not order.unit or order.taken == order.quantity or order.quantity is None:
        return number
    return f"{number} ({plain(order.quantity)} {order.unit})"
