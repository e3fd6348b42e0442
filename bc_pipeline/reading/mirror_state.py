"""What is known about the mirror: which entities are whole, and from when (flows.md 1)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import duckdb

from bc_pipeline.catalogue import stock_source
from bc_pipeline.catalogue.entities import selected_entities
from bc_pipeline.catalogue.tables import Table
from bc_pipeline.catalogue.task import needed
from bc_pipeline.errors import ConfigError
from bc_pipeline.mapping.definition import OPTIONAL_SOURCES
from bc_pipeline.snapshot import learned
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.settings import Tenant

SELL_ORDER_SOURCE = "sell_order_source"

_LATEST = """
SELECT entity, max(run_no), arg_max(complete, run_no) FROM ops.reads
WHERE entity IN (SELECT unnest(CAST(? AS VARCHAR[]))) GROUP BY entity
"""

_SETTLED = """
SELECT count(*) FROM ops.reads r JOIN ops.runs USING (run_no)
WHERE started_at > ? AND r.entity = ? AND (complete OR EXISTS (
  FROM ops.warnings w
  WHERE w.entity = r.entity AND w.run_no = r.run_no AND w.kind = 'source_absent'))
"""

_WHOLE_AND_THERE = """
SELECT r.entity FROM ops.reads r
WHERE r.entity IN (SELECT unnest(CAST(? AS VARCHAR[])))
GROUP BY r.entity
HAVING bool_or(r.complete) AND NOT EXISTS (
    FROM ops.warnings w
    WHERE w.entity = r.entity AND w.run_no = max(r.run_no) AND w.kind = 'source_absent')
"""


_NOT_THERE = """
SELECT r.entity FROM ops.reads r
WHERE r.entity IN (SELECT unnest(CAST(? AS VARCHAR[])))
GROUP BY r.entity
HAVING EXISTS (
    FROM ops.warnings w
    WHERE w.entity = r.entity AND w.run_no = max(r.run_no) AND w.kind = 'source_absent')
"""


def ever_complete(cursor: duckdb.DuckDBPyConnection, entities: Iterable[str]) -> bool:
    """Whether the mirror holds a whole picture of all these entities: each has been read to the
    end at least once, and an incomplete read changes nothing."""
    wanted = sorted(set(entities))
    row = cursor.execute(
        "SELECT count(DISTINCT entity) FROM ops.reads WHERE complete "
        "AND entity IN (SELECT unnest(CAST(? AS VARCHAR[])))",
        [wanted],
    ).fetchone()
    return row is not None and row[0] == len(wanted)


def read_since(cursor: duckdb.DuckDBPyConnection, entity: str, moment: datetime) -> bool:
    """Whether a run that started after ``moment`` has read the entity to its end."""
    row = cursor.execute(
        "SELECT count(*) FROM ops.reads JOIN ops.runs USING (run_no) "
        "WHERE entity = ? AND complete AND started_at > ?",
        [entity, moment],
    ).fetchone()
    return row is not None and row[0] > 0


def settled_since(cursor: duckdb.DuckDBPyConnection, entity: str, moment: datetime) -> bool:
    """Whether a run that started after ``moment`` has read the entity to its end, or has found
    that Business Central has no such source."""
    row = cursor.execute(_SETTLED, [moment, entity]).fetchone()
    return row is not None and row[0] > 0


def rows(cursor: duckdb.DuckDBPyConnection, table: Table) -> int:
    """Number of rows in a mirror table."""
    row = cursor.execute(f"SELECT count(*) FROM bc.{table.name}").fetchone()
    return row[0] if row else 0


def optional(cursor: duckdb.DuckDBPyConnection, tenant: Tenant) -> frozenset[str]:
    """The optional mirror tables that hold a whole picture, as ``bc.item_page``.

    A failed read leaves the picture of the last good one, which is better than doing without for
    a run. A source that is not there any more (404) is done without.
    """
    configured = [
        entity.name
        for entity in selected_entities(tenant)
        if f"bc.{entity.table.name}" in OPTIONAL_SOURCES
    ]
    if not configured:
        return frozenset()
    found = cursor.execute(_WHOLE_AND_THERE, [configured]).fetchall()
    return frozenset(name.replace("/", ".") for (name,) in found)


def not_there(cursor: duckdb.DuckDBPyConnection, entities: Iterable[str]) -> set[str]:
    """Those of the entities of which Business Central said at the last read that it has no such
    source."""
    return {name for (name,) in cursor.execute(_NOT_THERE, [sorted(entities)]).fetchall()}


def unneeded(cursor: duckdb.DuckDBPyConnection, tenant: Tenant) -> dict[str, tuple[str, ...]]:
    """The entities that are not read, because others that are there tell the same: by name, with
    those others."""
    told = ((each.name, needed(each.unless, tenant)) for each in selected_entities(tenant))
    better = {name: others for name, others in told if others}
    there = {table.replace(".", "/") for table in optional(cursor, tenant)} if better else set()
    return {name: others for name, others in better.items() if there.issuperset(others)}


def told_by(others: Sequence[str]) -> str:
    """Why an entity is not needed."""
    return f"{' and '.join(others)} {'tells' if len(others) == 1 else 'tell'} the same"


def stock_complete(
    cursor: duckdb.DuckDBPyConnection, tenant: Tenant, whole: Collection[str]
) -> bool:
    """Whether both terms of the stock level come from the same run (mapping.md 2.1).

    Args:
        cursor: of the snapshot.
        tenant: whose.
        whole: the optional mirror tables that hold a whole picture, see ``optional``.
    """
    terms = stock_terms(tenant, whole)
    return bool(terms) and of_one_run(cursor, terms)


def stock_terms(tenant: Tenant, whole: Collection[str]) -> set[str]:
    """The entities that the stock level is made of; empty where there is no source of stock.

    Args:
        tenant: whose.
        whole: as for ``stock_complete``.
    """
    options = tenant.sync
    terms, source = {"bc/items"}, stock_source.in_force(options, whole)
    if source is None:
        return set()
    if source == "analytics" or options.locations:
        terms.add(stock_source.ENTITIES[source])
    if stock_source.tells_sold(options, whole) and options.deduct_sales_orders:
        terms.add(stock_source.SOLD)
    elif options.deduct_sales_orders:
        terms.add("bc/sales_orders")
        if source != "analytics" and not options.locations and "bc.item_page" in whole:
            terms.add("bc/item_page")  # its Qty_on_Sales_Order is the first choice
    return terms


def of_one_run(cursor: duckdb.DuckDBPyConnection, entities: Collection[str]) -> bool:
    """Whether the last reads of all these entities were complete, and of the same run."""
    latest = cursor.execute(_LATEST, [sorted(entities)]).fetchall()
    runs = {run_no for _, run_no, _ in latest}
    return (
        len(latest) == len(entities)
        and len(runs) == 1
        and all(complete for _, _, complete in latest)
    )


def check_sell_orders(cursor: duckdb.DuckDBPyConnection, tenant: Tenant) -> None:
    """Refuse another source of sell orders while those of the old one stand in Optiply: sales
    would be counted twice (mapping.md 4.1).

    Raises:
        ConfigError: the source was changed.
    """
    before = learned.get(cursor, SELL_ORDER_SOURCE)
    now = tenant.sync.sell_order_source
    if before is None or before == now:
        return
    row = cursor.execute(
        "SELECT count(*) FROM sync.sell_orders WHERE optiply_id IS NOT NULL AND state <> 'deleted'"
    ).fetchone()
    standing = row[0] if row else 0
    if standing:
        raise ConfigError(
            f"sync.sell_order_source was {before} and is now {now}, with {standing} sell orders in "
            "Optiply: sales would be counted twice. Set it back, or accept the change with "
            f"`bc-pipeline accept-sell-order-source {tenant.name}`; the old orders are then taken "
            "away"
        )


def remember_sell_orders(snapshot: Snapshot, tenant: Tenant) -> None:
    """Keep the source of the sell orders now in Optiply."""
    learned.put(snapshot, SELL_ORDER_SOURCE, tenant.sync.sell_order_source)
