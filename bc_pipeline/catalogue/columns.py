"""The columns of the wanted tables, with Optiply's attribute names."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from bc_pipeline.catalogue.resources import RESOURCES

KEY_COLUMNS: Mapping[str, str] = {
    "remote_id": "VARCHAR",
    "reference": "VARCHAR",
    "decision": "VARCHAR",
    "reason": "VARCHAR",
    "source_modified_at": "TIMESTAMPTZ",
    "extra": "JSON",
}
"""First columns of every wanted table.

``reference`` is what a person calls the record. ``decision``: ``write`` (create or update),
``update_only`` (never create), ``skip``, ``quarantine``, ``defer`` (a parent is missing) or
``remove`` (take it away if we created it); ``reason`` says why in the operator's words.
"""

COLUMNS: Mapping[str, Mapping[str, str]] = {
    name: {attribute.name: attribute.form.sql_type for attribute in resource.attributes}
    for name, resource in RESOURCES.items()
}
"""Attribute columns per resource; null means "not sent" (mapping.md 1.7)."""


def ensure_tables(cursor: duckdb.DuckDBPyConnection) -> None:
    """Creates the wanted tables that do not exist yet, empty: mappings read those of parents."""
    for resource in COLUMNS:
        body = ", ".join(
            f'"{name}" {kind}' for name, kind in {**KEY_COLUMNS, **COLUMNS[resource]}.items()
        )
        cursor.execute(f"CREATE TABLE IF NOT EXISTS optiply.{resource} ({body})")


def typed(resource: str, select: str) -> str:
    """``select`` with exactly the declared columns, in order and type."""
    columns = {**KEY_COLUMNS, **COLUMNS[resource]}
    casts = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in columns.items())
    return f"SELECT {casts} FROM ({select})"


def as_sent(resource: str, alias: str, **replaced: str) -> str:
    """SQL: the attributes of a row of the id map as Optiply last got them, by name.

    For records whose source is gone although nothing about them changed. ``replaced`` gives some
    attributes another expression.
    """
    return ", ".join(
        f'{replaced[name] if name in replaced else sent(alias, name, kind)} AS "{name}"'
        for name, kind in COLUMNS[resource].items()
    )


def sent(alias: str, name: str, kind: str) -> str:
    """SQL: one attribute of ``last_sent`` of a row of an id map; null when it was not sent."""
    return f"TRY_CAST(json_extract_string({alias}.last_sent, '$.{name}') AS {kind})"


def extra(alias: str, name: str, kind: str = "VARCHAR") -> str:
    """SQL: one value of ``extra`` of a row of an id map or of a wanted table."""
    return f"TRY_CAST(json_extract_string({alias}.extra, '$.{name}') AS {kind})"
