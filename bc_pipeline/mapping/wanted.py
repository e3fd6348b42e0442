"""The wanted tables ``optiply.*``: their columns, declared once, and how one is built.

A wanted table holds what Optiply should know about each record of Business Central, and what is
to happen to it (``decision``). It is rebuilt right before its resource is written, because foreign
keys are the ids Optiply gave to the parents (``sync.*``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import duckdb

from bc_pipeline.catalogue.columns import ensure_tables, typed
from bc_pipeline.mapping import (
    buy_order_lines,
    buy_orders,
    product_compositions,
    products,
    receipt_lines,
    sell_orders,
    supplier_products,
    suppliers,
    values,
)
from bc_pipeline.mapping.definition import MappingInput, MappingReport, Plan
from bc_pipeline.tenants.settings import SyncOptions

PLANS: Mapping[str, Callable[[SyncOptions, MappingInput], Plan]] = {
    "products": products.plan,
    "product_compositions": product_compositions.plan,
    "suppliers": suppliers.plan,
    "supplier_products": supplier_products.plan,
    "sell_orders": sell_orders.plan,
    "buy_orders": buy_orders.plan,
    "buy_order_lines": buy_order_lines.plan,
    "receipt_lines": receipt_lines.plan,
}


def prepare(cursor: duckdb.DuckDBPyConnection) -> None:
    """What a connection needs before mappings run on it."""
    values.install(cursor)
    ensure_tables(cursor)


def build_wanted(
    cursor: duckdb.DuckDBPyConnection, resource: str, options: SyncOptions, inputs: MappingInput
) -> MappingReport:
    """Rebuilds ``optiply.<resource>`` on any connection, see ``rebuild``."""
    prepare(cursor)
    return rebuild(cursor, resource, options, inputs)


def rebuild(
    cursor: duckdb.DuckDBPyConnection, resource: str, options: SyncOptions, inputs: MappingInput
) -> MappingReport:
    """Rebuilds ``optiply.<resource>`` and files this run's data-quality warnings about it.

    Args:
        cursor: prepared connection to the snapshot; each statement is committed unless the caller
            has begun a transaction.
        resource: one of ``PLANS``.
        options: the tenant's decisions.
        inputs: what the run knows.

    Raises:
        KeyError: no such resource.
        ConfigError: an option names something Business Central does not have.
    """
    plan = PLANS[resource](options, inputs)
    for name, select in plan.steps.items():
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}")
    try:
        cursor.execute(
            f"CREATE OR REPLACE TABLE optiply.{resource} AS {typed(resource, plan.wanted)}"
        )
        warnings = _file_warnings(cursor, resource, plan, inputs)
    finally:
        for name in plan.steps:
            cursor.execute(f"DROP TABLE IF EXISTS temp.{name}")
    decisions = dict(
        cursor.execute(
            f"SELECT decision, count(*) FROM optiply.{resource} GROUP BY decision ORDER BY decision"
        ).fetchall()
    )
    return MappingReport(sum(decisions.values()), decisions, warnings)


def _file_warnings(
    cursor: duckdb.DuckDBPyConnection, resource: str, plan: Plan, inputs: MappingInput
) -> dict[str, int]:
    entity = f"optiply/{resource}"
    cursor.execute(
        "DELETE FROM ops.warnings WHERE run_no = ? AND entity = ?", [inputs.run_no, entity]
    )
    counts: dict[str, int] = {}
    for select in plan.warnings:
        found = f"SELECT remote_id, kind, message, count FROM ({select})"
        made = cursor.execute(f"CREATE OR REPLACE TEMP TABLE m_warnings AS {found}").fetchone()
        if made is None or not made[0]:
            continue
        cursor.execute(
            "INSERT INTO ops.warnings (run_no, entity, remote_id, kind, message) "
            "SELECT ?, ?, remote_id, kind, message FROM m_warnings",
            [inputs.run_no, entity],
        )
        for kind, count in cursor.execute(
            "SELECT kind, CAST(sum(count) AS BIGINT) FROM m_warnings GROUP BY kind"
        ).fetchall():
            counts[kind] = counts.get(kind, 0) + count
    cursor.execute("DROP TABLE IF EXISTS temp.m_warnings")
    return counts
