"""What an operator calls an entity or a record, and what the snapshot calls it."""

from __future__ import annotations

import duckdb

from bc_pipeline.errors import ConfigError
from bc_pipeline.optiply.resources import RESOURCES


def resource_names(entity: str | None) -> tuple[str, ...]:
    """``products`` or ``optiply/products`` as table names; None means all.

    Raises:
        ConfigError: no such entity.
    """
    if entity is None:
        return tuple(RESOURCES)
    name = entity.removeprefix("optiply/")
    if name not in RESOURCES:
        known = ", ".join(f"optiply/{resource}" for resource in RESOURCES)
        raise ConfigError(f"there is no Optiply entity {entity!r}; known are: {known}")
    return (name,)


def find(cursor: duckdb.DuckDBPyConnection, name: str, given: str) -> list[str]:
    """The remote ids an operator may mean: a remote id, a BC number or an Optiply id."""
    found = cursor.execute(
        f"SELECT remote_id FROM sync.{name} "
        "WHERE remote_id = lower($given) OR remote_id = $given "
        "OR CAST(optiply_id AS VARCHAR) = $given",
        {"given": given},
    ).fetchall()
    if has_table(cursor, "optiply", name):
        found += cursor.execute(
            f"SELECT remote_id FROM optiply.{name} "
            "WHERE remote_id = lower($given) OR remote_id = $given OR reference = $given",
            {"given": given},
        ).fetchall()
    return sorted({row[0] for row in found})


def has_table(cursor: duckdb.DuckDBPyConnection, schema: str, name: str) -> bool:
    """Wanted tables exist only after the first run."""
    row = cursor.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?",
        [schema, name],
    ).fetchone()
    return bool(row and row[0])
