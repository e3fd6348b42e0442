"""Schemas and tables of a tenant's snapshot, and how an older file becomes a current one.

Numbered migrations build ``ops``, ``sync`` and ``outbound``. The mirror ``bc`` is not migrated by
hand: it is compared with its declaration and given what is missing, because a source can be read
again.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import duckdb

from bc_pipeline.snapshot.tables import BOOKKEEPING, TABLES, Table

SYNC_TABLES = (
    "products",
    "suppliers",
    "supplier_products",
    "sell_orders",
    "buy_orders",
    "buy_order_lines",
    "receipt_lines",
    "product_compositions",
)
"""Optiply resources with an id map in schema ``sync``."""

_OPS = """
CREATE SCHEMA IF NOT EXISTS bc;
CREATE SCHEMA IF NOT EXISTS optiply;
CREATE SCHEMA IF NOT EXISTS sync;
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE IF NOT EXISTS ops.meta (key VARCHAR PRIMARY KEY, value VARCHAR);
CREATE TABLE ops.runs (
    run_no BIGINT PRIMARY KEY, run_id VARCHAR, started_at TIMESTAMPTZ, ended_at TIMESTAMPTZ,
    status VARCHAR, reason VARCHAR, dry_run BOOLEAN, summary JSON);
CREATE TABLE ops.reads (
    run_no BIGINT, entity VARCHAR, mode VARCHAR, rows BIGINT, pages BIGINT, requests BIGINT,
    seconds DOUBLE, complete BOOLEAN, reason VARCHAR, from_stamp TIMESTAMPTZ);
CREATE TABLE ops.bookmarks (entity VARCHAR PRIMARY KEY, stamp TIMESTAMPTZ, run_no BIGINT);
CREATE TABLE ops.entity_counts (run_no BIGINT, entity VARCHAR, kind VARCHAR, count BIGINT);
CREATE TABLE ops.warnings (
    run_no BIGINT, entity VARCHAR, remote_id VARCHAR, kind VARCHAR, message VARCHAR);
CREATE TABLE ops.approvals (entity VARCHAR, approved_at TIMESTAMPTZ, used_run BIGINT);
"""

_SYNC = """
CREATE TABLE sync.{name} (
    remote_id VARCHAR PRIMARY KEY, optiply_id BIGINT, optiply_uuid VARCHAR, content_hash VARCHAR,
    last_sent JSON, failed_hash VARCHAR, state VARCHAR, reason VARCHAR, attempts INTEGER,
    next_attempt_run BIGINT, origin VARCHAR DEFAULT 'bc', extra JSON,
    source_modified_at TIMESTAMPTZ, created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ,
    last_seen_run BIGINT);
"""

_OUTBOUND = """
CREATE SCHEMA IF NOT EXISTS outbound;
CREATE TABLE outbound.ledger (
    entity VARCHAR NOT NULL, key VARCHAR NOT NULL, payload_hash VARCHAR, state VARCHAR NOT NULL,
    step VARCHAR, bc_company VARCHAR, bc_id VARCHAR, bc_number VARCHAR, action VARCHAR,
    error_class VARCHAR, reason VARCHAR, attempts INTEGER NOT NULL DEFAULT 0,
    missed_lookups INTEGER NOT NULL DEFAULT 0, blocked_runs INTEGER NOT NULL DEFAULT 0,
    record JSON, detail JSON, external_id VARCHAR, file VARCHAR, line INTEGER, run_no BIGINT,
    created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ, PRIMARY KEY (entity, key));
CREATE TABLE outbound.files (
    name VARCHAR NOT NULL, generation INTEGER NOT NULL, content_hash VARCHAR NOT NULL,
    entity VARCHAR, state VARCHAR NOT NULL, lines INTEGER, done_name VARCHAR,
    first_seen TIMESTAMPTZ, done_at TIMESTAMPTZ, PRIMARY KEY (name, generation));
CREATE TABLE outbound.outcomes (
    name VARCHAR NOT NULL, generation INTEGER NOT NULL, line INTEGER NOT NULL, entity VARCHAR,
    key VARCHAR, external_id VARCHAR, success BOOLEAN NOT NULL, bc_id VARCHAR, bc_number VARCHAR,
    action VARCHAR NOT NULL, error_class VARCHAR, error_message VARCHAR, settled_at TIMESTAMPTZ,
    PRIMARY KEY (name, generation, line));
"""
"""What is written to Business Central: every record's way, the files it came in, and each line's
one outcome (DESIGN.md 4, 8)."""

MIGRATIONS: tuple[str, ...] = (
    _OPS + "".join(_SYNC.format(name=name) for name in SYNC_TABLES),
    _OUTBOUND,
)
"""Script n brings a file from version n to version n + 1. Scripts are only ever added."""

SCHEMA_VERSION = len(MIGRATIONS)


class NewerSchema(Exception):
    """The file was written by a newer version of this program."""

    def __init__(self, version: int) -> None:
        super().__init__(f"schema version {version}, this program knows {SCHEMA_VERSION}")


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Brings the opened file up to date, in one transaction: afterwards it is as declared here.

    Raises:
        NewerSchema: the file is newer than the program; nothing was changed.
    """
    version = schema_version(connection)
    if version > SCHEMA_VERSION:
        raise NewerSchema(version)
    connection.begin()
    try:
        for script in MIGRATIONS[version:]:
            connection.execute(script)
        if version < SCHEMA_VERSION:
            connection.execute(
                "INSERT OR REPLACE INTO ops.meta VALUES ('schema_version', ?)",
                [str(SCHEMA_VERSION)],
            )
        _complete_mirror(connection)
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    """The version the file is in; 0 for a new one."""
    known = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'ops' AND table_name = 'meta'"
    ).fetchone()
    if not known or not known[0]:
        return 0
    row = connection.execute("SELECT value FROM ops.meta WHERE key = 'schema_version'").fetchone()
    return int(row[0]) if row else 0


def _complete_mirror(connection: duckdb.DuckDBPyConnection) -> None:
    """Adds mirror tables and columns that are declared but missing."""
    found: dict[str, set[str]] = {}
    for table, column in connection.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'bc'"
    ).fetchall():
        found.setdefault(table, set()).add(column)
    for table in TABLES.values():
        present = found.get(table.name)
        if present is None:
            connection.execute(create_statement(f"bc.{table.name}", table))
            continue
        missing = [name for name in table.columns if name not in present]
        for name in missing:
            connection.execute(
                f'ALTER TABLE bc.{table.name} ADD COLUMN "{name}" {table.columns[name]}'
            )
        if set(missing) - table.absent:
            # Rows already there hold NULL in the new column until they are read again in full.
            connection.execute("DELETE FROM ops.bookmarks")


def create_statement(
    name: str, table: Table, kind: str = "", further: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The CREATE TABLE of a mirror table, or of another table of its shape.

    Args:
        name: of the table to create.
        table: the declared shape.
        kind: ``TEMP`` or nothing.
        further: columns besides the declared ones.
    """
    columns = {**table.columns, **BOOKKEEPING, **further}
    # A row without its key cannot be told from another: it must not get in.
    body = ", ".join(
        f'"{column}" {type_}{" NOT NULL" if column == table.key[0] else ""}'
        for column, type_ in columns.items()
    )
    return f"CREATE {kind} TABLE {name} ({body})"
