"""Column schema of an asset, from the project's own declarations."""

from __future__ import annotations

from dagster import TableColumn, TableSchema

from bc_pipeline.assets.table import BC
from bc_pipeline.optiply.resources import RESOURCES, Attribute
from bc_pipeline.snapshot.tables import TABLES

_DUCKDB_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DECIMAL(38,10)",
    "money": "DECIMAL(38,2)",
    "total": "DECIMAL(38,2)",
    "flag": "BOOLEAN",
    "instant": "TIMESTAMPTZ",
    "texts": "VARCHAR[]",
    "lines": "STRUCT(productId BIGINT, quantity BIGINT, subtotalValue DECIMAL(38,2))[]",
}

_DECISION_COLUMNS = [
    TableColumn("remote_id", "VARCHAR", "Business Central's key of the record"),
    TableColumn("reference", "VARCHAR", "What people call it: Business Central's number"),
    TableColumn("decision", "VARCHAR", "write, update_only, skip, quarantine, defer or remove"),
    TableColumn("reason", "VARCHAR", "Why it is not simply written"),
]


def column_schema(table: str) -> TableSchema:
    """The columns of ``bc.<table>`` or ``optiply.<resource>`` with DuckDB's types.

    Raises:
        KeyError: nothing of that name is declared.
    """
    schema, name = table.split(".")
    if schema == BC:
        columns = TABLES[name].columns
        return TableSchema(columns=[TableColumn(column, kind) for column, kind in columns.items()])
    attributes = RESOURCES[name].attributes
    return TableSchema(columns=[*_DECISION_COLUMNS, *(_column(each) for each in attributes)])


def _column(attribute: Attribute) -> TableColumn:
    return TableColumn(attribute.name, _DUCKDB_TYPES[attribute.kind], "Sent to Optiply")
