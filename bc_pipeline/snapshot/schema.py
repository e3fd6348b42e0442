"""Schemas and tables of a tenant's snapshot, and how an older file becomes a current one.

Numbered migrations build ``ops`` and ``outbound``. The mirror ``bc`` and the id maps ``sync`` are
compared with their declarations and given what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import duckdb

from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.catalogue.tables import BOOKKEEPING, TABLES, Table
from bc_pipeline.snapshot.released import VERSION_0_1_0
from bc_pipeline.snapshot.transaction import all_or_nothing

SYNC_TABLES = tuple(RESOURCES)
"""Optiply resources with an id map in schema ``sync``."""

SYNC_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "remote_id": "VARCHAR PRIMARY KEY",
        "optiply_id": "BIGINT",
        "optiply_uuid": "VARCHAR",
        "content_hash": "VARCHAR",
        "last_sent": "JSON",
        "failed_hash": "VARCHAR",
        "state": "VARCHAR",
        "reason": "VARCHAR",
        "attempts": "INTEGER",
        "next_attempt_run": "BIGINT",
        "origin": "VARCHAR DEFAULT 'bc'",
        "extra": "JSON",
        "source_modified_at": "TIMESTAMPTZ",
        "created_at": "TIMESTAMPTZ",
        "updated_at": "TIMESTAMPTZ",
        "last_seen_run": "BIGINT",
    }
)
"""Columns of an id map, with what DuckDB is told about them."""

_RETRACTED = """
CREATE TABLE ops.retracted (
    entity VARCHAR NOT NULL, id VARCHAR NOT NULL, run_no BIGINT, PRIMARY KEY (entity, id));
"""
"""Posted documents and their lines that were shown and never happened."""

_WHOLE_IDS = r"""
UPDATE outbound.ledger AS known SET key = split_part(key, '.', 1),
  external_id = split_part(key, '.', 1)
WHERE key = external_id AND regexp_full_match(key, '[+-]?[0-9]+\.0')
  AND regexp_full_match(lower(file), '.*\.(csv|parquet)')
  AND NOT EXISTS (FROM outbound.ledger AS other
    WHERE other.entity = known.entity AND other.key = split_part(known.key, '.', 1));
"""
"""Of tables, ``501.0`` as an id was read as it stands; now it is 501 (decisions 11), and the record
is still the same one."""

_SENT = """
CREATE TABLE ops.sent (
    run_no BIGINT, sent_at TIMESTAMPTZ, entity VARCHAR, remote_id VARCHAR, action VARCHAR,
    optiply_id BIGINT, attributes JSON);
"""
"""What was sent to Optiply when, record by record (``to_optiply/sent_history.py``)."""

MIGRATIONS: tuple[str, ...] = (*VERSION_0_1_0, _RETRACTED, _WHOLE_IDS, _SENT)
"""Script n brings a file from version n to version n + 1. Scripts are only ever added, and never
made from declarations: what they did to the files out there does not change any more."""

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
    with all_or_nothing(connection):
        for script in MIGRATIONS[version:]:
            connection.execute(script)
        if version < SCHEMA_VERSION:
            connection.execute(
                "INSERT OR REPLACE INTO ops.meta VALUES ('schema_version', ?)",
                [str(SCHEMA_VERSION)],
            )
        missing = _missing(connection)
        for statement in missing.statements:
            connection.execute(statement)
        for entity in missing.unread:
            _read_again(connection, entity)


def is_current(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether ``migrate`` has nothing to do.

    Raises:
        NewerSchema: the file is newer than the program.
    """
    version = schema_version(connection)
    if version > SCHEMA_VERSION:
        raise NewerSchema(version)
    return version == SCHEMA_VERSION and not _missing(connection).statements


def schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    """The version the file is in; 0 for a new one."""
    try:
        row = connection.execute(
            "SELECT value FROM ops.meta WHERE key = 'schema_version'"
        ).fetchone()
    except duckdb.CatalogException:
        return 0
    return int(row[0]) if row else 0


@dataclass(frozen=True)
class _Missing:
    """What a file lacks of the declarations.

    Args:
        statements: SQL that adds it.
        unread: entities whose rows in the file lack something that Business Central has.
    """

    statements: list[str] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)


def _missing(connection: duckdb.DuckDBPyConnection) -> _Missing:
    found: dict[tuple[str, str], set[str]] = {}
    for schema, table, column in connection.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() "
        "WHERE schema_name IN ('bc', 'sync') AND database_name = current_database()"
    ).fetchall():
        found.setdefault((schema, table), set()).add(column)
    missing = _Missing()
    for name in SYNC_TABLES:
        missing.statements.extend(
            _additions(f"sync.{name}", SYNC_COLUMNS, found.get(("sync", name)))
        )
    for table in TABLES.values():
        present = found.get(("bc", table.name))
        if present is None:
            missing.statements.append(create_statement(f"bc.{table.name}", table))
        else:
            missing.statements.extend(_additions(f"bc.{table.name}", table.columns, present))
        if set(table.selected) - (present or set()):
            missing.unread.add(f"bc/{table.document or table.name}")
    return missing


def _additions(name: str, columns: Mapping[str, str], present: set[str] | None) -> list[str]:
    """Statements that give a table what it lacks."""
    if present is None:
        body = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
        return [f"CREATE TABLE {name} ({body})"]
    return [
        f'ALTER TABLE {name} ADD COLUMN "{column}" {kind}'
        for column, kind in columns.items()
        if column not in present
    ]


def _read_again(connection: duckdb.DuckDBPyConnection, entity: str) -> None:
    """What the file has of an entity is no whole picture: rows hold NULL in a new column until
    they are read again, all of them."""
    connection.execute("DELETE FROM ops.bookmarks WHERE entity = ?", [entity])
    connection.execute(
        "UPDATE ops.reads SET complete = false, reason = 'since then more is read of it' "
        "WHERE entity = ? AND complete",
        [entity],
    )


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
