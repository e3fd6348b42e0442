"""Rows of ``outbound.ledger`` and ``outbound.outcomes``: reading and writing them in bulk.

Lists are bound as one parameter each and unnested by DuckDB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb
import orjson

from bc_pipeline import clock
from bc_pipeline.catalogue.ledger_columns import LEDGER_COLUMNS
from bc_pipeline.to_business_central.export_types import LedgerEntry, Outcome, Pending

_COLUMNS: Mapping[str, str] = {each.name: each.sql_type for each in LEDGER_COLUMNS}
_OUTCOMES: Mapping[str, str] = {
    "name": "VARCHAR",
    "generation": "INTEGER",
    "line": "INTEGER",
    "entity": "VARCHAR",
    "key": "VARCHAR",
    "external_id": "VARCHAR",
    "success": "BOOLEAN",
    "bc_id": "VARCHAR",
    "bc_number": "VARCHAR",
    "action": "VARCHAR",
    "error_class": "VARCHAR",
    "error_message": "VARCHAR",
    "settled_at": "TIMESTAMPTZ",
}
_DOCUMENTS = ("record", "detail")
NAMES = ", ".join(_COLUMNS)


def _insert(table: str, columns: Mapping[str, str]) -> str:
    unnested = ", ".join(
        f"CAST(unnest(CAST(? AS {'VARCHAR' if kind == 'JSON' else kind}[])) AS {kind})"
        for kind in columns.values()
    )
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {unnested}"


_REPLACED = ", ".join(f"{name} = excluded.{name}" for name in list(_COLUMNS)[2:])
_SAVE = (
    _insert("outbound.ledger", _COLUMNS) + f" ON CONFLICT (entity, key) DO UPDATE SET {_REPLACED}"
)
# A line keeps its first outcome, whatever happens.
_ADD_OUTCOMES = _insert("outbound.outcomes", _OUTCOMES) + " ON CONFLICT DO NOTHING"


def first(pending: Pending) -> LedgerEntry:
    """The entry of a record that has never been tried."""
    return LedgerEntry(
        pending.entity,
        pending.key,
        pending.payload_hash,
        "intent",
        bc_company=pending.company.id,
        record=pending.payload,
        created_at=clock.now(),
    )


def changed(entry: LedgerEntry, **columns: Any) -> LedgerEntry:  # noqa: ANN401 - any column
    """The entry with some columns replaced."""
    return replace(entry, **columns)


def entries(
    cursor: duckdb.DuckDBPyConnection, entity: str, keys: Sequence[str] | None
) -> dict[str, LedgerEntry]:
    """The entries of an entity by key; ``keys`` None means all of them."""
    narrowed = "" if keys is None else " AND key IN (SELECT unnest(CAST(? AS VARCHAR[])))"
    given: list[Any] = [entity] if keys is None else [entity, list(keys)]
    found = cursor.execute(
        f"SELECT {NAMES} FROM outbound.ledger WHERE entity = ?{narrowed}", given
    ).fetchall()
    read = (entry_of(row) for row in found)
    return {entry.key: entry for entry in read}


def entry_of(row: Sequence[Any]) -> LedgerEntry:
    """One row in the order of ``NAMES``."""
    values = dict(zip(_COLUMNS, row, strict=True))
    for name in _DOCUMENTS:
        values[name] = orjson.loads(values[name]) if values[name] else {}
    return LedgerEntry(**values)


def save(cursor: duckdb.DuckDBPyConnection, changed_entries: Sequence[LedgerEntry]) -> None:
    """Insert or replace entries; of several with one key the last one counts."""
    last = {entry.key: entry for entry in changed_entries}
    if not last:
        return
    lists = [[_value(entry, name) for entry in last.values()] for name in _COLUMNS]
    cursor.execute(_SAVE, lists)


def add_outcomes(
    cursor: duckdb.DuckDBPyConnection,
    outcomes: Sequence[tuple[Pending, Outcome]],
    now: datetime,
) -> None:
    """The results lines of the records that came in files."""
    lines = [
        (
            pending.source.file,
            pending.source.generation,
            pending.source.line,
            pending.entity,
            pending.key,
            pending.external_id,
            outcome.success,
            outcome.bc_id or (pending.entry.bc_id if pending.entry else None),
            outcome.bc_number or (pending.entry.bc_number if pending.entry else None),
            outcome.action,
            outcome.error_class,
            outcome.message,
            now,
        )
        for pending, outcome in outcomes
        if pending.source is not None
    ]
    add_lines(cursor, lines)


def add_lines(cursor: duckdb.DuckDBPyConnection, lines: Sequence[tuple[Any, ...]]) -> None:
    """Results lines, as tuples in the order of the columns of ``outbound.outcomes``."""
    if lines:
        cursor.execute(_ADD_OUTCOMES, [list(column) for column in zip(*lines, strict=True)])


def _value(entry: LedgerEntry, name: str) -> Any:  # noqa: ANN401 - any column
    value = getattr(entry, name)
    return _document(value) if name in _DOCUMENTS else value


def _document(value: Mapping[str, Any]) -> str:
    return orjson.dumps(dict(value), default=_plain).decode()


def _plain(value: object) -> object:
    """Decimals and other numbers as exact text."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} cannot be kept in the ledger")
