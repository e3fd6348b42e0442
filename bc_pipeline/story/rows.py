"""The rows a snapshot has of one record, as they stand there: on its way from Business Central to
Optiply, or into Business Central (flows.md 10)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import orjson

from bc_pipeline.catalogue.names import has_table

_SOURCES: dict[str, tuple[tuple[str, str], ...]] = {
    # resource -> (mirror table, condition); $id is the remote id, $first and $second its halves
    "products": (("items", "lower(id) = $first"), ("item_variants", "lower(id) = $second")),
    "suppliers": (("vendors", "lower(id) = $id"),),
    "supplier_products": (
        ("items", "lower(id) = $first"),
        ("vendors", "lower(id) = $second"),
        ("item_page", "No IN (SELECT number FROM bc.items WHERE lower(id) = $first)"),
    ),
    "sell_orders": (
        ("sales_invoices", "lower(id) = $id"),
        ("sales_invoice_lines", "lower(documentId) = $id"),
        ("sales_orders", "lower(id) = $id"),
        ("sales_order_lines", "lower(documentId) = $id"),
        ("sales_shipments", "lower(id) = $id"),
        ("sales_shipment_lines", "lower(documentId) = $id"),
    ),
    "buy_orders": (
        ("purchase_orders", "lower(id) = $id"),
        ("purchase_order_lines", "lower(documentId) = $id"),
    ),
    "buy_order_lines": (("purchase_order_lines", "lower(id) = $id"),),
    "receipt_lines": (
        ("purchase_receipt_lines", "lower(id) = $id"),
        (
            "purchase_receipts",
            "id IN (SELECT documentId FROM bc.purchase_receipt_lines WHERE lower(id) = $id)",
        ),
    ),
    "product_compositions": (("bom_components", "lower(id) = $id"),),
}


_BOOKED = """
SELECT * FROM outbound.ledger WHERE entity = '{entity}' AND key = $id
"""
_OUTCOMES = """
SELECT name AS file, line, action, success, bc_number, error_class, error_message,
    settled_at
FROM outbound.outcomes WHERE entity = '{entity}' AND key = $id ORDER BY settled_at
"""


def booked(cursor: duckdb.DuckDBPyConnection, entity: str, key: str) -> dict[str, Any]:
    """One record that goes to Business Central: as it came, what is booked of it, and the outcome
    of every line that brought it.

    Args:
        entity: as in the ledger, ``customers``.
        key: as there; it has an entry.
    """
    (ledger,) = _rows(cursor, _BOOKED.format(entity=entity), key)
    return {
        "reference": ledger["bc_number"],
        "record": ledger.pop("record") or {},
        "ledger": ledger,
        "outcomes": _rows(cursor, _OUTCOMES.format(entity=entity), key),
    }


def changed_at(
    cursor: duckdb.DuckDBPyConnection, name: str, remote_id: str
) -> dict[str, datetime | None]:
    """Mirror table -> when what it has of a record arrived or last changed; only tables that have
    some of it."""
    found = {}
    for table, condition in _SOURCES[name]:
        sql = f"SELECT max(_read_at), count(*) FROM bc.{table} WHERE {condition}"
        moment, count = cursor.execute(sql, _given(sql, remote_id)).fetchone() or (None, 0)
        if count:
            found[table] = moment
    return found


def on_its_way(cursor: duckdb.DuckDBPyConnection, name: str, remote_id: str) -> dict[str, Any]:
    """One record on its way to Optiply: source rows, wanted row, what was sent last, state.

    Args:
        name: of the resource.
    """
    wanted = None
    if has_table(cursor, "optiply", name):
        wanted = _first(cursor, f"SELECT * FROM optiply.{name} WHERE remote_id = $id", remote_id)
    state = _first(cursor, f"SELECT * FROM sync.{name} WHERE remote_id = $id", remote_id)
    sent = state.pop("last_sent") if state else None
    return {
        "remote_id": remote_id,
        "reference": wanted["reference"] if wanted else None,
        "source": {
            table: rows
            for table, condition in _SOURCES[name]
            if (rows := _rows(cursor, f"SELECT * FROM bc.{table} WHERE {condition}", remote_id))
        },
        "wanted": wanted,
        "last_sent": sent,
        "state": state,
    }


def _first(
    cursor: duckdb.DuckDBPyConnection, sql: str, remote_id: str | None = None
) -> dict[str, Any] | None:
    rows = _rows(cursor, sql, remote_id)
    return rows[0] if rows else None


def _rows(
    cursor: duckdb.DuckDBPyConnection, sql: str, remote_id: str | None = None
) -> list[dict[str, Any]]:
    answer = cursor.execute(sql, {} if remote_id is None else _given(sql, remote_id))
    columns = [(column[0], str(column[1])) for column in answer.description or []]
    return [
        {
            name: _plain(kind, value)
            for (name, kind), value in zip(columns, row, strict=True)
            if not name.startswith("_")
        }
        for row in answer.fetchall()
    ]


def _given(sql: str, remote_id: str) -> dict[str, str]:
    """The parameters that a query names."""
    first, _, second = remote_id.partition("_")
    named = {"id": remote_id, "first": first, "second": second}
    return {key: value for key, value in named.items() if f"${key}" in sql}


def _plain(kind: str, value: Any) -> Any:  # noqa: ANN401 - any column
    """A value fit for JSON."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime | date):
        return value.isoformat()
    if kind == "JSON" and isinstance(value, str):
        return orjson.loads(value)
    if isinstance(value, list):
        return [_plain("", item) for item in value]
    if isinstance(value, dict):
        return {key: _plain("", item) for key, item in value.items()}
    return value
